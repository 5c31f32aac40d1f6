/*
 * test_caches.c - what a processor may do with what it has cached, which marks it leaves, what a
 * flush reaches; and each kind of mistake with them planted once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mmu_model/hand.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Two pages of a level 0 table, and a 2 MiB leaf. */
static void open_small(void) {
    open_machine("x86-64", (struct mmu_options){0});
    put(0, 0, BASE + 0x1000 + 7);
    put(1, 0, BASE + 0x2000 + 7);
    put(2, 0, BASE + 0x3000 + 7);
    put(2, 1, 0x40000087);
    put(3, 0, 0x5007);
    put(3, 1, 0x6007);
    assert_int_equal(pa_of(0x123, MMU_WRITE), 0x5123);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0x6123);
    assert_int_equal(pa_of(0x212345, MMU_READ), 0x40012345);
    mmu_watch(&machine);
}

static void test_marks_are_set(void **state) {
    (void)state;
    open_small();
    assert_int_equal(memory[1536], 0x5067);
    assert_int_equal(memory[1537], 0x6027);
    assert_int_equal(memory[1025], 0x400000a7);
    for (unsigned n = 0; n < 3; n++) { /* and on the way */
        assert_int_equal(memory[(size_t)n * 512], link_to(n + 1) | 0x20);
    }
    finish(NULL);
}

#define DBM (UINT64_C(1) << 51)

/* What one access leaves in an entry, and in the one that led there. */
static void test_marks(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool hardware, write, allowed;
        uint64_t entry, after, link;
    } rows[] = {
        {"x86-64", false, false, true, 0x1003, 0x1023, 0x20},
        {"x86-64-5", false, true, true, 0x1003, 0x1063, 0x20},
        {"x86-64", false, true, false, 0x1001, 0x1001, 0x20},
        {"npt", false, true, true, 0x1007, 0x1067, 0x20},
        {"ept", false, false, true, 0x1033, 0x1133, 0x100},
        {"ept", false, true, true, 0x1033, 0x1333, 0x100},
        {"aarch64-4k", true, false, true, DBM | 0x1383, DBM | 0x1783, 0},
        {"aarch64-4k", true, true, true, DBM | 0x1383, DBM | 0x1703, 0},
        {"aarch64-4k", true, true, false, 0x1783, 0x1783, 0},
        {"aarch64-4k", false, true, false, DBM | 0x1783, DBM | 0x1783, 0},
        {"aarch64-4k", false, false, false, 0x1383, 0x1383, 0},
        {"aarch64-4k", false, false, true, 0x1783, 0x1783, 0},
        {"aarch64-s2-4k", true, true, true, DBM | 0x137f, DBM | 0x17ff, 0},
        {"aarch64-s2-4k", true, true, true, 0x13ff, 0x17ff, 0},
        {"sv39", true, false, true, 0x407, 0x447, 0},
        {"sv48", true, true, true, 0x407, 0x4c7, 0},
        {"sv39", false, false, false, 0x407, 0x407, 0},
        {"sv39", false, true, false, 0x447, 0x447, 0},
        {"loongarch64", true, false, true, 0x1190, 0x1191, 0},
        {"loongarch64", true, true, true, 0x1190, 0x1193, 0},
        {"loongarch64", true, true, false, 0x1091, 0x1091, 0},
        {"loongarch64", true, false, false, 0x1110, 0x1110, 0},
        {"loongarch64", false, false, true, 0x1191, 0x1191, 0},
        {"loongarch64", false, false, false, 0x1190, 0x1190, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const unsigned n =
            chain(rows[i].name, (struct mmu_options){.hardware_marks = rows[i].hardware}, 0);
        put(n, 0, rows[i].entry);
        const uint64_t link = memory[0];
        assert_int_equal(pa_of(0x123, rows[i].write ? MMU_WRITE : MMU_READ),
                         rows[i].allowed ? 0x1123 : 0);
        assert_int_equal(memory[(size_t)n * 512], rows[i].after);
        assert_int_equal(memory[0], link | rows[i].link);
        finish(NULL);
    }
}

static void test_stale_translation(void **state) {
    (void)state;
    open_small();
    put(3, 1, 0);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0x6123); /* still cached */
    mmu_invalidate(&machine, 0, 0xfff, 0x1000, 0);     /* too short */
    mmu_audit(&machine);
    finish("is gone");
}

static void test_stride_too_large(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0);
    put(3, 1, 0);
    mmu_invalidate(&machine, 0, 0x1fff, 0x2000, 2);
    mmu_audit(&machine);
    finish("is gone");
}

static void test_enough_flush(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0);
    put(3, 1, 0);
    put(2, 1, 0);
    mmu_invalidate(&machine, 0, 0x3fffff, 0x1000, 2);
    mmu_audit(&machine);
    assert_int_equal(pa_of(0x1123, MMU_READ), 0);
    finish(NULL);
}

static void test_rights_taken_away(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0x5065);
    mmu_audit(&machine);
    finish("rights are wider");
}

static void test_mark_cleared(void **state) {
    (void)state;
    open_small();
    put(3, 0, 0x5027);
    mmu_audit(&machine);
    finish("a mark was cleared");
}

static void test_freed_table_cached(void **state) {
    (void)state;
    open_small();
    put(2, 0, 0);
    mmu_invalidate(&machine, 0, 0x1fffff, 0x1000, 0); /* not the pointers */
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    finish("still cached");
}

static void test_freed_table_linked(void **state) {
    (void)state;
    open_small();
    mmu_invalidate(&machine, 0, UINT64_MAX, 0x1000, 2);
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    finish("can be reached");
}

static void test_pointer_stale(void **state) {
    (void)state;
    open_small();
    put(2, 0, BASE + 0x4000 + 7);
    put(4, 0, 0x5067);
    put(4, 1, 0x6027);
    mmu_audit(&machine);
    finish("pointer is stale");
}

static void test_translation_changed(void **state) {
    (void)state;
    open_small();
    put(3, 1, 0x7027); /* another address */
    mmu_audit(&machine);
    finish("cached translation is stale");
    open_small();
    put(3, 1, 0x602f); /* another type */
    mmu_audit(&machine);
    finish("cached translation is stale");
    open_small();
    mmu_audit(&machine);
    finish(NULL);
}

static void test_accessed_lost(void **state) {
    (void)state;
    open_small();
    put(3, 1, 0x6007);
    mmu_audit(&machine);
    finish("a mark was cleared");
}

/* All of a large leaf is looked at, whatever it has become. */
static void test_large_leaf_audited(void **state) {
    (void)state;
    for (unsigned what = 0; what < 4; what++) {
        open_small();
        for (unsigned k = 0; k < 512; k++) {
            put(4, k, 0x40000027 + UINT64_C(0x1000) * k);
        }
        put(2, 1, link_to(4));
        static const uint64_t last[] = {0x401ff027, 0, 0x401ff023, 0x401fe027};
        static const char *const expected[] = {NULL, "is gone", "rights are wider", "is stale"};
        put(4, 511, last[what]);
        mmu_audit(&machine);
        finish(expected[what]);
    }
}

static void test_table_gone(void **state) {
    (void)state;
    open_small();
    put(2, 0, 0);
    mmu_invalidate(&machine, 0, 0x1fff, 0x1000, 0);
    mmu_audit(&machine);
    finish("a table is cached that is gone");
}

/* A pointer goes by the level of the entry it came from, and by any address below it. */
static void test_pointers_by_level(void **state) {
    (void)state;
    static const struct {
        uint64_t start, last, stride;
        unsigned levels;
        const char *expected;
    } rows[] = {
        {0, 0x1fff, 0x1000, 2, NULL},
        {0, 0xfff, 0x1000, 2, "is gone"},          /* the other page */
        {0x1000, 0x1fff, 0x1000, 2, "is gone"},    /* likewise */
        {0, 0x1fff, 0x1000, 4, "table is cached"}, /* of the entry above */
        {0, 0x1fff, 0x1000, 1, "table is cached"}, /* of no entry that led to it */
        {0, 0x1fff, 0x1000, 14, NULL},             /* all of them */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_small();
        put(2, 0, 0);
        mmu_invalidate(&machine, rows[i].start, rows[i].last, rows[i].stride, rows[i].levels);
        mmu_audit(&machine);
        finish(rows[i].expected);
    }
    open_small(); /* an address that was not used, below the same entry */
    put(2, 0, 0);
    mmu_invalidate(&machine, 0, 0x1fff, 0x1000, 0);
    mmu_invalidate(&machine, 0x1ff000, 0x1fffff, 0x1000, 2);
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    mmu_audit(&machine);
    finish(NULL);
    open_small(); /* and one that is below its neighbour, up to which a stride too large leaps */
    put(2, 0, 0);
    mmu_invalidate(&machine, 0, 0x1fff, 0x1000, 0);
    mmu_invalidate(&machine, 0x200000, 0x3fffff, 0x1000, 2);
    mmu_frame_freed(&machine, BASE + 0x3000, 0x1000);
    finish("still cached");
}

/* Of the pointers that are remembered the lowest is used, without a look at those above. */
static void test_lowest_pointer(void **state) {
    (void)state;
    static const struct {
        unsigned forget; /* levels of entries */
        uint64_t pa;
    } rows[] = {{0, 0x5000}, {8, 0x5000}, {2, 0x6000}, {2 | 4, 0x7000}, {2 | 4 | 8, 0x8000}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_machine("x86-64", (struct mmu_options){0});
        for (unsigned n = 0; n < 3; n++) {
            put(n, 0, link_to(n + 1));
        }
        put(3, 0, 0x5007);
        assert_int_equal(pa_of(0, MMU_READ), 0x5000);
        put(3, 0, 0x5027);
        /* One more way from each level down. */
        for (unsigned n = 0; n < 3; n++) {
            const unsigned fresh = 8 * (n + 1);
            put(n, 0, link_to(fresh));
            for (unsigned k = n + 1; k < 3; k++) {
                put(fresh + k, 0, link_to(fresh + k + 1));
            }
            put(fresh + n + 1, 0, link_to(fresh + n + 2));
        }
        put(1 * 8, 0, link_to(9)); /* root -> 8 -> 9 -> 10 */
        put(9, 0, link_to(10));
        put(10, 0, 0x8007);
        put(16, 0, link_to(17)); /* 1 -> 16 -> 17 */
        put(17, 0, 0x7007);
        put(24, 0, 0x6007); /* 2 -> 24 */
        mmu_invalidate(&machine, 0, 0xfff, 0x1000, rows[i].forget);
        assert_int_equal(pa_of(0, MMU_READ), rows[i].pa);
        finish(NULL);
    }
}

/* A right that is missing in the cache is looked for in the tables before the fault. */
static void test_refill(void **state) {
    (void)state;
    open_machine("x86-64", (struct mmu_options){0});
    for (unsigned n = 0; n < 3; n++) {
        put(n, 0, link_to(n + 1));
    }
    put(3, 0, 0x5001);
    assert_int_equal(pa_of(0x10, MMU_READ), 0x5010);
    assert_int_equal(pa_of(0x10, MMU_WRITE), 0); /* not there either */
    assert_int_equal(machine.cached, 0);         /* and forgotten */
    assert_int_equal(pa_of(0x10, MMU_READ), 0x5010);
    put(3, 0, 0x5023);
    assert_int_equal(pa_of(0x10, MMU_WRITE), 0x5010);
    assert_int_equal(machine.cached, 1);
    assert_int_equal(memory[1536], 0x5063);
    mmu_audit(&machine);
    finish(NULL);
}

/* Some address start + n * stride must be in the leaf: page 2 of 4 KiB, and a 2 MiB leaf. */
static void test_what_a_flush_hits(void **state) {
    (void)state;
    static const struct {
        uint64_t start, last, stride;
        bool small, large;
    } rows[] = {
        {0x2000, 0x2fff, 0x1000, true, false},
        {0x1000, 0x1fff, 0x1000, false, false},
        {0x3000, 0x3fff, 0x1000, false, false},
        {0x2fff, 0x2fff, 1, true, false},
        {0, 0x3fff, 0x2000, true, false},
        {0, 0x3fff, 0x3000, false, false},
        {0x1000, 0x3fff, 0x1800, true, false},
        {0, 0x1fff, 0x2000, false, false},
        {0, 0x2000, 0x2000, true, false},
        {0, 0x3fff, 0x2fff, true, false},
        {0x1000, 0x3fff, 0x3000, false, false},
        {0x300000, 0x300fff, 0x1000, false, true},
        {0, 0x3fffff, 0x200000, false, true},
        {0, 0x3fffff, 0x400000, false, false},
        {0, UINT64_MAX, UINT64_C(1) << 63, false, false},
        {0, UINT64_MAX, 0x1000, true, true},
        {UINT64_MAX - 0xfff, UINT64_MAX, 0x1000, false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_machine("x86-64", (struct mmu_options){0});
        for (unsigned n = 0; n < 3; n++) {
            put(n, 0, link_to(n + 1));
        }
        put(3, 2, 0x5007);
        put(2, 1, 0x40000087);
        assert_int_equal(pa_of(0x2000, MMU_READ), 0x5000);
        assert_int_equal(pa_of(0x200000, MMU_READ), 0x40000000);
        mmu_invalidate(&machine, rows[i].start, rows[i].last, rows[i].stride, 0);
        const bool small = machine.cached > 0 && machine.tlb[0].va == 0x2000;
        const bool large = machine.cached > 0 && machine.tlb[machine.cached - 1].va == 0x200000;
        assert_int_equal(rows[i].small, !small);
        assert_int_equal(rows[i].large, !large);
        finish(NULL);
    }
}

/* At the very top, a stride that does not fit 64 bits any more. */
static void test_flush_at_the_top(void **state) {
    (void)state;
    open_machine("x86-64", (struct mmu_options){0});
    for (unsigned n = 0; n < 3; n++) {
        put(n, 511, link_to(n + 1));
    }
    put(3, 511, 0x5007);
    assert_int_equal(pa_of(UINT64_MAX, MMU_READ), 0x5fff);
    mmu_invalidate(&machine, 0, UINT64_MAX, 0x600000, 0);
    assert_int_equal(machine.cached, 1);
    mmu_invalidate(&machine, UINT64_MAX - 0xfff, UINT64_MAX, 0x1000, 0);
    assert_int_equal(machine.cached, 0);
    finish(NULL);
}

static void test_freed_frames(void **state) {
    (void)state;
    static const struct {
        uint64_t pa, size;
        const char *expected;
    } rows[] = {
        {BASE + 0x2000, 0x1000, "can be reached"},
        {BASE, 0x1000, "can be reached"},
        {BASE + 0x3000, 0x1000, "can be reached"},
        {BASE + 0x5000, 0x1000, NULL},
        {BASE - 0x1000, 0x1000, NULL},
        {BASE - 0x10000, 0x20000, "can be reached"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_small();
        mmu_invalidate(&machine, 0, UINT64_MAX, 0x1000, 14);
        assert_int_equal(machine.pointers, 0);
        mmu_frame_freed(&machine, rows[i].pa, rows[i].size);
        finish(rows[i].expected);
    }
}

/* The last byte of a leaf, and the last that a pointer is for, are found in the caches too. */
static void test_last_bytes(void **state) {
    (void)state;
    open_small();
    put(3, 1, 0);
    assert_int_equal(pa_of(0x1fff, MMU_READ), 0x6fff);
    put(3, 511, 0x7007);
    put(2, 0, 0);
    assert_int_equal(pa_of(0x1fffff, MMU_READ), 0x7fff);
    finish(NULL);
}

/* A frame that ends where a table that is cached begins. */
static void test_freed_frame_before_a_table(void **state) {
    (void)state;
    open_small();
    mmu_frame_freed(&machine, BASE + 0x800, 0x800);
    finish(NULL);
}

/* More than fits: something is forgotten, and nothing else happens. */
static void test_full_caches(void **state) {
    (void)state;
    open_machine("x86-64", (struct mmu_options){0});
    put(0, 0, link_to(1));
    for (unsigned n = 0; n < 2; n++) {
        put(1, n, link_to(2 + n));
        for (unsigned k = 0; k < 512; k++) {
            put(2 + n, k, link_to(4));
        }
    }
    for (unsigned k = 0; k < 512; k++) {
        put(4, k, 0x1000000 + UINT64_C(0x1000) * k + 7);
    }
    for (uint64_t k = 0; k < 1024; k++) {
        const uint64_t va = k << 21 | (k & 511) << 12;
        assert_int_equal(pa_of(va, MMU_READ), 0x1000000 + (k & 511) * 0x1000);
    }
    assert_int_equal(machine.cached, MMU_TLB);
    assert_int_equal(machine.pointers, MMU_POINTERS);
    mmu_audit(&machine);
    finish(NULL);
}

/* ---- groups in caches ----------------------------------------------------------------------- */

enum { GROUP = 16, TRIES = 64 };

static void open_grouped(void) {
    const unsigned n = chain("aarch64-4k", (struct mmu_options){.hardware_marks = true}, 0);
    for (unsigned k = 0; k < GROUP; k++) { /* not accessed; clean */
        put(n, k, UINT64_C(0x0018000001000383) | UINT64_C(0x1000) * k);
    }
}

/* Now the whole group is cached, now the slot that was used. */
static void test_group_cached_either_way(void **state) {
    (void)state;
    unsigned whole = 0, single = 0;
    open_grouped();
    for (unsigned i = 0; i < TRIES; i++) {
        assert_int_equal(pa_of(0x5123, MMU_WRITE), 0x1005123);
        assert_int_equal(machine.cached, 1);
        const struct mmu_leaf *const leaf = &machine.tlb[0];
        whole += leaf->va == 0 && leaf->last == 0xffff && leaf->pa == 0x1000000;
        single += leaf->va == 0x5000 && leaf->last == 0x5fff && leaf->pa == 0x1005000;
        mmu_audit(&machine);
        mmu_invalidate(&machine, 0x5000, 0x5fff, 0x1000, 0);
        assert_int_equal(machine.cached, 0);
    }
    assert_int_equal(whole + single, TRIES);
    assert_true(whole > TRIES / 4 && single > TRIES / 4);
    finish(NULL);
}

/* So a flush of one slot, or by steps of a group, may leave something behind. */
static void test_group_flushed_by_one_slot(void **state) {
    (void)state;
    unsigned gone = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        open_grouped();
        for (unsigned k = 0; k < i; k++) { /* so that chance goes on */
            (void)pa_of(0x5000, MMU_READ);
            mmu_invalidate(&machine, 0, 0xffff, 0x1000, 0);
        }
        (void)pa_of(0x5000, MMU_READ);
        for (unsigned k = 0; k < GROUP; k++) {
            put(12, k, 0);
        }
        mmu_invalidate(&machine, 0, 0xffff, 0x10000, 0);
        mmu_audit(&machine);
        gone += mmu_violation(&machine) != NULL;
        mmu_close(&machine);
    }
    assert_true(gone > TRIES / 4 && gone < TRIES - TRIES / 4);
}

/* A slot by itself has its own marks and rights, not those of its neighbours. */
static void test_slot_has_its_own_marks(void **state) {
    (void)state;
    open_grouped();
    assert_int_equal(pa_of(0x3000, MMU_WRITE), 0x1003000);
    mmu_invalidate(&machine, 0, 0xffff, 0x1000, 0);
    for (unsigned i = 0; i < TRIES; i++) {
        (void)pa_of(0x5000, MMU_READ);
        const struct mmu_leaf *const leaf = &machine.tlb[0];
        const bool single = leaf->last - leaf->va == 0xfff;
        assert_true(leaf->accessed);
        assert_int_equal(leaf->dirty, !single);
        assert_int_equal(leaf->rights & MMU_WRITE, single ? 0 : MMU_WRITE);
        mmu_invalidate(&machine, 0, 0xffff, 0x1000, 0);
    }
    finish(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_are_set),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_stale_translation),
        cmocka_unit_test(test_stride_too_large),
        cmocka_unit_test(test_enough_flush),
        cmocka_unit_test(test_rights_taken_away),
        cmocka_unit_test(test_mark_cleared),
        cmocka_unit_test(test_freed_table_cached),
        cmocka_unit_test(test_freed_table_linked),
        cmocka_unit_test(test_pointer_stale),
        cmocka_unit_test(test_translation_changed),
        cmocka_unit_test(test_accessed_lost),
        cmocka_unit_test(test_large_leaf_audited),
        cmocka_unit_test(test_table_gone),
        cmocka_unit_test(test_pointers_by_level),
        cmocka_unit_test(test_lowest_pointer),
        cmocka_unit_test(test_refill),
        cmocka_unit_test(test_what_a_flush_hits),
        cmocka_unit_test(test_flush_at_the_top),
        cmocka_unit_test(test_freed_frames),
        cmocka_unit_test(test_full_caches),
        cmocka_unit_test(test_last_bytes),
        cmocka_unit_test(test_freed_frame_before_a_table),
        cmocka_unit_test(test_group_cached_either_way),
        cmocka_unit_test(test_group_flushed_by_one_slot),
        cmocka_unit_test(test_slot_has_its_own_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
