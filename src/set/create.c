/* create.c - the life of a set, and what it counts. */
#include "set.h"

#include "../base/memory.h"

static bool options_ok(const struct mset_options *options, uint64_t page_size) {
    return (page_size & (page_size - 1)) == 0 && (options->flags & ~MSET_MERGE) == 0 &&
           (options->guard & (page_size - 1)) == 0;
}

/* The caller's, or else slabs over the C library's (NULL in a freestanding build). */
static mset_status choose_allocator(const struct mset_options *options, struct mset_slabs **slabs,
                                    const struct mset_allocator **out) {
    mset_status status = MSET_OK;
    *slabs = NULL;
    if (options->allocator == NULL) {
        status = mset_slabs_default(slabs);
    }
    *out = *slabs != NULL ? mset_slabs_allocator(*slabs)
                          : mset_allocator_or_default(options->allocator);
    const bool usable = *out != NULL && (*out)->alloc != NULL && (*out)->free != NULL;
    return status != MSET_OK ? status : usable ? MSET_OK : MSET_INVALID_PARAM;
}

mset_status mset_create(const struct mset_options *given, struct mset **out) {
    const struct mset_options usual = {.page_size = 0};
    const struct mset_options options = given == NULL ? usual : *given;
    const uint64_t page_size = options.page_size == 0 ? MSET_PAGE_SIZE : options.page_size;
    struct mset_slabs *slabs;
    const struct mset_allocator *allocator;
    if (out == NULL || !options_ok(&options, page_size)) {
        return MSET_INVALID_PARAM;
    }
    const mset_status status = choose_allocator(&options, &slabs, &allocator);
    if (status != MSET_OK) {
        return status;
    }
    struct mset *set = allocator->alloc(allocator->context, sizeof *set, _Alignof(struct mset));
    if (set == NULL) {
        mset_slabs_destroy(slabs);
        return MSET_NO_MEMORY;
    }
    memset(set, 0, sizeof *set);
    mset_at_init(&set->tree, allocator);
    set->slabs = slabs;
    set->page_size = page_size;
    set->merge = (options.flags & MSET_MERGE) != 0;
    set->guard = options.guard;
    set->max_areas = options.max_areas;
    set->max_bytes = options.max_bytes;
    set->alive = MSET_ALIVE;
    *out = set;
    return MSET_OK;
}

void mset_destroy(struct mset *set) {
    if (!mset_given(set)) {
        return;
    }
    MSET_ASSERT(mset_live_cursors(set) == 0); /* close those that are left before their end */
    mset_plan_drop(set->open);
    const struct range all = {0, UINT64_MAX};
    struct at_path path;
    (void)mset_seek(set, &all, &path);
    mset_commit_removal(set, &path, &all);
    mset_at_destroy(&set->tree);
    const struct mset_allocator allocator = set->tree.allocator;
    struct mset_slabs *const slabs = set->slabs;
    set->alive = 0;
    allocator.free(allocator.context, set, sizeof *set, _Alignof(struct mset));
    mset_slabs_destroy(slabs);
}

mset_status mset_set_limits(struct mset *set, uint64_t max_areas, uint64_t max_bytes) {
    if (!mset_given(set)) {
        return MSET_INVALID_PARAM;
    }
    set->max_areas = max_areas;
    set->max_bytes = max_bytes;
    return MSET_OK;
}

uint64_t mset_count(const struct mset *set) {
    return mset_given(set) ? set->tree.areas : 0;
}

uint64_t mset_mapped_bytes(const struct mset *set) {
    return mset_given(set) ? set->tree.bytes : 0;
}

uint64_t mset_page_size(const struct mset *set) {
    return mset_given(set) ? set->page_size : 0;
}

struct mset_failure mset_last_failure(const struct mset *set) {
    return mset_given(set) ? set->failure : (struct mset_failure){0};
}

void mset_get_statistics(const struct mset *set, struct mset_statistics *out) {
    if (out == NULL) {
        return;
    }
    *out = (struct mset_statistics){0};
    if (mset_given(set)) {
        out->areas = set->tree.areas;
        out->mapped_bytes = set->tree.bytes;
        out->splits = set->splits;
        out->merges = set->merges;
        out->node_bytes = set->tree.node_bytes;
        out->height = set->tree.height;
    }
}
