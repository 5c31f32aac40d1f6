/* observe.c - who is told of changes. */
#include "set.h"

bool mset_attached(const struct mset *set, const struct mset_observer *observer) {
    const struct mset_observer *o = set->observers;
    while (o != NULL && o != observer) {
        o = o->next;
    }
    return o != NULL;
}

mset_status mset_attach(struct mset *set, struct mset_observer *observer) {
    if (!mset_given(set) || observer == NULL || observer->changed == NULL ||
        mset_attached(set, observer)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_observer **end = &set->observers;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    observer->next = NULL;
    *end = observer;
    return MSET_OK;
}

mset_status mset_detach(struct mset *set, struct mset_observer *observer) {
    if (!mset_given(set) || observer == NULL || !mset_attached(set, observer)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_observer **place = &set->observers;
    while (*place != observer) {
        place = &(*place)->next;
    }
    *place = observer->next;
    observer->next = NULL;
    return MSET_OK;
}
