/*
 * tlb.c - what a processor remembers: translations of leaves, and pointers to tables. A contiguous
 * group may be remembered as a whole or by the slot that was used, so both happen, at random.
 */
#include "mmu_model/mmu_model.h"

static bool in(uint64_t va, uint64_t first, uint64_t last) {
    return va >= first && va <= last;
}

/* The same numbers in every run. */
static size_t choose(struct mmu_machine *machine, size_t n) {
    machine->chance =
        machine->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(machine->chance >> 33) % n;
}

/* Room for one more; when full, some other one goes. */
static size_t place(struct mmu_machine *machine, size_t *count, size_t room) {
    return *count < room ? (*count)++ : choose(machine, room);
}

static struct mmu_leaf *cached(struct mmu_machine *machine, uint64_t va) {
    for (size_t i = 0; i < machine->cached; i++) {
        if (in(va, machine->tlb[i].va, machine->tlb[i].last)) {
            return &machine->tlb[i];
        }
    }
    return NULL;
}

static void remember_pointer(struct mmu_machine *machine, uint64_t va, unsigned level,
                             uint64_t table) {
    const uint64_t span = mmu_slot(machine, level + 1);
    machine->pointer[place(machine, &machine->pointers, MMU_POINTERS)] =
        (struct mmu_pointer){va & ~(span - 1), va | (span - 1), table, level};
}

/* The lowest table that is remembered for va; the root if none is. */
static uint64_t begin(const struct mmu_machine *machine, uint64_t va, unsigned *level) {
    uint64_t table = machine->root;
    *level = machine->architecture->levels - 1;
    for (size_t i = 0; i < machine->pointers; i++) {
        const struct mmu_pointer *const p = &machine->pointer[i];
        if (in(va, p->va, p->last) && p->level < *level) {
            table = p->table;
            *level = p->level;
        }
    }
    return table;
}

/* Sets the marks that the access sets, in the entry it came from. */
static void set_marks(struct mmu_machine *machine, uint64_t table, unsigned level, uint64_t va,
                      bool write) {
    uint64_t *const word =
        machine->at(machine->context, table + UINT64_C(8) * mmu_index(machine, level, va));
    *word = machine->architecture->mark(machine, *word, write);
}

/* Sets the accessed mark of the entry that leads on to a table. */
static void mark_link(struct mmu_machine *machine, uint64_t table, unsigned level, uint64_t va) {
    if (machine->architecture->table_mark != 0) {
        uint64_t *const word =
            machine->at(machine->context, table + UINT64_C(8) * mmu_index(machine, level, va));
        *word |= machine->architecture->table_mark;
    }
}

/* One slot of a group, by its own entry. */
static struct mmu_leaf member(const struct mmu_machine *machine, const struct mmu_leaf *group,
                              const struct mmu_entry *entry, uint64_t slot) {
    struct mmu_leaf leaf = *group;
    leaf.va = slot;
    leaf.last = slot + (mmu_slot(machine, group->level) - 1);
    leaf.pa = group->pa + (slot - group->va);
    leaf.rights = entry->rights;
    leaf.accessed = entry->accessed;
    leaf.dirty = entry->dirty;
    return leaf;
}

/* Remembers the leaf that is in entry i, or its group. */
static struct mmu_leaf *remember_leaf(struct mmu_machine *machine, uint64_t table, unsigned level,
                                      unsigned i, uint64_t slot) {
    const struct mmu_entry entry = mmu_look(machine, table, level, i, slot);
    struct mmu_leaf *const leaf = &machine->tlb[place(machine, &machine->cached, MMU_TLB)];
    *leaf = mmu_make_leaf(machine, table, level, i, slot);
    if (entry.group != 0 && choose(machine, 2) == 0) {
        *leaf = member(machine, leaf, &entry, slot);
    }
    return leaf;
}

/* A walk that begins with what is remembered, and is remembered. */
static struct mmu_leaf *walk_cached(struct mmu_machine *machine, uint64_t va, unsigned right) {
    unsigned level;
    uint64_t table = begin(machine, va, &level);
    for (;; level--) {
        const unsigned i = mmu_index(machine, level, va);
        const uint64_t slot = va & ~(mmu_slot(machine, level) - 1);
        const struct mmu_entry entry = mmu_look(machine, table, level, i, slot);
        if (entry.kind == MMU_LEAF) {
            if ((mmu_make_leaf(machine, table, level, i, slot).could & right) == 0) {
                return NULL;
            }
            set_marks(machine, table, level, va, (right & (MMU_WRITE | MMU_USER_WRITE)) != 0);
            return remember_leaf(machine, table, level, i, slot);
        }
        if (entry.kind != MMU_TABLE || level == 0) {
            return NULL;
        }
        mark_link(machine, table, level, va);
        table = entry.pa;
        remember_pointer(machine, va, level - 1, table);
    }
}

static void forget(struct mmu_machine *machine, struct mmu_leaf *leaf) {
    *leaf = machine->tlb[--machine->cached];
}

bool mmu_access(struct mmu_machine *machine, uint64_t va, unsigned right, uint64_t *pa) {
    if (!mmu_translates(machine, va)) {
        return false;
    }
    struct mmu_leaf *leaf = cached(machine, va);
    if (leaf != NULL && (leaf->rights & right) == 0) { /* it walks again before it faults */
        forget(machine, leaf);
        leaf = NULL;
    }
    leaf = leaf != NULL ? leaf : walk_cached(machine, va, right);
    if (leaf == NULL || (leaf->rights & right) == 0) {
        return false;
    }
    *pa = leaf->pa + (va - leaf->va);
    return true;
}

/* ---- flushing ----------------------------------------------------------------------------- */

/* Is there an address start + n * stride, up to last, in the range? */
static bool hit(uint64_t va, uint64_t last, uint64_t start, uint64_t end, uint64_t stride) {
    if (va > end || last < start) {
        return false;
    }
    const uint64_t first = va > start ? va : start, until = last < end ? last : end;
    const uint64_t beyond = (first - start) % stride;
    return beyond == 0 || stride - beyond <= until - first;
}

void mmu_invalidate(struct mmu_machine *machine, uint64_t start, uint64_t last, uint64_t stride,
                    unsigned table_levels) {
    for (size_t i = machine->cached; i-- > 0;) {
        if (hit(machine->tlb[i].va, machine->tlb[i].last, start, last, stride)) {
            machine->tlb[i] = machine->tlb[--machine->cached];
        }
    }
    for (size_t i = machine->pointers; i-- > 0;) {
        const struct mmu_pointer *const p = &machine->pointer[i];
        if ((table_levels >> (p->level + 1) & 1) != 0 && hit(p->va, p->last, start, last, stride)) {
            machine->pointer[i] = machine->pointer[--machine->pointers];
        }
    }
    for (size_t i = machine->limbos; i-- > 0;) {
        const struct mmu_range *const limbo = &machine->limbo[i];
        if (limbo->va >= start && limbo->last <= last &&
            stride <= mmu_slot(machine, limbo->was.level)) {
            machine->limbo[i] = machine->limbo[--machine->limbos];
        }
    }
    for (size_t i = machine->link_limbos; i-- > 0;) {
        const struct mmu_link *const limbo = &machine->link_limbo[i];
        if ((table_levels >> limbo->level & 1) != 0 &&
            hit(limbo->va, limbo->last, start, last, stride)) {
            machine->link_limbo[i] = machine->link_limbo[--machine->link_limbos];
        }
    }
}

/* Is all of a cached translation still what the tables say? */
static void audit_leaf(struct mmu_machine *machine, const struct mmu_leaf *had) {
    for (uint64_t va = had->va;;) {
        struct mmu_leaf now;
        if (!mmu_walk(machine, va, &now)) {
            mmu_complain(machine, "a translation is cached that is gone", va, had->pa);
            return;
        }
        if (now.pa + (va - now.va) != had->pa + (va - had->va) || now.type != had->type) {
            mmu_complain(machine, "a cached translation is stale", va, had->pa);
        }
        if ((had->rights & ~now.could) != 0) {
            mmu_complain(machine, "cached rights are wider than those in the tables", va,
                         had->rights);
        }
        if ((had->accessed && !now.accessed) || (had->dirty && !now.dirty)) {
            mmu_complain(machine, "a mark was cleared and the cache does not know", va, had->pa);
        }
        if (now.last >= had->last) {
            return;
        }
        va = now.last + 1;
    }
}

static void audit_pointer(struct mmu_machine *machine, const struct mmu_pointer *had) {
    uint64_t table = machine->root;
    for (unsigned level = machine->architecture->levels - 1; level > had->level; level--) {
        const unsigned i = mmu_index(machine, level, had->va);
        const struct mmu_entry entry = mmu_look(machine, table, level, i, had->va);
        if (entry.kind != MMU_TABLE) {
            mmu_complain(machine, "a table is cached that is gone", had->va, had->table);
            return;
        }
        table = entry.pa;
    }
    if (table != had->table) {
        mmu_complain(machine, "a cached table pointer is stale", had->va, had->table);
    }
}

void mmu_audit(struct mmu_machine *machine) {
    for (size_t i = 0; i < machine->cached; i++) {
        audit_leaf(machine, &machine->tlb[i]);
    }
    for (size_t i = 0; i < machine->pointers; i++) {
        audit_pointer(machine, &machine->pointer[i]);
    }
}

static void check_below(struct mmu_machine *machine, uint64_t table, unsigned level, uint64_t va,
                        uint64_t pa, uint64_t size) {
    if (table - pa < size) {
        mmu_complain(machine, "a freed table can be reached", va, table);
        return;
    }
    if (level == 0) {
        return;
    }
    for (unsigned i = 0; i < 1u << machine->architecture->bits[level]; i++) {
        const struct mmu_entry entry = mmu_look(machine, table, level, i, va);
        if (entry.kind == MMU_TABLE) {
            check_below(machine, entry.pa, level - 1, va + i * mmu_slot(machine, level), pa, size);
        }
    }
}

void mmu_frame_freed(struct mmu_machine *machine, uint64_t pa, uint64_t size) {
    for (size_t i = 0; i < machine->pointers; i++) {
        if (machine->pointer[i].table - pa < size) {
            mmu_complain(machine, "a freed table is still cached", machine->pointer[i].va, pa);
        }
    }
    check_below(machine, machine->root, machine->architecture->levels - 1, 0, pa, size);
}
