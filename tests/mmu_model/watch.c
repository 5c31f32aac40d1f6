/*
 * watch.c - all leaves and tables that can be reached, and what became of those that were there
 * before.
 *
 * Break before make (Arm ARM D8.16.1): a valid translation may become another valid one, with
 * another address, size, memory type or nG, only through an invalid entry and an invalidation; so
 * may a valid entry that leads to a table, empty or not, become a block or lead to another table.
 *
 *     valid A ---- gone ----> limbo ---- mmu_invalidate ----> free for anything
 *        |                      |
 *        +-- valid B: skipped   +-- valid B: made before the flush
 */
#include "mmu_model/mmu_model.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *list, size_t *room, size_t size) {
    *room = *room == 0 ? 1024 : 2 * *room;
    void *const grown = realloc(list, *room * size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

static void add_leaf(struct mmu_leaf_list *list, const struct mmu_leaf *leaf) {
    if (list->count == list->room) {
        list->leaf = grow(list->leaf, &list->room, sizeof *list->leaf);
    }
    list->leaf[list->count++] = *leaf;
}

static void add_link(struct mmu_link_list *list, const struct mmu_link *link) {
    if (list->count == list->room) {
        list->link = grow(list->link, &list->room, sizeof *list->link);
    }
    list->link[list->count++] = *link;
}

/* Sign-extends the start of the upper half. */
static uint64_t whole_address(const struct mmu_machine *machine, uint64_t va) {
    const struct mmu_architecture *const a = machine->architecture;
    const bool upper = machine->options.upper || (a->is_signed && va >> (a->va_bits - 1) != 0);
    return upper ? va | UINT64_MAX << a->va_bits : va;
}

static void collect(struct mmu_machine *machine, uint64_t table, unsigned level, uint64_t va) {
    const unsigned n = 1u << machine->architecture->bits[level];
    const uint64_t slot = mmu_slot(machine, level);
    for (unsigned i = 0; i < n;) {
        const uint64_t at = whole_address(machine, va + i * slot);
        const struct mmu_entry entry = mmu_look(machine, table, level, i, at);
        if (entry.kind == MMU_LEAF) {
            const struct mmu_leaf leaf = mmu_make_leaf(machine, table, level, i, at);
            add_leaf(&machine->now.leaves, &leaf);
            i += 1u << entry.group;
            continue;
        }
        if (entry.kind == MMU_TABLE && level > 0) {
            const struct mmu_link link = {at, at + (slot - 1), entry.pa, level};
            add_link(&machine->now.links, &link);
            collect(machine, entry.pa, level - 1, va + i * slot);
        } else if (entry.kind == MMU_TABLE) {
            mmu_complain(machine, "a table at the lowest level", at, entry.pa);
        }
        i++;
    }
}

/* ---- finding ------------------------------------------------------------------------------ */

/* As collect comes to them: upper ones first. */
static int by_slot(const void *a, const void *b) {
    const struct mmu_link *const x = a, *const y = b;
    return x->va != y->va ? (x->va > y->va) - (x->va < y->va)
                          : (x->level < y->level) - (x->level > y->level);
}

/* The link of the same slot. */
static const struct mmu_link *same_slot(const struct mmu_link_list *list,
                                        const struct mmu_link *link) {
    return list->count == 0 ? NULL
                            : bsearch(link, list->link, list->count, sizeof *list->link, by_slot);
}

static const struct mmu_leaf *leaf_meeting(const struct mmu_leaf_list *list, uint64_t va,
                                           uint64_t last) {
    size_t low = 0, high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (list->leaf[middle].last < va) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < list->count && list->leaf[low].va <= last ? &list->leaf[low] : NULL;
}

/* Is the link's slot part of a leaf, and not of smaller ones below it? */
static bool is_block(const struct mmu_leaf_list *list, const struct mmu_link *link) {
    const struct mmu_leaf *const leaf = leaf_meeting(list, link->va, link->last);
    return leaf != NULL && leaf->level >= link->level;
}

/* ---- leaves ------------------------------------------------------------------------------- */

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
static void compare_leaves(struct mmu_machine *machine) {
    const struct mmu_leaf_list *const before = &machine->before.leaves;
    const struct mmu_leaf_list *const now = &machine->now.leaves;
    size_t k = 0;
    for (size_t i = 0; i < before->count; i++) {
        const struct mmu_leaf *const had = &before->leaf[i];
        uint64_t from = had->va;
        while (k < now->count && now->leaf[k].last < had->va) {
            k++;
        }
        for (size_t j = k; j < now->count && now->leaf[j].va <= had->last; j++) {
            const struct mmu_leaf *const leaf = &now->leaf[j];
            if (!same_enough(machine, had, leaf)) {
                mmu_complain(machine, "an entry was replaced without a break", leaf->va, leaf->pa);
            }
            if (leaf->va > from) {
                to_limbo(machine, had, from, leaf->va - 1);
            }
            from = leaf->last + 1;
        }
        if (from >= had->va && from <= had->last) {
            to_limbo(machine, had, from, had->last);
        }
    }
}

static void check_limbo(struct mmu_machine *machine) {
    for (size_t i = 0; i < machine->limbos; i++) {
        const struct mmu_range *const limbo = &machine->limbo[i];
        const struct mmu_leaf *const now =
            leaf_meeting(&machine->now.leaves, limbo->va, limbo->last);
        if (now != NULL && !same_enough(machine, &limbo->was, now)) {
            mmu_complain(machine, "an entry was made before the flush of the one before it",
                         now->va, now->pa);
        }
    }
}

/* ---- tables ------------------------------------------------------------------------------- */

/* What waits: a table that went away, until its pointer is invalidated. */
static void link_to_limbo(struct mmu_machine *machine, const struct mmu_link *had) {
    if (machine->link_limbos == MMU_LIMBO) {
        mmu_complain(machine, "too much waits for a flush", had->va, had->table);
        return;
    }
    machine->link_limbo[machine->link_limbos++] = *had;
}

/* With FEAT_BBM level 2 a block and a table that say the same may take each other's place; whether
   they do is for the leaves to show. */
static void compare_links(struct mmu_machine *machine) {
    const struct mmu_link_list *const before = &machine->before.links;
    const struct mmu_link_list *const links = &machine->now.links;
    const bool break_sizes = !machine->options.bbm_level_2;
    for (size_t i = 0; i < before->count; i++) {
        const struct mmu_link *const had = &before->link[i];
        const struct mmu_link *const now = same_slot(links, had);
        if (now != NULL && now->table != had->table) {
            mmu_complain(machine, "a table was replaced by another without a break", had->va,
                         now->table);
        } else if (now == NULL && !is_block(&machine->now.leaves, had)) {
            link_to_limbo(machine, had);
        } else if (now == NULL && break_sizes) {
            mmu_complain(machine, "a table was replaced by a block without a break", had->va,
                         had->table);
        }
    }
    for (size_t i = 0; break_sizes && i < links->count; i++) {
        if (is_block(&machine->before.leaves, &links->link[i])) {
            mmu_complain(machine, "a block was replaced by a table without a break",
                         links->link[i].va, links->link[i].table);
        }
    }
}

static bool was_block(const struct mmu_range *limbo, const struct mmu_link *link) {
    return limbo->was.level >= link->level && limbo->va <= link->last && limbo->last >= link->va;
}

static void check_link_limbo(struct mmu_machine *machine) {
    const struct mmu_link_list *const links = &machine->now.links;
    for (size_t i = 0; i < machine->link_limbos; i++) {
        const struct mmu_link *const limbo = &machine->link_limbo[i];
        const struct mmu_link *const now = same_slot(links, limbo);
        if ((now != NULL && now->table != limbo->table) || is_block(&machine->now.leaves, limbo)) {
            mmu_complain(machine, "an entry was made before the flush of the table before it",
                         limbo->va, limbo->table);
        }
    }
    for (size_t i = 0; !machine->options.bbm_level_2 && i < machine->limbos; i++) {
        for (size_t j = 0; machine->limbo[i].was.level > 0 && j < links->count; j++) {
            if (was_block(&machine->limbo[i], &links->link[j])) {
                mmu_complain(machine, "a table was linked before the flush of the block before it",
                             links->link[j].va, links->link[j].table);
            }
        }
    }
}

/* ---- all of it ---------------------------------------------------------------------------- */

void mmu_watch(struct mmu_machine *machine) {
    const struct mmu_sight swap = machine->before;
    machine->before = machine->now;
    machine->now = swap;
    machine->now.leaves.count = machine->now.links.count = 0;
    collect(machine, machine->root, machine->architecture->levels - 1, 0);
    if (machine->architecture->must_break) {
        check_limbo(machine);
        check_link_limbo(machine);
        compare_leaves(machine);
        compare_links(machine);
    }
}

size_t mmu_leaves(const struct mmu_machine *machine, const struct mmu_leaf **leaves) {
    *leaves = machine->now.leaves.leaf;
    return machine->now.leaves.count;
}
