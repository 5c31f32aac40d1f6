/* limits.c - what a set does not allow itself: too many areas, too many bytes, too close. */
#include "set.h"

/* ---- guard distance ------------------------------------------------------------------------- */

/* Does the zone hold nothing but what lies in `own`? */
static bool zone_is_free(const struct mset *set, const struct range *zone,
                         const struct range *own) {
    struct at_path path;
    bool more = !mset_range_empty(zone) && mset_first_piece(set, zone, &path);
    for (; more; more = mset_next_piece(set, zone, &path)) {
        const struct at_run piece = mset_piece_at(&path, zone);
        if (mset_range_empty(own) || piece.first < own->first || piece.last > own->last) {
            return false;
        }
    }
    return true;
}

bool mset_guarded(const struct mset *set, const struct range *range, const struct range *own) {
    const uint64_t guard = set->guard;
    struct range below = mset_no_range();
    struct range above = mset_no_range();
    if (guard == 0) {
        return true;
    }
    if (range->first != 0) {
        below.first = range->first > guard ? range->first - guard : 0;
        below.last = range->first - 1;
    }
    if (range->last != UINT64_MAX) {
        above.first = range->last + 1;
        above.last = range->last < UINT64_MAX - guard ? range->last + guard : UINT64_MAX;
    }
    return zone_is_free(set, &below, own) && zone_is_free(set, &above, own);
}

/* ---- areas and bytes ------------------------------------------------------------------------ */

struct sums {
    uint64_t areas;
    uint64_t bytes;
};

static uint64_t bytes_of(const struct at_run *run) {
    return run == NULL ? 0 : run->last - run->first + 1;
}

static void add(void *arg, enum mset_change_kind kind, const struct at_run *old_run,
                const struct at_run *new_run) {
    struct sums *const sums = arg;
    switch (kind) {
    case MSET_SPLIT:
        sums->areas++;
        return;
    case MSET_MERGED:
        sums->areas--;
        return;
    case MSET_INSERTED:
        sums->areas++;
        break;
    case MSET_REMOVED:
        sums->areas--;
        break;
    default:
        break;
    }
    sums->bytes += bytes_of(new_run) - bytes_of(old_run);
}

/* Bytes are modulo 2^64: with areas, 0 stands for all of it. */
static bool too_many_bytes(const struct sums *sums, uint64_t most) {
    return most != 0 && sums->areas != 0 && sums->bytes - 1 >= most;
}

/* `after` has areas. */
static bool more_bytes(const struct sums *after, const struct sums *before) {
    return before->areas == 0 || after->bytes - 1 > before->bytes - 1;
}

bool mset_foresee_limits(const struct mset_plan *plan) {
    const struct mset *const set = plan->set;
    const struct sums before = {set->tree.areas, set->tree.bytes};
    struct sums after = before;
    const struct sink sink = {add, &after};
    mset_foresee(plan, &sink);
    if (set->max_areas != 0 && after.areas > set->max_areas && after.areas > before.areas) {
        return false;
    }
    return !too_many_bytes(&after, set->max_bytes) || !more_bytes(&after, &before);
}
