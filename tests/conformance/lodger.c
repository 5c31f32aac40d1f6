/* lodger.c - see lodger.h. */
#include "lodger.h"

#include <stdlib.h>

struct share {
    uint64_t pa, size;
};

struct lodger {
    struct mset_backend_ops ops; /* those of the backend, with another map */
    const struct mset_backend_ops *usual;
    struct mset_counted *counted;
    struct share *share;
    size_t count, room;
};

/* The ops are the first member of their lodger. */
static struct lodger *lodger_of(const struct mset_backend *backend) {
    return (struct lodger *)(uintptr_t)backend->ops;
}

static bool move_in(void *arg, const struct mset_pt_run *run) {
    struct lodger *const lodger = arg;
    if (lodger->count == lodger->room) {
        lodger->room = lodger->room == 0 ? 16 : 2 * lodger->room;
        struct share *const wide = realloc(lodger->share, lodger->room * sizeof *wide);
        if (wide == NULL) {
            abort();
        }
        lodger->share = wide;
    }
    if (mset_counted_share(lodger->counted, run->pa, run->size) != MSET_OK) {
        abort();
    }
    lodger->share[lodger->count++] = (struct share){run->pa, run->size};
    return true;
}

static int map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    struct lodger *const lodger = lodger_of(backend);
    const int code = lodger->usual->map(backend, run, page_table);
    struct mset_pt_run first;
    if (code != 0 || mset_pt_next(page_table, run->start, run->size, &first) != MSET_OK) {
        return code;
    }
    (void)mset_pt_walk(page_table, run->start, run->size, move_in, lodger);
    return (int)mset_pt_protect(page_table, run->start, run->size, first.flags & ~MSET_WRITE);
}

struct lodger *lodger_open(struct mset_cow *cow) {
    struct lodger *const lodger = calloc(1, sizeof *lodger);
    if (lodger != NULL) {
        lodger->ops = *cow->backend.ops;
        lodger->ops.map = map;
        lodger->usual = cow->backend.ops;
        lodger->counted = cow->counted;
        cow->backend.ops = &lodger->ops;
        cow->populate = true;
    }
    return lodger;
}

void lodger_close(struct lodger *lodger) {
    for (size_t i = 0; lodger != NULL && i < lodger->count; i++) {
        mset_frames_free_range(&lodger->counted->frames, lodger->share[i].pa,
                               lodger->share[i].size);
    }
    if (lodger != NULL) {
        free(lodger->share);
        free(lodger);
    }
}

/* The lodger's own share is one; a frame is counted once, also if it was mapped twice. */
uint64_t lodger_alone(const struct lodger *lodger) {
    uint64_t alone = 0;
    for (size_t i = 0; i < lodger->count; i++) {
        for (uint64_t at = 0; at < lodger->share[i].size; at += MSET_PAGE_SIZE) {
            alone += mset_counted_owners(lodger->counted, lodger->share[i].pa + at) == 1
                         ? MSET_PAGE_SIZE
                         : 0;
        }
    }
    return alone;
}
