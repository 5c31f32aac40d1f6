/*
 * test_live_leaf.c - one leaf, in which a processor turns its dirty mark over without a pause,
 * while the table changes the same entry: each must find what the other has written.
 * test_live_marks.c does this to whole tables, more calmly.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)
#define DIRTY UINT64_C(0x40)
#define LARGE UINT64_C(0x80)
#define VA GIB
#define PA (4 * GIB)

enum { TIMES = 20000, MILLISECONDS = 200, PATIENCE = 1024 };

struct processor {
    pthread_t thread;
    uint64_t *entry;
    bool toggle; /* else the mark is only ever set, in a large leaf */
    bool stop;
    unsigned patience; /* before it sets a mark */
    uint64_t lost;     /* marks that had been written otherwise */
    uint64_t set;      /* times that the mark was missing, and set */
    uint64_t turns;
};

static struct rig rig;
static struct mset_page_table *pt, *other;
static struct processor processor;

/* ---- the processor ------------------------------------------------------------------------- */

static bool stopped(void) {
    return __atomic_load_n(&processor.stop, __ATOMIC_ACQUIRE);
}

/* Nobody else may turn the mark over. */
static void toggle_for_ever(void) {
    uint64_t expected = __atomic_fetch_or(processor.entry, DIRTY, __ATOMIC_RELAXED) | DIRTY;
    while (!stopped()) {
        const uint64_t old = __atomic_fetch_xor(processor.entry, DIRTY, __ATOMIC_RELAXED);
        processor.lost += ((old ^ expected) & DIRTY) != 0;
        expected = old ^ DIRTY;
        (void)__atomic_add_fetch(&processor.turns, 1, __ATOMIC_RELEASE);
    }
}

static bool to_be_marked(uint64_t entry) {
    return (entry & LARGE) != 0 && (entry & DIRTY) == 0;
}

/* As a processor that writes: where there is a leaf that may be written. */
static void write_for_ever(void) {
    while (!stopped()) {
        uint64_t old = __atomic_load_n(processor.entry, __ATOMIC_RELAXED);
        const unsigned patience = __atomic_load_n(&processor.patience, __ATOMIC_RELAXED);
        for (unsigned k = 0; k < patience && to_be_marked(old) && !stopped(); k++) {
            old = __atomic_load_n(processor.entry, __ATOMIC_RELAXED);
        }
        if (to_be_marked(old) &&
            __atomic_compare_exchange_n(processor.entry, &old, old | DIRTY, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            (void)__atomic_add_fetch(&processor.set, 1, __ATOMIC_RELEASE);
        }
        (void)__atomic_add_fetch(&processor.turns, 1, __ATOMIC_RELEASE);
    }
}

static void *run_processor(void *arg) {
    (void)arg;
    if (processor.toggle) {
        toggle_for_ever();
    } else {
        write_for_ever();
    }
    return NULL;
}

/* What it had begun is done, and counted. */
static void wait_turns(void) {
    const uint64_t now = __atomic_load_n(&processor.turns, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&processor.turns, __ATOMIC_ACQUIRE) < now + 2) {
        (void)sched_yield();
    }
}

static void start(uint64_t *entry, bool toggle) {
    memset(&processor, 0, sizeof processor);
    processor.entry = entry;
    processor.toggle = toggle;
    assert_int_equal(pthread_create(&processor.thread, NULL, run_processor, NULL), 0);
    wait_turns();
}

static void stop(void) {
    __atomic_store_n(&processor.stop, true, __ATOMIC_RELEASE);
    assert_int_equal(pthread_join(processor.thread, NULL), 0);
}

/* ---- how long ------------------------------------------------------------------------------ */

static uint64_t milliseconds(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* So many times, or where two threads share a processor until the time is up. */
static bool again(unsigned times, uint64_t since) {
    return times < TIMES && (times < 2 || milliseconds() - since < MILLISECONDS);
}

/* ---- the tables ---------------------------------------------------------------------------- */

static void open_tables(bool keep_marks) {
    rig_open(&rig, 64, 0);
    const struct mset_pt_config config = {.format = &mset_pt_x86_64,
                                          .frames = &rig.source.frames,
                                          .allocator = &rig.memory.base,
                                          .pa_bits = 46,
                                          .keep_marks = keep_marks};
    assert_int_equal(mset_pt_create(&config, &pt), MSET_OK);
    assert_int_equal(mset_pt_create(&config, &other), MSET_OK);
}

static void close_tables(void) {
    assert_null(mset_pt_validate(pt));
    mset_pt_destroy(pt);
    mset_pt_destroy(other);
    rig_close(&rig);
}

/* The entry of `level` for VA, in the memory that holds the tables. */
static uint64_t *entry_at(unsigned level) {
    uint64_t table = mset_pt_root(pt);
    for (unsigned at = 3;; at--) {
        uint64_t *const entries = (uint64_t *)(void *)(rig.storage + (table - rig.base));
        uint64_t *const entry = &entries[VA >> (12 + 9 * at) & 511];
        if (at == level) {
            return entry;
        }
        table = *entry & UINT64_C(0xffffffffff000);
    }
}

static struct mset_pt_run leaf(uint64_t va) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(pt, va, 0, &run), MSET_OK);
    return run;
}

/* ---- what may not touch the dirty mark ----------------------------------------------------- */

static void mark_accessed(void) {
    assert_int_equal(mset_pt_mark(pt, VA, MSET_PT_ACCESSED), MSET_OK);
    assert_true(leaf(VA).accessed);
}

static void harvest_accessed(void) {
    assert_int_equal(mset_pt_mark(pt, VA, MSET_PT_ACCESSED), MSET_OK);
    assert_int_equal(mset_pt_harvest(pt, VA, PAGE, MSET_PT_ACCESSED, NULL, NULL), MSET_OK);
    assert_false(leaf(VA).accessed);
}

static void protect_and_back(void) {
    assert_int_equal(mset_pt_protect(pt, VA, PAGE, MSET_READ), MSET_OK);
    assert_int_equal(leaf(VA).flags, MSET_READ);
    assert_int_equal(mset_pt_protect(pt, VA, PAGE, RW), MSET_OK);
    assert_int_equal(leaf(VA).flags, RW);
}

static void copy_and_back(void) {
    assert_int_equal(mset_pt_copy(pt, other, VA, PAGE, true), MSET_OK);
    assert_int_equal(leaf(VA).flags, MSET_READ);
    assert_int_equal(mset_pt_unmap(other, VA, PAGE, NULL, NULL), MSET_OK);
    mset_pt_flushed(other);
    assert_int_equal(mset_pt_protect(pt, VA, PAGE, RW), MSET_OK);
}

static void no_dirty_mark_is_lost(void **state) {
    (void)state;
    static void (*const calls[])(void) = {mark_accessed, harvest_accessed, protect_and_back,
                                          copy_and_back};
    open_tables(true);
    assert_int_equal(mset_pt_map(pt, VA, PA, PAGE, RW), MSET_OK);
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        start(entry_at(0), true);
        const uint64_t since = milliseconds();
        for (unsigned i = 0; again(i, since); i++) {
            calls[k]();
        }
        stop();
        assert_int_equal(processor.lost, 0);
    }
    close_tables();
}

/* Marks may be lost here, but the flags are what was asked for, in all of many leaves. */
static void whoever_does_not_keep_marks_still_protects(void **state) {
    (void)state;
    enum { PAGES = 64 };
    open_tables(false);
    assert_int_equal(mset_pt_map(pt, VA, PA, PAGES * PAGE, RW), MSET_OK);
    start(entry_at(0), true);
    const uint64_t since = milliseconds();
    for (unsigned i = 0; again(i, since); i++) {
        const uint64_t flags = i % 2 == 0 ? MSET_READ : RW;
        assert_int_equal(mset_pt_protect(pt, VA, PAGES * PAGE, flags), MSET_OK);
        assert_int_equal(leaf(VA + PAGE).flags, flags);
        assert_int_equal(leaf(VA + (PAGES - 1) * PAGE).flags, flags);
    }
    stop();
    assert_int_equal(mset_pt_protect(pt, VA, PAGES * PAGE, MSET_READ), MSET_OK);
    assert_int_equal(leaf(VA).flags, MSET_READ);
    close_tables();
}

/* ---- a mark that comes while the leaf is cut ----------------------------------------------- */

static bool see_dirty(void *arg, const struct mset_pt_run *run) {
    *(bool *)arg |= run->dirty;
    return true;
}

static bool harvest_dirty(void) {
    bool dirty = false;
    assert_int_equal(mset_pt_harvest(pt, VA, 2 * MIB, MSET_PT_DIRTY, see_dirty, &dirty), MSET_OK);
    return dirty;
}

/* Once the mark is taken the processor sets it again, sooner or later: before the cut, during it,
   or not at all. */
static void a_cut_leaf_passes_its_mark_on(void **state) {
    (void)state;
    open_tables(true);
    assert_int_equal(mset_pt_map(pt, VA, PA, 2 * MIB, RW), MSET_OK);
    start(entry_at(1), false);
    const uint64_t since = milliseconds();
    for (unsigned i = 0; again(i, since); i++) {
        __atomic_store_n(&processor.patience, i % PATIENCE, __ATOMIC_RELAXED);
        wait_turns();
        const uint64_t before = __atomic_load_n(&processor.set, __ATOMIC_ACQUIRE);
        assert_true(harvest_dirty()); /* set by the promotion, if by nobody else */
        assert_int_equal(mset_pt_cut(pt, VA + PAGE), MSET_OK);
        wait_turns();
        const uint64_t set = __atomic_load_n(&processor.set, __ATOMIC_ACQUIRE) - before;
        assert_int_equal(harvest_dirty(), set);
        mset_pt_flushed(pt);
        assert_int_equal(mset_pt_promote(pt, VA, 2 * MIB), MSET_OK);
        assert_int_equal(leaf(VA).leaf_size, 2 * MIB);
        mset_pt_flushed(pt);
    }
    stop();
    close_tables();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dirty_mark_is_lost),
        cmocka_unit_test(whoever_does_not_keep_marks_still_protects),
        cmocka_unit_test(a_cut_leaf_passes_its_mark_on),
    };
    return cmocka_run_group_tests_name("page-table-live-leaf", tests, NULL, NULL);
}
