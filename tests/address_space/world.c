/* world.c - see world.h. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_table/rights.h"
#include "support/complaint.h"

/* The larger leaf is one of 512 pages, or a group. */
const struct world_site world_sites[] = {
    {.name = "x86-64", .large = 2 * MIB},
    {.name = "aarch64-4k", .large = 2 * MIB},
    {.name = "aarch64-4k", .hardware_marks = true, .bbm_level_2 = true, .large = 64 * KIB},
    {.name = "sv39", .leaf_sizes = 0x40211000, .large = 64 * KIB},
    {.name = "sv48", .hardware_marks = true, .large = 2 * MIB},
    {.name = "loongarch64", .hardware_marks = true, .large = 2 * MIB},
    {.name = "ept", .large = 2 * MIB},
    {.name = "npt", .large = 2 * MIB},
    {.name = "aarch64-s2-4k", .hardware_marks = true, .large = 64 * KIB},
    {.name = "sv39x4", .large = 2 * MIB},
    {.name = "aarch64-16k", .large = 2 * MIB},
    {.name = "aarch64-64k", .hardware_marks = true, .large = 2 * MIB},
};
const size_t world_site_count = sizeof world_sites / sizeof *world_sites;

void world_complain(struct world *world, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    complaint_keep(world->complaint, sizeof world->complaint, format, arguments);
    va_end(arguments);
}

const char *world_complaint(struct world *world) {
    return world->complaint[0] == '\0' ? NULL : world->complaint;
}

/* ---- frames -------------------------------------------------------------------------------- */

uint64_t *world_word(const struct world *world, uint64_t pa) {
    const struct {
        uint64_t base, bytes;
    } regions[] = {{WORLD_TABLES, world->table_bytes},
                   {WORLD_DATA, world->data_bytes},
                   {WORLD_DEVICE, world->device_bytes}};
    unsigned char *storage = world->storage;
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        if (pa >= regions[i].base && pa - regions[i].base < regions[i].bytes) {
            return (uint64_t *)(void *)(storage + (pa - regions[i].base));
        }
        storage += regions[i].bytes;
    }
    return NULL;
}

static struct watched_frames *watched_of(struct mset_frames *frames) {
    return (struct watched_frames *)(void *)frames;
}

/* A word in each 64 bytes, which no test can take for its own. */
static void litter(const struct world *world, uint64_t pa, uint64_t size, uint64_t rubbish) {
    for (uint64_t at = 0; at < size; at += 64) {
        *world_word(world, pa + at) = rubbish;
    }
}

/* Frames come with rubbish in them. */
static mset_status watched_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    const struct watched_frames *const source = watched_of(frames);
    const mset_status status = mset_frames_alloc(source->under, order, pa);
    if (status == MSET_OK) {
        litter(source->world, *pa, MSET_PAGE_SIZE << order, UINT64_C(0x5a5a5a5a5a5a5a5a));
    }
    return status;
}

static void *watched_virt(struct mset_frames *frames, uint64_t pa) {
    return mset_frames_virt(watched_of(frames)->under, pa);
}

/* Nothing that a processor remembers leads to the frames. */
static void nobody_remembers(struct process *process, uint64_t pa, uint64_t size) {
    const struct mmu_machine *const mmu = &process->mmu;
    for (size_t i = 0; i < mmu->cached; i++) {
        const struct mmu_leaf *const leaf = &mmu->tlb[i];
        const uint64_t bytes = leaf->last - leaf->va + 1;
        if (leaf->pa < pa + size && pa < leaf->pa + bytes) {
            world_complain(process->world, "a frame is freed that a processor can reach at %#jx",
                           (uintmax_t)leaf->va);
        }
    }
}

static void watched_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    const struct watched_frames *const source = watched_of(frames);
    struct world *const world = source->world;
    const uint64_t size = MSET_PAGE_SIZE << order;
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        struct process *const process = &world->process[i];
        if (process->mmu.architecture != NULL && source->tables) {
            mmu_frame_freed(&process->mmu, pa, size);
        } else if (process->mmu.architecture != NULL) {
            nobody_remembers(process, pa, size);
        }
    }
    litter(world, pa, size, UINT64_C(0xdddddddddddddddd));
    mset_frames_free(source->under, pa, order);
}

static void watch(struct world *world, struct watched_frames *frames, struct faulty_frames *under,
                  bool tables) {
    static const struct mset_frames_ops ops = {watched_alloc, watched_free, watched_virt};
    *frames = (struct watched_frames){{&ops}, &under->base, world, tables};
}

/* ---- life ---------------------------------------------------------------------------------- */

/* Storage is kept for the next world: fresh pages of the machine are slow to get. */
static unsigned char *storage_for(size_t bytes) {
    static unsigned char *kept;
    static size_t kept_bytes;
    if (bytes > kept_bytes) {
        free(kept);
        kept = aligned_alloc(MSET_PAGE_SIZE, bytes);
        kept_bytes = kept == NULL ? 0 : bytes;
    }
    return kept;
}

/* Two large leaves and some pages, the first boundary of 1 GiB in the middle. */
static void lay_out(struct world *world) {
    const uint64_t sizes = world->format->leaf_sizes, large = world->site->large;
    world->page = sizes & -sizes;
    world->pages = 2 * large / world->page + 8;
    world->base = GIB - large;
    world->window = world->pages * world->page;
    world->table_bytes = 192 * world->page;
    world->data_bytes = (6 * world->window + 2 * MIB) / (2 * MIB) * (2 * MIB);
    world->device_bytes = 2 * world->window;
    world->user = world->format->flags & MSET_USER;
    const unsigned rights = rights_of(world->format->name, MSET_READ | MSET_WRITE | world->user);
    world->read_right = (rights & MMU_USER_READ) != 0 ? MMU_USER_READ : MMU_READ;
    world->write_right = (rights & MMU_USER_WRITE) != 0 ? MMU_USER_WRITE : MMU_WRITE;
}

static bool open_region(struct world *world, uint64_t base, uint64_t bytes,
                        struct mset_buddy **buddy, struct faulty_frames *frames) {
    const struct mset_buddy_config region = {base, bytes, world_word(world, base),
                                             &world->memory.base};
    const bool made = mset_buddy_create(&region, buddy) == MSET_OK;
    if (made) {
        faulty_frames_init(frames, mset_buddy_frames(*buddy), &world->point);
    }
    return made;
}

bool world_open(struct world *world, const struct world_site *site) {
    memset(world, 0, sizeof *world);
    world->site = site;
    world->format = mset_pt_format_find(site->name);
    lay_out(world);
    counting_allocator_open(&world->memory);
    faulty_allocator_init(&world->allocator, &world->memory.base, &world->point);
    world->storage = storage_for(world->table_bytes + world->data_bytes + world->device_bytes);
    if (world->storage == NULL) {
        return false;
    }
    if (!open_region(world, WORLD_TABLES, world->table_bytes, &world->table_buddy,
                     &world->table_source) ||
        !open_region(world, WORLD_DATA, world->data_bytes, &world->data_buddy,
                     &world->data_source)) {
        return false;
    }
    watch(world, &world->table_frames, &world->table_source, true);
    watch(world, &world->data_frames, &world->data_source, false);
    mset_counted_init(&world->counted, &world->data_frames.base, &world->allocator.base);
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        world->process[i].world = world;
    }
    return true;
}

const char *world_close(struct world *world) {
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        world_end(world, i);
    }
    if (world->data_source.live != 0 || world->table_source.live != 0) {
        world_complain(world, "%ju frames of data, %ju of tables are not given back",
                       (uintmax_t)world->data_source.live, (uintmax_t)world->table_source.live);
    }
    const char *wrong = mset_counted_validate(&world->counted);
    if (wrong != NULL || world->counted.chunks != 0 || world->counted.extra != 0) {
        world_complain(world, "counts are left: %s", wrong == NULL ? "" : wrong);
    }
    mset_buddy_destroy(world->table_buddy);
    mset_buddy_destroy(world->data_buddy);
    wrong = counting_allocator_complaint(&world->memory, true);
    if (wrong != NULL) {
        world_complain(world, "%s", wrong);
    }
    return world_complaint(world);
}

void world_fail(struct world *world, uint64_t nth, bool on) {
    fault_point_set(&world->point, nth, on);
}

/* ---- what the library asks of its caller --------------------------------------------------- */

/* Between two changes of a table the model looks at it, or it would miss what was broken. */
static void flush(void *context, const struct mset_pt_gather *gather) {
    struct process *const process = context;
    process->flushes++;
    if (process->mmu.architecture != NULL) {
        mmu_watch(&process->mmu);
        mmu_invalidate(&process->mmu, gather->start, gather->last, gather->leaf_size,
                       gather->table_levels);
        mmu_audit(&process->mmu);
    }
}

uint64_t world_file_word(uint64_t offset) {
    return offset * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static int fill(void *context, const struct mset_area *area, uint64_t address, void *page,
                uint64_t size) {
    const struct process *const process = context;
    const uint64_t offset = mset_area_offset(area, address);
    if ((area->flags & WORLD_FILE) == 0) {
        return 0;
    }
    for (uint64_t at = 0; at < size && process->world->fill_code == 0; at += sizeof offset) {
        const uint64_t word = world_file_word(offset + at);
        memcpy((unsigned char *)page + at, &word, sizeof word);
    }
    return process->world->fill_code;
}

static void *linear_memory(void *context, uint64_t pa) {
    const struct process *const process = context;
    return pa >= WORLD_DEVICE ? world_word(process->world, pa) : NULL;
}

struct mset_space_config world_config(struct world *world, unsigned i) {
    return (struct mset_space_config){
        .table = {.format = world->format,
                  .frames = &world->table_frames.base,
                  .leaf_sizes = world->site->leaf_sizes,
                  .hardware_marks = world->site->hardware_marks,
                  .bbm_level_2 = world->site->bbm_level_2},
        .pages = &world->counted,
        .allocator = &world->allocator.base,
        .start = world->base,
        .size = world->window,
        .flush = flush,
        .fill = fill,
        .linear_memory = linear_memory,
        .context = &world->process[i],
    };
}

/* ---- processes ----------------------------------------------------------------------------- */

static uint64_t *memory_at(void *context, uint64_t pa) {
    const struct world *const world = context;
    return pa - WORLD_TABLES < world->table_bytes ? world_word(world, pa) : NULL;
}

static void switch_on(struct world *world, struct process *process) {
    const struct mmu_options options = {.hardware_marks = world->site->hardware_marks,
                                        .napot = (world->site->leaf_sizes & 0x10000) != 0,
                                        .bbm_level_2 = world->site->bbm_level_2};
    if (!mmu_open(&process->mmu, world->format->name, &options, mset_space_root(process->space),
                  memory_at, world)) {
        world_complain(world, "no model of %s", world->format->name);
    }
}

mset_status world_start(struct world *world, unsigned i) {
    const struct mset_space_config config = world_config(world, i);
    const mset_status status = mset_space_create(&config, &world->process[i].space);
    if (status == MSET_OK) {
        switch_on(world, &world->process[i]);
    }
    return status;
}

mset_status world_fork(struct world *world, unsigned from, unsigned to) {
    struct process *const child = &world->process[to];
    const mset_status status = mset_space_clone(world->process[from].space, child, &child->space);
    if (status == MSET_OK) {
        switch_on(world, child);
    }
    return status;
}

void world_end(struct world *world, unsigned i) {
    struct process *const process = &world->process[i];
    if (process->space != NULL) {
        mmu_close(&process->mmu);
        memset(&process->mmu, 0, sizeof process->mmu);
        mset_space_destroy(process->space);
        process->space = NULL;
    }
}

/* ---- checking ------------------------------------------------------------------------------ */

/* Frames of its tables: a table smaller than a frame has one of its own. */
static uint64_t table_frames_of(const struct process *process) {
    struct mset_pt_statistics now;
    uint64_t frames = 0;
    mset_pt_get_statistics(mset_space_table(process->space), &now);
    for (unsigned level = 0; level < process->mmu.architecture->levels; level++) {
        const uint64_t bytes = UINT64_C(8) << process->mmu.architecture->bits[level];
        frames += now.tables[level] * (bytes < MSET_PAGE_SIZE ? 1 : bytes / MSET_PAGE_SIZE);
    }
    return frames;
}

static void check_process(struct world *world, unsigned i) {
    struct process *const process = &world->process[i];
    const char *wrong = mset_space_validate(process->space);
    if (wrong != NULL) {
        world_complain(world, "process %u: %s", i, wrong);
    }
    mmu_watch(&process->mmu);
    mmu_audit(&process->mmu);
    wrong = mmu_violation(&process->mmu);
    if (wrong != NULL) {
        world_complain(world, "processor %u: %s", i, wrong);
    }
}

void world_check(struct world *world) {
    uint64_t tables = 0, resident = 0;
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        if (world->process[i].space != NULL) {
            check_process(world, i);
            tables += table_frames_of(&world->process[i]);
            resident += mset_space_resident(world->process[i].space) / MSET_PAGE_SIZE;
        }
    }
    const char *const wrong = mset_counted_validate(&world->counted);
    if (wrong != NULL) {
        world_complain(world, "%s", wrong);
    }
    if (resident != world->data_source.live + world->counted.extra) {
        world_complain(world, "%ju frames are owned, %ju are taken, %ju owned twice",
                       (uintmax_t)resident, (uintmax_t)world->data_source.live,
                       (uintmax_t)world->counted.extra);
    }
    if (world->table_source.live != tables) {
        world_complain(world, "%ju frames are taken for %ju of tables",
                       (uintmax_t)world->table_source.live, (uintmax_t)tables);
    }
}

/* Sets keep a few spare nodes between operations (area_tree/pool.c), also after one that failed. */
static uint64_t node_bytes(const struct world *world) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
        struct mset_statistics now;
        mset_get_statistics(mset_space_set(world->process[i].space), &now);
        bytes += now.node_bytes;
    }
    return bytes;
}

struct world_use world_use(const struct world *world) {
    return (struct world_use){world->table_source.live, world->data_source.live,
                              world->counted.extra, world->memory.live_bytes - node_bytes(world)};
}

bool world_same_use(const struct world_use *a, const struct world_use *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

/* ---- processors ---------------------------------------------------------------------------- */

/* The place, or NULL and why. A fault that is resolved as often as this is not. */
static uint64_t *touch(struct world *world, unsigned i, uint64_t address, bool write,
                       mset_status *status) {
    enum { PATIENCE = 4 };
    struct process *const process = &world->process[i];
    const unsigned right = write ? world->write_right : world->read_right;
    for (unsigned tries = 0; tries < PATIENCE; tries++) {
        uint64_t pa;
        if (mmu_access(&process->mmu, address, right, &pa)) {
            uint64_t *const word = world_word(world, pa);
            if (word == NULL) {
                world_complain(world, "%#jx leads nowhere: %#jx", (uintmax_t)address,
                               (uintmax_t)pa);
            }
            *status = word == NULL ? MSET_BAD_STATE : MSET_OK;
            return word;
        }
        *status = mset_space_fault(process->space, address, write ? MSET_WRITE : MSET_READ);
        if (*status != MSET_OK) {
            return NULL;
        }
    }
    world_complain(world, "a fault at %#jx is resolved again and again", (uintmax_t)address);
    *status = MSET_BAD_STATE;
    return NULL;
}

mset_status world_load(struct world *world, unsigned i, uint64_t address, uint64_t *word) {
    mset_status status;
    const uint64_t *const place = touch(world, i, address, false, &status);
    if (place != NULL) {
        *word = *place;
    }
    return status;
}

mset_status world_store(struct world *world, unsigned i, uint64_t address, uint64_t word) {
    mset_status status;
    uint64_t *const place = touch(world, i, address, true, &status);
    if (place != NULL) {
        *place = word;
    }
    return status;
}

uint64_t world_address(const struct world *world, uint64_t page) {
    return world->base + page * world->page;
}
