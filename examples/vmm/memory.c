/* memory.c - the regions of the guest, and the ways to change them that the checks need. */
#include "memory.h"

#include <sched.h>
#include <string.h>

#include "layout.h"

/* ---- readers -------------------------------------------------------------------------------- */

void memory_reader_enters(struct memory *memory) {
    (void)atomic_fetch_add(&memory->reader, 1);
}

void memory_reader_leaves(struct memory *memory) {
    (void)atomic_fetch_add(&memory->reader, 1);
}

/* struct mset_guest_options.synchronize: there is one reader, so it is enough that it has moved. */
static void wait_for_reader(void *context) {
    struct memory *const memory = context;
    const unsigned seen = atomic_load(&memory->reader);
    while (seen % 2 == 1 && atomic_load(&memory->reader) == seen) {
        (void)sched_yield();
    }
}

/* ---- regions -------------------------------------------------------------------------------- */

/* What the guest writes to ROM is dropped, and counted. */
static mset_status refuse_write(void *context, uint64_t offset, unsigned width, uint64_t value) {
    struct memory *const memory = context;
    (void)offset;
    (void)width;
    (void)value;
    memory->rom_writes++;
    return MSET_OK;
}

static const struct mset_region_io rom_io = {.write = refuse_write};

static bool add(struct memory *memory, struct mset_region_config config,
                struct mset_region **region) {
    config.memory.source = MSET_MEMORY_ANONYMOUS;
    config.io_context = config.kind == MSET_REGION_MMIO ? (void *)&memory->device : (void *)memory;
    return mset_guest_add(memory->guest, &config, region) == MSET_OK;
}

static bool add_ram(struct memory *memory, uint64_t start, uint64_t size,
                    struct mset_region **region) {
    return add(memory,
               (struct mset_region_config){
                   .kind = MSET_REGION_RAM, .start = start, .size = size, .io = &rom_io},
               region);
}

static bool add_regions(struct memory *memory) {
    return add_ram(memory, SYSTEM, SYSTEM_SIZE, &memory->system) &&
           add_ram(memory, LOW, LOW_SIZE, &memory->low) &&
           add_ram(memory, HIGH_PA, HIGH_SIZE, &memory->high) &&
           add_ram(memory, POOL_PA, POOL_SIZE, &memory->pool) &&
           add_ram(memory, VIDEO_HERE, VIDEO_SIZE, &memory->video) &&
           add(memory,
               (struct mset_region_config){
                   .kind = MSET_REGION_MMIO, .start = BAR_HERE, .size = BAR_SIZE, .io = &device_io},
               &memory->bar) &&
           add(memory,
               (struct mset_region_config){.kind = MSET_REGION_RESERVED,
                                           .start = HOLE,
                                           .size = HOLE_SIZE,
                                           .priority = 1,
                                           .hidden = true},
               &memory->hole) &&
           add(memory,
               (struct mset_region_config){.kind = MSET_REGION_ALIAS,
                                           .start = SHADOW,
                                           .size = SHADOW_SIZE,
                                           .priority = 1,
                                           .target = memory->system,
                                           .target_offset = SHADOW - SYSTEM},
               &memory->shadow);
}

/* ---- the life of it ------------------------------------------------------------------------- */

bool memory_open(struct memory *memory, int vm, const struct memory_pause *pause) {
    const struct mset_guest_options options = {.synchronize = wait_for_reader, .context = memory};
    const struct mset_kvm_config config = {.vm = vm,
                                           .control = kvm_calls_control,
                                           .control_context = &memory->calls,
                                           .pause = pause->pause,
                                           .resume = pause->resume,
                                           .pause_context = pause->context,
                                           .max_slots = SLOTS};
    if (mset_guest_create(&options, &memory->guest) != MSET_OK ||
        mset_kvm_create(&config, &memory->kvm) != MSET_OK ||
        mset_guest_attach(memory->guest, mset_kvm_listener(memory->kvm)) != MSET_OK) {
        return false;
    }
    mset_guest_cursor_init(&memory->cursor, memory->guest);
    return add_regions(memory);
}

/* The virtual machine goes right after: that its slots go first would be wasted work. */
void memory_close(struct memory *memory) {
    mset_guest_destroy(memory->guest);
    mset_kvm_destroy(memory->kvm);
}

/* ---- changes -------------------------------------------------------------------------------- */

/* `status` is that of the change; a refused one leaves nothing to commit. */
static mset_status commit(struct memory *memory, mset_status status,
                          struct mset_commit_report *report) {
    if (status != MSET_OK) {
        mset_guest_rollback(memory->guest);
        return status;
    }
    return mset_guest_commit(memory->guest, report);
}

mset_status memory_show(struct memory *memory, struct mset_region *region, bool shown,
                        struct mset_commit_report *report) {
    const mset_status status = mset_guest_begin(memory->guest);
    return status != MSET_OK
               ? status
               : commit(memory, mset_guest_show(memory->guest, region, shown), report);
}

mset_status memory_move(struct memory *memory, struct mset_region *region, uint64_t start,
                        struct mset_commit_report *report) {
    const mset_status status = mset_guest_begin(memory->guest);
    return status != MSET_OK
               ? status
               : commit(memory, mset_guest_move(memory->guest, region, start), report);
}

mset_status memory_set_read_only(struct memory *memory, struct mset_region *region, bool read_only,
                                 struct mset_commit_report *report) {
    const mset_status status = mset_guest_begin(memory->guest);
    return status != MSET_OK
               ? status
               : commit(memory, mset_guest_set_read_only(memory->guest, region, read_only), report);
}

/* ---- pictures ------------------------------------------------------------------------------- */

void memory_take_picture(const struct memory *memory, struct memory_picture *picture) {
    struct mset_cursor cursor;
    memset(picture, 0, sizeof *picture);
    picture->slots = kvm_calls_picture(&memory->calls);
    mset_cursor_all(&cursor, mset_guest_view(memory->guest));
    picture->areas = mset_cursor_next_many(&cursor, picture->view, VIEW_AREAS);
    mset_cursor_close(&cursor);
}

bool memory_looks_like(const struct memory *memory, const struct memory_picture *picture) {
    struct memory_picture now;
    memory_take_picture(memory, &now);
    return kvm_pictures_equal(&now.slots, &picture->slots) && now.areas == picture->areas &&
           memcmp(now.view, picture->view, now.areas * sizeof *now.view) == 0;
}
