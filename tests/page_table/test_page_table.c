/*
 * test_page_table.c - what each call promises, and the faults that page tables elsewhere had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)
#define HALF (UINT64_C(1) << 47)

enum { LOG = 64 };

struct log {
    unsigned count;
    struct mset_pt_run run[LOG];
    unsigned stop_after; /* 0: never */
};

static bool log_run(void *arg, const struct mset_pt_run *run) {
    struct log *const log = arg;
    assert_true(log->count < LOG);
    log->run[log->count++] = *run;
    return log->count != log->stop_after;
}

static void log_removed(void *arg, const struct mset_pt_run *run) {
    (void)log_run(arg, run);
}

static void expect_run(const struct mset_pt_run *run, uint64_t va, uint64_t pa, uint64_t size,
                       uint64_t leaf_size, uint64_t flags) {
    assert_int_equal(run->va, va);
    assert_int_equal(run->pa, pa);
    assert_int_equal(run->size, size);
    assert_int_equal(run->leaf_size, leaf_size);
    assert_int_equal(run->flags, flags);
}

static void map(struct rig *rig, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(rig->pt, va, pa, size, flags), MSET_OK);
}

static void unmap(struct rig *rig, uint64_t va, uint64_t size) {
    assert_int_equal(mset_pt_unmap(rig->pt, va, size, NULL, NULL), MSET_OK);
}

/* ---- arguments ---------------------------------------------------------------------------- */

static void test_bad_ranges(void **state) {
    (void)state;
    static const uint64_t ranges[][2] = {
        {0, 0},                   /* empty */
        {1, PAGE},                /* misaligned start */
        {0, PAGE + 1},            /* misaligned size */
        {HALF, PAGE},             /* the hole between the halves */
        {HALF - PAGE, 2 * PAGE},  /* into it */
        {-HALF - PAGE, PAGE},     /* its last page */
        {-HALF - PAGE, 2 * PAGE}, /* out of it */
        {0, -PAGE},               /* across it */
        {-PAGE, 2 * PAGE},        /* wraps */
        {PAGE, -PAGE},            /* ends at 2^64, starts low */
        {-HALF, HALF + PAGE},     /* more than the upper half */
        {UINT64_C(1) << 63, PAGE},
    };
    struct rig rig;
    struct mset_pt_run run;
    struct log log = {0};
    rig_open(&rig, 16, 0);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const uint64_t va = ranges[i][0], size = ranges[i][1];
        assert_int_equal(mset_pt_map(rig.pt, va, 0, size, RW), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_unmap(rig.pt, va, size, NULL, NULL), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_protect(rig.pt, va, size, RW), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_move(rig.pt, va, GIB, size), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_move(rig.pt, GIB, va, size), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_next(rig.pt, va, size, &run), MSET_INVALID_PARAM);
        assert_int_equal(mset_pt_walk(rig.pt, va, size, log_run, &log), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_pt_query(rig.pt, HALF, 0, &run), MSET_INVALID_PARAM);
    assert_int_equal(rig_live(&rig), 1);
    rig_close(&rig);
}

static void test_bad_physical_addresses(void **state) {
    (void)state;
    struct rig rig; /* 46 bits */
    rig_open(&rig, 16, 0);
    const uint64_t end = UINT64_C(1) << 46;
    assert_int_equal(mset_pt_map(rig.pt, 0, 1, PAGE, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map(rig.pt, 0, end, PAGE, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map(rig.pt, 0, end - PAGE, 2 * PAGE, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_map(rig.pt, 0, -PAGE, PAGE, RW), MSET_INVALID_PARAM);
    map(&rig, 0, end - PAGE, PAGE, RW);
    rig_close(&rig);
}

static void test_flags_it_cannot_express(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 16, 0);
    map(&rig, GIB, 0, PAGE, RW);
    static const uint64_t bad[] = {MSET_WRITE,       MSET_EXEC,         MSET_WRITE | MSET_EXEC,
                                   MSET_READ | 0x40, MSET_READ | 0x400, 0x80000000};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mset_pt_map(rig.pt, 0, 0, PAGE, bad[i]), MSET_UNSUPPORTED);
        assert_int_equal(mset_pt_protect(rig.pt, GIB, PAGE, bad[i]), MSET_UNSUPPORTED);
    }
    /* These are not its business. */
    struct mset_pt_run run;
    map(&rig, 0, 0, PAGE, RW | MSET_SHARED | MSET_CALLER_FLAGS);
    assert_int_equal(mset_pt_query(rig.pt, 0, 0, &run), MSET_OK);
    assert_int_equal(run.flags, RW);
    rig_close(&rig);
}

static void test_bad_configurations(void **state) {
    (void)state;
    struct rig rig;
    struct mset_page_table *pt = NULL;
    rig_open(&rig, 16, 0);
    struct mset_frames *const frames = &rig.source.frames;
    const struct mset_allocator *const memory = &rig.memory.base;
    const struct mset_pt_format *const format = &mset_pt_x86_64;
    const struct mset_pt_config bad[] = {
        {.frames = frames, .allocator = memory},
        {.format = format, .allocator = memory},
        {.format = format, .frames = frames, .allocator = memory, .leaf_sizes = 3 * PAGE},
        {.format = format, .frames = frames, .allocator = memory, .leaf_sizes = 2 * PAGE},
        {.format = format, .frames = frames, .allocator = memory, .leaf_sizes = 2 * MIB},
        {.format = format, .frames = frames, .allocator = memory, .leaf_sizes = PAGE | GIB},
        {.format = format, .frames = frames, .allocator = memory, .leaf_sizes = PAGE | 1ull << 39},
        {.format = format, .frames = frames, .allocator = memory, .pa_bits = 53},
        {.format = format, .frames = frames, .allocator = memory, .upper = true},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(mset_pt_create(&bad[i], &pt), MSET_INVALID_PARAM);
    }
    assert_int_equal(mset_pt_create(NULL, &pt), MSET_INVALID_PARAM);
    /* The rig's frames lie at 112 MiB. */
    const struct mset_pt_config narrow = {
        .format = format, .frames = frames, .allocator = memory, .pa_bits = 26};
    assert_int_equal(mset_pt_create(&narrow, &pt), MSET_UNSUPPORTED);
    assert_null(pt);
    mset_pt_destroy(NULL);
    rig_close(&rig);
}

static void test_frames_need_storage(void **state) {
    (void)state;
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct mset_page_table *pt = NULL;
    struct mset_buddy_statistics now;
    counting_allocator_open(&memory);
    const struct mset_buddy_config region = {0, MIB, NULL, &memory.base};
    assert_int_equal(mset_buddy_create(&region, &buddy), MSET_OK);
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64, .frames = mset_buddy_frames(buddy), .allocator = &memory.base};
    assert_int_equal(mset_pt_create(&config, &pt), MSET_UNSUPPORTED);
    mset_buddy_get_statistics(buddy, &now);
    assert_int_equal(now.used_frames, 0);
    mset_buddy_destroy(buddy);
    assert_null(counting_allocator_complaint(&memory, true));
}

static void test_null_tables(void **state) {
    (void)state;
    struct mset_pt_run run;
    struct log log = {0};
    assert_int_equal(mset_pt_map(NULL, 0, 0, PAGE, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_unmap(NULL, 0, PAGE, NULL, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_protect(NULL, 0, PAGE, RW), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(NULL, 0, PAGE, PAGE), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_query(NULL, 0, 0, &run), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_next(NULL, 0, PAGE, &run), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_walk(NULL, 0, PAGE, log_run, &log), MSET_INVALID_PARAM);
}

/* ---- leaves ------------------------------------------------------------------------------- */

static void test_largest_leaves_are_chosen(void **state) {
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    /* 4K up to 2M, 2M up to 1G, 1G, then down again. */
    const uint64_t va = GIB - 2 * MIB - PAGE, size = GIB + 4 * MIB + 2 * PAGE;
    map(&rig, va, va + 2 * GIB, size, RW);
    assert_int_equal(mset_pt_walk(rig.pt, 0, HALF, log_run, &log), MSET_OK);
    assert_int_equal(log.count, 5);
    expect_run(&log.run[0], va, va + 2 * GIB, PAGE, PAGE, RW);
    expect_run(&log.run[1], GIB - 2 * MIB, 3 * GIB - 2 * MIB, 2 * MIB, 2 * MIB, RW);
    expect_run(&log.run[2], GIB, 3 * GIB, GIB, GIB, RW);
    expect_run(&log.run[3], 2 * GIB, 4 * GIB, 2 * MIB, 2 * MIB, RW);
    expect_run(&log.run[4], 2 * GIB + 2 * MIB, 4 * GIB + 2 * MIB, PAGE, PAGE, RW);
    rig_close(&rig);
}

static void test_machines_without_large_leaves(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 1024, 2 * MIB);
    assert_int_equal(mset_pt_leaf_sizes(rig.pt), PAGE | 2 * MIB);
    map(&rig, GIB, 0, GIB, RW);
    assert_int_equal(rig_count(&rig).leaves[1], 512);
    assert_int_equal(rig_count(&rig).leaves[2], 0);
    rig_close(&rig);
    rig_open(&rig, 1024, PAGE);
    assert_int_equal(mset_pt_leaf_sizes(rig.pt), PAGE);
    map(&rig, GIB, 0, GIB, RW);
    assert_int_equal(rig_count(&rig).leaves[0], 512 * 512);
    rig_close(&rig);
}

static void test_map_refuses_what_is_there(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB, 0, 2 * MIB, 0); /* not present, but there */
    map(&rig, 3 * GIB + PAGE, 0, PAGE, RW);
    assert_int_equal(mset_pt_map(rig.pt, 4 * MIB - PAGE, 0, PAGE, RW), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_map(rig.pt, 0, 0, 2 * MIB + PAGE, RW), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_map(rig.pt, GIB, 0, 3 * GIB, RW), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_map(rig.pt, 0, 0, HALF / 2, RW), MSET_ALREADY_EXISTS);
    map(&rig, 4 * MIB, 0, GIB - 4 * MIB, RW);
    rig_close(&rig);
}

/* Elsewhere the whole 2 MiB leaf went, or an assertion fired. */
static void test_partial_unmap_of_a_2m_leaf(void **state) {
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB, 8 * MIB, 2 * MIB, RW);
    assert_int_equal(mset_pt_unmap(rig.pt, 2 * MIB + PAGE, PAGE, log_removed, &log), MSET_OK);
    assert_int_equal(log.count, 1);
    expect_run(&log.run[0], 2 * MIB + PAGE, 8 * MIB + PAGE, PAGE, PAGE, RW);
    for (uint64_t i = 0; i < 512; i++) {
        const struct slow_answer answer = rig_look(&rig, 2 * MIB + i * PAGE);
        assert_int_equal(answer.present, i != 1);
        assert_true(i == 1 || answer.pa == 8 * MIB + i * PAGE);
    }
    assert_int_equal(rig_count(&rig).splits, 1);
    rig_close(&rig);
}

/* Elsewhere the frame was forgotten, and leaked, when the page had no access. */
static void test_page_without_access_keeps_its_frame(void **state) {
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    static const uint64_t sizes[] = {PAGE, 2 * MIB, GIB};
    for (unsigned i = 0; i < 3; i++) {
        map(&rig, 4 * GIB, 8 * GIB, sizes[i], RW | MSET_USER);
        assert_int_equal(mset_pt_protect(rig.pt, 4 * GIB, sizes[i], MSET_USER), MSET_OK);
        assert_false(rig_look(&rig, 4 * GIB).present);
        assert_int_equal(rig_count(&rig).leaves[i], 1);
        assert_int_equal(mset_pt_protect(rig.pt, 4 * GIB, sizes[i], MSET_READ), MSET_OK);
        assert_int_equal(rig_look(&rig, 4 * GIB).pa, 8 * GIB);
        assert_int_equal(mset_pt_protect(rig.pt, 4 * GIB, sizes[i], 0), MSET_OK);
        log.count = 0;
        assert_int_equal(mset_pt_unmap(rig.pt, 4 * GIB, sizes[i], log_removed, &log), MSET_OK);
        assert_int_equal(log.count, 1);
        expect_run(&log.run[0], 4 * GIB, 8 * GIB, sizes[i], sizes[i], 0);
        assert_false(log.run[0].present);
    }
    rig_close(&rig);
}

/* A cut inside a large leaf without access keeps all addresses as well. */
static void test_cut_of_a_leaf_without_access(void **state) {
    (void)state;
    struct rig rig;
    struct mset_pt_run run;
    rig_open(&rig, 64, 0);
    map(&rig, 4 * GIB, 8 * GIB, GIB, 0);
    assert_int_equal(mset_pt_protect(rig.pt, 4 * GIB + 3 * PAGE, PAGE, RW), MSET_OK);
    assert_int_equal(rig_look(&rig, 4 * GIB + 3 * PAGE).pa, 8 * GIB + 3 * PAGE);
    assert_false(rig_look(&rig, 4 * GIB + 4 * PAGE).present);
    assert_int_equal(mset_pt_query(rig.pt, 5 * GIB - PAGE, 0, &run), MSET_OK);
    assert_int_equal(run.pa, 9 * GIB - PAGE);
    assert_int_equal(run.leaf_size, 2 * MIB);
    rig_close(&rig);
}

static void test_equal_flags_cut_nothing(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, GIB, 0, GIB, RW);
    assert_int_equal(mset_pt_protect(rig.pt, GIB + PAGE, PAGE, RW), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[2], 1);
    assert_int_equal(rig_count(&rig).splits, 0);
    rig_close(&rig);
}

static void test_empty_tables_are_freed(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, GIB - PAGE, 0, 2 * PAGE, RW);
    assert_int_equal(rig_live(&rig), 6);
    unmap(&rig, GIB - PAGE, PAGE);
    assert_int_equal(rig_live(&rig), 4);
    unmap(&rig, GIB, PAGE);
    assert_int_equal(rig_live(&rig), 1);
    map(&rig, 0, 0, GIB, RW);
    unmap(&rig, PAGE, GIB - PAGE); /* leaves one page of a cut leaf */
    assert_int_equal(rig_live(&rig), 4);
    unmap(&rig, 0, HALF);
    assert_int_equal(rig_live(&rig), 1);
    rig_close(&rig);
}

static void test_destroy_gives_back_all_tables(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, 0, 0, PAGE, RW);
    map(&rig, HALF - PAGE, 0, PAGE, RW);
    map(&rig, -PAGE, 0, PAGE, RW);
    assert_int_equal(rig_live(&rig), 10);
    rig_close(&rig); /* asserts it */
}

/* ---- one walk ----------------------------------------------------------------------------- */

/* Elsewhere every page was looked up from the root. Each table may be visited once per walk, and
   map walks twice: is there room, then fill. */
static void test_no_rewalk_per_page(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    const uint64_t va = GIB - 3 * MIB, size = 6 * MIB;
    uint64_t before = rig_count(&rig).visits;
    map(&rig, va, PAGE, size, RW); /* askew: 1536 small leaves, in 4 tables under 2 under 1 */
    assert_int_equal(rig_count(&rig).leaves[0], size / PAGE);
    assert_true(rig_count(&rig).visits - before <= 1 + 8);
    before = rig_count(&rig).visits;
    assert_int_equal(mset_pt_protect(rig.pt, va, size, MSET_READ), MSET_OK);
    assert_int_equal(rig_count(&rig).visits - before, 7); /* not the root: both ends lie below it */
    before = rig_count(&rig).visits;
    unmap(&rig, va, size);
    assert_int_equal(rig_count(&rig).visits - before, 7);
    rig_close(&rig);
}

/* A new range writes nothing but its own tables and the one entry that links them. */
static void test_fresh_map_touches_one_old_entry(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, 0, 0, PAGE, RW);
    const uint64_t table = rig_entry(&rig, 2, 0) & ~UINT64_C(0xfff);
    unsigned char before[4096];
    memcpy(before, rig.storage + (table - rig.base), sizeof before);
    map(&rig, 2 * MIB, PAGE, 2 * MIB, RW);
    const unsigned char *const after = rig.storage + (table - rig.base);
    for (size_t i = 0; i < 512; i++) {
        assert_int_equal(memcmp(before + i * 8, after + i * 8, 8) != 0, i == 1);
    }
    rig_close(&rig);
}

/* ---- reports ------------------------------------------------------------------------------ */

static void test_removed_runs_are_joined_and_ascend(void **state) {
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB - 4 * PAGE, 7 * PAGE, 8 * PAGE, RW); /* in two tables */
    map(&rig, 2 * MIB + 4 * PAGE, 20 * PAGE, PAGE, RW);    /* elsewhere in memory */
    map(&rig, 2 * MIB + 5 * PAGE, 21 * PAGE, PAGE, MSET_READ);
    map(&rig, 4 * MIB, 2 * MIB, 2 * MIB, RW);
    assert_int_equal(mset_pt_unmap(rig.pt, 0, GIB, log_removed, &log), MSET_OK);
    assert_int_equal(log.count, 4);
    expect_run(&log.run[0], 2 * MIB - 4 * PAGE, 7 * PAGE, 8 * PAGE, PAGE, RW);
    expect_run(&log.run[1], 2 * MIB + 4 * PAGE, 20 * PAGE, PAGE, PAGE, RW);
    expect_run(&log.run[2], 2 * MIB + 5 * PAGE, 21 * PAGE, PAGE, PAGE, MSET_READ);
    expect_run(&log.run[3], 4 * MIB, 2 * MIB, 2 * MIB, 2 * MIB, RW);
    rig_close(&rig);
}

static void test_query(void **state) {
    (void)state;
    struct rig rig;
    struct mset_pt_run run;
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB - 4 * PAGE, 7 * PAGE, 8 * PAGE, RW);
    assert_int_equal(mset_pt_query(rig.pt, 2 * MIB - 3 * PAGE + 5, 0, &run), MSET_OK);
    expect_run(&run, 2 * MIB - 3 * PAGE + 5, 8 * PAGE + 5, PAGE - 5, PAGE, RW);
    assert_int_equal(mset_pt_query(rig.pt, 2 * MIB - 3 * PAGE + 5, PAGE, &run), MSET_OK);
    assert_int_equal(run.size, 2 * PAGE - 5);
    assert_int_equal(mset_pt_query(rig.pt, 2 * MIB - 3 * PAGE + 5, UINT64_MAX, &run), MSET_OK);
    assert_int_equal(run.size, 7 * PAGE - 5); /* into the next table, not beyond the run */
    assert_int_equal(mset_pt_query(rig.pt, 2 * MIB + 4 * PAGE, 0, &run), MSET_NOT_FOUND);
    assert_int_equal(mset_pt_query(rig.pt, 3 * GIB, 0, &run), MSET_NOT_FOUND);
    map(&rig, 3 * GIB, 4 * GIB, GIB, 0);
    assert_int_equal(mset_pt_query(rig.pt, 3 * GIB + 123 * PAGE + 1, 0, &run), MSET_OK);
    expect_run(&run, 3 * GIB + 123 * PAGE + 1, 4 * GIB + 123 * PAGE + 1, GIB - 123 * PAGE - 1, GIB,
               0);
    map(&rig, -PAGE, 0, PAGE, RW);
    assert_int_equal(mset_pt_query(rig.pt, UINT64_MAX, UINT64_MAX, &run), MSET_OK);
    assert_int_equal(run.size, 1);
    map(&rig, HALF - PAGE, 0, PAGE, RW);
    assert_int_equal(mset_pt_query(rig.pt, HALF - 2, UINT64_MAX, &run), MSET_OK);
    assert_int_equal(run.size, 2);
    rig_close(&rig);
}

/* What follows in the table or in the numbers does not follow in the address space. */
static void test_query_stops_where_it_must(void **state) {
    (void)state;
    struct rig rig;
    struct mset_pt_run run;
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB - PAGE, 0, PAGE, RW); /* end of a table; the next begins elsewhere */
    map(&rig, 2 * MIB, 9 * PAGE, PAGE, RW);
    map(&rig, HALF - PAGE, 0, PAGE, RW); /* end of the lower half */
    map(&rig, -HALF, PAGE, PAGE, RW);
    map(&rig, -PAGE, 0, PAGE, RW); /* end of all */
    map(&rig, 0, PAGE, PAGE, RW);
    static const uint64_t pages[] = {2 * MIB - PAGE, HALF - PAGE, -PAGE};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(mset_pt_query(rig.pt, pages[i], UINT64_MAX, &run), MSET_OK);
        assert_int_equal(run.size, PAGE);
    }
    rig_close(&rig);
}

static void test_next_and_walk_clip(void **state) {
    (void)state;
    struct rig rig;
    struct mset_pt_run run;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB, 0, 2 * MIB, RW);
    map(&rig, 2 * GIB, 0, PAGE, MSET_READ);
    assert_int_equal(mset_pt_next(rig.pt, 0, HALF, &run), MSET_OK);
    expect_run(&run, 2 * MIB, 0, 2 * MIB, 2 * MIB, RW);
    assert_int_equal(mset_pt_next(rig.pt, 3 * MIB, PAGE, &run), MSET_OK);
    expect_run(&run, 3 * MIB, MIB, PAGE, 2 * MIB, RW);
    assert_int_equal(mset_pt_next(rig.pt, 4 * MIB, GIB, &run), MSET_NOT_FOUND);
    assert_int_equal(mset_pt_next(rig.pt, 4 * MIB, HALF / 2, &run), MSET_OK);
    expect_run(&run, 2 * GIB, 0, PAGE, PAGE, MSET_READ);
    assert_int_equal(mset_pt_walk(rig.pt, 3 * MIB, HALF / 2, log_run, &log), MSET_OK);
    assert_int_equal(log.count, 2);
    expect_run(&log.run[0], 3 * MIB, MIB, MIB, 2 * MIB, RW);
    log = (struct log){.stop_after = 1};
    assert_int_equal(mset_pt_walk(rig.pt, 0, HALF, log_run, &log), MSET_OK);
    assert_int_equal(log.count, 1);
    rig_close(&rig);
}

/* ---- move --------------------------------------------------------------------------------- */

static void test_move(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB, 8 * MIB, 2 * MIB, RW);
    map(&rig, 4 * MIB, 3 * PAGE, PAGE, 0);
    assert_int_equal(mset_pt_move(rig.pt, 2 * MIB, 2 * MIB + PAGE, 2 * MIB), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(rig.pt, 2 * MIB, 2 * MIB, 2 * MIB), MSET_INVALID_PARAM);
    assert_int_equal(mset_pt_move(rig.pt, 2 * MIB, 4 * MIB, 2 * MIB), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_pt_move(rig.pt, 2 * MIB, GIB + PAGE, 2 * MIB + PAGE), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 513);
    assert_int_equal(rig_look(&rig, GIB + 5 * PAGE).pa, 8 * MIB + 4 * PAGE);
    assert_false(rig_look(&rig, 2 * MIB).present);
    assert_int_equal(mset_pt_move(rig.pt, GIB + PAGE, 6 * MIB, 2 * MIB + PAGE), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 513); /* as large as they were */
    assert_int_equal(mset_pt_promote(rig.pt, 6 * MIB, 2 * MIB), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[1], 1);
    assert_int_equal(rig_count(&rig).leaves[0], 1);
    assert_int_equal(rig_look(&rig, 6 * MIB + PAGE).page_size, 2 * MIB);
    assert_int_equal(mset_pt_protect(rig.pt, 8 * MIB, PAGE, RW), MSET_OK);
    assert_int_equal(rig_look(&rig, 8 * MIB).pa, 3 * PAGE);
    assert_int_equal(mset_pt_move(rig.pt, 3 * GIB, 5 * GIB, GIB), MSET_OK); /* nothing there */
    assert_int_equal(mset_pt_move(rig.pt, 0, -HALF, 8 * GIB), MSET_OK);     /* other half */
    assert_int_equal(rig_look(&rig, -HALF + 8 * MIB).pa, 3 * PAGE);
    rig_close(&rig);
}

/* 511 leaves of 2 MiB and 512 of 4 KiB, all in a row, are 1 GiB: when somebody wants it so. */
static void test_move_keeps_sizes_of_leaves(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig, 64, 0);
    map(&rig, GIB, 7 * GIB, GIB, RW);
    assert_int_equal(mset_pt_protect(rig.pt, GIB + 5 * PAGE, PAGE, 0), MSET_OK);
    assert_int_equal(mset_pt_protect(rig.pt, GIB + 5 * PAGE, PAGE, RW), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 512);
    assert_int_equal(rig_count(&rig).leaves[1], 511);
    assert_int_equal(mset_pt_move(rig.pt, GIB, 4 * GIB, GIB), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[0], 512);
    assert_int_equal(rig_count(&rig).leaves[1], 511);
    assert_int_equal(mset_pt_promote(rig.pt, 4 * GIB, GIB), MSET_OK);
    assert_int_equal(rig_count(&rig).leaves[2], 1);
    mset_pt_flushed(rig.pt);
    assert_int_equal(rig_live(&rig), 2);
    rig_close(&rig);
}

static void test_joined_runs_collect_marks(void **state) {
    (void)state;
    struct rig rig;
    struct log log = {0};
    rig_open(&rig, 64, 0);
    map(&rig, 2 * MIB - PAGE, 7 * PAGE, 2 * PAGE, RW);
    const uint64_t table = rig_entry(&rig, 1, 2 * MIB) & UINT64_C(0xffffffffff000);
    rig.storage[table - rig.base] |= 0x60; /* the second page: accessed, dirty */
    assert_int_equal(mset_pt_unmap(rig.pt, 0, GIB, log_removed, &log), MSET_OK);
    assert_int_equal(log.count, 1);
    assert_true(log.run[0].accessed && log.run[0].dirty);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_bad_physical_addresses),
        cmocka_unit_test(test_flags_it_cannot_express),
        cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_frames_need_storage),
        cmocka_unit_test(test_null_tables),
        cmocka_unit_test(test_largest_leaves_are_chosen),
        cmocka_unit_test(test_machines_without_large_leaves),
        cmocka_unit_test(test_map_refuses_what_is_there),
        cmocka_unit_test(test_partial_unmap_of_a_2m_leaf),
        cmocka_unit_test(test_page_without_access_keeps_its_frame),
        cmocka_unit_test(test_cut_of_a_leaf_without_access),
        cmocka_unit_test(test_equal_flags_cut_nothing),
        cmocka_unit_test(test_empty_tables_are_freed),
        cmocka_unit_test(test_destroy_gives_back_all_tables),
        cmocka_unit_test(test_no_rewalk_per_page),
        cmocka_unit_test(test_fresh_map_touches_one_old_entry),
        cmocka_unit_test(test_removed_runs_are_joined_and_ascend),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_query_stops_where_it_must),
        cmocka_unit_test(test_next_and_walk_clip),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_move_keeps_sizes_of_leaves),
        cmocka_unit_test(test_joined_runs_collect_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
