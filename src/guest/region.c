/* region.c - regions come and go, with the memory behind them. */
#include "guest.h"

/* Nobody is asked: areas are told apart by whose backend they have. */
static const struct mset_backend_ops region_ops = {.name = "guest"};

bool mset_region_range_ok(const struct mset_guest *guest, uint64_t start, uint64_t size) {
    const uint64_t last = start + (size - 1);
    return size != 0 && last >= start && last <= guest->last_address &&
           ((start | size) & (guest->page_size - 1)) == 0;
}

/* ---- is the configuration sound? ------------------------------------------------------------ */

static bool wants_memory(const struct mset_region_config *config) {
    return config->kind == MSET_REGION_RAM || config->kind == MSET_REGION_ROM;
}

static uint64_t memory_size(const struct mset_region_config *config) {
    return config->max_size == 0 ? config->size : config->max_size;
}

static bool memory_ok(const struct mset_guest *guest, const struct mset_region_config *config) {
    const struct mset_memory_wish *const wish = &config->memory;
    const uint64_t size = memory_size(config);
    if (size < config->size || (size & (guest->page_size - 1)) != 0) {
        return false;
    }
    if (size > SIZE_MAX) { /* unreachable: on hosts of 64 bits */
        return false;
    }
    if (wish->source != MSET_MEMORY_CALLER) {
        return wish->source <= MSET_MEMORY_FILE;
    }
    const uintptr_t host = (uintptr_t)wish->host;
    return wish->host != NULL && (host & (guest->slot_page_size - 1)) == 0 &&
           host + (uintptr_t)(size - 1) >= host;
}

static bool alias_ok(const struct mset_guest *guest, const struct mset_region_config *config) {
    const struct mset_region *const target = config->target;
    return target != NULL && target->guest == guest && !target->dying &&
           (config->target_offset & (guest->page_size - 1)) == 0 &&
           config->target_offset <= target->next.size &&
           config->size <= target->next.size - config->target_offset;
}

static bool config_ok(const struct mset_guest *guest, const struct mset_region_config *config) {
    if (!mset_region_range_ok(guest, config->start, config->size)) {
        return false;
    }
    switch (config->kind) {
    case MSET_REGION_RAM:
    case MSET_REGION_ROM:
        return memory_ok(guest, config);
    case MSET_REGION_MMIO:
        return config->io != NULL;
    case MSET_REGION_RESERVED:
        return true;
    case MSET_REGION_ALIAS:
        return alias_ok(guest, config);
    }
    return false;
}

/* ---- memory --------------------------------------------------------------------------------- */

static mset_status obtain(struct mset_region *region, const struct mset_region_config *config) {
    struct mset_guest *const guest = region->guest;
    struct mset_memory *const memory = &region->memory;
    memory->fd = -1;
    if (!wants_memory(config)) {
        return MSET_OK;
    }
    memory->size = memory_size(config);
    memory->wish = config->memory;
    if (memory->wish.source == MSET_MEMORY_CALLER) {
        memory->host = memory->wish.host;
        return MSET_OK;
    }
    if (guest->host.obtain == NULL) {
        return MSET_UNSUPPORTED;
    }
    return mset_guest_answer(guest, guest->host.obtain(guest->host.context, memory), NULL);
}

static void release(struct mset_region *region) {
    const struct mset_memory_host *const host = &region->guest->host;
    if (region->memory.host != NULL && region->memory.wish.source != MSET_MEMORY_CALLER &&
        host->release != NULL) {
        host->release(host->context, &region->memory);
    }
}

/* ---- the region ----------------------------------------------------------------------------- */

static void take_config(struct mset_region *region, const struct mset_region_config *config) {
    region->kind = config->kind == MSET_REGION_ROM ? MSET_REGION_RAM : config->kind;
    region->next = (struct place){
        .start = config->start,
        .size = config->size,
        .target_offset = config->kind == MSET_REGION_ALIAS ? config->target_offset : 0,
        .priority = config->priority,
        .shown = !config->hidden,
        .read_only = config->kind == MSET_REGION_ROM ||
                     (config->kind == MSET_REGION_ALIAS && config->read_only),
        .logged = config->logged && wants_memory(config),
    };
    region->now = region->next;
    region->now.shown = false; /* not committed yet */
    region->io = wants_memory(config) || config->kind == MSET_REGION_MMIO ? config->io : NULL;
    region->io_context = config->io_context;
    region->user = config->user;
}

static void link_region(struct mset_region *region, struct mset_region *target) {
    struct mset_guest *const guest = region->guest;
    region->following = guest->regions;
    if (guest->regions != NULL) {
        guest->regions->previous = region;
    }
    guest->regions = region;
    if (target != NULL) {
        region->target = target;
        region->next_alias = target->aliases;
        target->aliases = region;
    }
}

mset_status mset_region_make(struct mset_guest *guest, const struct mset_region_config *config,
                             struct mset_region **out) {
    if (!config_ok(guest, config)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_region *const region =
        guest_alloc(guest, sizeof *region, _Alignof(struct mset_region));
    if (region == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(region, 0, sizeof *region);
    region->backend.ops = &region_ops;
    region->guest = guest;
    region->born = true;
    take_config(region, config);
    const mset_status status = obtain(region, config);
    if (status != MSET_OK) {
        region->memory.host = NULL;
        mset_region_free(region);
        return status;
    }
    link_region(region, region->kind == MSET_REGION_ALIAS ? config->target : NULL);
    *out = region;
    return MSET_OK;
}

void mset_region_unlink(struct mset_region *region) {
    if (region->previous != NULL) {
        region->previous->following = region->following;
    } else {
        region->guest->regions = region->following;
    }
    if (region->following != NULL) {
        region->following->previous = region->previous;
    }
    if (region->target != NULL) {
        struct mset_region **link = &region->target->aliases;
        while (*link != region) {
            link = &(*link)->next_alias;
        }
        *link = region->next_alias;
    }
}

void mset_region_free(struct mset_region *region) {
    release(region);
    guest_free(region->guest, region, sizeof *region, _Alignof(struct mset_region));
}

/* ---- asking --------------------------------------------------------------------------------- */

void mset_region_get(const struct mset_region *region, struct mset_region_info *info) {
    const struct place *const place = &region->next;
    const bool rom = region->kind == MSET_REGION_RAM && place->read_only;
    *info = (struct mset_region_info){
        .config = {.kind = rom ? MSET_REGION_ROM : region->kind,
                   .start = place->start,
                   .size = place->size,
                   .priority = place->priority,
                   .hidden = !place->shown,
                   .logged = place->logged,
                   .read_only = region->kind == MSET_REGION_ALIAS && place->read_only,
                   .memory = region->memory.wish,
                   .max_size = region->memory.size,
                   .io = region->io,
                   .io_context = region->io_context,
                   .target = region->target,
                   .target_offset = place->target_offset,
                   .user = region->user},
        .memory = region->memory};
}

void *mset_region_user(const struct mset_region *region) {
    return region->user;
}

struct mset_region *mset_region_of(const struct mset_area *area, uint64_t address,
                                   uint64_t *offset) {
    struct mset_region *const region = (struct mset_region *)area->backend;
    if (offset != NULL) {
        *offset = mset_area_offset(area, address) - (uintptr_t)region->memory.host;
    }
    return region;
}
