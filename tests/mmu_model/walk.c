/* walk.c - one walk from the root, as the manuals draw it. */
#include "mmu_model/mmu_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mmu_architecture *find_in(const struct mmu_architecture *list, size_t n,
                                              const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static const struct mmu_architecture *find(const char *name) {
    const struct mmu_architecture *found = find_in(mmu_x86, 4, name);
    found = found != NULL ? found : find_in(mmu_aarch64, 7, name);
    found = found != NULL ? found : find_in(mmu_riscv, 5, name);
    return found != NULL ? found : find_in(mmu_loongarch, 1, name);
}

bool mmu_open(struct mmu_machine *machine, const char *name, const struct mmu_options *options,
              uint64_t root, uint64_t *(*at)(void *context, uint64_t pa), void *context) {
    memset(machine, 0, sizeof *machine);
    machine->architecture = find(name);
    if (machine->architecture == NULL) {
        return false;
    }
    machine->options = *options;
    if (options->pa_bits == 0) {
        machine->options.pa_bits = machine->architecture->pa_bits;
    }
    machine->root = root;
    machine->at = at;
    machine->context = context;
    return true;
}

void mmu_close(struct mmu_machine *machine) {
    free(machine->now.leaves.leaf);
    free(machine->now.links.link);
    free(machine->before.leaves.leaf);
    free(machine->before.links.link);
}

const char *mmu_violation(const struct mmu_machine *machine) {
    return machine->violation[0] == '\0' ? NULL : machine->violation;
}

void mmu_complain(struct mmu_machine *machine, const char *what, uint64_t va, uint64_t detail) {
    if (machine->violation[0] == '\0') {
        snprintf(machine->violation, sizeof machine->violation,
                 "%s: %s at %#" PRIx64 " (%#" PRIx64 ")", machine->architecture->name, what, va,
                 detail);
    }
}

unsigned mmu_index(const struct mmu_machine *machine, unsigned level, uint64_t va) {
    const struct mmu_architecture *const a = machine->architecture;
    return (unsigned)(va >> a->shift[level] & ((UINT64_C(1) << a->bits[level]) - 1));
}

uint64_t mmu_slot(const struct mmu_machine *machine, unsigned level) {
    return UINT64_C(1) << machine->architecture->shift[level];
}

bool mmu_translates(const struct mmu_machine *machine, uint64_t va) {
    const struct mmu_architecture *const a = machine->architecture;
    if (a->is_signed) {
        const uint64_t top = va >> (a->va_bits - 1);
        return top == 0 || top == UINT64_MAX >> (a->va_bits - 1);
    }
    return va >> a->va_bits == (machine->options.upper ? UINT64_MAX >> a->va_bits : 0);
}

struct mmu_entry mmu_look(struct mmu_machine *machine, uint64_t table, unsigned level, unsigned i,
                          uint64_t va) {
    const uint64_t *const word = machine->at(machine->context, table + UINT64_C(8) * i);
    if (word == NULL) {
        mmu_complain(machine, "the walk leaves memory", va, table);
        return (struct mmu_entry){.kind = MMU_NOTHING};
    }
    struct mmu_entry entry = machine->architecture->decode(machine, level, *word);
    const uint64_t size = entry.kind == MMU_LEAF ? mmu_slot(machine, level) : 1;
    if (entry.kind != MMU_NOTHING && entry.kind != MMU_WRONG &&
        (entry.pa + size - 1) >> machine->options.pa_bits != 0) {
        entry.wrong = "an address is wider than the machine's";
        entry.kind = MMU_WRONG;
    }
    if (entry.kind == MMU_WRONG) {
        mmu_complain(machine, entry.wrong, va, *word);
    }
    return entry;
}

/* Members of a group must tell the same story. */
static void check_member(struct mmu_machine *machine, const struct mmu_entry *first,
                         const struct mmu_entry *member, uint64_t expected, uint64_t va) {
    if (member->kind != MMU_LEAF || member->group != first->group || member->type != first->type ||
        member->global != first->global || member->could != first->could ||
        member->pa != expected) {
        mmu_complain(machine, "entries of a contiguous group differ", va, member->pa);
    }
}

struct mmu_leaf mmu_make_leaf(struct mmu_machine *machine, uint64_t table, unsigned level,
                              unsigned i, uint64_t va) {
    const struct mmu_entry entry = mmu_look(machine, table, level, i, va);
    const uint64_t slot = mmu_slot(machine, level);
    const unsigned n = 1u << entry.group, from = i & ~(n - 1);
    const uint64_t first = va & ~(slot * n - 1);
    const struct mmu_entry head = n == 1 ? entry : mmu_look(machine, table, level, from, first);
    struct mmu_leaf leaf = {.va = first,
                            .last = first + (slot * n - 1),
                            .pa = head.pa,
                            .level = level,
                            .rights = entry.rights,
                            .could = entry.could,
                            .type = entry.type,
                            .global = entry.global,
                            .accessed = entry.accessed,
                            .dirty = entry.dirty};
    for (unsigned k = 0; n > 1 && k < n; k++) {
        const struct mmu_entry member = mmu_look(machine, table, level, from + k, first + k * slot);
        check_member(machine, &entry, &member, entry.shared ? head.pa : head.pa + k * slot,
                     first + k * slot);
        leaf.accessed |= member.accessed;
        leaf.dirty |= member.dirty;
        leaf.rights |= member.rights;
    }
    if ((leaf.pa & (slot * n - 1)) != 0) {
        mmu_complain(machine, "a leaf or group is not aligned", va, leaf.pa);
    }
    return leaf;
}

bool mmu_walk(struct mmu_machine *machine, uint64_t va, struct mmu_leaf *leaf) {
    uint64_t table = machine->root;
    if (!mmu_translates(machine, va)) {
        return false;
    }
    for (unsigned level = machine->architecture->levels; level-- > 0;) {
        const unsigned i = mmu_index(machine, level, va);
        const uint64_t slot = va & ~(mmu_slot(machine, level) - 1);
        const struct mmu_entry entry = mmu_look(machine, table, level, i, slot);
        if (entry.kind == MMU_LEAF) {
            *leaf = mmu_make_leaf(machine, table, level, i, slot);
            return true;
        }
        if (entry.kind != MMU_TABLE) {
            return false;
        }
        table = entry.pa;
    }
    mmu_complain(machine, "a table at the lowest level", va, table);
    return false;
}
