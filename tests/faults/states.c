/* states.c - see states.h. */
#include "faults/states.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void must(struct house *house, struct act act) {
    const char *wrong;
    assert_int_equal(act_apply(house, &act, DIRECT, &wrong), MSET_OK);
}

static void put(struct house *house, enum tenant tenant, uint64_t page, uint64_t pages,
                uint64_t flags) {
    must(house,
         (struct act){
             .kind = ACT_MAP, .page = page, .pages = pages, .flags = flags, .tenant = tenant});
}

static void cut(struct house *house, uint64_t page, uint64_t pages) {
    must(house, (struct act){.kind = ACT_UNMAP, .page = page, .pages = pages});
}

static void protect(struct house *house, uint64_t page, uint64_t pages, uint64_t flags) {
    must(house, (struct act){.kind = ACT_PROTECT, .page = page, .pages = pages, .flags = flags});
}

static void touch(struct house *house, uint64_t page) {
    must(house, (struct act){.kind = ACT_FAULT, .page = page, .flags = MSET_WRITE});
}

/* Pages of a big leaf. */
static uint64_t big(const struct house *house) {
    return house->big / house->page;
}

static void empty(struct house *house) {
    (void)house;
}

static void one_big_leaf(struct house *house) {
    put(house, LINEAR, 0, big(house), RW);
}

static void eager_big_and_small(struct house *house) {
    put(house, EAGER, 0, big(house), RW);
    put(house, EAGER, big(house) + 3, 5, RW);
}

static void big_leaves_cut_in_the_middle(struct house *house) {
    put(house, LINEAR, 0, 4 * big(house), RW);
    cut(house, big(house) + 7, 2);
    protect(house, 2 * big(house) + 9, 3, MSET_READ);
}

/* As many areas of one page as a leaf of the tree takes: one more splits the root. */
static void full_root(struct house *house) {
    for (uint64_t i = 0; i < 31; i++) {
        put(house, i % 3 == 0 ? LINEAR : NOBODY, 2 * i, 1, i % 2 == 0 ? RW : MSET_READ);
    }
}

static unsigned height(const struct house *house) {
    struct mset_statistics now;
    mset_get_statistics(house->set, &now);
    return now.height;
}

/* Two levels that fall into one with the next area that goes. */
static void root_about_to_collapse(struct house *house) {
    for (uint64_t i = 0; i < 32; i++) {
        put(house, i % 5 == 0 ? EAGER : NOBODY, 2 * i, 1, RW);
    }
    uint64_t last = 32;
    while (height(house) > 1) {
        cut(house, 2 * --last, 1);
    }
    for (; height(house) == 1; last++) {
        put(house, NOBODY, 2 * last, 1, RW);
    }
}

static void tall_tree(struct house *house) {
    for (uint64_t i = 0; i < 150; i++) {
        put(house, i % 40 == 7 ? LINEAR : NOBODY, 3 * i, 2, i % 2 == 0 ? RW : MSET_READ);
    }
}

/* No holes, all kinds side by side. */
static void neighbours(struct house *house) {
    for (uint64_t i = 0; i < 12; i++) {
        put(house, (enum tenant)(i % TENANTS), 2 * i, 2, RW);
    }
    touch(house, UINT64_C(2) * LAZY);
    touch(house, UINT64_C(2) * (LAZY + TENANTS) + 1);
}

static void prepared_neighbours(struct house *house) {
    for (uint64_t i = 0; i < 9; i++) {
        put(house, (enum tenant)(i % MOVER), 3 * i, 3, i % 2 == 0 ? RW : MSET_READ);
    }
    touch(house, UINT64_C(3) * LAZY);
}

static void without_access(struct house *house) {
    put(house, EAGER, 0, 8, RW);
    protect(house, 2, 3, 0);
    put(house, EAGER, 8, 8, 0);
    protect(house, 10, 2, RW);
    protect(house, 10, 2, 0); /* two pages of it have frames */
    put(house, LAZY, 16, 8, RW);
    touch(house, 17);
    touch(house, 20);
    protect(house, 16, 8, 0);
}

/* Little at the ends of tables, so that many moves empty one table and fill another. */
static void thin_tables(struct house *house) {
    put(house, LINEAR, big(house) - 1, 2, RW);
    put(house, EAGER, 2 * big(house) - 2, 1, RW);
    put(house, LINEAR, 3 * big(house) / 2, 2, RW);
    put(house, EAGER, 2 * big(house), 2, MSET_READ);
    put(house, LAZY, 5 * big(house) / 2, 3, RW);
    touch(house, 5 * big(house) / 2 + 1);
}

const struct state states[] = {
    {"empty", empty, 1},
    {"one big leaf", one_big_leaf, 1},
    {"eager, big and small", eager_big_and_small, 1},
    {"big leaves cut in the middle", big_leaves_cut_in_the_middle, 1},
    {"full root", full_root, 2},
    {"root about to collapse", root_about_to_collapse, 2},
    {"tall tree", tall_tree, 3},
    {"neighbours", neighbours, 1},
    {"prepared neighbours", prepared_neighbours, 1},
    {"without access", without_access, 1},
    {"thin tables", thin_tables, 1},
};
const size_t state_count = sizeof states / sizeof states[0];
