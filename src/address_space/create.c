/* create.c - a space begins and ends. */
#include "address_space.h"

#include "base/memory.h"

static uint64_t page_size_of_table(const struct mset_page_table *table) {
    const uint64_t sizes = mset_pt_leaf_sizes(table);
    return sizes & -sizes;
}

/* The page table knows which ranges it can translate: as a marker, nothing else is asked. */
static mset_status set_window(struct mset_space *space) {
    struct mset_space_config *const config = &space->config;
    const struct mset_pt_format *const format = config->table.format;
    if (config->size == 0 && config->start == 0) {
        config->start = config->table.upper ? format->high_first : 0;
        config->size = config->table.upper ? -config->start : format->low_last + 1;
    }
    space->last = config->start + (config->size - 1);
    return mset_pt_may_map(space->table, config->start, 0, config->size, MSET_PT_MARKER);
}

static mset_status create_set(struct mset_space *space) {
    const struct mset_space_config *const config = &space->config;
    const struct mset_options options = {.allocator = &space->allocator,
                                         .page_size = page_size_of_table(space->table),
                                         .flags = MSET_MERGE,
                                         .guard = config->guard,
                                         .max_areas = config->max_areas,
                                         .max_bytes = config->max_bytes};
    return mset_create(&options, &space->set);
}

static int fill_page(void *context, const struct mset_area *area, uint64_t address, void *page,
                     uint64_t size) {
    const struct mset_space *const space = context;
    return space->config.fill(space->config.context, area, address, page, size);
}

static void create_backends(struct mset_space *space) {
    mset_linear_init(&space->linear);
    mset_cow_init(&space->cow, space->config.pages, &space->allocator);
    space->cow.flush = mset_space_flush_table;
    space->cow.fill = space->config.fill != NULL ? fill_page : NULL;
    space->cow.context = space;
}

/* What was made until something failed is unmade by the caller. */
static mset_status furnish(struct mset_space *space) {
    struct mset_pt_config table = space->config.table;
    if (table.promote) {
        return MSET_UNSUPPORTED;
    }
    table.allocator = table.allocator != NULL ? table.allocator : &space->allocator;
    mset_status status = mset_pt_create(&table, &space->table);
    status = status == MSET_OK ? set_window(space) : status;
    status = status == MSET_OK ? create_set(space) : status;
    create_backends(space);
    return status;
}

mset_status mset_space_create(const struct mset_space_config *config, struct mset_space **space) {
    if (config == NULL || space == NULL || config->pages == NULL) {
        return MSET_INVALID_PARAM;
    }
    const struct mset_allocator *const allocator = mset_allocator_or_default(config->allocator);
    struct mset_space *const fresh =
        allocator == NULL ? NULL
                          : allocator->alloc(allocator->context, sizeof(struct mset_space),
                                             _Alignof(struct mset_space));
    if (fresh == NULL) {
        return allocator == NULL ? MSET_INVALID_PARAM : MSET_NO_MEMORY;
    }
    *fresh = (struct mset_space){.config = *config, .allocator = *allocator};
    fresh->config.allocator = &fresh->allocator;
    const mset_status status = furnish(fresh);
    if (status != MSET_OK) {
        mset_space_destroy(fresh);
        return status;
    }
    *space = fresh;
    return MSET_OK;
}

/* Nobody translates any more, so nobody is told to forget. */
void mset_space_destroy(struct mset_space *space) {
    if (space == NULL) {
        return;
    }
    const struct mset_allocator allocator = space->allocator;
    if (space->set != NULL) {
        space->cow.flush = NULL;
        const mset_status status = mset_clear(space->set, space->table);
        MSET_ASSERT(status == MSET_OK && space->cow.pages.held == 0);
        (void)status;
    }
    mset_destroy(space->set);
    mset_pt_destroy(space->table);
    allocator.free(allocator.context, space, sizeof *space, _Alignof(struct mset_space));
}
