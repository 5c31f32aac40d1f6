/*
 * clone.c - fork: the same areas, the same frames, nobody may write.
 *
 *     make       an empty space, with the areas of the parent      may fail: the child goes
 *     prepare    both tables take what the copy will need          may fail: they give it back
 *     share      each frame of an alloc area gets an owner         may fail: they lose it again
 *     copy       leaves, stretch by stretch; flush                 cannot fail
 *
 * A stretch is neighbouring areas of one kind, whatever lies between them: those of alloc areas are
 * copied without MSET_WRITE, in both tables, those of linear areas as they are. So a copy is a
 * walk over all tables for a space without linear areas.
 */
#include "address_space.h"

struct cloning {
    struct mset_space *parent, *child;
    uint64_t shared; /* bytes that have got an owner so far */
    mset_status status;
};

/* ---- areas --------------------------------------------------------------------------------- */

static size_t bytes_of(uint64_t count) {
    return count * sizeof(struct mset_area);
}

/* The parent's areas, with the backends of the child. */
static void list_areas(const struct cloning *c, struct mset_area *areas, uint64_t count) {
    struct mset_cursor cursor;
    mset_cursor_all(&cursor, c->parent->set);
    (void)mset_cursor_next_many(&cursor, areas, count);
    mset_cursor_close(&cursor);
    for (uint64_t i = 0; i < count; i++) {
        areas[i].backend = mset_space_is_alloc(c->parent, &areas[i]) ? &c->child->cow.backend
                                                                     : &c->child->linear.backend;
    }
}

static mset_status copy_areas(const struct cloning *c) {
    const struct mset_allocator *const allocator = &c->parent->allocator;
    const uint64_t count = mset_count(c->parent->set);
    if (count == 0) {
        return MSET_OK;
    }
    struct mset_area *const areas =
        allocator->alloc(allocator->context, bytes_of(count), _Alignof(struct mset_area));
    if (areas == NULL) {
        return MSET_NO_MEMORY;
    }
    list_areas(c, areas, count);
    const mset_status status = mset_load_metadata(c->child->set, areas, count);
    allocator->free(allocator->context, areas, bytes_of(count), _Alignof(struct mset_area));
    return status;
}

/* ---- stretches ----------------------------------------------------------------------------- */

struct stretch {
    uint64_t start, size;
    bool alloc;
};

typedef mset_status (*with_stretch)(struct cloning *c, const struct stretch *stretch);

static bool joins(const struct cloning *c, const struct stretch *stretch,
                  const struct mset_area *area) {
    return stretch->size != 0 && stretch->alloc == mset_space_is_alloc(c->parent, area);
}

/* Until one does not succeed. */
static mset_status each_stretch(struct cloning *c, with_stretch act) {
    struct stretch stretch = {.size = 0};
    struct mset_cursor cursor;
    struct mset_area area;
    mset_status status = MSET_OK;
    mset_cursor_all(&cursor, c->parent->set);
    while (status == MSET_OK && mset_cursor_next(&cursor, &area)) {
        if (joins(c, &stretch, &area)) {
            stretch.size = mset_area_end(&area) - stretch.start;
        } else {
            status = stretch.size == 0 ? MSET_OK : act(c, &stretch);
            stretch =
                (struct stretch){area.start, area.size, mset_space_is_alloc(c->parent, &area)};
        }
    }
    mset_cursor_close(&cursor);
    return status == MSET_OK && stretch.size != 0 ? act(c, &stretch) : status;
}

/* ---- owners -------------------------------------------------------------------------------- */

static bool share_run(void *arg, const struct mset_pt_run *run) {
    struct cloning *const c = arg;
    c->status = mset_counted_share(c->parent->config.pages, run->pa, run->size);
    c->shared += c->status == MSET_OK ? run->size : 0;
    return c->status == MSET_OK;
}

static mset_status share(struct cloning *c, const struct stretch *stretch) {
    if (!stretch->alloc) {
        return MSET_OK;
    }
    (void)mset_pt_walk(c->parent->table, stretch->start, stretch->size, share_run, c);
    return c->status;
}

/* The same runs in the same order: the table has not changed. */
static bool give_up_run(void *arg, const struct mset_pt_run *run) {
    struct cloning *const c = arg;
    if (c->shared != 0) {
        mset_frames_free_range(&c->parent->config.pages->frames, run->pa, run->size);
        c->shared -= run->size;
    }
    return c->shared != 0;
}

static mset_status give_up(struct cloning *c, const struct stretch *stretch) {
    if (stretch->alloc) {
        (void)mset_pt_walk(c->parent->table, stretch->start, stretch->size, give_up_run, c);
    }
    return MSET_OK;
}

/* ---- tables -------------------------------------------------------------------------------- */

static mset_status prepare(struct cloning *c, const struct stretch *stretch) {
    return mset_pt_copy_prepare(c->parent->table, c->child->table, stretch->start, stretch->size,
                                NULL);
}

static mset_status copy(struct cloning *c, const struct stretch *stretch) {
    const mset_status status = mset_pt_copy(c->parent->table, c->child->table, stretch->start,
                                            stretch->size, stretch->alloc);
    MSET_ASSERT(status == MSET_OK);
    return status;
}

/* Each stretch has counted for itself, so tables in which two meet were taken twice. */
static void drop_stock(const struct cloning *c) {
    mset_pt_prepare_drop(c->parent->table);
    mset_pt_prepare_drop(c->child->table);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static mset_status fill_child(struct cloning *c) {
    mset_status status = copy_areas(c);
    status = status == MSET_OK ? each_stretch(c, prepare) : status;
    if (status == MSET_OK) {
        status = each_stretch(c, share);
        if (status != MSET_OK) {
            (void)each_stretch(c, give_up);
        }
    }
    if (status == MSET_OK) {
        (void)each_stretch(c, copy);
        c->child->cow.pages.held = c->shared;
    }
    drop_stock(c);
    return status;
}

mset_status mset_space_clone(struct mset_space *space, void *context, struct mset_space **clone) {
    struct cloning c = {.parent = space, .status = MSET_OK};
    if (space == NULL || clone == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_space_config config = space->config;
    config.context = context;
    mset_status status = mset_space_create(&config, &c.child);
    if (status != MSET_OK) {
        return status;
    }
    status = fill_child(&c);
    if (status == MSET_OK) {
        *clone = c.child;
    } else {
        mset_space_destroy(c.child);
    }
    return space_done_alone(space, status, 0, 0);
}
