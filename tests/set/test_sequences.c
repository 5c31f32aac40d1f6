/*
 * test_sequences.c - all sequences of up to four maps, unmaps and protects on six pages, spelled
 * out: 21 ranges, 63 letters, 63^4 = 15.8 million sequences, with merging off and on.
 *
 * The model is three lines per operation on an array of six bytes, and small enough to be read
 * at a glance; test_exhaustive.c has the full alphabet and the backends. Built with nodes of
 * three areas, six pages make trees of two levels that split, join and lose their root.
 *
 * With a scale below 100 (support/scale.h) the sequences have up to three letters.
 */
#include "scene.h"

#include "support/scale.h"

#include <string.h>

enum { PAGES = 6, RANGES = PAGES * (PAGES + 1) / 2, DEEPEST = 4 };

/* A page: 0 free, else its flags, and whether an area begins with it. */
enum { HAS_R = 1, HAS_RW = 2, BEGINS = 4 };

struct strip {
    uint8_t page[PAGES];
};

enum verb { MAP, UNMAP, PROTECT, VERBS };

struct letter {
    enum verb verb;
    unsigned from, to; /* pages [from, to) */
};

struct book {
    struct letter letter[RANGES * VERBS];
    bool merge;
    uint64_t base;
    struct mset *set;
    unsigned way[DEEPEST];
    uint64_t compared;
};

/* ---- the model ---------------------------------------------------------------------------- */

static void begin_at(struct strip *strip, unsigned at) {
    if (at < PAGES && strip->page[at] != 0) {
        strip->page[at] |= BEGINS;
    }
}

static void model_apply_verb(struct strip *strip, const struct letter *letter) {
    bool cut_left = letter->verb != PROTECT;
    bool cut_right = cut_left;
    for (unsigned i = letter->from; i < letter->to; i++) {
        uint8_t *page = &strip->page[i];
        if (letter->verb != PROTECT) {
            *page = letter->verb == MAP ? HAS_R : 0;
        } else if ((*page & HAS_R) != 0) {
            *page ^= HAS_R | HAS_RW;
            cut_left |= i == letter->from;
            cut_right |= i + 1 == letter->to;
        }
    }
    if (cut_left) {
        begin_at(strip, letter->from);
    }
    if (cut_right) {
        begin_at(strip, letter->to);
    }
}

/* In a merging set areas begin where something differs. */
static void model_merge(struct strip *strip) {
    for (unsigned i = 0; i < PAGES; i++) {
        const unsigned before = i == 0 ? 0 : strip->page[i - 1] & (HAS_R | HAS_RW);
        const unsigned here = strip->page[i] & (HAS_R | HAS_RW);
        strip->page[i] = (uint8_t)(here | (here != 0 && here != before ? BEGINS : 0));
    }
}

static struct strip model_after(const struct book *book, struct strip strip,
                                const struct letter *letter) {
    model_apply_verb(&strip, letter);
    if (book->merge) {
        model_merge(&strip);
    }
    return strip;
}

/* ---- the library -------------------------------------------------------------------------- */

static bool to_rw(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    *flags = RW;
    return true;
}

static void run_letter(const struct book *book, unsigned number) {
    const struct letter *letter = &book->letter[number];
    const struct mset_area area = {.start = book->base + letter->from * PAGE,
                                   .size = (letter->to - letter->from) * PAGE,
                                   .flags = R,
                                   .offset = book->base + letter->from * PAGE};
    mset_status status = MSET_OK;
    if (letter->verb == MAP) {
        status = mset_map(book->set, &area, MSET_MAP_REPLACE, NULL);
    } else if (letter->verb == UNMAP) {
        status = mset_unmap(book->set, area.start, area.size, NULL);
    } else {
        status = mset_protect(book->set, area.start, area.size, MSET_HOLES_SKIP, to_rw, NULL, NULL);
    }
    assert_int_equal(status, MSET_OK);
}

static struct strip look(const struct book *book) {
    struct strip strip = {{0}};
    struct mset_cursor cursor;
    struct mset_area area;
    mset_cursor_all(&cursor, book->set);
    while (mset_cursor_next(&cursor, &area)) {
        const uint64_t from = (area.start - book->base) / PAGE;
        for (uint64_t i = from; i < from + area.size / PAGE; i++) {
            const bool fits = i < PAGES && strip.page[i] == 0;
            strip.page[i % PAGES] = fits ? (area.flags == R ? HAS_R : HAS_RW) : UINT8_MAX;
        }
        strip.page[from % PAGES] |= BEGINS;
    }
    return strip;
}

/* ---- all sequences ------------------------------------------------------------------------ */

static void compare(struct book *book, unsigned depth, const struct strip *expected) {
    assert_int_equal(mset_clear(book->set, NULL), MSET_OK);
    for (unsigned i = 0; i <= depth; i++) {
        run_letter(book, book->way[i]);
    }
    const struct strip found = look(book);
    const char *wrong = mset_validate(book->set);
    if (wrong != NULL || memcmp(&found, expected, sizeof found) != 0) {
        static const char *const verbs[] = {"map", "unmap", "protect"};
        for (unsigned i = 0; i <= depth; i++) {
            const struct letter *letter = &book->letter[book->way[i]];
            print_error("%s of pages [%u, %u)\n", verbs[letter->verb], letter->from, letter->to);
        }
        fail_msg("%s", wrong != NULL ? wrong : "other areas than the model's");
    }
    book->compared++;
}

static void extend(struct book *book, unsigned depth, unsigned deepest, struct strip before) {
    for (unsigned number = 0; number < RANGES * VERBS; number++) {
        const struct strip after = model_after(book, before, &book->letter[number]);
        book->way[depth] = number;
        compare(book, depth, &after);
        if (depth + 1 < deepest) {
            extend(book, depth + 1, deepest, after);
        }
    }
}

static void all_sequences(bool merge) {
    struct book book = {.merge = merge, .base = merge ? 0 - PAGES * PAGE : 0};
    const struct mset_options options = {.flags = merge ? MSET_MERGE : 0};
    unsigned count = 0;
    for (unsigned verb = 0; verb < VERBS; verb++) {
        for (unsigned from = 0; from < PAGES; from++) {
            for (unsigned to = from + 1; to <= PAGES; to++) {
                book.letter[count++] = (struct letter){(enum verb)verb, from, to};
            }
        }
    }
    assert_int_equal(count, RANGES * VERBS);
    assert_int_equal(mset_create(&options, &book.set), MSET_OK);
    const struct strip empty = {{0}};
    extend(&book, 0, test_scale() < 100 ? DEEPEST - 1 : DEEPEST, empty);
    mset_destroy(book.set);
    print_message("sequences compared: %llu\n", (unsigned long long)book.compared);
}

static void plain(void **state) {
    (void)state;
    all_sequences(false);
}

static void merging(void **state) {
    (void)state;
    all_sequences(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(merging),
    };
    return cmocka_run_group_tests_name("set, all sequences", tests, NULL, NULL);
}
