/*
 * view.c - the two flat views. Readers use the live one; a commit brings the spare to the new
 * state, makes it the live one, waits until nobody uses the other any more, and brings that to the
 * same state. So nothing a reader looks at ever changes, and a commit that fails has not touched
 * it.
 *
 * Most machines have a handful of areas. While there are at most FEW, a view keeps them in an array
 * beside the set, where counting the starts that are not greater finds one without a branch to be
 * guessed wrong.
 */
#include "guest.h"

static bool keep_few(void *arg, const struct mset_area *area) {
    struct view *const view = arg;
    view->few_first[view->few_count] = area->start;
    view->few[++view->few_count] = *area;
    return true;
}

void mset_view_gather_few(struct view *view) {
    const struct span all = {0, UINT64_MAX};
    for (unsigned i = 0; i < FEW; i++) {
        view->few_first[i] = UINT64_MAX;
    }
    view->few_count = 0;
    if (mset_count(view->set) > FEW) {
        view->few_count = FEW + 1;
    } else {
        (void)mset_guest_visit(view->set, &all, keep_few, view);
    }
}

/* few[0], of size 0, if all begin behind it. */
static const struct mset_area *find_few(const struct view *view, uint64_t address) {
    unsigned n = 0;
    for (unsigned i = 0; i < FEW; i++) {
        n += view->few_first[i] <= address;
    }
    /* The last address is not less than the filler of free places. */
    return &view->few[n < view->few_count ? n : view->few_count];
}

const struct mset_area *mset_view_find(const struct view *view, uint64_t address,
                                       struct mset_area *room) {
    if (view->few_count > FEW) {
        return mset_find(view->set, address, room) ? room : NULL;
    }
    const struct mset_area *const area = find_few(view, address);
    return mset_area_contains(area, address) ? area : NULL;
}

static struct mset *new_view(const struct mset_guest *guest) {
    return mset_guest_new_set(guest, MSET_MERGE, guest->page_size);
}

mset_status mset_views_create(struct mset_guest *guest) {
    for (unsigned i = 0; i < 2; i++) {
        guest->views[i].set = new_view(guest);
        if (guest->views[i].set == NULL) {
            return MSET_NO_MEMORY;
        }
        mset_view_gather_few(&guest->views[i]);
    }
    return MSET_OK;
}

void mset_views_destroy(struct mset_guest *guest) {
    for (unsigned i = 0; i < 2; i++) {
        mset_destroy(guest->views[i].set);
        guest->views[i].set = NULL;
    }
}

bool mset_spare_there(struct mset_guest *guest) {
    return guest_spare(guest)->set != NULL;
}

void mset_spare_drop(struct mset_guest *guest) {
    struct view *const spare = guest_spare(guest);
    mset_destroy(spare->set);
    spare->set = NULL;
}

mset_status mset_spare_repair(struct mset_guest *guest) {
    /* No span has a size of 2^64. */
    static const struct span halves[] = {{0, UINT64_MAX / 2}, {UINT64_MAX / 2 + 1, UINT64_MAX}};
    struct view *const spare = guest_spare(guest);
    if (spare->set != NULL) {
        return MSET_OK;
    }
    spare->set = new_view(guest);
    mset_status status = spare->set == NULL ? MSET_NO_MEMORY : MSET_OK;
    for (unsigned i = 0; i < 2 && status == MSET_OK; i++) {
        status = mset_guest_refresh(guest, spare->set, &halves[i]);
    }
    if (status != MSET_OK) {
        mset_spare_drop(guest);
    }
    return status;
}

mset_status mset_spare_refresh(struct mset_guest *guest, const struct mset *dirty) {
    struct view *const spare = guest_spare(guest);
    struct mset_cursor cursor;
    struct mset_area range;
    mset_status status = MSET_OK;
    for (mset_cursor_all(&cursor, dirty); status == MSET_OK && mset_cursor_next(&cursor, &range);) {
        const struct span span = area_span(&range);
        status = mset_guest_refresh(guest, spare->set, &span);
    }
    mset_cursor_close(&cursor);
    return status;
}

void mset_spare_publish(struct mset_guest *guest) {
    mset_view_gather_few(guest_spare(guest));
    __atomic_store_n(&guest->live, 1 - guest->live, __ATOMIC_RELEASE);
    /* After the view: who sees the new generation sees the new view, or a newer one. */
    __atomic_store_n(&guest->generation, guest->generation + 1, __ATOMIC_RELEASE);
}
