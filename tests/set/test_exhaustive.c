/*
 * test_exhaustive.c - every short sequence of operations over a small universe.
 *
 * What is covered:
 *
 *   states     The graph of model states: from every state that the full alphabet (alphabet.h:
 *              every kind of operation on every range) can reach in n - 1 steps, every letter is
 *              applied once, and everything compared. This covers every (state, operation) pair
 *              of every sequence of n letters, but a state is always built by the first way that
 *              led to it: other ways to the same state, which can leave a tree of another shape,
 *              are not taken here.
 *   sequences  All sequences of n letters, truly spelled out: of the core alphabet (map of two
 *              kinds, unmap, protect on every range, grow and shrink), and longer ones of map and
 *              unmap of single pages, which build and empty nodes of width 4 in every order.
 *   tall       From prepared sets of many areas, whose trees have several levels in the build
 *              with the smallest nodes: every letter on every range, compared in full.
 *
 *   limits     The graph of states again, of sets that may hold little.
 *
 * Each with merging off and on, and with backends that prepare beside others in one of the two. The
 * last letter is a plan that is committed, or one that is dropped before the direct call, by turns.
 * Sequences here end after their last step; a comparison also looks
 * at the tree (mset_validate), which in the small build every operation does by itself.
 */
#include <stdlib.h>

#include "alphabet.h"
#include "scene.h"
#include "state_table.h"
#include "support/scale.h"

struct search {
    struct twin twin;
    struct alphabet alphabet;
    uint64_t compared; /* sequences */
};

/* The backends of the two kinds of areas. */
struct cast {
    enum recorder_kind a, b;
};

/* The universe begins at 0 in plain sets, and ends at 2^64 in merging ones. */
static struct twin_options universe(size_t pages, bool merge) {
    return (struct twin_options){.base = merge ? 0 - pages * PAGE : 0,
                                 .page_size = PAGE,
                                 .pages = pages,
                                 .merge = merge,
                                 .guard = PAGE};
}

static void search_open(struct search *search, const struct twin_options *options, struct cast cast,
                        void (*make)(struct alphabet *, uint64_t, uint64_t, size_t)) {
    twin_open(&search->twin, options);
    make(&search->alphabet, options->base, options->page_size, options->pages);
    alphabet_cast(&search->alphabet, cast.a, cast.b);
    search->compared = 0;
}

static void search_close(struct search *search, const char *what) {
    (void)printf("%s, %s, %zu pages, %zu letters\nsequences compared: %llu\n", what,
                 search->twin.options.merge ? "merging" : "plain", search->twin.options.pages,
                 search->alphabet.count, (unsigned long long)search->compared);
    agree(&search->twin, twin_close(&search->twin));
    alphabet_free(&search->alphabet);
}

/* From an empty set along the letters; false if the model cannot judge one of them. */
static bool follow(struct search *search, const uint16_t *way, size_t length) {
    agree(&search->twin, twin_reset(&search->twin));
    for (size_t i = 0; i < length; i++) {
        const struct operation *operation = &search->alphabet.letters[way[i]];
        if (!twin_can_judge(&search->twin, operation)) {
            return false;
        }
        agree(&search->twin, twin_apply(&search->twin, operation));
    }
    return true;
}

/* One more letter, compared; false if the model cannot judge it. `turn`: decides how. */
static bool step(struct search *search, size_t letter, size_t turn) {
    const struct operation *operation = &search->alphabet.letters[letter];
    if (!twin_can_judge(&search->twin, operation)) {
        return false;
    }
    by(&search->twin, turn % 2 == 0 ? WAY_PLANNED : WAY_DROPPED);
    agree(&search->twin, twin_apply(&search->twin, operation));
    agree(&search->twin, twin_compare(&search->twin, TWIN_QUICK));
    search->compared++;
    return true;
}

/* ---- the graph of states ------------------------------------------------------------------- */

struct frontier {
    struct state *states;
    size_t count, room;
};

static void frontier_add(struct frontier *frontier, const struct state *state) {
    if (frontier->count == frontier->room) {
        frontier->room = frontier->room == 0 ? 256 : 2 * frontier->room;
        frontier->states = realloc(frontier->states, frontier->room * sizeof *frontier->states);
        assert_non_null(frontier->states);
    }
    frontier->states[frontier->count++] = *state;
}

/*
 * Every letter from one state; states not seen before go into `next`, if there is a next round.
 * What has failed has left the state as it was, or the comparison had said so: the next letter goes
 * on from there.
 */
static void expand(struct search *search, const struct state *from, size_t turn,
                   struct state_table *seen, struct frontier *next) {
    bool there = false;
    for (size_t letter = 0; letter < search->alphabet.count; letter++) {
        struct state state = *from;
        if ((!there && !follow(search, from->way, from->length)) ||
            !step(search, letter, letter + turn)) {
            there = false;
            continue;
        }
        there = search->twin.status != MSET_OK;
        if (there || next == NULL) {
            continue;
        }
        state_key(&search->twin.model, &search->twin.stage, state.key);
        state.way[state.length++] = (uint16_t)letter;
        if (state_table_add(seen, &state)) {
            frontier_add(next, &state);
        }
    }
}

static void explore(const struct twin_options *options, struct cast cast, size_t depth) {
    struct search search;
    struct state_table seen;
    const struct state empty = {.length = 0};
    struct frontier now = {0}, next = {0};
    search_open(&search, options, cast, alphabet_full);
    state_table_open(&seen);
    (void)state_table_add(&seen, &empty);
    frontier_add(&now, &empty);
    for (size_t round = 1; round <= depth; round++) {
        next.count = 0;
        for (size_t i = 0; i < now.count; i++) {
            expand(&search, &now.states[i], i, &seen, round < depth ? &next : NULL);
        }
        const struct frontier spare = now;
        now = next;
        next = spare;
    }
    (void)printf("depth %zu, %zu states; ", depth, seen.count);
    state_table_close(&seen);
    free(now.states);
    free(next.states);
    search_close(&search, "states");
}

/* Every two backends that differ in what they can do are beside each other somewhere. */
static const struct cast usual = {RECORDER_FULL, RECORDER_NO_MOVE};
static const struct cast mixed = {RECORDER_PREPARED, RECORDER_NO_MOVE};
static const struct cast mixed_other = {RECORDER_FULL, RECORDER_PREPARED_NO_MOVE};
static const struct cast prepared = {RECORDER_PREPARED, RECORDER_PREPARED_NO_MOVE};

static size_t states_depth(void) {
    return test_scale() >= 50 ? 4 : test_scale() >= 5 ? 3 : 2;
}

static void test_states_of_six_pages(void **state) {
    (void)state;
    const struct twin_options plain = universe(6, false), merging = universe(6, true);
    explore(&plain, mixed, states_depth());
    explore(&merging, mixed_other, states_depth());
}

static void test_states_of_four_pages_deeper(void **state) {
    (void)state;
    const struct twin_options plain = universe(4, false), merging = universe(4, true);
    explore(&plain, prepared, states_depth());
    explore(&merging, mixed, states_depth());
}

/* At most three areas, and as many pages. */
static void test_states_within_limits(void **state) {
    (void)state;
    struct twin_options plain = universe(5, false), merging = universe(5, true);
    plain.max_areas = merging.max_areas = 3;
    plain.max_bytes = merging.max_bytes = 3 * PAGE;
    explore(&plain, usual, states_depth());
    explore(&merging, prepared, states_depth());
}

/* ---- sequences, spelled out ---------------------------------------------------------------- */

/* All sequences of `length` letters. Only the last step of each is compared in full: the steps
 * before it are the last ones of shorter sequences, which come first. */
static void spell(size_t pages, bool merge, struct cast cast, size_t length,
                  void (*make)(struct alphabet *, uint64_t, uint64_t, size_t), const char *what) {
    struct search search;
    const struct twin_options options = universe(pages, merge);
    search_open(&search, &options, cast, make);
    for (size_t n = 1; n <= length; n++) {
        uint16_t way[WAY_LENGTH] = {0};
        size_t at = 0;
        for (size_t turn = 0; at < n; turn++) {
            if (follow(&search, way, n - 1)) {
                (void)step(&search, way[n - 1], turn / 3);
            }
            for (at = 0; at < n && ++way[n - 1 - at] == search.alphabet.count; at++) {
                way[n - 1 - at] = 0;
            }
        }
    }
    (void)printf("length %zu; ", length);
    search_close(&search, what);
}

static void test_sequences_of_core_operations(void **state) {
    (void)state;
    const size_t length = test_scale() >= 50 ? 4 : test_scale() >= 5 ? 3 : 2;
    spell(3, false, usual, length, alphabet_core, "core sequences");
    spell(3, true, mixed, length, alphabet_core, "core sequences");
}

static void test_sequences_of_single_pages(void **state) {
    (void)state;
    const size_t length = test_scale() >= 50 ? 5 : test_scale() >= 5 ? 4 : 3;
    spell(6, false, usual, length, alphabet_pages, "single pages");
}

/* ---- tall trees ---------------------------------------------------------------------------- */

/* Prepared sets: areas of `width` pages every `stride` pages, every other one of kind B. */
static void prepare(struct twin *twin, struct cast cast, size_t width, size_t stride) {
    for (size_t page = 0; page + width <= twin->options.pages; page += stride) {
        const bool odd = page / stride % 2 != 0;
        const uint64_t start = model_address(&twin->model, page);
        const struct operation operation = {.kind = OP_MAP,
                                            .start = start,
                                            .size = width * PAGE,
                                            .flags = odd ? RW : R,
                                            .offset = start,
                                            .backend = odd ? cast.b : cast.a};
        agree(twin, twin_apply(twin, &operation));
    }
}

/* Every `every`-th letter, applied to a fresh set each, unless the last one has failed. */
static void apply_each(size_t pages, bool merge, struct cast cast, size_t width, size_t stride,
                       size_t every) {
    struct search search;
    const struct twin_options options = universe(pages, merge);
    bool there = false;
    search_open(&search, &options, cast, alphabet_full);
    for (size_t letter = 0; letter < search.alphabet.count; letter += every) {
        if (!there) {
            agree(&search.twin, twin_reset(&search.twin));
            prepare(&search.twin, cast, width, stride);
        }
        there = !step(&search, letter, letter / every) || search.twin.status != MSET_OK;
    }
    search_close(&search, "tall");
}

static void test_every_operation_on_tall_trees(void **state) {
    (void)state;
    const size_t every = test_scale() >= 50 ? 1 : test_scale() >= 5 ? 7 : 211;
    for (int merge = 0; merge < 2; merge++) {
        apply_each(36, merge != 0, mixed, 1, 1, every); /* no holes */
        apply_each(36, merge != 0, usual, 1, 2, every); /* a hole after each */
        apply_each(40, merge != 0, mixed, 2, 2, every); /* every area can be cut */
        apply_each(40, merge != 0, prepared, 2, 3, every);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_of_six_pages),
        cmocka_unit_test(test_states_of_four_pages_deeper),
        cmocka_unit_test(test_states_within_limits),
        cmocka_unit_test(test_sequences_of_core_operations),
        cmocka_unit_test(test_sequences_of_single_pages),
        cmocka_unit_test(test_every_operation_on_tall_trees),
    };
    return cmocka_run_group_tests_name("set, exhaustively", tests, NULL, NULL);
}
