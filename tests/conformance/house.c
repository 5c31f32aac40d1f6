/* house.c - see house.h. */
#include "house.h"

#include "lodger.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_FRAMES = 64 };
static const uint64_t table_base = UINT64_C(1) << 30; /* physical */
static const uint64_t data_base = UINT64_C(2) << 30;
static const uint64_t device_base = UINT64_C(64) << 30; /* what linear areas show */

/* ---- worlds ---------------------------------------------------------------------------------- */

static struct mset_buddy *new_buddy(uint64_t base, size_t size, unsigned char *memory) {
    const struct mset_buddy_config region = {.base = base, .size = size, .memory = memory};
    struct mset_buddy *buddy = NULL;
    return mset_buddy_create(&region, &buddy) == MSET_OK ? buddy : NULL;
}

static bool open_table(struct house *house) {
    struct mset_pt_config config = house->config;
    house->table = NULL;
    house->supply = (struct supply){.requests = 0};
    house->table_buddy = new_buddy(table_base, house->table_bytes, house->memory);
    house->data_buddy = new_buddy(data_base, house->data_bytes, house->memory + house->table_bytes);
    if (house->table_buddy == NULL || house->data_buddy == NULL) {
        return false;
    }
    supplied_frames_init(&house->table_frames, &house->supply,
                         mset_buddy_frames(house->table_buddy));
    supplied_frames_init(&house->data_frames, &house->supply, mset_buddy_frames(house->data_buddy));
    config.frames = &house->table_frames.frames;
    return mset_pt_create(&config, &house->table) == MSET_OK;
}

static bool house_open(void *context, struct mset_conformance_world *world) {
    struct house *const house = context;
    struct mset_backend *const backends[] = {&house->linear.backend, &house->eager.backend,
                                             &house->lazy.backend, &house->cow.backend,
                                             &house->cow_shared.backend};
    const bool opened = open_table(house);
    const struct mset_allocator memory = supplied_memory(&house->supply);
    mset_linear_init(&house->linear);
    mset_eager_init(&house->eager, &house->data_frames.frames, &memory);
    mset_lazy_init(&house->lazy, &house->data_frames.frames);
    mset_counted_init(&house->counted, &house->data_frames.frames, NULL);
    mset_cow_init(&house->cow, &house->counted, &memory);
    mset_cow_init(&house->cow_shared, &house->counted, &memory);
    house->lodger = lodger_open(&house->cow_shared);
    world->page_table = house->table;
    for (size_t i = 0; i < house->backend_count; i++) {
        world->backend[i] = backends[house->backends[i]];
    }
    return opened;
}

static uint64_t house_close(void *context) {
    struct house *const house = context;
    mset_pt_destroy(house->table);
    lodger_close(house->lodger);
    house->lodger = NULL;
    const uint64_t left = house->supply.in_use + house->counted.extra;
    mset_buddy_destroy(house->table_buddy);
    mset_buddy_destroy(house->data_buddy);
    return left;
}

/* ---- looking --------------------------------------------------------------------------------- */

static void table_query(const void *table, uint64_t va, struct mset_conformance_page *page) {
    struct mset_pt_run run;
    if (mset_pt_query(table, va, 0, &run) == MSET_OK) {
        page->mapped = true;
        page->flags = run.flags;
        page->place = run.pa;
    }
}

static void house_look(void *context, uint64_t address, struct mset_conformance_page *page) {
    const struct house *const house = context;
    table_query(house->table, address, page);
}

/* The first bytes of what is behind a page; NULL: nothing, or not of the data frames. */
static void *behind(const struct house *house, uint64_t address) {
    struct mset_pt_run run;
    return mset_pt_query(house->table, address, 0, &run) == MSET_OK && run.pa >= data_base &&
                   run.pa - data_base < house->data_bytes
               ? house->memory + house->table_bytes + (run.pa - data_base)
               : NULL;
}

static bool house_write(void *context, uint64_t address, uint64_t tag) {
    void *const memory = behind(context, address);
    if (memory != NULL) {
        memcpy(memory, &tag, sizeof tag);
    }
    return memory != NULL;
}

static bool house_read(void *context, uint64_t address, uint64_t *tag) {
    const void *const memory = behind(context, address);
    if (memory != NULL) {
        memcpy(tag, memory, sizeof *tag);
    }
    return memory != NULL;
}

static void house_settle(void *context) {
    const struct house *const house = context;
    mset_pt_flushed(house->table);
}

static const char *house_validate(void *context) {
    const struct house *const house = context;
    return mset_pt_validate(house->table);
}

/* ---- resources ------------------------------------------------------------------------------- */

static void house_fail(void *context, uint64_t nth, bool on) {
    struct house *const house = context;
    supply_fail(&house->supply, nth, on);
}

static uint64_t house_requests(void *context) {
    const struct house *const house = context;
    return house->supply.requests;
}

static uint64_t house_in_use(void *context) {
    const struct house *const house = context;
    return house->supply.in_use - (house->lodger == NULL ? 0 : lodger_alone(house->lodger));
}

static uint64_t house_references(void *context, size_t backend) {
    const struct house *const house = context;
    const uint64_t areas[] = {house->linear.areas, house->eager.areas, house->lazy.areas,
                              house->cow.areas, house->cow_shared.areas};
    return areas[house->backends[backend]];
}

/* ---- subjects -------------------------------------------------------------------------------- */

static struct mset_conformance_backend traits_of(enum house_backend backend) {
    struct mset_conformance_backend traits = {.name = "eager", .contents = true, .zeroed = true};
    switch (backend) {
    case HOUSE_LINEAR:
        return (struct mset_conformance_backend){
            .name = "linear", .offset_matters = true, .offset = UINT64_C(64) << 30};
    case HOUSE_EAGER:
        return traits;
    case HOUSE_LAZY:
        traits.name = "lazy";
        break;
    case HOUSE_COW:
        traits.name = "cow";
        break;
    default:
        traits.name = "cow, shared";
        traits.late_flags = true;
    }
    traits.lazy = true;
    return traits;
}

void house_invite(struct house *house, struct mset_conformance_subject *subject,
                  enum house_backend backend) {
    house->traits[house->backend_count] = traits_of(backend);
    house->backends[house->backend_count] = backend;
    house->backend_count++;
    subject->backend_count = house->backend_count;
}

void house_build(struct house *house, const struct mset_pt_config *config, uint64_t large,
                 struct mset_conformance_subject *subject) {
    const uint64_t sizes = config->format->leaf_sizes;
    memset(house, 0, sizeof *house);
    house->config = *config;
    house->page_size = sizes & -sizes;
    const uint64_t universe = 2 * large + 4 * house->page_size;
    house->table_bytes = (size_t)TABLE_FRAMES * house->page_size;
    house->data_bytes = (size_t)((4 * universe + 2 * large - 1) / large * large);
    house->memory = aligned_alloc(MSET_PAGE_SIZE, house->table_bytes + house->data_bytes);
    memset(house->memory, 0x5a, house->table_bytes + house->data_bytes);
    *subject = (struct mset_conformance_subject){.context = house,
                                                 .base = UINT64_C(1) << 30,
                                                 .page_size = house->page_size,
                                                 .pages = universe / house->page_size,
                                                 .large = large,
                                                 .implies_read = config->format->implies_read,
                                                 .backends = house->traits,
                                                 .open = house_open,
                                                 .close = house_close,
                                                 .look = house_look,
                                                 .write = house_write,
                                                 .read = house_read,
                                                 .settle = house_settle,
                                                 .validate = house_validate,
                                                 .fail = house_fail,
                                                 .requests = house_requests,
                                                 .in_use = house_in_use,
                                                 .references = house_references};
}

void house_tear_down(struct house *house) {
    free(house->memory);
}

/* ---- the page table alone -------------------------------------------------------------------- */

static int table_map(void *table, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    return (int)mset_pt_map(table, va, pa, size, flags);
}

static int table_unmap(void *table, uint64_t va, uint64_t size) {
    return (int)mset_pt_unmap(table, va, size, NULL, NULL);
}

static int table_protect(void *table, uint64_t va, uint64_t size, uint64_t flags) {
    return (int)mset_pt_protect(table, va, size, flags);
}

static int table_move(void *table, uint64_t from, uint64_t to, uint64_t size) {
    return (int)mset_pt_move(table, from, to, size);
}

static mset_status prepare(struct mset_page_table *table, const struct mset_step *step) {
    const struct mset_area *const run = &step->run;
    mset_status status = MSET_OK;
    if (step->room_size != 0) {
        status = mset_pt_prepare_room(table, step->room_start, step->room_size);
    }
    if (status != MSET_OK) {
        return status;
    }
    switch (step->kind) {
    case MSET_STEP_MAP:
        return mset_pt_map_prepare(table, run->start, run->offset, run->size, run->flags,
                                   MSET_PT_REFUSE, NULL);
    case MSET_STEP_UNMAP:
        return mset_pt_unmap_prepare(table, run->start, run->size, NULL);
    case MSET_STEP_PROTECT:
        return mset_pt_protect_prepare(table, run->start, run->size, step->new_flags, NULL);
    default:
        return mset_pt_move_prepare(table, run->start, step->new_start, run->size, NULL);
    }
}

static int table_prepare(void *table, const struct mset_step *step) {
    return (int)prepare(table, step);
}

static void table_abort(void *table, const struct mset_step *step) {
    (void)step;
    mset_pt_prepare_drop(table);
}

static void *table_open(void *context) {
    struct house *const house = context;
    return open_table(house) ? house->table : NULL;
}

const struct mset_conformance_table_ops *house_table_ops(void) {
    static const struct mset_conformance_table_ops ops = {.map = table_map,
                                                          .unmap = table_unmap,
                                                          .protect = table_protect,
                                                          .query = table_query,
                                                          .move = table_move,
                                                          .prepare = table_prepare,
                                                          .abort = table_abort};
    return &ops;
}

void house_table(struct house *house, const struct mset_conformance_subject *subject, bool prepare,
                 struct mset_conformance_table *table) {
    static struct mset_conformance_table_ops plain;
    plain = *house_table_ops();
    plain.prepare = NULL;
    plain.abort = NULL;
    *table = (struct mset_conformance_table){.name = subject->name,
                                             .context = house,
                                             .base = subject->base,
                                             .page_size = subject->page_size,
                                             .pages = subject->pages,
                                             .large = subject->large,
                                             .pa = device_base,
                                             .ops = prepare ? house_table_ops() : &plain,
                                             .open = table_open,
                                             .close = house_close,
                                             .settle = house_settle,
                                             .validate = house_validate,
                                             .fail = house_fail,
                                             .requests = house_requests,
                                             .in_use = house_in_use};
}
