/* validate.c - the invariants of this room: see address_space.h. */
#include "address_space.h"

#include "backends/page_table_use.h"

struct checking {
    const struct mset_space *space;
    uint64_t owned; /* bytes behind leaves of alloc areas */
    const char *wrong;
};

static const char *check_linear(const struct mset_area *area, const struct mset_pt_run *run) {
    return run->pa == mset_area_offset(area, run->va)
               ? NULL
               : "A2: a leaf of a linear area is in the wrong place";
}

static const char *check_alloc(struct checking *c, const struct mset_pt_run *run) {
    const struct mset_counted *const pages = c->space->config.pages;
    c->owned += run->size;
    return (run->flags & MSET_WRITE) != 0 && mset_counted_is_shared(pages, run->pa, run->size)
               ? "A3: a leaf is writable, and its frame has other owners"
               : NULL;
}

/* A page of an alloc area may be waiting for the write that copies it. */
static bool flags_fit(const struct mset_space *space, const struct mset_area *area,
                      uint64_t flags) {
    const uint64_t all = leaf_flags(space->table, area->flags);
    return flags == all || (mset_space_is_alloc(space, area) && flags == (all & ~MSET_WRITE));
}

/* The part of a run that lies in one area. */
static const char *check_part(struct checking *c, const struct mset_area *area,
                              const struct mset_pt_run *part) {
    if (!flags_fit(c->space, area, part->flags)) {
        return "A1: a leaf has other flags than its area";
    }
    return mset_space_is_alloc(c->space, area) ? check_alloc(c, part) : check_linear(area, part);
}

/* Runs may reach across areas. */
static bool check_run(void *arg, const struct mset_pt_run *run) {
    struct checking *const c = arg;
    struct mset_pt_run part = *run;
    uint64_t left = run->size;
    while (left != 0) {
        struct mset_area area;
        if (!mset_find(c->space->set, part.va, &area)) {
            c->wrong = "A1: a leaf lies in no area";
            return false;
        }
        const uint64_t rest = area.size - (part.va - area.start);
        part.size = rest < left ? rest : left;
        c->wrong = check_part(c, &area, &part);
        if (c->wrong != NULL) {
            return false;
        }
        part.va += part.size;
        part.pa += part.size;
        left -= part.size;
    }
    return true;
}

const char *mset_space_validate(const struct mset_space *space) {
    struct checking c = {.space = space};
    if (space == NULL) {
        return "there is no space";
    }
    const char *wrong = mset_validate(space->set);
    wrong = wrong == NULL ? mset_pt_validate(space->table) : wrong;
    if (wrong != NULL) {
        return wrong;
    }
    (void)mset_pt_walk(space->table, space->config.start, space->config.size, check_run, &c);
    if (c.wrong != NULL) {
        return c.wrong;
    }
    struct mset_pt_gather gather;
    mset_pt_get_gather(space->table, &gather);
    if (gather.leaf_size != 0) {
        return "A4: something waits for a flush";
    }
    return c.owned == space->cow.pages.held ? NULL : "A5: resident bytes are miscounted";
}
