/* create.c - the life of a set, and what it counts. */
#include "set.h"

#include "../base/memory.h"

static mset_status read_options(const struct mset_options *options, uint64_t *page_size,
                                bool *merge) {
    *page_size = MSET_PAGE_SIZE;
    *merge = false;
    if (options == NULL) {
        return MSET_OK;
    }
    if (options->page_size != 0) {
        *page_size = options->page_size;
    }
    *merge = (options->flags & MSET_MERGE) != 0;
    const bool power_of_two = (*page_size & (*page_size - 1)) == 0;
    return power_of_two && (options->flags & ~MSET_MERGE) == 0 ? MSET_OK : MSET_INVALID_PARAM;
}

mset_status mset_create(const struct mset_options *options, struct mset **out) {
    uint64_t page_size;
    bool merge;
    if (out == NULL || read_options(options, &page_size, &merge) != MSET_OK) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_allocator *allocator =
        mset_allocator_or_default(options == NULL ? NULL : options->allocator);
    if (allocator == NULL || allocator->alloc == NULL || allocator->free == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset *set = allocator->alloc(allocator->context, sizeof *set, _Alignof(struct mset));
    if (set == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(set, 0, sizeof *set);
    mset_at_init(&set->tree, allocator);
    set->page_size = page_size;
    set->merge = merge;
    *out = set;
    return MSET_OK;
}

void mset_destroy(struct mset *set) {
    if (set == NULL) {
        return;
    }
    const struct range all = {0, UINT64_MAX};
    mset_commit(set, NULL, &all, NULL);
    mset_at_destroy(&set->tree);
    const struct mset_allocator allocator = set->tree.allocator;
    allocator.free(allocator.context, set, sizeof *set, _Alignof(struct mset));
}

uint64_t mset_count(const struct mset *set) {
    return set->tree.areas;
}

uint64_t mset_mapped_bytes(const struct mset *set) {
    return set->tree.bytes;
}

uint64_t mset_page_size(const struct mset *set) {
    return set->page_size;
}

struct mset_failure mset_last_failure(const struct mset *set) {
    return set->failure;
}

void mset_get_statistics(const struct mset *set, struct mset_statistics *out) {
    out->areas = set->tree.areas;
    out->mapped_bytes = set->tree.bytes;
    out->splits = set->splits;
    out->merges = set->merges;
    out->node_bytes = set->tree.node_bytes;
    out->height = set->tree.height;
}
