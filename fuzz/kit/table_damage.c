/*
 * table_damage.c - see table_damage.h.
 *
 * The validator cannot know that another page was meant, or other rights. It can know that a table
 * is lost or found, that an entry is filled or emptied that it has counted, and that an entry is
 * none of the format's; the last by the MMU model's word.
 */
#include "kit/table_damage.h"

#include <cmocka.h>

enum { BITS = 64 };

struct place { /* of a table */
    uint64_t table;
    unsigned level;
};

/* The link of an entry of this level on the way to va, or NULL. */
static const struct mmu_link *find_link(const struct mmu_machine *mmu, unsigned level,
                                        uint64_t va) {
    const struct mmu_link_list *const links = &mmu->now.links;
    for (size_t i = 0; i < links->count; i++) {
        const struct mmu_link *const link = &links->link[i];
        if (link->level == level && va >= link->va && va <= link->last) {
            return link;
        }
    }
    return NULL;
}

static struct place pick_table(const struct mmu_machine *mmu, uint64_t va, unsigned depth) {
    struct place place = {mmu->root, mmu->architecture->levels - 1};
    for (; depth != 0 && place.level != 0; depth--) {
        const struct mmu_link *const link = find_link(mmu, place.level, va);
        if (link == NULL) {
            break;
        }
        place = (struct place){link->table, place.level - 1};
    }
    return place;
}

/* Is nothing mapped where the entry of va translates? */
static bool is_empty(const struct judge *judge, const struct place *place, uint64_t va) {
    const uint64_t slot = mmu_slot(&judge->mmu, place->level), first = va & ~(slot - 1);
    return spans_free(&judge->spans, first, first + (slot - 1));
}

static bool leads_to(const struct mmu_entry *entry, const struct mmu_entry *other) {
    return entry->kind == MMU_TABLE && other->kind == MMU_TABLE && entry->pa == other->pa;
}

/* Must the validator notice that entry i has become `now`? */
static bool is_noticed(struct judge *judge, const struct place *place, uint64_t was, uint64_t now) {
    const struct mmu_architecture *const a = judge->mmu.architecture;
    const struct mmu_entry before = a->decode(&judge->mmu, place->level, was),
                           after = a->decode(&judge->mmu, place->level, now);
    if (before.kind == MMU_TABLE || after.kind == MMU_TABLE) {
        return !leads_to(&before, &after);
    }
    return after.kind == MMU_WRONG && !after.dirty; /* marks are the processor's */
}

const char *table_damage(struct judge *judge, const struct table_damage *damage) {
    struct mmu_machine *const mmu = &judge->mmu;
    const struct place place = pick_table(mmu, damage->va, damage->depth);
    const uint64_t reach = mmu_slot(mmu, place.level) << mmu->architecture->bits[place.level];
    const uint64_t other = (damage->va & ~(reach - 1)) | (damage->like & (reach - 1));
    const unsigned i = mmu_index(mmu, place.level, damage->va);
    uint64_t *const words = judge_memory(judge, place.table);
    const uint64_t was = words[i];
    bool must = false;
    if (damage->bit < BITS) {
        words[i] = was ^ UINT64_C(1) << damage->bit;
    } else {
        words[i] = words[mmu_index(mmu, place.level, other)];
        must = is_empty(judge, &place, damage->va) != is_empty(judge, &place, other);
    }
    must = must || is_noticed(judge, &place, was, words[i]);
    const char *const said = mset_pt_validate(judge->pt);
    const uint64_t now = words[i];
    words[i] = was;
    if (said == NULL && must) {
        fail_msg("%s: the validator is content with %#" PRIx64 " in place of %#" PRIx64
                 ", level %u, at %#" PRIx64,
                 judge->config.format->name, now, was, place.level, damage->va);
    }
    assert_null(mset_pt_validate(judge->pt));
    return said;
}
