/*
 * changes.c - operations as sequences of elementary changes (observe.h), and what follows from
 * each: references, counts, a word to the observers.
 *
 * References follow areas, one each. So a change that makes an area takes one, a change that ends
 * an area drops one, and nothing else in this room touches them.
 */
#include "set.h"

const char *mset_change_text(enum mset_change_kind kind) {
    static const char *const text[] = {"split", "trimmed",   "removed", "inserted",
                                       "grown", "protected", "moved",   "merged"};
    return (unsigned)kind < sizeof text / sizeof text[0] ? text[kind] : "unknown change";
}

/* ---- what a change is made of -------------------------------------------------------------- */

static void give(const struct sink *sink, enum mset_change_kind kind, const struct at_run *old_run,
                 const struct at_run *new_run) {
    sink->take(sink->arg, kind, old_run, new_run);
}

/* Cuts `run` before `at`: it is the lower part afterwards. */
static void split(const struct sink *sink, struct at_run *run, uint64_t at) {
    struct at_run upper = *run;
    upper.first = at;
    give(sink, MSET_SPLIT, run, &upper);
    run->last = at - 1;
}

void mset_changes_of_removal(const struct sink *sink, const struct at_run *area,
                             const struct range *range) {
    const bool below = area->first < range->first;
    const bool above = area->last > range->last;
    struct at_run old_run = *area;
    struct at_run rest;
    if (below && above) {
        split(sink, &old_run, range->last + 1);
    }
    rest = old_run;
    if (below) {
        rest.last = range->first - 1;
        give(sink, MSET_TRIMMED, &old_run, &rest);
    } else if (above) {
        rest.first = range->last + 1;
        give(sink, MSET_TRIMMED, &old_run, &rest);
    } else {
        give(sink, MSET_REMOVED, &old_run, NULL);
    }
}

void mset_changes_of_carving(const struct sink *sink, const struct at_run *area,
                             const struct at_run *piece) {
    struct at_run rest = *area;
    if (area->first < piece->first) {
        split(sink, &rest, piece->first);
        rest.first = piece->first;
        rest.last = area->last;
    }
    if (area->last > piece->last) {
        split(sink, &rest, piece->last + 1);
    }
}

void mset_changes_of_growing(const struct sink *sink, const struct mset_plan *plan) {
    struct at_run old_run = plan->run;
    if (plan->added.first == plan->run.first) {
        old_run.first = plan->added.last + 1;
    } else {
        old_run.last = plan->added.first - 1;
    }
    give(sink, MSET_GROWN, &old_run, &plan->run);
}

/* ---- what follows from it ------------------------------------------------------------------ */

void mset_hold(struct mset_backend *backend) {
    if (backend != NULL && backend->ops->retain != NULL) {
        backend->ops->retain(backend);
    }
}

void mset_unhold(struct mset_backend *backend) {
    if (backend != NULL && backend->ops->release != NULL) {
        backend->ops->release(backend);
    }
}

static void take_reference(struct mset *set, struct mset_backend *backend) {
    set->told += backend != NULL;
    mset_hold(backend);
}

static void drop_reference(struct mset *set, struct mset_backend *backend) {
    set->told -= backend != NULL;
    mset_unhold(backend);
}

struct mset_change mset_change_of(enum mset_change_kind kind, const struct at_run *old_run,
                                  const struct at_run *new_run) {
    struct mset_change change = {.kind = kind};
    if (old_run != NULL) {
        change.old_run = mset_area_of(old_run);
    }
    if (new_run != NULL) {
        change.new_run = mset_area_of(new_run);
    }
    return change;
}

static void tell_observers(const struct mset *set, enum mset_change_kind kind,
                           const struct at_run *old_run, const struct at_run *new_run) {
    const struct mset_change change = mset_change_of(kind, old_run, new_run);
    for (struct mset_observer *o = set->observers; o != NULL; o = o->next) {
        o->changed(o, &change);
    }
}

void mset_note(void *arg, enum mset_change_kind kind, const struct at_run *old_run,
               const struct at_run *new_run) {
    struct mset *const set = arg;
    if (set->observers != NULL) {
        tell_observers(set, kind, old_run, new_run);
    }
    switch (kind) {
    case MSET_SPLIT:
        set->splits++;
        take_reference(set, new_run->attributes.backend);
        return;
    case MSET_INSERTED:
        take_reference(set, new_run->attributes.backend);
        return;
    case MSET_REMOVED:
        drop_reference(set, old_run->attributes.backend);
        return;
    case MSET_MERGED:
        set->merges++;
        drop_reference(set, old_run->attributes.backend);
        return;
    default:
        return;
    }
}
