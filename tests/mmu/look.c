/* look.c - see look.h. */
#include "look.h"

#include <stdio.h>

#include <mset/formats.h>

static struct mmu_machine model;

static uint64_t *word_at(void *context, uint64_t pa) {
    const struct machine *const machine = context;
    return pa - machine->row->ram < RAM_BYTES ? machine_at(machine, pa) : NULL;
}

static void open_model(const struct batch *batch) {
    const struct mset_pt_format *const format = mset_pt_get_format(batch->table);
    const struct mmu_options options = {
        .upper = batch->lower != NULL,
        .napot = (mset_pt_leaf_sizes(batch->table) & format->optional_sizes) != 0};
    (void)mmu_open(&model, format->name, &options, mset_pt_root(batch->table), word_at,
                   batch->machine);
}

bool look_leaf(const struct batch *batch, uint64_t va, struct mmu_leaf *leaf, const char **wrong) {
    static char text[MMU_TEXT];
    open_model(batch);
    const bool there = mmu_walk(&model, va, leaf);
    if (mmu_violation(&model) != NULL) {
        snprintf(text, sizeof text, "%s", mmu_violation(&model));
        *wrong = text;
    }
    mmu_close(&model);
    return there;
}

uint64_t *look_entry(const struct batch *batch, uint64_t va) {
    open_model(batch);
    uint64_t table = mset_pt_root(batch->table);
    for (unsigned level = model.architecture->levels - 1;; level--) {
        const unsigned i = mmu_index(&model, level, va);
        const struct mmu_entry entry = mmu_look(&model, table, level, i, va);
        if (entry.kind != MMU_TABLE) {
            mmu_close(&model);
            return word_at(batch->machine, table + UINT64_C(8) * i);
        }
        table = entry.pa;
    }
}
