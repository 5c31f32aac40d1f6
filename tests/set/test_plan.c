/*
 * test_plan.c - operations in two steps, in literal numbers: show, commit, drop, what has to wait,
 * and memory that fails at every allocation.
 */
#include "scene.h"

/* A set on a stage, without a model: plans stay open between the calls of a test. */
struct theatre {
    struct stage stage;
    struct counting_allocator memory;
    struct mirror mirror;
    struct mset *set;
    struct change_list shown;
};

static void theatre_open_with(struct theatre *theatre, size_t pages, struct mset_options options) {
    const struct seam_rules rules = {PAGE, 0, 0};
    const bool merge = (options.flags & MSET_MERGE) != 0;
    *theatre = (struct theatre){0};
    stage_open(&theatre->stage, &rules, SCENE_BASE, pages, merge);
    mirror_open(&theatre->mirror, SCENE_BASE, PAGE, pages);
    counting_allocator_open(&theatre->memory);
    options.allocator = &theatre->memory.base;
    assert_int_equal(mset_create(&options, &theatre->set), MSET_OK);
    assert_int_equal(mset_attach(theatre->set, &theatre->mirror.observer), MSET_OK);
}

static void theatre_open(struct theatre *theatre, size_t pages) {
    theatre_open_with(theatre, pages, (struct mset_options){0});
}

static void theatre_close(struct theatre *theatre) {
    if (theatre->set != NULL) {
        mset_destroy(theatre->set);
    }
    assert_null(counting_allocator_complaint(&theatre->memory, true));
    assert_string_equal(theatre->stage.complaint, "");
    assert_string_equal(theatre->mirror.complaint, "");
    for (int kind = 0; kind < RECORDER_KINDS; kind++) {
        assert_int_equal(stage_references(&theatre->stage, (enum recorder_kind)kind), 0);
    }
    stage_close(&theatre->stage);
    mirror_close(&theatre->mirror);
    change_list_free(&theatre->shown);
}

/* A new operation: nothing is recorded yet. */
static void begin(struct theatre *theatre) {
    stage_begin(&theatre->stage, &(struct refusal){0});
    mirror_begin(&theatre->mirror);
    theatre->shown.count = 0;
}

static struct mset_area area_of(struct theatre *theatre, size_t page, size_t pages, uint64_t flags,
                                enum recorder_kind backend) {
    return (struct mset_area){AT(page), pages * PAGE, flags,
                              stage_backend(&theatre->stage, backend), AT(page)};
}

static void add(struct theatre *theatre, size_t page, size_t pages, uint64_t flags,
                enum recorder_kind backend) {
    const struct mset_area area = area_of(theatre, page, pages, flags, backend);
    begin(theatre);
    assert_int_equal(mset_map(theatre->set, &area, MSET_MAP_FAIL, &theatre->stage), MSET_OK);
    begin(theatre);
}

static bool collect(void *list, const struct mset_change *change) {
    change_list_add(list, change);
    return true;
}

static struct mset_plan *plan_unmap(struct theatre *theatre, size_t page, size_t pages) {
    struct mset_plan *plan = NULL;
    begin(theatre);
    assert_int_equal(mset_plan_unmap(theatre->set, AT(page), pages * PAGE, &theatre->stage, &plan),
                     MSET_OK);
    assert_non_null(plan);
    return plan;
}

static bool toggle_write(void *asked, const struct mset_area *piece, uint64_t *flags) {
    ++*(size_t *)asked;
    *flags = piece->flags ^ MSET_WRITE;
    return true;
}

/* ---- showing ------------------------------------------------------------------------------- */

static void test_shown_is_what_is_done(void **state) {
    (void)state;
    struct theatre theatre;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 4, R, RECORDER_FULL);
    add(&theatre, 6, 4, RW, RECORDER_PREPARED);
    struct mset_plan *plan = plan_unmap(&theatre, 3, 4);
    mset_plan_show(plan, collect, &theatre.shown);
    assert_int_equal(theatre.shown.count, 2);
    assert_change(&theatre.shown, 0, MSET_TRIMMED, 0, 4, 0, 3);
    assert_change(&theatre.shown, 1, MSET_TRIMMED, 6, 4, 7, 3);
    assert_true(mset_find(theatre.set, AT(3), NULL)); /* not yet */
    assert_int_equal(theatre.mirror.told.count, 0);
    assert_int_equal(theatre.stage.calls.count, 1);
    assert_call(&theatre.stage, 0, CALL_PREPARE, RECORDER_PREPARED, 6, 1);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(theatre.mirror.told.count, 2);
    assert_change(&theatre.mirror.told, 0, MSET_TRIMMED, 0, 4, 0, 3);
    assert_change(&theatre.mirror.told, 1, MSET_TRIMMED, 6, 4, 7, 3);
    assert_int_equal(theatre.stage.calls.count, 3);
    assert_call(&theatre.stage, 1, CALL_UNMAP, RECORDER_FULL, 3, 1);
    assert_call(&theatre.stage, 2, CALL_UNMAP, RECORDER_PREPARED, 6, 1);
    assert_false(mset_find(theatre.set, AT(3), NULL));
    theatre_close(&theatre);
}

struct stopper {
    size_t visits, most;
};

static bool stop(void *arg, const struct mset_change *change) {
    struct stopper *stopper = arg;
    (void)change;
    return ++stopper->visits < stopper->most;
}

static void test_showing_stops_when_told(void **state) {
    (void)state;
    struct theatre theatre;
    theatre_open_with(&theatre, 16, (struct mset_options){.flags = MSET_MERGE});
    for (size_t page = 0; page < 6; page++) {
        add(&theatre, page, 1, page % 2 == 0 ? R : RW, RECORDER_FULL);
    }
    size_t asked = 0;
    struct mset_plan *plan = NULL;
    begin(&theatre);
    assert_int_equal(mset_plan_protect(theatre.set, AT(1), PAGE, MSET_HOLES_FAIL, toggle_write,
                                       &asked, &theatre.stage, &plan),
                     MSET_OK);
    for (size_t most = 1; most <= 4; most++) { /* there are three: protected, merged, merged */
        struct stopper stopper = {0, most};
        mset_plan_show(plan, stop, &stopper);
        assert_int_equal(stopper.visits, most < 3 ? most : 3);
    }
    mset_plan_show(plan, collect, &theatre.shown);
    assert_change(&theatre.shown, 0, MSET_PROTECTED, 1, 1, 1, 1);
    assert_change(&theatre.shown, 1, MSET_MERGED, 1, 1, 0, 2);
    assert_change(&theatre.shown, 2, MSET_MERGED, 2, 1, 0, 3);
    mset_plan_drop(plan);
    assert_int_equal(asked, 1);
    theatre_close(&theatre);
}

/* From one part of an area into another: what is seen before it is what comes of it. */
static void test_shown_within_an_area(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_plan *plan = NULL;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 12, R, RECORDER_FULL);
    assert_int_equal(mset_plan_move(theatre.set, AT(8), 2 * PAGE, AT(2), MSET_MAP_REPLACE,
                                    &theatre.stage, &plan),
                     MSET_OK);
    mset_plan_show(plan, collect, &theatre.shown);
    assert_int_equal(theatre.shown.count, 5);
    assert_change(&theatre.shown, 0, MSET_SPLIT, 0, 12, 4, 8);
    assert_change(&theatre.shown, 1, MSET_TRIMMED, 0, 4, 0, 2);
    assert_change(&theatre.shown, 2, MSET_SPLIT, 4, 8, 8, 4);
    assert_change(&theatre.shown, 3, MSET_SPLIT, 8, 4, 10, 2);
    assert_change(&theatre.shown, 4, MSET_MOVED, 8, 2, 2, 2);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(theatre.mirror.told.count, 5);
    theatre_close(&theatre);
}

static void test_a_plan_of_nothing(void **state) {
    (void)state;
    struct theatre theatre;
    theatre_open(&theatre, 16);
    struct mset_plan *plan = plan_unmap(&theatre, 3, 4);
    mset_plan_show(plan, collect, &theatre.shown);
    assert_int_equal(theatre.shown.count, 0);
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    begin(&theatre);
    assert_int_equal(mset_plan_clear(theatre.set, &theatre.stage, &plan), MSET_OK);
    mset_plan_drop(plan);
    theatre_close(&theatre);
}

/* ---- reserving ----------------------------------------------------------------------------- */

/* A single step, too: nobody knows how long the plan will wait. */
static void test_every_step_of_a_plan_is_prepared(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_plan *plan = NULL;
    theatre_open(&theatre, 16);
    const struct mset_area area = area_of(&theatre, 2, 3, R, RECORDER_PREPARED);
    assert_int_equal(mset_plan_map(theatre.set, &area, MSET_MAP_FAIL, &theatre.stage, &plan),
                     MSET_OK);
    assert_int_equal(theatre.stage.calls.count, 1);
    assert_call(&theatre.stage, 0, CALL_PREPARE, RECORDER_PREPARED, 2, 3);
    assert_int_equal(stage_references(&theatre.stage, RECORDER_PREPARED), 1); /* the plan's */
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(theatre.stage.calls.count, 2);
    assert_call(&theatre.stage, 1, CALL_MAP, RECORDER_PREPARED, 2, 3);
    assert_int_equal(stage_references(&theatre.stage, RECORDER_PREPARED), 1);
    theatre_close(&theatre);
}

static void test_dropped_plans_leave_nothing(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_statistics before, after;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 4, R, RECORDER_PREPARED);
    add(&theatre, 4, 4, RW, RECORDER_PREPARED);
    mset_get_statistics(theatre.set, &before);
    const uint64_t bytes = theatre.memory.live_bytes;
    mset_plan_drop(plan_unmap(&theatre, 1, 6));
    assert_int_equal(theatre.stage.calls.count, 4);
    assert_call(&theatre.stage, 0, CALL_PREPARE, RECORDER_PREPARED, 1, 3);
    assert_call(&theatre.stage, 1, CALL_PREPARE, RECORDER_PREPARED, 4, 3);
    assert_call(&theatre.stage, 2, CALL_ABORT, RECORDER_PREPARED, 4, 3);
    assert_call(&theatre.stage, 3, CALL_ABORT, RECORDER_PREPARED, 1, 3);
    stage_end(&theatre.stage);
    mset_get_statistics(theatre.set, &after);
    assert_int_equal(after.areas, before.areas);
    assert_int_equal(after.splits, before.splits);
    assert_int_equal(after.merges, before.merges);
    assert_int_equal(after.node_bytes, before.node_bytes);
    assert_int_equal(theatre.memory.live_bytes, bytes);
    assert_int_equal(theatre.mirror.told.count, 0);
    assert_int_equal(stage_references(&theatre.stage, RECORDER_PREPARED), 2);
    assert_null(mset_validate(theatre.set));
    theatre_close(&theatre);
}

/* The answers of a protect are kept, few or many, and nobody is asked again. */
static void test_answers_wait_with_the_plan(void **state) {
    (void)state;
    static const size_t counts[] = {1, 31, 32, 33, 100};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct theatre theatre;
        struct mset_plan *plan = NULL;
        struct mset_area area;
        size_t asked = 0;
        theatre_open(&theatre, 100);
        for (size_t page = 0; page < counts[i]; page++) {
            add(&theatre, page, 1, R | (uint64_t)page << 32, RECORDER_PREPARED);
        }
        assert_int_equal(mset_plan_protect(theatre.set, AT(0), 100 * PAGE, MSET_HOLES_SKIP,
                                           toggle_write, &asked, &theatre.stage, &plan),
                         MSET_OK);
        assert_int_equal(asked, counts[i]);
        mset_plan_show(plan, collect, &theatre.shown);
        assert_int_equal(theatre.shown.count, counts[i]);
        assert_int_equal(mset_plan_commit(plan), MSET_OK);
        assert_int_equal(asked, counts[i]);
        for (size_t page = 0; page < counts[i]; page++) {
            assert_true(mset_find(theatre.set, AT(page), &area));
            assert_int_equal(area.flags, RW | (uint64_t)page << 32);
        }
        theatre_close(&theatre);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void assert_locked(struct theatre *theatre) {
    struct mset *set = theatre->set;
    void *pt = &theatre->stage;
    const struct mset_area area = area_of(theatre, 12, 1, R, RECORDER_FULL);
    struct mset_plan *other = NULL;
    size_t asked = 0;
    assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, pt), MSET_BAD_STATE);
    assert_int_equal(mset_unmap(set, AT(0), PAGE, pt), MSET_BAD_STATE);
    assert_int_equal(mset_clear(set, pt), MSET_BAD_STATE);
    assert_int_equal(mset_protect(set, AT(0), PAGE, MSET_HOLES_SKIP, toggle_write, &asked, pt),
                     MSET_BAD_STATE);
    assert_int_equal(mset_move(set, AT(0), PAGE, AT(12), MSET_MAP_FAIL, pt), MSET_BAD_STATE);
    assert_int_equal(mset_grow(set, AT(0), MSET_HIGH, PAGE, pt), MSET_BAD_STATE);
    assert_int_equal(mset_shrink(set, AT(0), MSET_HIGH, PAGE, pt), MSET_BAD_STATE);
    assert_int_equal(mset_unmap_metadata(set, AT(0), PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_replace_metadata(set, &area), MSET_BAD_STATE);
    assert_int_equal(mset_fault(set, AT(0), MSET_READ, pt), MSET_BAD_STATE);
    assert_int_equal(mset_plan_unmap(set, AT(0), PAGE, pt, &other), MSET_BAD_STATE);
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, pt, &other), MSET_BAD_STATE);
    assert_null(other);
    assert_int_equal(asked, 0);
}

static void test_everything_else_waits(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_area area;
    struct mset_cursor cursor;
    uint64_t start;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 4, R, RECORDER_PREPARED);
    struct mset_plan *plan = plan_unmap(&theatre, 1, 2);
    assert_locked(&theatre);
    assert_int_equal(theatre.stage.calls.count, 1);
    assert_int_equal(theatre.mirror.told.count, 0);
    /* Asking is fine. */
    assert_true(mset_find(theatre.set, AT(1), &area));
    assert_int_equal(area.size, 4 * PAGE);
    assert_int_equal(mset_count(theatre.set), 1);
    assert_true(mset_overlaps(theatre.set, AT(2), PAGE));
    const struct mset_gap_request wish = {.size = PAGE, .lo = AT(0), .hi = AT(16)};
    assert_int_equal(mset_find_free(theatre.set, &wish, &start), MSET_OK);
    assert_int_equal(start, AT(4));
    mset_cursor_all(&cursor, theatre.set);
    assert_true(mset_cursor_next(&cursor, &area));
    assert_false(mset_cursor_next(&cursor, &area));
    assert_null(mset_validate(theatre.set));
    assert_int_equal(mset_plan_commit(plan), MSET_OK);
    assert_int_equal(mset_count(theatre.set), 2);
    begin(&theatre);
    assert_int_equal(mset_clear(theatre.set, &theatre.stage), MSET_OK); /* again as usual */
    theatre_close(&theatre);
}

static void test_sets_wait_for_their_own_plan_only(void **state) {
    (void)state;
    struct theatre one, two;
    theatre_open(&one, 16);
    theatre_open(&two, 16);
    add(&one, 0, 4, R, RECORDER_PREPARED);
    add(&two, 0, 4, R, RECORDER_PREPARED);
    struct mset_plan *plan = plan_unmap(&one, 1, 2);
    struct mset_plan *other = plan_unmap(&two, 0, 4);
    assert_int_equal(mset_plan_commit(other), MSET_OK);
    assert_int_equal(mset_count(two.set), 0);
    assert_int_equal(mset_count(one.set), 1);
    mset_plan_drop(plan);
    theatre_close(&one);
    theatre_close(&two);
}

/* Dropped with the set, before its areas are. */
static void test_set_destroyed_with_an_open_plan(void **state) {
    (void)state;
    struct theatre theatre;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 4, R, RECORDER_PREPARED);
    add(&theatre, 4, 4, R, RECORDER_FULL);
    (void)plan_unmap(&theatre, 1, 6);
    mset_destroy(theatre.set);
    theatre.set = NULL;
    assert_int_equal(theatre.stage.calls.count, 2);
    assert_call(&theatre.stage, 1, CALL_ABORT, RECORDER_PREPARED, 1, 3);
    assert_int_equal(theatre.mirror.told.count, 2);
    assert_change(&theatre.mirror.told, 0, MSET_REMOVED, 0, 4, 0, 0);
    assert_change(&theatre.mirror.told, 1, MSET_REMOVED, 4, 4, 0, 0);
    theatre_close(&theatre);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void test_a_refused_prepare_makes_no_plan(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_plan *plan = NULL;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 4, R, RECORDER_PREPARED);
    add(&theatre, 4, 4, RW, RECORDER_PREPARED);
    stage_begin(&theatre.stage, &(struct refusal){.prepares = 1 << 1, .code = MSET_NO_MEMORY});
    assert_int_equal(mset_plan_clear(theatre.set, &theatre.stage, &plan), MSET_NO_MEMORY);
    assert_null(plan);
    assert_int_equal(theatre.stage.calls.count, 3);
    assert_call(&theatre.stage, 2, CALL_ABORT, RECORDER_PREPARED, 0, 4);
    assert_int_equal(mset_last_failure(theatre.set).code, MSET_NO_MEMORY);
    assert_int_equal(mset_last_failure(theatre.set).address, AT(4));
    begin(&theatre);
    assert_int_equal(mset_clear(theatre.set, &theatre.stage), MSET_OK); /* nothing is open */
    theatre_close(&theatre);
}

static void test_a_refused_commit_is_undone(void **state) {
    (void)state;
    struct theatre theatre;
    theatre_open(&theatre, 16);
    add(&theatre, 0, 2, R, RECORDER_FULL);
    add(&theatre, 2, 2, R, RECORDER_PREPARED);
    add(&theatre, 4, 2, R, RECORDER_FULL);
    struct mset_plan *plan = plan_unmap(&theatre, 0, 6);
    theatre.stage.refusal = (struct refusal){.calls = 1 << 1, .code = -4};
    assert_int_equal(mset_plan_commit(plan), MSET_BAD_STATE);
    assert_int_equal(theatre.stage.calls.count, 5);
    assert_call(&theatre.stage, 3, CALL_ABORT, RECORDER_PREPARED, 2, 2);
    assert_call(&theatre.stage, 4, CALL_MAP, RECORDER_FULL, 0, 2);
    assert_int_equal(mset_last_failure(theatre.set).code, -4);
    assert_int_equal(mset_count(theatre.set), 3);
    assert_int_equal(theatre.mirror.told.count, 0);
    begin(&theatre);
    assert_int_equal(mset_clear(theatre.set, &theatre.stage), MSET_OK);
    theatre_close(&theatre);
}

/* ---- bad arguments ------------------------------------------------------------------------- */

static void test_plans_say_what_calls_say(void **state) {
    (void)state;
    struct theatre theatre;
    struct mset_plan *plan = NULL;
    theatre_open_with(&theatre, 16, (struct mset_options){.guard = PAGE, .max_bytes = 8 * PAGE});
    struct mset *set = theatre.set;
    void *pt = &theatre.stage;
    const struct mset_area area = area_of(&theatre, 2, 2, R, RECORDER_FULL);
    const struct mset_area large = area_of(&theatre, 6, 9, R, RECORDER_FULL);
    const struct mset_area near = area_of(&theatre, 4, 1, R, RECORDER_FULL);
    size_t asked = 0;
    add(&theatre, 2, 2, R, RECORDER_FULL);
    assert_int_equal(mset_plan_map(NULL, &area, MSET_MAP_FAIL, pt, &plan), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_map(set, NULL, MSET_MAP_FAIL, pt, &plan), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_map(set, &area, 2, pt, &plan), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, pt, &plan), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_plan_map(set, &near, MSET_GUARD, pt, &plan), MSET_ALREADY_EXISTS);
    assert_int_equal(mset_plan_map(set, &large, MSET_MAP_FAIL, pt, &plan), MSET_OVER_LIMIT);
    assert_int_equal(mset_plan_unmap(set, AT(2), 0, pt, &plan), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_protect(set, AT(2), PAGE, MSET_HOLES_SKIP, NULL, NULL, pt, &plan),
                     MSET_INVALID_PARAM);
    assert_int_equal(
        mset_plan_protect(set, AT(2), 3 * PAGE, MSET_HOLES_FAIL, toggle_write, &asked, pt, &plan),
        MSET_NOT_FOUND);
    assert_int_equal(mset_plan_move(set, AT(5), PAGE, AT(8), MSET_MAP_FAIL, pt, &plan),
                     MSET_NOT_FOUND);
    assert_int_equal(mset_plan_move(set, AT(2), 2 * PAGE, AT(3), MSET_MAP_FAIL, pt, &plan),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_grow(set, AT(9), MSET_HIGH, PAGE, pt, &plan), MSET_NOT_FOUND);
    assert_int_equal(mset_plan_grow(set, AT(2), MSET_HIGH, 7 * PAGE, pt, &plan), MSET_OVER_LIMIT);
    assert_int_equal(mset_plan_shrink(set, AT(2), MSET_HIGH, 2 * PAGE, pt, &plan),
                     MSET_INVALID_PARAM);
    assert_null(plan);
    assert_int_equal(asked, 0);
    assert_int_equal(theatre.stage.calls.count, 0);
    theatre_close(&theatre);
}

static void test_no_place_for_the_plan(void **state) {
    (void)state;
    struct theatre theatre;
    size_t asked = 0;
    theatre_open(&theatre, 16);
    add(&theatre, 2, 2, R, RECORDER_FULL);
    struct mset *set = theatre.set;
    void *pt = &theatre.stage;
    const struct mset_area area = area_of(&theatre, 8, 2, R, RECORDER_FULL);
    assert_int_equal(mset_plan_map(set, &area, MSET_MAP_FAIL, pt, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_unmap(set, AT(2), PAGE, pt, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_clear(set, pt, NULL), MSET_INVALID_PARAM);
    assert_int_equal(
        mset_plan_protect(set, AT(2), PAGE, MSET_HOLES_SKIP, toggle_write, &asked, pt, NULL),
        MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_move(set, AT(2), PAGE, AT(8), MSET_MAP_FAIL, pt, NULL),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_grow(set, AT(2), MSET_HIGH, PAGE, pt, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_shrink(set, AT(2), MSET_HIGH, PAGE, pt, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_plan_commit(NULL), MSET_INVALID_PARAM);
    mset_plan_drop(NULL);
    assert_int_equal(mset_count(set), 1);
    theatre_close(&theatre);
}

/* ---- memory -------------------------------------------------------------------------------- */

typedef mset_status (*planner)(struct theatre *theatre, struct mset_plan **plan);

static mset_status plan_a_map(struct theatre *theatre, struct mset_plan **plan) {
    const struct mset_area area = area_of(theatre, 103, 1, R, RECORDER_PREPARED);
    return mset_plan_map(theatre->set, &area, MSET_MAP_FAIL, &theatre->stage, plan);
}

static mset_status plan_a_replacement(struct theatre *theatre, struct mset_plan **plan) {
    const struct mset_area area = area_of(theatre, 31, 1, R, RECORDER_PREPARED);
    return mset_plan_map(theatre->set, &area, MSET_MAP_REPLACE, &theatre->stage, plan);
}

static mset_status plan_a_hole(struct theatre *theatre, struct mset_plan **plan) {
    return mset_plan_unmap(theatre->set, AT(61), PAGE, &theatre->stage, plan);
}

static mset_status plan_a_protect(struct theatre *theatre, struct mset_plan **plan) {
    size_t asked = 0;
    return mset_plan_protect(theatre->set, AT(1), 190 * PAGE, MSET_HOLES_SKIP, toggle_write, &asked,
                             &theatre->stage, plan); /* of more pieces than a plan has room for */
}

static mset_status plan_a_move(struct theatre *theatre, struct mset_plan **plan) {
    return mset_plan_move(theatre->set, AT(1), 150 * PAGE, AT(220), MSET_MAP_FAIL, &theatre->stage,
                          plan);
}

static mset_status plan_a_growth(struct theatre *theatre, struct mset_plan **plan) {
    return mset_plan_grow(theatre->set, AT(60), MSET_HIGH, PAGE, &theatre->stage, plan);
}

/* The n-th allocation fails, alone or with all after it; how many there are in the end. */
static uint64_t starve(struct theatre *theatre, planner make, bool on) {
    struct mset_statistics statistics;
    struct mset_plan *plan = NULL;
    begin(theatre);
    assert_int_equal(make(theatre, &plan), MSET_OK);
    mset_plan_drop(plan);
    mset_get_statistics(theatre->set, &statistics);
    const uint64_t nodes = statistics.node_bytes; /* spare ones among them */
    const uint64_t others = theatre->memory.live_bytes - nodes;
    for (uint64_t nth = 1; nth < 1000; nth++) {
        plan = NULL;
        begin(theatre);
        counting_allocator_fail(&theatre->memory, nth, on);
        const mset_status status = make(theatre, &plan);
        const uint64_t failed = theatre->memory.refused;
        counting_allocator_fail(&theatre->memory, 0, false);
        if (status == MSET_OK) {
            assert_int_equal(failed, 0);
            mset_plan_drop(plan);
            stage_end(&theatre->stage);
            return nth - 1;
        }
        assert_int_equal(status, MSET_NO_MEMORY);
        assert_null(plan);
        assert_int_equal(theatre->stage.calls.count, 0);
        mset_get_statistics(theatre->set, &statistics);
        assert_int_equal(theatre->memory.live_bytes - statistics.node_bytes, others);
        assert_true(statistics.node_bytes <= nodes);
        assert_null(mset_validate(theatre->set));
    }
    fail_msg("a plan that never has enough memory");
    return 0;
}

static void test_every_allocation_of_a_plan_fails(void **state) {
    (void)state;
    static const planner planners[] = {plan_a_map,     plan_a_replacement, plan_a_hole,
                                       plan_a_protect, plan_a_move,        plan_a_growth};
    uint64_t failed = 0;
    for (size_t i = 0; i < 2 * sizeof planners / sizeof *planners; i++) {
        struct theatre theatre;
        theatre_open(&theatre, 400);
        for (size_t page = 0; page < 200; page += 4) { /* three pages, and a hole */
            add(&theatre, page, 3, R, RECORDER_PREPARED);
        }
        if (planners[i / 2] == plan_a_growth) {
            begin(&theatre);
            assert_int_equal(mset_shrink(theatre.set, AT(60), MSET_HIGH, PAGE, &theatre.stage),
                             MSET_OK);
        }
        const uint64_t count = starve(&theatre, planners[i / 2], i % 2 != 0);
        assert_true(count != 0); /* the plan itself, at least */
        failed += count;
        assert_int_equal(mset_count(theatre.set), 50);
        theatre_close(&theatre);
    }
    (void)printf("%llu allocations failed\n", (unsigned long long)failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown_is_what_is_done),
        cmocka_unit_test(test_showing_stops_when_told),
        cmocka_unit_test(test_shown_within_an_area),
        cmocka_unit_test(test_a_plan_of_nothing),
        cmocka_unit_test(test_every_step_of_a_plan_is_prepared),
        cmocka_unit_test(test_dropped_plans_leave_nothing),
        cmocka_unit_test(test_answers_wait_with_the_plan),
        cmocka_unit_test(test_everything_else_waits),
        cmocka_unit_test(test_sets_wait_for_their_own_plan_only),
        cmocka_unit_test(test_set_destroyed_with_an_open_plan),
        cmocka_unit_test(test_a_refused_prepare_makes_no_plan),
        cmocka_unit_test(test_a_refused_commit_is_undone),
        cmocka_unit_test(test_plans_say_what_calls_say),
        cmocka_unit_test(test_no_place_for_the_plan),
        cmocka_unit_test(test_every_allocation_of_a_plan_fails),
    };
    return cmocka_run_group_tests_name("set, plans", tests, NULL, NULL);
}
