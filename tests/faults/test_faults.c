/*
 * test_faults.c - every operation in every state, with the n-th request for memory or call of a
 * foreign backend failing, for n = 1, 2, 3, ... until it passes clean; once, and from then on.
 *
 * Afterwards all is as before, byte for byte, or exactly as the set says. Usage:
 *
 *     test-faults FORMAT [STRIDE]      every STRIDE-th operation only, at a scale of 100
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mset/formats.h>

#include "faults/states.h"
#include "faults/verdict.h"
#include "support/scale.h"

enum { MOST_POINTS = 9, MOST_ACTS = 8192, TABLE_FRAMES = 2048 };

static const struct mset_pt_format *format = &mset_pt_x86_64;
static unsigned long stride = 1;

static struct { uint64_t operations, refused, undone, stuck; } totals;

/* ---- which operations ----------------------------------------------------------------------- */

struct acts {
    size_t count;
    struct act act[MOST_ACTS];
};

static void add(struct acts *acts, struct act act) {
    assert_true(acts->count < MOST_ACTS);
    acts->act[acts->count++] = act;
}

/* Pages at which something begins, ends, or is in the middle, of some of the areas. */
static size_t find_points(const struct house *house, uint64_t *points) {
    const uint64_t count = mset_count(house->set);
    struct mset_cursor cursor;
    struct mset_area area;
    size_t n = 0;
    mset_cursor_all(&cursor, house->set);
    for (uint64_t i = 0; mset_cursor_next(&cursor, &area); i++) {
        const bool wanted = count < 4 || i < 2 || i == count / 2 || i + 1 == count;
        const uint64_t first = (area.start - house->base) / house->page;
        const uint64_t pages = area.size / house->page;
        const uint64_t at[] = {first, first + pages / 2, first + pages};
        for (unsigned k = 0; k < 3 && wanted && n < MOST_POINTS; k++) {
            if (n == 0 || at[k] > points[n - 1]) {
                points[n++] = at[k];
            }
        }
    }
    if (n < 2) {
        points[n++] = house->big / house->page;
        points[n++] = house->big / house->page + 3;
    }
    return n;
}

static void add_range(struct acts *acts, const struct house *house, uint64_t page, uint64_t pages,
                      uint64_t other) {
    static const uint64_t rights[] = {RW, MSET_READ, 0};
    const uint64_t far = 8 * (house->big / house->page) + 5;
    add(acts, (struct act){.kind = ACT_UNMAP, .page = page, .pages = pages});
    for (unsigned i = 0; i < 3; i++) {
        add(acts, (struct act){.kind = ACT_PROTECT,
                               .page = page,
                               .pages = pages,
                               .flags = rights[i],
                               .how = i % 2});
    }
    for (int tenant = 0; tenant < TENANTS; tenant++) {
        add(acts, (struct act){.kind = ACT_MAP,
                               .page = page,
                               .pages = pages,
                               .flags = RW,
                               .tenant = (enum tenant)tenant,
                               .how = MSET_MAP_REPLACE});
        add(acts, (struct act){.kind = ACT_MAP,
                               .page = far + page,
                               .pages = pages,
                               .flags = RW,
                               .tenant = (enum tenant)tenant});
    }
    add(acts, (struct act){.kind = ACT_MOVE, .page = page, .pages = pages, .to = far});
    add(acts,
        (struct act){
            .kind = ACT_MOVE, .page = page, .pages = pages, .to = other, .how = MSET_MAP_REPLACE});
    add(acts, (struct act){.kind = ACT_MOVE,
                           .page = page,
                           .pages = pages,
                           .to = page + pages,
                           .how = MSET_MAP_REPLACE});
    if (page >= pages) {
        add(acts, (struct act){.kind = ACT_MOVE,
                               .page = page,
                               .pages = pages,
                               .to = page - pages,
                               .how = MSET_MAP_REPLACE});
    }
}

static void add_point(struct acts *acts, uint64_t page) {
    for (unsigned side = MSET_LOW; side <= MSET_HIGH; side++) {
        add(acts, (struct act){.kind = ACT_GROW, .page = page, .pages = 3, .how = side});
        add(acts, (struct act){.kind = ACT_SHRINK, .page = page, .pages = 1, .how = side});
    }
    add(acts, (struct act){.kind = ACT_FAULT, .page = page, .flags = MSET_READ});
    add(acts, (struct act){.kind = ACT_FAULT, .page = page, .flags = MSET_WRITE});
}

static void list_acts(struct acts *acts, const struct house *house) {
    uint64_t points[MOST_POINTS];
    const size_t n = find_points(house, points);
    acts->count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            add_range(acts, house, points[i], points[j] - points[i], points[(i + j) % n]);
        }
        add_point(acts, points[i]);
    }
    add(acts, (struct act){.kind = ACT_CLEAR});
}

/* ---- one operation, one fault after the other ----------------------------------------------- */

struct trial {
    struct house *house;
    const struct state *state;
    const struct act *act;
    enum way way;
    bool on;
    uint64_t nth;
    struct snapshot before;
};

static void complain(const struct trial *trial, const char *wrong) {
    char text[256];
    fail_msg("%s: in state \"%s\"%s: %s%s, fault %" PRIu64 "%s: %s", format->name,
             trial->state->name, trial->house->merge ? " (merging)" : "",
             act_text(trial->act, text, sizeof text), trial->way == PLANNED ? " (planned)" : "",
             trial->nth, trial->on ? " and all after it" : "", wrong);
}

static void check(const struct trial *trial, const char *wrong) {
    if (wrong != NULL) {
        complain(trial, wrong);
    }
}

static void rebuild(const struct trial *trial) {
    house_clear(trial->house);
    trial->state->build(trial->house);
    house_flush(trial->house);
}

static mset_status try_once(const struct trial *trial) {
    struct house *const house = trial->house;
    const char *wrong;
    fault_point_set(&house->faults, trial->nth, trial->on);
    const mset_status status = act_apply(house, trial->act, trial->way, &wrong);
    check(trial, wrong);
    return status;
}

/* After a fault: is all as it should be? True if the house is to be built anew. */
static bool judge(const struct trial *trial, mset_status status) {
    enum outcome outcome;
    const bool anew = act_may_be_made_anew(trial->house, trial->act);
    check(trial, act_verdict(trial->house, trial->act, status, &trial->before, &outcome));
    totals.refused += outcome != OUTCOME_DONE;
    totals.stuck += outcome == OUTCOME_STUCK;
    totals.undone += outcome == OUTCOME_UNDONE;
    return outcome == OUTCOME_DONE || outcome == OUTCOME_STUCK || anew;
}

static void sweep(struct trial *trial) {
    snapshot_take(&trial->before, trial->house);
    for (trial->nth = 1;; trial->nth++) {
        const mset_status status = try_once(trial);
        const bool struck = trial->house->faults.hit != 0;
        if (!struck) {
            fault_point_set(&trial->house->faults, 0, false);
            check(trial, house_wrong(trial->house));
            check(trial, status == MSET_OK ? NULL : snapshot_differs(&trial->before, trial->house));
            snapshot_free(&trial->before);
            rebuild(trial);
            return;
        }
        const bool anew = judge(trial, status);
        fault_point_set(&trial->house->faults, 0, false);
        if (anew) {
            snapshot_free(&trial->before);
            rebuild(trial);
            snapshot_take(&trial->before, trial->house);
        }
    }
}

static void plan_and_drop(struct trial *trial) {
    snapshot_take(&trial->before, trial->house);
    (void)act_plan_only(trial->house, trial->act);
    check(trial, house_wrong(trial->house));
    check(trial, snapshot_differs(&trial->before, trial->house));
    snapshot_free(&trial->before);
}

static void strike(struct house *house, const struct state *state) {
    static struct acts acts;
    state->build(house);
    house_flush(house);
    list_acts(&acts, house);
    for (size_t i = 0; i < acts.count; i += stride * state->stride) {
        for (unsigned variant = 0; variant < 2 * WAYS; variant++) {
            struct trial trial = {.house = house,
                                  .state = state,
                                  .act = &acts.act[i],
                                  .way = variant / 2 == 0 ? DIRECT : PLANNED,
                                  .on = variant % 2 != 0};
            if (variant == 0) {
                plan_and_drop(&trial);
            }
            sweep(&trial);
        }
        totals.operations++;
    }
    house_clear(house);
}

static void all_states(bool merge, bool promote) {
    static struct house house;
    house_open(&house, format, merge, promote, TABLE_FRAMES);
    for (size_t i = 0; i < state_count; i++) {
        strike(&house, &states[i]);
    }
    print_message("%s%s%s: %" PRIu64 " operations\n", format->name, merge ? ", merging" : "",
                  promote ? ", promoting" : "", totals.operations);
    print_message("faults injected: %" PRIu64 "\n", house.faults.injected);
    print_message("of these %" PRIu64 " refused an operation, %" PRIu64 " in a backend; %" PRIu64
                  " could not be undone\n",
                  totals.refused, totals.undone, totals.stuck);
    assert_true(totals.stuck != 0 && totals.undone != 0);
    memset(&totals, 0, sizeof totals);
    house_close(&house);
}

static void faults_in_a_plain_set(void **state) {
    (void)state;
    all_states(false, false);
}

static void faults_in_a_merging_set(void **state) {
    (void)state;
    all_states(true, false);
}

static void faults_over_a_promoting_table(void **state) {
    (void)state;
    all_states(true, true);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_in_a_plain_set),
        cmocka_unit_test(faults_in_a_merging_set),
        cmocka_unit_test(faults_over_a_promoting_table),
    };
    if (argc > 1) {
        format = mset_pt_format_find(argv[1]);
        if (format == NULL) {
            (void)fprintf(stderr, "no format %s\n", argv[1]);
            return 2;
        }
    }
    stride = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    stride = test_scale() < 100 ? stride * 100 / test_scale() : stride;
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
