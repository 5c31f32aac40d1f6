/*
 * alphabet.c - see alphabet.h.
 *
 * The two kinds of areas: flags R with the backend that can do everything, and RW with the one
 * that cannot move, or what alphabet_cast() makes of them. Offsets equal addresses, so neighbours
 * of a kind are equal and merge where sets do; moves make offsets differ.
 */
#include "alphabet.h"

#include <stdlib.h>

#define KIND_A MSET_READ, RECORDER_FULL
#define KIND_B (MSET_READ | MSET_WRITE), RECORDER_NO_MOVE

static void add(struct alphabet *alphabet, const struct operation *letter) {
    if (alphabet->count == alphabet->room) {
        alphabet->room = alphabet->room == 0 ? 64 : 2 * alphabet->room;
        alphabet->letters = realloc(alphabet->letters, alphabet->room * sizeof *alphabet->letters);
        if (alphabet->letters == NULL) {
            abort();
        }
    }
    alphabet->letters[alphabet->count++] = *letter;
}

static uint64_t at(const struct alphabet *alphabet, size_t page) {
    return alphabet->base + page * alphabet->page_size;
}

static void add_map(struct alphabet *alphabet, const struct operation *range,
                    enum operation_kind kind, uint64_t flags, enum recorder_kind backend,
                    unsigned how) {
    struct operation letter = *range;
    letter.kind = kind;
    letter.flags = flags;
    letter.backend = backend;
    letter.offset = letter.start;
    letter.how = how;
    add(alphabet, &letter);
}

static void add_protect(struct alphabet *alphabet, const struct operation *range,
                        enum update_rule rule, uint64_t flags, enum mset_holes holes) {
    struct operation letter = *range;
    letter.kind = OP_PROTECT;
    letter.holes = holes;
    letter.update = rule;
    letter.flags = flags;
    add(alphabet, &letter);
}

static void add_unmap(struct alphabet *alphabet, const struct operation *range,
                      enum operation_kind kind) {
    struct operation letter = *range;
    letter.kind = kind;
    add(alphabet, &letter);
}

/*
 * The range to every other place, and to those where it would overlap itself; single pages also
 * with some distance to what is there.
 */
static void add_moves(struct alphabet *alphabet, const struct operation *range, size_t pages) {
    for (size_t to = 0; to + pages <= alphabet->pages; to++) {
        struct operation letter = *range;
        letter.kind = OP_MOVE;
        letter.to = at(alphabet, to);
        letter.how = MSET_MAP_FAIL;
        add(alphabet, &letter);
        letter.how = MSET_MAP_REPLACE;
        add(alphabet, &letter);
        letter.how |= MSET_GUARD;
        if (pages == 1) {
            add(alphabet, &letter);
        }
    }
}

static void add_guarded_growth(struct alphabet *alphabet) {
    for (size_t page = 0; page < alphabet->pages; page++) {
        for (unsigned side = MSET_LOW; side <= MSET_HIGH; side++) {
            const struct operation letter = {.kind = OP_GROW,
                                             .start = at(alphabet, page),
                                             .size = alphabet->page_size,
                                             .side = side | MSET_GUARD};
            add(alphabet, &letter);
        }
    }
}

static void add_resizes(struct alphabet *alphabet, size_t most) {
    for (size_t page = 0; page < alphabet->pages; page++) {
        for (size_t pages = 1; pages <= most; pages++) {
            for (unsigned i = 0; i < 4; i++) {
                const struct operation letter = {.kind = i < 2 ? OP_GROW : OP_SHRINK,
                                                 .start = at(alphabet, page),
                                                 .size = pages * alphabet->page_size,
                                                 .side = i % 2 == 0 ? MSET_LOW : MSET_HIGH};
                add(alphabet, &letter);
            }
        }
    }
}

static void add_full_range(struct alphabet *alphabet, const struct operation *range, size_t pages) {
    add_map(alphabet, range, OP_MAP, KIND_A, MSET_MAP_FAIL);
    add_map(alphabet, range, OP_MAP, KIND_B, MSET_MAP_FAIL);
    add_map(alphabet, range, OP_MAP, KIND_A, MSET_MAP_REPLACE);
    add_map(alphabet, range, OP_MAP, KIND_B, MSET_MAP_REPLACE);
    add_map(alphabet, range, OP_REPLACE_METADATA, KIND_A, MSET_MAP_REPLACE);
    add_unmap(alphabet, range, OP_UNMAP);
    add_unmap(alphabet, range, OP_UNMAP_METADATA);
    add_protect(alphabet, range, UPDATE_SET, MSET_READ, MSET_HOLES_SKIP);
    add_protect(alphabet, range, UPDATE_TOGGLE, 0, MSET_HOLES_SKIP);
    add_protect(alphabet, range, UPDATE_ODD, MSET_READ | MSET_WRITE, MSET_HOLES_SKIP);
    add_protect(alphabet, range, UPDATE_TOGGLE, 0, MSET_HOLES_FAIL);
    add_map(alphabet, range, OP_MAP, KIND_A, MSET_MAP_FAIL | MSET_GUARD);
    add_map(alphabet, range, OP_MAP, KIND_B, MSET_MAP_REPLACE | MSET_GUARD);
    add_moves(alphabet, range, pages);
}

static void add_core_range(struct alphabet *alphabet, const struct operation *range) {
    add_map(alphabet, range, OP_MAP, KIND_A, MSET_MAP_REPLACE);
    add_map(alphabet, range, OP_MAP, KIND_B, MSET_MAP_REPLACE);
    add_unmap(alphabet, range, OP_UNMAP);
    add_protect(alphabet, range, UPDATE_TOGGLE, 0, MSET_HOLES_SKIP);
}

static void start_alphabet(struct alphabet *alphabet, uint64_t base, uint64_t page_size,
                           size_t pages) {
    *alphabet = (struct alphabet){.base = base, .page_size = page_size, .pages = pages};
}

void alphabet_full(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages) {
    const struct operation clear = {.kind = OP_CLEAR};
    start_alphabet(alphabet, base, page_size, pages);
    for (size_t lo = 0; lo < pages; lo++) {
        for (size_t hi = lo + 1; hi <= pages; hi++) {
            const struct operation range = {.start = at(alphabet, lo),
                                            .size = (hi - lo) * page_size};
            add_full_range(alphabet, &range, hi - lo);
        }
    }
    add_resizes(alphabet, 2);
    add_guarded_growth(alphabet);
    add(alphabet, &clear);
}

void alphabet_core(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages) {
    start_alphabet(alphabet, base, page_size, pages);
    for (size_t lo = 0; lo < pages; lo++) {
        for (size_t hi = lo + 1; hi <= pages; hi++) {
            const struct operation range = {.start = at(alphabet, lo),
                                            .size = (hi - lo) * page_size};
            add_core_range(alphabet, &range);
        }
    }
    add_resizes(alphabet, 1);
}

void alphabet_pages(struct alphabet *alphabet, uint64_t base, uint64_t page_size, size_t pages) {
    start_alphabet(alphabet, base, page_size, pages);
    for (size_t page = 0; page < pages; page++) {
        const struct operation range = {.start = at(alphabet, page), .size = page_size};
        add_map(alphabet, &range, OP_MAP, KIND_A, MSET_MAP_FAIL);
        add_unmap(alphabet, &range, OP_UNMAP);
    }
}

void alphabet_cast(struct alphabet *alphabet, enum recorder_kind a, enum recorder_kind b) {
    for (size_t i = 0; i < alphabet->count; i++) {
        struct operation *letter = &alphabet->letters[i];
        letter->backend = letter->backend == RECORDER_FULL ? a : b;
    }
}

void alphabet_free(struct alphabet *alphabet) {
    free(alphabet->letters);
    *alphabet = (struct alphabet){0};
}
