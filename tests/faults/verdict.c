/* verdict.c - see verdict.h. */
#include "faults/verdict.h"

bool act_may_be_made_anew(const struct house *house, const struct act *act) {
    struct mset_cursor cursor;
    struct mset_area area;
    bool foreign = act->kind == ACT_MAP && (act->tenant == MOVER || act->tenant == MAPPER);
    if (act->how != MSET_MAP_REPLACE || act->kind > ACT_MOVE) {
        return false;
    }
    if (act->kind == ACT_MOVE) {
        (void)mset_cursor_range(&cursor, house->set, house->base + act->page * house->page,
                                act->pages * house->page);
        while (mset_cursor_next(&cursor, &area)) {
            foreign |= area.backend == &house->mover.base || area.backend == &house->mapper.base;
        }
    }
    return foreign;
}

static const char *unchanged(struct house *house, const struct act *act,
                             const struct snapshot *before) {
    const char *const wrong = house_wrong(house);
    return wrong != NULL || act_may_be_made_anew(house, act) ? wrong
                                                             : snapshot_differs(before, house);
}

const char *act_verdict(struct house *house, const struct act *act, mset_status status,
                        const struct snapshot *before, enum outcome *outcome) {
    const struct mset_failure failure = mset_last_failure(house->set);
    if (status == MSET_OK) {
        *outcome = OUTCOME_DONE;
        return house_wrong(house);
    }
    if (failure.done_size != 0) {
        *outcome = OUTCOME_STUCK;
        return status != MSET_BAD_STATE ? "something stayed done, and the status is not BAD_STATE"
                                        : house_wrong(house);
    }
    *outcome = failure.code == FAULTY_CODE ? OUTCOME_UNDONE : OUTCOME_REFUSED;
    if (house->faults.hit != 0 && status != MSET_NO_MEMORY && failure.code != FAULTY_CODE) {
        return mset_status_text(status);
    }
    return unchanged(house, act, before);
}
