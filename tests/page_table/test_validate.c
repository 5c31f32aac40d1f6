/*
 * test_validate.c - the validator can say no: each invariant of page_table.h is broken once, in
 * tables of every format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_table/every.h"
#include "page_table/page_table.h"

static struct every t;

static void open_with(const struct mset_pt_format *format) {
    const struct mset_pt_config config = every_config(format);
    every_open(&t, &config);
}

static void close_all(void) {
    assert_null(mset_pt_validate(t.pt));
    every_unmap(&t, t.va, 2 * t.kind[t.kinds - 1].size);
    every_flush(&t);
    every_close(&t);
}

static void complains(const char *text) {
    const char *const wrong = mset_pt_validate(t.pt);
    assert_non_null(wrong);
    assert_string_equal(wrong, text);
}

static void is_fine(void) {
    assert_null(mset_pt_validate(t.pt));
}

static unsigned index_at(unsigned level, uint64_t va) {
    return (unsigned)(va >> every_shift(&t, level) & (every_entries(&t, level) - 1));
}

/* The book of the table of this level on the way to va. */
static struct pt_table *table_at(unsigned level, uint64_t va) {
    struct pt_table *table = t.pt->root;
    while (table->level > level) {
        table = table->child[index_at(table->level, va)];
        assert_non_null(table);
    }
    return table;
}

static uint64_t *entry_at(unsigned level, uint64_t va) {
    return &table_at(level, va)->entries[index_at(level, va)];
}

/* ---- leaves -------------------------------------------------------------------------------- */

static void leaves(const struct mset_pt_format *format) {
    open_with(format);
    const struct leaf_kind *const large = every_largest_entry(&t);
    const uint64_t pa_last = t.pt->pa_last;
    every_map_at(&t, 0, large->size, RW);
    t.pt->leaf_levels = large->level;
    complains("a leaf at a level that has none");
    t.pt->leaf_levels = large->level + 1;
    is_fine();
    t.pt->pa_last = t.pa - 1; /* the leaf begins behind it, or reaches across */
    complains("a leaf points beyond the machine's physical addresses");
    t.pt->pa_last = t.pa + large->size - 2;
    complains("a leaf points beyond the machine's physical addresses");
    t.pt->pa_last = t.pa + large->size - 1;
    is_fine();
    t.pt->pa_last = pa_last;
    close_all();
}

/* What the processor would not take, by the MMU model's word, the validator does not take either.
   Marks aside: it leaves them to the processor. */
static void bits(const struct mset_pt_format *format) {
    static const uint64_t flags[] = {MSET_READ, RW, MSET_READ | MSET_EXEC};
    open_with(format);
    const struct mmu_machine *const mmu = &t.judge.mmu;
    for (unsigned k = 0; k < 3; k++) {
        every_map_at(&t, k * t.page, t.page, flags[k]);
        uint64_t *const entry = entry_at(0, t.va + k * t.page), was = *entry;
        for (unsigned bit = 0; bit < 64; bit++) {
            *entry = was ^ UINT64_C(1) << bit;
            const struct mmu_entry now = mmu->architecture->decode(mmu, 0, *entry);
            if (now.kind == MMU_WRONG && !now.dirty) {
                assert_non_null(mset_pt_validate(t.pt));
            }
        }
        *entry = was;
        is_fine();
    }
    close_all();
}

/* ---- groups -------------------------------------------------------------------------------- */

/* Two groups, and behind them a page that is in none. */
static void check_groups(const struct leaf_kind *kind) {
    const uint64_t va = t.va, single = t.va + 2 * kind->size, slot = kind->size / kind->count;
    every_map_at(&t, 0, 2 * kind->size, RW);
    every_map_at(&t, 2 * kind->size, slot, MSET_READ);
    uint64_t *const entry = entry_at(kind->level, va + slot);
    const uint64_t was = *entry;

    const unsigned levels = t.pt->group_levels;
    t.pt->group_levels &= ~(1u << kind->level);
    complains("a contiguous group at a level that has none");
    t.pt->group_levels = levels;
    *entry = *entry_at(kind->level, single); /* no member */
    complains("the entries of a contiguous group differ");
    *entry = *entry_at(kind->level, va + kind->size + slot); /* a member of another group */
    complains("the entries of a contiguous group differ");
    *entry = was;
    is_fine();

    struct pt_table *const table = table_at(kind->level, va);
    table->grouped += kind->count;
    complains("the number of grouped entries is wrong");
    table->grouped -= kind->count;
    t.pt->statistics.groups[kind->level]++;
    complains("the number of groups is wrong");
    t.pt->statistics.groups[kind->level]--;
    is_fine();
    every_unmap(&t, t.va, 2 * kind->size + slot);
    every_flush(&t);
}

static void groups(const struct mset_pt_format *format) {
    open_with(format);
    for (unsigned k = 0; k < t.kinds; k++) {
        if (t.kind[k].count > 1) {
            check_groups(&t.kind[k]);
        }
    }
    close_all();
}

/* ---- tables -------------------------------------------------------------------------------- */

static void links(const struct mset_pt_format *format) {
    open_with(format);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, every_slot(&t, 1), t.page, RW);
    struct pt_table *const table = table_at(0, t.va), *const root = t.pt->root;
    table->pa += MSET_PAGE_SIZE;
    complains("an entry does not point at the table that its book says");
    table->pa -= MSET_PAGE_SIZE;
    root->pa += MSET_PAGE_SIZE;
    complains("a table is not where its book says");
    root->pa -= MSET_PAGE_SIZE;
    table->level = 1;
    complains("a table is not where its book says");
    table->level = 0;
    root->children++;
    complains("the number of tables below a table is wrong");
    root->children--;
    close_all();
}

static void numbers(const struct mset_pt_format *format) {
    open_with(format);
    every_map_at(&t, 0, t.page, RW);
    every_map_at(&t, every_slot(&t, 1), t.page, RW);
    struct pt_table *const table = table_at(0, t.va);
    struct mset_pt_statistics *const count = &t.pt->statistics;
    table->used++;
    complains("the number of entries in use is wrong");
    table->used--;
    count->tables[0]--;
    complains("there are more tables than counted, or one is reached twice");
    count->tables[0] += 2;
    complains("the number of tables is wrong");
    count->tables[0]--;
    count->leaves[0]++;
    complains("the number of leaves is wrong");
    count->leaves[0]--;
    is_fine();

    uint64_t *const entry = entry_at(0, t.va);
    const uint64_t was = *entry;
    *entry = 0;
    table->used = 0;
    complains("an empty table was not freed");
    *entry = was;
    table->used = 1;
    close_all();
}

/* ---- what was changed last ------------------------------------------------------------------- */

static void recent(const struct mset_pt_format *format) {
    open_with(format);
    const uint64_t slot = every_slot(&t, 1);
    static const char *const text = "the table changed last is not where it was";
    every_map_at(&t, slot, t.page, RW);
    every_map_at(&t, 0, t.page, RW);
    struct pt_recent *const last = &t.pt->recent;
    const struct pt_recent was = *last;
    assert_true(was.va == t.va && was.span == slot);
    last->table = table_at(0, t.va + slot);
    complains(text);
    *last = was;
    last->va = t.va + 2 * slot; /* no table is there */
    complains(text);
    *last = was;
    last->va += t.page;
    complains(text);
    *last = was;
    last->span -= t.page;
    complains(text);
    last->span = 0; /* nothing is said */
    is_fine();
    *last = was;
    close_all();
}

/* ---- what is broken ------------------------------------------------------------------------ */

static void broken(const struct mset_pt_format *format) {
    static const char *const text = "an entry is broken and nobody will mend it";
    open_with(format);
    every_map_at(&t, 0, 8 * t.page, RW);
    every_unmap(&t, t.va + t.page, 2 * t.page);
    every_map_at(&t, t.page, 2 * t.page, RW); /* before the flush */
    struct pt_table *const table = table_at(0, t.va);
    const unsigned from = table->broken_from, to = table->broken_to;
    assert_true(to - from == 2 && t.pt->broken == table);
    table->broken_from++;
    complains(text);
    table->broken_from = from;
    table->broken_to--;
    complains(text);
    table->broken_to = (unsigned)every_entries(&t, 0);
    is_fine();
    table->broken_to++;
    complains("a table has more broken entries than entries");
    table->broken_to = to;
    close_all();
}

#define ALL(test) \
    { #test, test, NULL }

int main(void) {
    static const struct every_test tests[] = {
        ALL(leaves),  ALL(bits),   {"groups", groups, every_has_groups}, ALL(links),
        ALL(numbers), ALL(recent), {"broken", broken, every_has_breaks},
    };
    return every_run("page table validate", tests, sizeof tests / sizeof *tests);
}
