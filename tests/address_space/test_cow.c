/*
 * test_cow.c - the backend that copies on write, by itself: over a set and two page tables, without
 * an address space around it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define RW (MSET_READ | MSET_WRITE)
#define PAGE MSET_PAGE_SIZE

/* Two page tables, each with a set and a backend; frames and memory are the world's. */
static struct world world;
static struct side {
    struct mset_page_table *table;
    struct mset *set;
    struct mset_cow cow;
} left, right;

static uint64_t flushes, owners_at_flush, watched_pa;

/* What was replaced or unmapped has all its owners until here. */
static void count_flush(void *context, struct mset_page_table *table) {
    (void)context;
    flushes++;
    owners_at_flush = watched_pa == 0 ? 0 : mset_counted_owners(&world.counted, watched_pa);
    mset_pt_flushed(table);
}

static void open_side(struct side *side) {
    const struct mset_pt_config config = {.format = world.format,
                                          .frames = &world.table_frames.base,
                                          .allocator = &world.allocator.base,
                                          .hardware_marks = world.site->hardware_marks};
    const struct mset_options options = {.allocator = &world.allocator.base};
    assert_int_equal(mset_pt_create(&config, &side->table), MSET_OK);
    assert_int_equal(mset_create(&options, &side->set), MSET_OK);
    mset_cow_init(&side->cow, &world.counted, &world.allocator.base);
    side->cow.flush = count_flush;
}

static void close_side(struct side *side) {
    assert_int_equal(mset_clear(side->set, side->table), MSET_OK);
    assert_int_equal(side->cow.pages.held + side->cow.areas, 0);
    mset_destroy(side->set);
    mset_pt_destroy(side->table);
}

static int open_on(const struct world_site *site) {
    flushes = watched_pa = 0;
    assert_true(world_open(&world, site));
    open_side(&left);
    open_side(&right);
    return 0;
}

static int open_both(void **state) {
    (void)state;
    return open_on(&world_sites[0]);
}

/* Where processors may leave marks to the fault handler (world.c). */
static int open_with_marks(void **state) {
    (void)state;
    const struct world_site *site = world_sites;
    while (!site->hardware_marks) {
        site++;
    }
    return open_on(site);
}

static int close_both(void **state) {
    (void)state;
    close_side(&left);
    close_side(&right);
    const char *const wrong = world_close(&world);
    if (wrong != NULL) {
        print_error("%s\n", wrong);
    }
    return wrong == NULL ? 0 : -1;
}

static void map(struct side *side, uint64_t start, uint64_t size, uint64_t flags, bool populate) {
    const struct mset_area area = {start, size, flags, &side->cow.backend, 0};
    side->cow.populate = populate;
    assert_int_equal(mset_map(side->set, &area, MSET_MAP_FAIL, side->table), MSET_OK);
    side->cow.populate = false;
}

static bool share_run(void *arg, const struct mset_pt_run *run) {
    (void)arg;
    assert_int_equal(mset_counted_share(&world.counted, run->pa, run->size), MSET_OK);
    right.cow.pages.held += run->size;
    return true;
}

/* What the left side has there, the right side gets. */
static void fork_range(uint64_t start, uint64_t size, uint64_t flags) {
    map(&right, start, size, flags, false);
    assert_int_equal(mset_pt_walk(left.table, start, size, share_run, NULL), MSET_OK);
    assert_int_equal(mset_pt_copy(left.table, right.table, start, size, true), MSET_OK);
    mset_pt_flushed(left.table);
}

static struct mset_pt_run leaf(const struct side *side, uint64_t va) {
    struct mset_pt_run run = {0};
    assert_int_equal(mset_pt_query(side->table, va, 0, &run), MSET_OK);
    return run;
}

static void fault(struct side *side, uint64_t va, uint64_t access) {
    assert_int_equal(mset_fault(side->set, va, access, side->table), MSET_OK);
    assert_int_equal(leaf(side, va).flags & access, access);
}

static bool set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

static mset_status protect(struct side *side, uint64_t start, uint64_t size, uint64_t flags) {
    return mset_protect(side->set, start, size, MSET_HOLES_FAIL, set_flags, &flags, side->table);
}

static void test_the_other_owner_sees_the_old_page(void **state) {
    (void)state;
    map(&left, MIB, PAGE, RW, false);
    fault(&left, MIB + 5, MSET_WRITE);
    const uint64_t pa = watched_pa = leaf(&left, MIB).pa;
    *world_word(&world, pa + 80) = 17;
    fork_range(MIB, PAGE, RW);
    assert_int_equal(leaf(&left, MIB).flags, MSET_READ);
    fault(&right, MIB, MSET_READ); /* copies nothing */
    assert_int_equal(leaf(&right, MIB).pa, pa);
    assert_int_equal(flushes, 0);

    fault(&right, MIB, MSET_WRITE);
    assert_int_equal(flushes, 1);
    assert_int_equal(owners_at_flush, 2); /* nobody had lost it yet */
    assert_int_equal(mset_counted_owners(&world.counted, pa), 1);
    assert_true(leaf(&right, MIB).pa != pa);
    assert_int_equal(*world_word(&world, leaf(&right, MIB).pa + 80), 17);

    fault(&left, MIB, MSET_WRITE); /* the last owner */
    assert_int_equal(leaf(&left, MIB).pa, pa);
    assert_int_equal(flushes, 1);
}

/* Unmapped frames have their owner until after the flush; nothing there, nothing to flush. */
static void test_unmap_gives_up_after_the_flush(void **state) {
    (void)state;
    map(&left, MIB, 4 * PAGE, RW, true);
    watched_pa = leaf(&left, MIB).pa;
    assert_int_equal(mset_counted_share(&world.counted, watched_pa, PAGE), MSET_OK);
    assert_int_equal(mset_unmap(left.set, MIB, PAGE, left.table), MSET_OK);
    assert_int_equal(flushes, 1);
    assert_int_equal(owners_at_flush, 2);
    assert_int_equal(mset_counted_owners(&world.counted, watched_pa), 1);
    mset_frames_free(&world.counted.frames, watched_pa, 0);
    left.cow.flush = NULL; /* nobody translates */
    assert_int_equal(mset_unmap(left.set, MIB + PAGE, PAGE, left.table), MSET_OK);
    assert_int_equal(flushes, 1);
}

/* One page of a large leaf is copied out; the rest stays shared, and large on the other side. */
static void test_large_leaf(void **state) {
    (void)state;
    map(&left, 2 * MIB, 2 * MIB, RW, true);
    assert_int_equal(leaf(&left, 2 * MIB).leaf_size, 2 * MIB);
    fork_range(2 * MIB, 2 * MIB, RW);
    fault(&right, 3 * MIB, MSET_WRITE);
    assert_int_equal(leaf(&right, 3 * MIB).leaf_size, PAGE);
    assert_int_equal(leaf(&right, 3 * MIB + PAGE).flags, MSET_READ);
    assert_int_equal(leaf(&left, 2 * MIB).leaf_size, 2 * MIB);

    /* The left side owns that page alone, and not the leaf: only the page becomes writable. */
    const uint64_t pa = leaf(&left, 3 * MIB).pa;
    fault(&left, 3 * MIB, MSET_WRITE);
    assert_int_equal(leaf(&left, 3 * MIB).pa, pa);
    assert_int_equal(leaf(&left, 3 * MIB).leaf_size, PAGE);
    assert_int_equal(leaf(&left, 3 * MIB + PAGE).flags, MSET_READ);
}

static void test_a_large_leaf_with_one_owner_stays_large(void **state) {
    (void)state;
    map(&left, 2 * MIB, 2 * MIB, RW, true);
    fork_range(2 * MIB, 2 * MIB, RW);
    assert_int_equal(mset_clear(right.set, right.table), MSET_OK);
    fault(&left, 3 * MIB, MSET_WRITE);
    assert_int_equal(leaf(&left, 2 * MIB).leaf_size, 2 * MIB);
    assert_int_equal(leaf(&left, 2 * MIB).flags, RW);
}

/* What has one owner becomes writable, leaf by leaf. */
static void test_protect_leaves_shared_pages_read_only(void **state) {
    (void)state;
    map(&left, 2 * MIB - 4 * PAGE, 2 * MIB + 4 * PAGE, RW, true);
    fork_range(2 * MIB - 3 * PAGE, 2 * PAGE, RW);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(protect(&left, 2 * MIB - 4 * PAGE, 2 * MIB + 4 * PAGE, 0), MSET_OK);
        assert_int_equal(leaf(&left, 2 * MIB).flags, 0);
        assert_int_equal(protect(&left, 2 * MIB - 4 * PAGE, 2 * MIB + 4 * PAGE, RW), MSET_OK);
        assert_int_equal(leaf(&left, 2 * MIB - 4 * PAGE).flags, RW);
        assert_int_equal(leaf(&left, 2 * MIB - 3 * PAGE).flags, MSET_READ);
        assert_int_equal(leaf(&left, 2 * MIB - 2 * PAGE).flags, MSET_READ);
        assert_int_equal(leaf(&left, 2 * MIB - PAGE).flags, RW);
        assert_int_equal(leaf(&left, 2 * MIB).flags, RW);
        assert_int_equal(leaf(&left, 2 * MIB).leaf_size, 2 * MIB);
    }
    /* Flags that no leaf can have are refused before anything happens. */
    assert_int_equal(protect(&left, 2 * MIB, 2 * MIB, RW | UINT64_C(0x80)), MSET_UNSUPPORTED);
    assert_int_equal(leaf(&left, 2 * MIB).flags, RW);
}

/* A protect in the middle of a large leaf cuts it; without a table nothing has changed. */
static void test_protect_without_memory(void **state) {
    (void)state;
    map(&left, 2 * MIB, 2 * MIB, RW, true);
    fork_range(2 * MIB, 2 * MIB, RW);
    world_fail(&world, 1, true);
    struct mset_cow *const cow = &left.cow;
    const struct mset_area piece = {3 * MIB, PAGE, RW, &cow->backend, 0};
    assert_int_equal(cow->backend.ops->protect(&cow->backend, &piece, RW, left.table),
                     MSET_NO_MEMORY);
    assert_int_equal(
        cow->backend.ops->protect(&cow->backend, &piece, RW | UINT64_C(0x80), left.table),
        MSET_UNSUPPORTED);
    assert_int_equal(mset_fault(right.set, 3 * MIB, MSET_WRITE, right.table), MSET_NO_MEMORY);
    world_fail(&world, 0, false);
    assert_int_equal(leaf(&left, 2 * MIB).leaf_size, 2 * MIB);
    assert_int_equal(cow->backend.ops->unmap(&cow->backend, &piece, NULL), MSET_INVALID_PARAM);
}

/* A plan that populates has its frames, and gives them back when it is dropped. */
static void test_dropped_plan(void **state) {
    (void)state;
    const struct mset_area area = {MIB, 4 * PAGE, RW, &left.cow.backend, 0};
    struct mset_plan *plan;
    left.cow.populate = true;
    assert_int_equal(mset_plan_map(left.set, &area, MSET_MAP_FAIL, left.table, &plan), MSET_OK);
    assert_int_equal(left.cow.pages.held, 4 * PAGE);
    mset_plan_drop(plan);
    assert_int_equal(left.cow.pages.held, 0);
    left.cow.populate = false;
    assert_int_equal(mset_plan_map(left.set, &area, MSET_MAP_FAIL, left.table, &plan), MSET_OK);
    assert_int_equal(left.cow.pages.held, 0);
    mset_plan_drop(plan);
    left.cow.populate = true;
    assert_int_equal(mset_plan_map(left.set, &area, MSET_MAP_FAIL, left.table, &plan), MSET_OK);
    left.cow.populate = false; /* it was said when it was planned */
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(leaf(&left, MIB).flags, RW);
    assert_int_equal(mset_plan_unmap(left.set, MIB, PAGE, left.table, &plan), MSET_OK);
    mset_plan_drop(plan);
    assert_int_equal(left.cow.pages.held, 4 * PAGE);
}

/* Flags of a page that somebody has changed behind the backend's back are made right. */
static void test_stale_flags(void **state) {
    (void)state;
    map(&left, MIB, 2 * PAGE, RW, true);
    assert_int_equal(mset_pt_protect(left.table, MIB, 2 * PAGE, MSET_READ), MSET_OK);
    fault(&left, MIB, MSET_READ);
    assert_int_equal(leaf(&left, MIB).flags, RW);
    fork_range(MIB, 2 * PAGE, RW);
    assert_int_equal(mset_pt_protect(left.table, MIB, PAGE, 0), MSET_OK);
    fault(&left, MIB, MSET_READ);
    assert_int_equal(leaf(&left, MIB).flags, MSET_READ);
}

/* A shared page that is read after its mark was taken away: nothing but the mark is missing, and
   without it the processor would fault for ever. */
static void test_a_shared_page_gets_its_mark_again(void **state) {
    (void)state;
    map(&left, MIB, PAGE, RW, false);
    fault(&left, MIB, MSET_WRITE);
    fork_range(MIB, PAGE, RW);
    for (unsigned k = 0; k < 2; k++) {
        struct side *const side = k == 0 ? &left : &right;
        assert_int_equal(mset_pt_harvest(side->table, MIB, PAGE, MSET_PT_ACCESSED, NULL, NULL),
                         MSET_OK);
        mset_pt_flushed(side->table);
        assert_false(leaf(side, MIB).accessed);
        fault(side, MIB, MSET_READ);
        assert_true(leaf(side, MIB).accessed);
        assert_int_equal(leaf(side, MIB).flags, MSET_READ);
    }
}

static void test_markers_are_the_callers(void **state) {
    (void)state;
    map(&left, MIB, 4 * PAGE, RW, false);
    assert_int_equal(mset_pt_map(left.table, MIB, 5, PAGE, MSET_PT_MARKER), MSET_OK);
    assert_int_equal(mset_fault(left.set, MIB, MSET_READ, left.table), MSET_UNSUPPORTED);
    fault(&left, MIB + PAGE, MSET_WRITE);
    fork_range(MIB + PAGE, PAGE, RW); /* so that protect looks at owners */
    assert_int_equal(protect(&left, MIB, 4 * PAGE, MSET_READ), MSET_OK);
    assert_int_equal(protect(&left, MIB, 4 * PAGE, RW), MSET_OK);
    assert_int_equal(leaf(&left, MIB).flags, MSET_PT_MARKER);
}

static void test_without_a_page_table(void **state) {
    (void)state;
    const struct mset_area area = {MIB, PAGE, RW, &left.cow.backend, 0};
    const struct mset_backend_ops *const ops = left.cow.backend.ops;
    assert_int_equal(mset_map(left.set, &area, MSET_MAP_FAIL, NULL), MSET_INVALID_PARAM);
    left.cow.populate = true;
    assert_int_equal(mset_map(left.set, &area, MSET_MAP_FAIL, NULL), MSET_INVALID_PARAM);
    left.cow.populate = false;
    assert_int_equal(ops->map(&left.cow.backend, &area, NULL), MSET_INVALID_PARAM);
    assert_int_equal(ops->unmap(&left.cow.backend, &area, NULL), MSET_INVALID_PARAM);
    assert_int_equal(ops->protect(&left.cow.backend, &area, RW, NULL), MSET_INVALID_PARAM);
    assert_int_equal(ops->fault(&left.cow.backend, &area, MIB, MSET_READ, NULL),
                     MSET_INVALID_PARAM);
    mset_cow_init(NULL, &world.counted, NULL);
    mset_cow_init(&left.cow, NULL, NULL); /* nothing happens */
    assert_ptr_equal(left.cow.counted, &world.counted);
}

/* ---- what new pages contain ---------------------------------------------------------------- */

static int fill_code;
static uint64_t fills;

static int fill(void *context, const struct mset_area *area, uint64_t address, void *page,
                uint64_t size) {
    (void)context;
    assert_int_equal(size, PAGE);
    *(uint64_t *)page = mset_area_offset(area, address);
    return ++fills % 3 == 0 ? fill_code : 0; /* the third page cannot be read */
}

static void test_fill(void **state) {
    (void)state;
    const struct mset_area area = {MIB, 4 * PAGE, RW, &left.cow.backend, 64 * PAGE};
    fill_code = -5;
    fills = 0;
    left.cow.fill = fill;
    left.cow.populate = true;
    assert_int_equal(mset_map(left.set, &area, MSET_MAP_FAIL, left.table), MSET_BAD_STATE);
    assert_int_equal(mset_last_failure(left.set).code, -5);
    assert_int_equal(left.cow.pages.held, 0);
    left.cow.populate = false;
    assert_int_equal(mset_map(left.set, &area, MSET_MAP_FAIL, left.table), MSET_OK);
    fills = 2;
    assert_int_equal(mset_fault(left.set, MIB, MSET_READ, left.table), MSET_BAD_STATE);
    assert_int_equal(left.cow.pages.held, 0);
    fault(&left, MIB + PAGE, MSET_READ);
    assert_int_equal(*world_word(&world, leaf(&left, MIB + PAGE).pa), 65 * PAGE);
}

/* Frames that are addresses only are counted all the same, and have nothing to copy. */
static uint64_t somewhere; /* the one frame with storage */

static void *nowhere(struct mset_frames *frames, uint64_t pa) {
    (void)frames;
    return pa == somewhere ? world_word(&world, pa) : NULL;
}

static void test_frames_without_storage(void **state) {
    (void)state;
    const struct mset_frames_ops *const usual = world.data_frames.base.ops;
    struct mset_frames_ops ops = *usual;
    ops.virt = nowhere;
    world.data_frames.base.ops = &ops;
    left.cow.fill = right.cow.fill = fill;
    fills = 0;
    map(&left, MIB, PAGE, RW, true);
    map(&left, 4 * MIB, PAGE, RW, true);
    fork_range(MIB, PAGE, RW);
    fault(&right, MIB, MSET_WRITE);
    assert_true(leaf(&left, MIB).pa != leaf(&right, MIB).pa);
    assert_int_equal(fills, 0);
    fork_range(4 * MIB, PAGE, RW);
    somewhere = leaf(&right, 4 * MIB).pa;
    fault(&right, 4 * MIB, MSET_WRITE);
    somewhere = 0;
    assert_int_equal(mset_clear(left.set, left.table), MSET_OK);
    assert_int_equal(mset_clear(right.set, right.table), MSET_OK);
    world.data_frames.base.ops = usual;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)
    const struct CMUnitTest tests[] = {
        TEST(test_the_other_owner_sees_the_old_page),
        TEST(test_unmap_gives_up_after_the_flush),
        TEST(test_large_leaf),
        TEST(test_a_large_leaf_with_one_owner_stays_large),
        TEST(test_protect_leaves_shared_pages_read_only),
        TEST(test_protect_without_memory),
        TEST(test_dropped_plan),
        TEST(test_stale_flags),
        TEST(test_markers_are_the_callers),
        cmocka_unit_test_setup_teardown(test_a_shared_page_gets_its_mark_again, open_with_marks,
                                        close_both),
        TEST(test_without_a_page_table),
        TEST(test_fill),
        TEST(test_frames_without_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
