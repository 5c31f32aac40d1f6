/*
 * test_live_marks.c - the table is changed while a processor sets accessed and dirty marks in it.
 *
 *     test-page-table-live-marks [ROUNDS [CALL]]       CALL: one of the names below
 *
 * A round: the table is put in order; the processor begins to read and write in a part of it; one
 * call changes this part; the processor pauses, and what is there is compared with a model.
 *
 *   1. Every call that was prepared succeeds, though no frame is left; the table is valid, and all
 *      leaves are what was asked for.
 *   2. With config.keep_marks, what the processor has dirtied is told by `removed` or harvest, or
 *      is dirty still; a copy may have it instead of its source. Too many marks are fine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "page_table/processor.h"
#include "page_table/rig.h"

#define RW (MSET_READ | MSET_WRITE)

#if defined(__SANITIZE_ADDRESS__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 1
#endif
#endif
#ifndef SLOW
#define SLOW 0
#endif

/*
 * The window. Sources are four slots of 2 MiB, mapped to frames that begin 4 MiB apart; leaves are
 * moved to behind them.
 *
 *     slot   0        1            2                      3        4 ...
 *            2 MiB    2 x 1 MiB    small: a page askew    2 MiB    empty
 */
enum { SLOT = 512, SOURCE = 4 * SLOT, WINDOW = 10 * SLOT, FAR = SLOT, NONE = -1 };
enum { TABLE_FRAMES = 256, MILLISECONDS = 220, ROUNDS = SLOW ? 500 : 2000 };
#define BASE GIB
#define FRAMES (4 * GIB)

struct machine {
    const char *name;
    const struct mset_pt_format *format;
    bool promote, bbm_level_2;
    bool keep_marks;
};

enum kind { READ_ONLY, WRITABLE, HIDE, UNMAP, REPLACE, CUT, SPLIT, PROMOTE, MOVE, COPY, HARVEST };
static const char *const kind_names[] = {"read-only", "writable", "hide", "unmap", "replace", "cut",
                                         "split",     "promote",  "move", "copy",  "harvest", NULL};

struct call {
    enum kind kind;
    unsigned page, pages, to;
    uint64_t leaf;
    unsigned marks;
};

/* What a page of the window should be. */
struct page {
    int frame; /* NONE: a hole */
    uint64_t flags;
};

struct scene {
    const struct machine *machine;
    struct counting_allocator memory;
    struct mset_buddy *buddy;
    struct failing_frames source;
    struct mset_page_table *pt, *other; /* `other` is empty but for the time of a copy */
    struct processor processor;
    struct rng rng;
    struct page page[WINDOW];
    bool fresh; /* the sources are as at first, sizes of leaves and flags aside */
    uint64_t compared;
    const char *wrong;
    /* In this round: reported as dirty; dirty at its end. */
    bool told[PROCESSOR_FRAMES], dirty[PROCESSOR_FRAMES];
};

static struct scene scene; /* large; and a thread may outlive a test that fails */
static unsigned rounds = ROUNDS;
static int only = NONE; /* kind of call */

static uint64_t address(unsigned page) {
    return BASE + page * PAGE;
}

/* ---- open and close ------------------------------------------------------------------------ */

static void create_tables(const struct machine *machine) {
    const struct mset_pt_config config = {.format = machine->format,
                                          .frames = &scene.source.frames,
                                          .allocator = &scene.memory.base,
                                          .leaf_sizes = machine->format->leaf_sizes,
                                          .hardware_marks = true,
                                          .bbm_level_2 = machine->bbm_level_2,
                                          .keep_marks = machine->keep_marks,
                                          .promote = machine->promote};
    assert_int_equal(mset_pt_create(&config, &scene.pt), MSET_OK);
    assert_int_equal(mset_pt_create(&config, &scene.other), MSET_OK);
}

static int open_scene(void **state) {
    const struct machine *const machine = *state;
    memset(&scene, 0, sizeof scene);
    scene.machine = machine;
    scene.rng.state = 20;
    counting_allocator_open(&scene.memory);
    struct processor *const processor = &scene.processor;
    processor->kind = processor_find(machine->format->name);
    processor->base = UINT64_C(0x7000000);
    processor->bytes = TABLE_FRAMES * PAGE;
    processor->frames = FRAMES;
    processor->storage = aligned_alloc(PAGE, processor->bytes);
    assert_non_null(processor->storage);
    memset(processor->storage, 0, processor->bytes);
    const struct mset_buddy_config region = {processor->base, processor->bytes, processor->storage,
                                             &scene.memory.base};
    assert_int_equal(mset_buddy_create(&region, &scene.buddy), MSET_OK);
    failing_frames_init(&scene.source, mset_buddy_frames(scene.buddy));
    create_tables(machine);
    processor->root = mset_pt_root(scene.pt);
    assert_true(processor_start(processor));
    return 0;
}

static int close_scene(void **state) {
    (void)state;
    processor_stop(&scene.processor);
    mset_pt_destroy(scene.other);
    mset_pt_destroy(scene.pt);
    mset_buddy_destroy(scene.buddy);
    free(scene.processor.storage);
    return scene.source.live == 0 && counting_allocator_complaint(&scene.memory, true) == NULL ? 0
                                                                                               : -1;
}

/* ---- the table is put in order; nobody is looking ------------------------------------------ */

/* Slots of frames are 4 MiB apart, so that none continues another. */
static int frame_of(unsigned page) {
    const unsigned slot = page / SLOT;
    return (int)(slot * 2 * SLOT + page % SLOT + (slot == 2));
}

static uint64_t frame_address(int frame) {
    return FRAMES + (uint64_t)frame * PAGE;
}

static void map_piece(unsigned page, unsigned pages) {
    assert_int_equal(
        mset_pt_map(scene.pt, address(page), frame_address(frame_of(page)), pages * PAGE, RW),
        MSET_OK);
    for (unsigned i = page; i < page + pages; i++) {
        scene.page[i] = (struct page){frame_of(i), RW};
    }
}

static void begin_anew(void) {
    assert_int_equal(mset_pt_unmap(scene.pt, BASE, WINDOW * PAGE, NULL, NULL), MSET_OK);
    mset_pt_flushed(scene.pt);
    for (unsigned i = 0; i < WINDOW; i++) {
        scene.page[i].frame = NONE;
    }
    map_piece(0, SLOT);
    map_piece(SLOT, SLOT / 2);
    map_piece(SLOT + SLOT / 2, SLOT / 2);
    map_piece(2 * SLOT, SLOT);
    map_piece(3 * SLOT, SLOT);
    scene.fresh = true;
}

static void set_flags(unsigned page, unsigned pages, uint64_t flags) {
    for (unsigned i = page; i < page + pages; i++) {
        scene.page[i].flags = flags;
    }
}

static void protect_quietly(unsigned page, unsigned pages, uint64_t flags) {
    assert_int_equal(mset_pt_protect(scene.pt, address(page), pages * PAGE, flags), MSET_OK);
    set_flags(page, pages, flags);
}

static void put_in_order(const struct call *call) {
    mset_pt_flushed(scene.pt);
    if (!scene.fresh || rng_chance(&scene.rng, 25)) {
        begin_anew();
    } else {
        const unsigned marks =
            rng_chance(&scene.rng, 50) ? MSET_PT_DIRTY | MSET_PT_ACCESSED : (unsigned)MSET_PT_DIRTY;
        protect_quietly(0, SOURCE, RW);
        assert_int_equal(mset_pt_harvest(scene.pt, BASE, SOURCE * PAGE, marks, NULL, NULL),
                         MSET_OK);
    }
    if (call->kind == WRITABLE) {
        protect_quietly(call->page, call->pages, MSET_READ);
    }
    mset_pt_flushed(scene.pt);
}

/* ---- one call, while the processor runs: nothing is asserted here -------------------------- */

static uint64_t pick_leaf_size(void) {
    const uint64_t sizes = mset_pt_leaf_sizes(scene.pt);
    uint64_t size;
    do {
        size = PAGE << rng_below(&scene.rng, 10);
    } while ((sizes & size) == 0);
    return size;
}

static struct call pick_call(void) {
    const unsigned sizes[] = {1, 3, 16, 40, SLOT, SLOT + 5, SOURCE};
    const unsigned begins[] = {0, 16, SLOT, SLOT + SLOT / 2, 2 * SLOT, 3 * SLOT};
    const unsigned spread[] = {1, 3, 20, SLOT};
    const unsigned shift[] = {0, 0, 1, 16};
    const unsigned both = MSET_PT_ACCESSED | MSET_PT_DIRTY;
    const unsigned marks[] = {both, both, MSET_PT_DIRTY, MSET_PT_ACCESSED};
    struct rng *const rng = &scene.rng;
    struct call call = {.kind = (enum kind)rng_below(rng, HARVEST + 1)};
    call.kind = only != NONE ? (enum kind)only : call.kind;
    call.page = begins[rng_below(rng, 6)] + (unsigned)rng_below(rng, spread[rng_below(rng, 4)]);
    call.page = call.page < SOURCE ? call.page : SOURCE - 1;
    call.pages = sizes[rng_below(rng, 7)];
    /* What is replaced gets its own frames again, which follow each other in one slot. */
    const unsigned room = call.kind == REPLACE ? SLOT - call.page % SLOT : SOURCE - call.page;
    call.pages = call.pages < room ? call.pages : room;
    call.to = call.page + SOURCE + FAR + shift[rng_below(rng, 4)];
    call.leaf = pick_leaf_size();
    call.marks = marks[rng_below(rng, 4)];
    return call;
}

static void tell(const struct mset_pt_run *run) {
    const uint64_t frame = (run->pa - FRAMES) / PAGE;
    for (uint64_t i = 0; i < run->size / PAGE && frame + i < PROCESSOR_FRAMES; i++) {
        scene.told[frame + i] |= run->dirty;
    }
}

static void compare_page(unsigned page, uint64_t pa, uint64_t flags) {
    const struct page *const model = &scene.page[page];
    if (model->frame == NONE || frame_address(model->frame) != pa) {
        scene.wrong = "another frame than was mapped";
    } else if (model->flags != flags) {
        scene.wrong = "other flags than were asked for";
    }
}

static void compare_run(const struct mset_pt_run *run) {
    const unsigned page = (unsigned)((run->va - BASE) / PAGE);
    for (unsigned i = 0; i < run->size / PAGE; i++) {
        compare_page(page + i, run->pa + i * PAGE, run->flags);
    }
    scene.compared += run->size / PAGE;
}

static void when_removed(void *arg, const struct mset_pt_run *run) {
    (void)arg;
    compare_run(run);
    tell(run);
}

static bool when_harvested(void *arg, const struct mset_pt_run *run) {
    const struct call *const call = arg;
    if ((call->marks & MSET_PT_DIRTY) != 0) {
        tell(run);
    }
    return true;
}

static uint64_t flags_of(enum kind kind) {
    return kind == READ_ONLY ? MSET_READ : kind == HIDE ? 0 : RW;
}

static mset_status prepare(const struct call *call) {
    struct mset_page_table *const pt = scene.pt;
    const uint64_t va = address(call->page), size = call->pages * PAGE;
    switch (call->kind) {
    case UNMAP:
        return mset_pt_unmap_prepare(pt, va, size, NULL);
    case REPLACE:
        return mset_pt_map_prepare(pt, va, frame_address(frame_of(call->page)), size, RW,
                                   MSET_PT_REPLACE, NULL);
    case CUT:
        return mset_pt_cut_prepare(pt, va, NULL);
    case SPLIT:
        return mset_pt_split_prepare(pt, va, size, call->leaf, NULL);
    case PROMOTE:
        return MSET_OK;
    case MOVE:
        return mset_pt_move_prepare(pt, va, address(call->to), size, NULL);
    case COPY:
        return mset_pt_copy_prepare(pt, scene.other, va, size, NULL);
    case HARVEST:
        return mset_pt_harvest_prepare(pt, va, size, NULL);
    default:
        return mset_pt_protect_prepare(pt, va, size, flags_of(call->kind), NULL);
    }
}

static mset_status change(struct call *call) {
    struct mset_page_table *const pt = scene.pt;
    const uint64_t va = address(call->page), size = call->pages * PAGE;
    switch (call->kind) {
    case UNMAP:
        return mset_pt_unmap(pt, va, size, when_removed, NULL);
    case REPLACE:
        return mset_pt_map_over(pt, va, frame_address(frame_of(call->page)), size, RW,
                                MSET_PT_REPLACE, when_removed, NULL);
    case CUT:
        return mset_pt_cut(pt, va);
    case SPLIT:
        return mset_pt_split(pt, va, size, call->leaf);
    case PROMOTE:
        return mset_pt_promote(pt, va, size);
    case MOVE:
        return mset_pt_move(pt, va, address(call->to), size);
    case COPY:
        return mset_pt_copy(pt, scene.other, va, size, true);
    case HARVEST:
        return mset_pt_harvest(pt, va, size, call->marks, when_harvested, call);
    default:
        return mset_pt_protect(pt, va, size, flags_of(call->kind));
    }
}

/* ---- afterwards, while it pauses ----------------------------------------------------------- */

static void change_model(const struct call *call) {
    switch (call->kind) {
    case READ_ONLY:
    case WRITABLE:
    case HIDE:
        set_flags(call->page, call->pages, flags_of(call->kind));
        break;
    case COPY:
        set_flags(call->page, call->pages, MSET_READ);
        break;
    case MOVE:
        memcpy(&scene.page[call->to], &scene.page[call->page], call->pages * sizeof scene.page[0]);
        /* fallthrough */
    case UNMAP:
        for (unsigned i = call->page; i < call->page + call->pages; i++) {
            scene.page[i].frame = NONE;
        }
        scene.fresh = false;
        break;
    default:
        break;
    }
}

static bool when_walked(void *arg, const struct mset_pt_run *run) {
    (void)arg;
    compare_run(run);
    return true;
}

/* The pages [page, page + pages) of a table are those of the model. */
static void compare_table(const struct call *call, const struct mset_page_table *pt, unsigned page,
                          unsigned pages) {
    const char *const invalid = mset_pt_validate(pt);
    uint64_t expected = 0;
    for (unsigned i = page; i < page + pages; i++) {
        expected += scene.page[i].frame != NONE;
    }
    scene.compared = 0;
    assert_int_equal(mset_pt_walk(pt, BASE, WINDOW * PAGE, when_walked, NULL), MSET_OK);
    if (invalid != NULL || scene.wrong != NULL || scene.compared != expected) {
        fail_msg("%s of %u pages at page %u: %s", kind_names[call->kind], call->pages, call->page,
                 invalid != NULL       ? invalid
                 : scene.wrong != NULL ? scene.wrong
                                       : "pages are missing");
    }
}

static bool is_dirty(const struct mset_page_table *pt, unsigned page) {
    struct mset_pt_run run;
    return mset_pt_query(pt, address(page), 0, &run) == MSET_OK && run.dirty;
}

static bool in_call(const struct call *call, unsigned page) {
    return page >= call->page && page - call->page < call->pages;
}

/* Which of the frames that were dirtied still are, in the table or the copy. */
static void look_for_marks(const struct call *call) {
    for (unsigned i = 0; i < WINDOW; i++) {
        const int frame = scene.page[i].frame;
        if (frame != NONE && scene.processor.dirtied[frame] != 0) {
            const bool copied = call->kind == COPY && in_call(call, i);
            scene.dirty[frame] = is_dirty(scene.pt, i) || (copied && is_dirty(scene.other, i));
        }
    }
}

static void compare_marks(const struct call *call) {
    look_for_marks(call);
    for (unsigned i = 0; i < PROCESSOR_FRAMES && scene.machine->keep_marks; i++) {
        if (scene.processor.dirtied[i] != 0 && !scene.told[i] && !scene.dirty[i]) {
            fail_msg("%s of %u pages at page %u: frame %u was dirtied, and nobody says so",
                     kind_names[call->kind], call->pages, call->page, i);
        }
    }
    memset(scene.told, 0, sizeof scene.told);
    memset(scene.dirty, 0, sizeof scene.dirty);
    memset(scene.processor.dirtied, 0, sizeof scene.processor.dirtied);
}

static void compare_copy(const struct call *call) {
    if (call->kind == COPY) {
        compare_table(call, scene.other, call->page, call->pages);
        assert_int_equal(mset_pt_unmap(scene.other, BASE, WINDOW * PAGE, NULL, NULL), MSET_OK);
        mset_pt_flushed(scene.other);
    }
}

static void play_round(void) {
    struct call call = pick_call();
    const bool early = rng_chance(&scene.rng, 50); /* prepared while there are no marks */
    put_in_order(&call);
    mset_status prepared = early ? prepare(&call) : MSET_OK;
    processor_run(&scene.processor, address(call.page), call.pages);
    prepared = early ? prepared : prepare(&call);
    failing_frames_fail(&scene.source, 1, true);
    const mset_status status = change(&call);
    failing_frames_fail(&scene.source, 0, false);
    processor_pause(&scene.processor);
    if (prepared != MSET_OK || status != MSET_OK) {
        fail_msg("%s of %u pages at page %u: prepare says %d, the call %d", kind_names[call.kind],
                 call.pages, call.page, (int)prepared, (int)status);
    }
    change_model(&call);
    compare_table(&call, scene.pt, 0, WINDOW);
    compare_marks(&call);
    compare_copy(&call);
}

static uint64_t milliseconds(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* On a busy machine the time is up before the rounds are; those asked for by hand have no limit. */
static void live_marks(void **state) {
    (void)state;
    const uint64_t begin = milliseconds();
    for (unsigned i = 0; i < rounds; i++) {
        if (rounds == ROUNDS && milliseconds() - begin > MILLISECONDS) {
            break;
        }
        play_round();
    }
}

/* ---- all machines -------------------------------------------------------------------------- */

static struct machine machines[] = {
    {.name = "x86-64", .format = &mset_pt_x86_64},
    {.name = "x86-64, promote", .format = &mset_pt_x86_64, .promote = true},
    {.name = "aarch64-4k", .format = &mset_pt_aarch64_4k},
    {.name = "aarch64-4k, BBM 2", .format = &mset_pt_aarch64_4k, .bbm_level_2 = true},
    {.name = "sv39", .format = &mset_pt_sv39},
    {.name = "loongarch64", .format = &mset_pt_loongarch64},
    {.name = "x86-64, keep", .format = &mset_pt_x86_64, .keep_marks = true},
    {.name = "x86-64, promote, keep",
     .format = &mset_pt_x86_64,
     .promote = true,
     .keep_marks = true},
    {.name = "aarch64-4k, keep", .format = &mset_pt_aarch64_4k, .keep_marks = true},
    {.name = "aarch64-4k, BBM 2, keep",
     .format = &mset_pt_aarch64_4k,
     .bbm_level_2 = true,
     .keep_marks = true},
    {.name = "sv39, keep", .format = &mset_pt_sv39, .keep_marks = true},
    {.name = "loongarch64, keep", .format = &mset_pt_loongarch64, .keep_marks = true},
};
enum { MACHINES = sizeof machines / sizeof *machines };

static bool read_arguments(int count, char **arguments) {
    rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 0) : ROUNDS;
    for (int i = 0; count > 2 && kind_names[i] != NULL; i++) {
        only = strcmp(kind_names[i], arguments[2]) == 0 ? i : only;
    }
    return count <= 2 || only != NONE;
}

int main(int argc, char **argv) {
    if (!read_arguments(argc, argv)) {
        (void)fprintf(stderr, "usage: %s [ROUNDS [CALL]]\n", argv[0]);
        return 2;
    }
    struct CMUnitTest tests[MACHINES];
    for (size_t i = 0; i < MACHINES; i++) {
        tests[i] = (struct CMUnitTest){.name = machines[i].name,
                                       .test_func = live_marks,
                                       .setup_func = open_scene,
                                       .teardown_func = close_scene,
                                       .initial_state = &machines[i]};
    }
    return cmocka_run_group_tests_name("page table, live marks", tests, NULL, NULL);
}
