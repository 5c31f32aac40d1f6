/* tables.c - frames out of guest memory, and the areas of the guest. */
#include "tables.h"

#include <string.h>

#include <mset/formats.h>

#include "layout.h"

/* ---- frames --------------------------------------------------------------------------------- */

static struct tables *tables_of(struct mset_frames *frames) {
    return (struct tables *)frames;
}

static mset_status alloc_frame(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    return mset_frames_alloc(mset_buddy_frames(tables_of(frames)->buddy), order, pa);
}

/*
 * The host gets its memory back as well. Then KVM forgets who led there; where it keeps copies of
 * the guest's page tables, for want of nested paging, it would not notice what is written to them
 * here.
 */
static void free_frame(struct mset_frames *frames, uint64_t pa, unsigned order) {
    struct tables *const tables = tables_of(frames);
    (void)mset_guest_discard(tables->guest, pa, MSET_PAGE_SIZE << order);
    mset_frames_free(mset_buddy_frames(tables->buddy), pa, order);
}

/* The pool is one region, so the bytes of a block follow each other. */
static void *frame_memory(struct mset_frames *frames, uint64_t pa) {
    void *host = NULL;
    uint64_t bytes;
    const mset_status status =
        mset_guest_translate(&tables_of(frames)->cursor, pa, MSET_WRITE, &host, &bytes);
    return status == MSET_OK ? host : NULL;
}

/* ---- areas ---------------------------------------------------------------------------------- */

static bool map_areas(struct tables *tables) {
    const uint64_t data = MSET_READ | MSET_WRITE | MSET_USER;
    struct mset_backend *const linear = &tables->linear.backend;
    const struct mset_area areas[] = {
        {DESCRIPTORS, MAILBOX - DESCRIPTORS, MSET_READ | MSET_WRITE, linear, DESCRIPTORS},
        {MAILBOX, USER_STACK + USER_STACK_SIZE - MAILBOX, data, linear, MAILBOX},
        {SHADOW, SHADOW_SIZE, data, linear, SHADOW},
        {IMAGE, IMAGE_PROGRAM - IMAGE, MSET_READ | MSET_EXEC, linear, IMAGE},
        {IMAGE_PROGRAM, IMAGE + IMAGE_SIZE - IMAGE_PROGRAM, MSET_READ | MSET_EXEC | MSET_USER,
         linear, IMAGE_PROGRAM},
        {LOW, LOW_SIZE, data, linear, LOW},
        {HIGH_VA, HIGH_SIZE, data, linear, HIGH_PA},
        {WINDOW, WINDOW_SIZE, data | MSET_DEVICE, linear, WINDOW},
        {DEMAND_VA, DEMAND_SIZE, data, &tables->lazy.backend, 0},
    };
    for (unsigned i = 0; i < sizeof areas / sizeof *areas; i++) {
        if (mset_map(tables->set, &areas[i], MSET_MAP_FAIL, tables->table) != MSET_OK) {
            return false;
        }
    }
    return true;
}

/* What the pool is full of at first, so that a page shows that nobody has cleared. */
enum { LEFTOVER = 0xa5 };

bool tables_open(struct tables *tables, struct memory *memory) {
    static const struct mset_frames_ops ops = {alloc_frame, free_frame, frame_memory};
    const struct mset_buddy_config pool = {.base = POOL_PA, .size = POOL_SIZE};
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64,
        .frames = &tables->frames,
        .leaf_sizes = 4 * KIB | 2 * MIB, /* a virtual machine may have no leaves of 1 GiB */
    };
    tables->frames.ops = &ops;
    tables->guest = memory->guest;
    mset_guest_cursor_init(&tables->cursor, memory->guest);
    if (mset_guest_fill(&tables->cursor, POOL_PA, LEFTOVER, POOL_SIZE, NULL) != MSET_OK) {
        return false;
    }
    mset_linear_init(&tables->linear);
    mset_lazy_init(&tables->lazy, &tables->frames);
    return mset_buddy_create(&pool, &tables->buddy) == MSET_OK &&
           mset_pt_create(&config, &tables->table) == MSET_OK &&
           mset_create(NULL, &tables->set) == MSET_OK && map_areas(tables);
}

void tables_close(struct tables *tables) {
    mset_destroy(tables->set);
    mset_pt_destroy(tables->table);
    mset_buddy_destroy(tables->buddy);
}

mset_status tables_fault(struct tables *tables, uint64_t address, uint64_t access) {
    const mset_status status = mset_fault(tables->set, address, access, tables->table);
    tables->faults += status == MSET_OK;
    return status;
}

/* The area takes its own place. */
mset_status tables_discard(struct tables *tables, uint64_t start, uint64_t size) {
    struct mset_area area;
    if (!mset_find(tables->set, start, &area) || area.backend != &tables->lazy.backend ||
        start + size > mset_area_end(&area)) {
        return MSET_NOT_FOUND;
    }
    area.start = start;
    area.size = size;
    return mset_map(tables->set, &area, MSET_MAP_REPLACE, tables->table);
}

const char *tables_validate(const struct tables *tables) {
    const char *const set = mset_validate(tables->set);
    const char *const table = set == NULL ? mset_pt_validate(tables->table) : set;
    return table == NULL ? mset_buddy_validate(tables->buddy) : table;
}

/* ---- counting frames ------------------------------------------------------------------------ */

enum { ENTRIES = 512, PRESENT = 1, LARGE = 1 << 7 };
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)

struct counting {
    struct tables *tables;
    struct memory *memory;
    struct tables_census *census;
    bool seen[POOL_SIZE / MSET_PAGE_SIZE];
};

static void count_frame(struct counting *counting, uint64_t pa, uint64_t *counter) {
    const uint64_t frame = (pa - POOL_PA) / MSET_PAGE_SIZE;
    if (pa - POOL_PA >= POOL_SIZE || mset_buddy_is_free(counting->tables->buddy, pa) ||
        counting->seen[frame]) {
        counting->census->strangers++;
        return;
    }
    counting->seen[frame] = true;
    ++*counter;
}

/* As the processor walks, by what lies in guest memory; levels count from 0 at the bottom. */
static void count_tables(struct counting *counting, uint64_t table, unsigned level) {
    count_frame(counting, table, &counting->census->tables);
    for (uint64_t i = 0; i < ENTRIES && level > 0; i++) {
        uint64_t entry = 0;
        (void)mset_guest_load(&counting->memory->cursor, table + i * sizeof entry, sizeof entry,
                              &entry);
        if ((entry & PRESENT) != 0 && (entry & LARGE) == 0) {
            count_tables(counting, entry & ENTRY_ADDRESS, level - 1);
        }
    }
}

static bool count_pages(void *arg, const struct mset_pt_run *run) {
    struct counting *const counting = arg;
    for (uint64_t at = 0; at < run->size; at += MSET_PAGE_SIZE) {
        count_frame(counting, run->pa + at, &counting->census->pages);
    }
    return true;
}

void tables_count(struct tables *tables, struct memory *memory, struct tables_census *census) {
    struct counting counting = {.tables = tables, .memory = memory, .census = census};
    memset(census, 0, sizeof *census);
    count_tables(&counting, mset_pt_root(tables->table), 3);
    (void)mset_pt_walk(tables->table, DEMAND_VA, DEMAND_SIZE, count_pages, &counting);
}
