/*
 * watch.c - all leaves that can be reached, and what became of those that were there before.
 *
 * Break before make (Arm ARM D8.16.1): a valid translation may become another valid one, with
 * another address, size, memory type or nG, only through an invalid entry and an invalidation.
 *
 *     valid A ---- gone ----> limbo ---- mmu_invalidate ----> free for anything
 *        |                      |
 *        +-- valid B: skipped   +-- valid B: made before the flush
 */
#include "mmu_model/mmu_model.h"

#include <stdlib.h>
#include <string.h>

static void add_leaf(struct mmu_machine *machine, const struct mmu_leaf *leaf) {
    if (machine->leaves == machine->leaf_room) {
        machine->leaf_room = machine->leaf_room == 0 ? 1024 : 2 * machine->leaf_room;
        machine->leaf = realloc(machine->leaf, machine->leaf_room * sizeof *machine->leaf);
        machine->before = realloc(machine->before, machine->leaf_room * sizeof *machine->before);
        if (machine->leaf == NULL || machine->before == NULL) {
            abort();
        }
    }
    machine->leaf[machine->leaves++] = *leaf;
}

/* Sign-extends the start of the upper half. */
static uint64_t whole_address(const struct mmu_machine *machine, uint64_t va) {
    const struct mmu_architecture *const a = machine->architecture;
    const bool upper = machine->options.upper || (a->is_signed && va >> (a->va_bits - 1) != 0);
    return upper ? va | UINT64_MAX << a->va_bits : va;
}

static void collect(struct mmu_machine *machine, uint64_t table, unsigned level, uint64_t va) {
    const unsigned n = 1u << machine->architecture->bits[level];
    for (unsigned i = 0; i < n;) {
        const uint64_t at = whole_address(machine, va + i * mmu_slot(machine, level));
        const struct mmu_entry entry = mmu_look(machine, table, level, i, at);
        if (entry.kind == MMU_LEAF) {
            const struct mmu_leaf leaf = mmu_make_leaf(machine, table, level, i, at);
            add_leaf(machine, &leaf);
            i += 1u << entry.group;
            continue;
        }
        if (entry.kind == MMU_TABLE && level > 0) {
            collect(machine, entry.pa, level - 1, va + i * mmu_slot(machine, level));
        } else if (entry.kind == MMU_TABLE) {
            mmu_complain(machine, "a table at the lowest level", at, entry.pa);
        }
        i++;
    }
}

/* May `now` take the place of `had` without a break? */
static bool same_enough(const struct mmu_machine *machine, const struct mmu_leaf *had,
                        const struct mmu_leaf *now) {
    const bool same_size = now->last - now->va == had->last - had->va;
    return now->pa - now->va == had->pa - had->va && now->type == had->type &&
           now->global == had->global && (same_size || machine->options.bbm_level_2);
}

static void to_limbo(struct mmu_machine *machine, const struct mmu_leaf *had, uint64_t va,
                     uint64_t last) {
    struct mmu_range *const top = &machine->limbo[machine->limbos - (machine->limbos != 0)];
    if (machine->limbos != 0 && top->last + 1 == va && same_enough(machine, &top->was, had)) {
        top->last = last;
        return;
    }
    if (machine->limbos == MMU_LIMBO) {
        mmu_complain(machine, "too much waits for a flush", va, last);
        return;
    }
    machine->limbo[machine->limbos++] = (struct mmu_range){va, last, *had};
}

/* What was there before against what is there now; both in address order. */
static void compare(struct mmu_machine *machine) {
    size_t k = 0;
    for (size_t i = 0; i < machine->before_count; i++) {
        const struct mmu_leaf *const had = &machine->before[i];
        uint64_t from = had->va;
        while (k < machine->leaves && machine->leaf[k].last < had->va) {
            k++;
        }
        for (size_t j = k; j < machine->leaves && machine->leaf[j].va <= had->last; j++) {
            const struct mmu_leaf *const now = &machine->leaf[j];
            if (!same_enough(machine, had, now)) {
                mmu_complain(machine, "an entry was replaced without a break", now->va, now->pa);
            }
            if (now->va > from) {
                to_limbo(machine, had, from, now->va - 1);
            }
            from = now->last + 1;
        }
        if (from >= had->va && from <= had->last) {
            to_limbo(machine, had, from, had->last);
        }
    }
}

static int by_address(const void *a, const void *b) {
    const struct mmu_leaf *const x = a, *const y = b;
    return (x->va > y->va) - (x->va < y->va);
}

static const struct mmu_leaf *leaf_meeting(const struct mmu_machine *machine, uint64_t va,
                                           uint64_t last) {
    size_t low = 0, high = machine->leaves;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (machine->leaf[middle].last < va) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < machine->leaves && machine->leaf[low].va <= last ? &machine->leaf[low] : NULL;
}

static void check_limbo(struct mmu_machine *machine) {
    for (size_t i = 0; i < machine->limbos; i++) {
        const struct mmu_range *const limbo = &machine->limbo[i];
        const struct mmu_leaf *const now = leaf_meeting(machine, limbo->va, limbo->last);
        if (now != NULL && !same_enough(machine, &limbo->was, now)) {
            mmu_complain(machine, "an entry was made before the flush of the one before it",
                         now->va, now->pa);
        }
    }
}

void mmu_watch(struct mmu_machine *machine) {
    struct mmu_leaf *const swap = machine->before;
    machine->before = machine->leaf;
    machine->before_count = machine->leaves;
    machine->leaf = swap;
    machine->leaves = 0;
    collect(machine, machine->root, machine->architecture->levels - 1, 0);
    if (machine->architecture->is_signed && machine->leaves != 0) {
        qsort(machine->leaf, machine->leaves, sizeof *machine->leaf, by_address);
    }
    if (machine->architecture->must_break) {
        check_limbo(machine);
        compare(machine);
    }
}

size_t mmu_leaves(const struct mmu_machine *machine, const struct mmu_leaf **leaves) {
    *leaves = machine->leaf;
    return machine->leaves;
}
