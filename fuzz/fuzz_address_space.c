/*
 * fuzz_address_space.c - a set, the ready backends, and a page table of any format with 4 KiB
 * pages, as a kernel has them: the page model (tests/support) says which areas there are, the MMU
 * model (tests/mmu_model) what a processor makes of the tables, and both must agree on every page.
 *
 *     page model      area, flags, offset of each page
 *     books here      has the page a frame? what was written into it?
 *     MMU model       translation, rights; nothing stale, freed or changed without a break
 *
 * Data frames have no storage: a word per frame stands for its contents. It is 0 in a frame that
 * was free, and follows the page through protect, cuts and moves; no two pages may have the same
 * frame.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <mset/mset.h>

#include "kit/producer.h"
#include "kit/target.h"
#include "kit/word_frames.h"
#include "page_table/judge.h"
#include "support/page_model.h"

#define PAGE MSET_PAGE_SIZE
#define BASE (UINT64_C(0x80000000) - 3 * UINT64_C(0x100000)) /* a 1 GiB boundary in the middle */
#define LINEAR_BASE UINT64_C(0xa00000000)

enum {
    PAGES = 1536,
    BIG = 512,
    TABLES = 96,

    MOST_STEPS = 120,
    MOST_AREAS = 200
};

enum tenant { LINEAR, EAGER, LAZY, NOBODY, TENANTS };

struct book {
    bool filled;
    uint64_t word;
};

struct space {
    struct judge judge;
    struct word_frames data;
    struct mset_linear linear;
    struct mset_eager eager;
    struct mset_lazy lazy;
    struct mset *set;
    struct page_model model;
    struct book book[PAGES], spare[PAGES];
    uint64_t words;
    struct producer in;
    struct rng rng; /* for where it is looked at */
};

/* ---- life ----------------------------------------------------------------------------------- */

static void space_open(struct space *space, const struct mset_pt_config *config, bool merge) {
    const struct seam_rules rules = {PAGE, 0, 0};
    judge_open(&space->judge, config, TABLES);
    const struct mset_allocator *const memory = &space->judge.memory.base;
    const struct mset_options options = {.allocator = memory, .flags = merge ? MSET_MERGE : 0};
    word_frames_open(&space->data, memory);
    assert_int_equal(mset_create(&options, &space->set), MSET_OK);
    mset_linear_init(&space->linear);
    mset_eager_init(&space->eager, &space->data.base, memory);
    mset_lazy_init(&space->lazy, &space->data.base);
    model_open(&space->model, &rules, BASE, PAGES, merge);
    memset(space->book, 0, sizeof space->book);
    space->words = 0;
    space->rng.state = 1;
}

/* Unmapping all needs no memory, unless leaves were promoted across areas. */
static void space_close(struct space *space) {
    judge_flush(&space->judge);
    space->judge.source.calls = 0;
    space->judge.source.fail_at = space->judge.config.promote ? 0 : 1;
    assert_int_equal(mset_clear(space->set, space->judge.pt), MSET_OK);
    space->judge.source.fail_at = 0;
    judge_watch(&space->judge);
    assert_int_equal(space->data.live, 0);
    assert_int_equal(space->eager.held + space->lazy.held, 0);
    assert_int_equal(space->linear.areas + space->eager.areas + space->lazy.areas, 0);
    mset_destroy(space->set);
    model_close(&space->model);
    word_frames_close(&space->data);
    judge_close(&space->judge);
}

static struct mset_backend *backend_of(struct space *space, enum tenant tenant) {
    struct mset_backend *const backends[TENANTS] = {&space->linear.backend, &space->eager.backend,
                                                    &space->lazy.backend, NULL};
    return backends[tenant];
}

static bool owns_frames(const struct space *space, const struct model_page *page) {
    return page->present &&
           (page->backend == &space->eager.backend || page->backend == &space->lazy.backend);
}

/* ---- what should be there ------------------------------------------------------------------- */

/* Where the format cannot say "do not read", a leaf with any access allows it. */
static uint64_t leaf_flags(const struct space *space, uint64_t flags) {
    const uint64_t access = flags & MSET_ACCESS;
    return access | ((access & space->judge.config.format->implies_read) != 0 ? MSET_READ : 0);
}

static bool breaks_wait(const struct space *space) {
    struct mset_pt_gather gather;
    mset_pt_get_gather(space->judge.pt, &gather);
    return gather.breaks != 0;
}

static void check_place(struct space *space, size_t i, uint64_t pa) {
    const struct model_page *const page = &space->model.page[i];
    if (page->backend == &space->linear.backend) {
        assert_int_equal(pa, page->offset);
    } else {
        assert_int_equal(*word_frames_at(&space->data, pa), space->book[i].word);
    }
}

static void check_page(struct space *space, size_t i) {
    const struct model_page *const page = &space->model.page[i];
    const uint64_t va = BASE + i * PAGE;
    const bool linear = page->present && page->backend == &space->linear.backend;
    const bool there = linear || (owns_frames(space, page) && space->book[i].filled);
    const bool accessible = there && (page->flags & MSET_ACCESS) != 0;
    struct mset_pt_run run;
    struct mmu_leaf leaf;
    const bool walked = mmu_walk(&space->judge.mmu, va, &leaf);
    const mset_status status = mset_pt_query(space->judge.pt, va, 0, &run);
    assert_int_equal(status, there ? MSET_OK : MSET_NOT_FOUND);
    assert_true(walked == accessible || (accessible && breaks_wait(space)));
    if (there) {
        assert_int_equal(run.flags & MSET_ACCESS, leaf_flags(space, page->flags));
        check_place(space, i, run.pa);
    }
    if (walked) {
        assert_int_equal(leaf.pa + (va - leaf.va), run.pa);
        assert_int_equal(leaf.could, rights_of(space->judge.config.format->name,
                                               leaf_flags(space, page->flags)));
    }
}

static void check_areas(struct space *space) {
    struct mset_cursor cursor;
    struct mset_area want, got = {0};
    uint64_t count = 0;
    mset_cursor_all(&cursor, space->set);
    for (size_t page = 0; model_next_area(&space->model, page, false, &want, &page); count++) {
        assert_true(mset_cursor_next(&cursor, &got));
        assert_true(area_equal(&want, &got));
        check_page(space, (size_t)((want.start - BASE) / PAGE));
        check_page(space, page - 1);
        if (page < PAGES) {
            check_page(space, page);
        }
    }
    mset_cursor_close(&cursor);
    assert_int_equal(mset_count(space->set), count);
}

static void check_counts(const struct space *space) {
    uint64_t filled = 0;
    for (size_t i = 0; i < PAGES; i++) {
        filled += owns_frames(space, &space->model.page[i]) && space->book[i].filled;
    }
    assert_int_equal(space->data.live, filled);
    assert_int_equal(space->eager.held + space->lazy.held, filled * PAGE);
    assert_int_equal(space->linear.areas, model_areas_of(&space->model, &space->linear.backend));
    assert_int_equal(space->eager.areas, model_areas_of(&space->model, &space->eager.backend));
    assert_int_equal(space->lazy.areas, model_areas_of(&space->model, &space->lazy.backend));
}

/* The ends of all areas, and some pages; or all. */
static void check(struct space *space, bool all) {
    judge_watch(&space->judge);
    fuzz_judge(mset_validate(space->set));
    check_areas(space);
    check_counts(space);
    for (size_t i = 0; i < (all ? PAGES : 16); i++) {
        check_page(space, all ? i : (size_t)rng_below(&space->rng, PAGES));
    }
    fuzz_judge(mmu_violation(&space->judge.mmu));
}

/* ---- operations ----------------------------------------------------------------------------- */

enum kind { MAP, UNMAP, PROTECT, MOVE, GROW, SHRINK, WRITE, READ, FLUSH, TOUCH, CLEAR };

struct deed {
    enum kind kind;
    uint64_t start, size, to, flags;
    enum tenant tenant;
    unsigned how;
    bool planned;
};

static uint64_t pick_start(struct producer *in) {
    const unsigned choice = producer_choice(in, 0, 16);
    const uint64_t page = choice < 6    ? (uint64_t)choice * (BIG / 2)
                          : choice < 12 ? (uint64_t)choice % 3 * BIG + producer_size(in, 0, 0, 31)
                                        : producer_size(in, 0, 0, PAGES - 1);
    return BASE + page * PAGE;
}

static uint64_t pick_size(struct producer *in, uint64_t room) {
    const uint64_t sizes[] = {1, 2, 8, BIG - 1, BIG, BIG + 1, UINT64_C(2) * BIG, BIG / 2};
    const unsigned choice = producer_choice(in, 0, 16);
    const uint64_t wish =
        PAGE * (choice < 8 ? sizes[choice] : producer_size(in, 0, 1, choice < 14 ? 16 : PAGES));
    return wish < room ? wish : room;
}

static uint64_t room_behind(uint64_t start) {
    return BASE + PAGES * PAGE - start;
}

static struct deed pick_deed(struct producer *in) {
    /* Engines like zeros and ones: the first and the last are none that empties or fills it all. */
    static const uint64_t kinds[] = {WRITE, MAP,     UNMAP, PROTECT, MOVE,  MAP,     GROW, SHRINK,
                                     READ,  PROTECT, FLUSH, TOUCH,   MAP,   PROTECT, MOVE, WRITE,
                                     UNMAP, MAP,     CLEAR, PROTECT, WRITE, READ,    MAP,  PROTECT};
    static const uint64_t flags[] = {
        MSET_READ | MSET_WRITE,       MSET_READ, 0, MSET_READ | MSET_EXEC, MSET_READ | MSET_WRITE,
        MSET_READ | UINT64_C(1) << 40};
    struct deed d = {.kind = (enum kind)producer_pick(in, 0, kinds, sizeof kinds / sizeof *kinds)};
    const unsigned bits = producer_choice(in, 0, 8);
    d.how = bits & 1; /* to replace; the high side; no holes */
    d.planned = (bits & 6) == 6;
    d.start = pick_start(in);
    d.size = pick_size(in, room_behind(d.start));
    d.flags = producer_pick(in, 0, flags, sizeof flags / sizeof *flags);
    d.tenant = d.kind == MAP ? (enum tenant)producer_choice(in, 0, TENANTS) : LINEAR;
    if (d.kind == MOVE) {
        d.to = pick_start(in);
        d.size = d.size < room_behind(d.to) ? d.size : room_behind(d.to);
    }
    return d;
}

static bool set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

static struct mset_area area_of(struct space *space, const struct deed *d) {
    return (struct mset_area){d->start, d->size, d->flags, backend_of(space, d->tenant),
                              LINEAR_BASE + (d->start - BASE)};
}

static mset_status plan(struct space *space, const struct deed *d, struct mset_plan **made) {
    const struct mset_area area = area_of(space, d);
    struct mset *const set = space->set;
    void *const pt = space->judge.pt;
    uint64_t flags = d->flags;
    switch (d->kind) {
    case MAP:
        return mset_plan_map(set, &area, d->how, pt, made);
    case UNMAP:
        return mset_plan_unmap(set, d->start, d->size, pt, made);
    case PROTECT:
        return mset_plan_protect(set, d->start, d->size, (enum mset_holes)d->how, set_flags, &flags,
                                 pt, made);
    case MOVE:
        return mset_plan_move(set, d->start, d->size, d->to, d->how, pt, made);
    case GROW:
        return mset_plan_grow(set, d->start, d->how, d->size, pt, made);
    case SHRINK:
        return mset_plan_shrink(set, d->start, d->how, d->size, pt, made);
    default:
        return mset_plan_clear(set, pt, made);
    }
}

static mset_status perform(struct space *space, const struct deed *d) {
    const struct mset_area area = area_of(space, d);
    struct mset *const set = space->set;
    void *const pt = space->judge.pt;
    uint64_t flags = d->flags;
    switch (d->kind) {
    case MAP:
        return mset_map(set, &area, d->how, pt);
    case UNMAP:
        return mset_unmap(set, d->start, d->size, pt);
    case PROTECT:
        return mset_protect(set, d->start, d->size, (enum mset_holes)d->how, set_flags, &flags, pt);
    case MOVE:
        return mset_move(set, d->start, d->size, d->to, d->how, pt);
    case GROW:
        return mset_grow(set, d->start, d->how, d->size, pt);
    case SHRINK:
        return mset_shrink(set, d->start, d->how, d->size, pt);
    case CLEAR:
        return mset_clear(set, pt);
    default:
        return mset_fault(set, d->start, d->kind == WRITE ? MSET_WRITE : MSET_READ, pt);
    }
}

static mset_status foretell(struct space *space, const struct deed *d) {
    const struct mset_area area = area_of(space, d);
    struct page_model *const model = &space->model;
    uint64_t flags = d->flags;
    switch (d->kind) {
    case MAP:
        return model_map(model, &area, d->how);
    case UNMAP:
        return model_unmap(model, d->start, d->size);
    case PROTECT:
        return model_protect(model, d->start, d->size, (enum mset_holes)d->how, set_flags, &flags);
    case MOVE:
        return model_move(model, d->start, d->size, d->to, d->how);
    case GROW:
        return model_grow(model, d->start, d->how, d->size);
    case SHRINK:
        return model_shrink(model, d->start, d->how, d->size);
    case CLEAR:
        return model_clear(model);
    default:
        return model_fault(model, d->start, d->kind == WRITE ? MSET_WRITE : MSET_READ);
    }
}

/* Would an area grow out of the universe? The model cannot follow it there. */
static bool leaves_universe(const struct space *space, const struct deed *d) {
    struct mset_area area;
    if (d->kind != GROW || !model_find(&space->model, d->start, &area)) {
        return false;
    }
    return d->how == MSET_LOW ? d->size > area.start - BASE
                              : d->size > room_behind(area.start + (area.size - 1)) - 1;
}

/* ---- books ---------------------------------------------------------------------------------- */

static void keep_books(struct space *space, const struct deed *d) {
    const size_t lo = (size_t)((d->start - BASE) / PAGE), pages = (size_t)(d->size / PAGE);
    const size_t to = d->kind == MOVE ? (size_t)((d->to - BASE) / PAGE) : 0;
    if (d->kind == MAP) {
        memset(&space->book[lo], 0, pages * sizeof *space->book);
    } else if (d->kind == MOVE) {
        memcpy(space->spare, &space->book[lo], pages * sizeof *space->book);
        memset(&space->book[lo], 0, pages * sizeof *space->book);
        memcpy(&space->book[to], space->spare, pages * sizeof *space->book);
    } else if (d->kind == READ || d->kind == WRITE) {
        space->book[lo].filled = true;
    }
    for (size_t i = 0; i < PAGES; i++) { /* eager areas have their frames as soon as they can */
        const struct model_page *const page = &space->model.page[i];
        if (!page->present) {
            space->book[i] = (struct book){false, 0};
        } else if (page->backend == &space->eager.backend && (page->flags & MSET_ACCESS) != 0) {
            space->book[i].filled = true;
        }
    }
}

/* After a write fault the access can be made; what it writes is then in that page only. */
static void write_word(struct space *space, const struct deed *d) {
    const size_t i = (size_t)((d->start - BASE) / PAGE);
    struct mset_pt_run run;
    if (owns_frames(space, &space->model.page[i])) {
        assert_int_equal(mset_pt_query(space->judge.pt, d->start, 0, &run), MSET_OK);
        space->book[i].word = *word_frames_at(&space->data, run.pa) = ++space->words;
    }
}

/* ---- a step --------------------------------------------------------------------------------- */

/* The arguments between the set and the page table. */
static void deed_text(const struct deed *d, char *text, size_t size) {
    static const char *const tenants[] = {"&linear.backend", "&eager.backend", "&lazy.backend",
                                          "NULL"};
    const uint64_t start = d->start;
    switch (d->kind) {
    case MAP:
        (void)snprintf(
            text, size,
            ", &(struct mset_area){%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %s, %#" PRIx64 "}, %u",
            start, d->size, d->flags, tenants[d->tenant], LINEAR_BASE + (start - BASE), d->how);
        break;
    case UNMAP:
        (void)snprintf(text, size, ", %#" PRIx64 ", %#" PRIx64, start, d->size);
        break;
    case PROTECT:
        (void)snprintf(text, size,
                       ", %#" PRIx64 ", %#" PRIx64
                       ", %u, mset_conformance_set_flags, &(uint64_t){%#" PRIx64 "}",
                       start, d->size, d->how, d->flags);
        break;
    case MOVE:
        (void)snprintf(text, size, ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %u", start, d->size,
                       d->to, d->how);
        break;
    case GROW:
    case SHRINK:
        (void)snprintf(text, size, ", %#" PRIx64 ", %u, %#" PRIx64, start, d->how, d->size);
        break;
    case CLEAR:
        text[0] = '\0';
        break;
    default:
        (void)snprintf(text, size, ", %#" PRIx64 ", %s", start,
                       d->kind == WRITE ? "MSET_WRITE" : "MSET_READ");
        break;
    }
}

static void print_deed(const struct deed *d) {
    static const char *const names[] = {"map",   "unmap", "protect", "move", "grow", "shrink",
                                        "fault", "fault", "",        "",     "clear"};
    char text[256];
    if (d->kind == FLUSH) {
        fuzz_print("    judge_flush(&judge);\n");
        return;
    }
    if (d->kind == TOUCH) {
        fuzz_print("    judge_touch(&judge, %#" PRIx64 ", %d);\n", d->start, d->how != 0);
        return;
    }
    deed_text(d, text, sizeof text);
    if (d->planned && d->kind != READ && d->kind != WRITE) {
        fuzz_print("    if (mset_plan_%s(set%s, judge.pt, &plan) == MSET_OK) "
                   "mset_plan_commit(plan);\n",
                   names[d->kind], text);
    } else {
        fuzz_print("    (void)mset_%s(set%s, judge.pt);\n", names[d->kind], text);
    }
    fuzz_print("    judge_watch(&judge);\n");
}

static void print_begin(const struct mset_pt_config *c, bool merge) {
    fuzz_print("static void test_found_by_fuzz_address_space(void **state) {\n"
               "    (void)state;\n"
               "    static struct judge judge;\n"
               "    struct mset_buddy *data;\n"
               "    struct mset_linear linear;\n    struct mset_eager eager;\n"
               "    struct mset_lazy lazy;\n    struct mset *set;\n    struct mset_plan *plan;\n"
               "    const struct mset_pt_config config = {.format = mset_pt_format_find(\"%s\"),\n"
               "        .leaf_sizes = %#" PRIx64 ", .hardware_marks = true, .pa_bits = 40,\n"
               "        .promote = %d, .keep_marks = %d, .bbm_level_2 = %d};\n",
               c->format->name, c->leaf_sizes, c->promote, c->keep_marks, c->bbm_level_2);
    fuzz_print("    judge_open(&judge, &config, %d);\n"
               "    mset_buddy_create(&(struct mset_buddy_config){.base = %#" PRIx64
               ", .size = %#" PRIx64 "}, &data);\n"
               "    mset_create(&(struct mset_options){.flags = %d}, &set);\n"
               "    mset_linear_init(&linear);\n"
               "    mset_eager_init(&eager, mset_buddy_frames(data), NULL);\n"
               "    mset_lazy_init(&lazy, mset_buddy_frames(data));\n",
               TABLES, WORD_BASE, WORD_FRAMES * PAGE, merge);
}

static void print_end(void) {
    fuzz_print("    mset_clear(set, judge.pt);\n    mset_destroy(set);\n"
               "    mset_buddy_destroy(data);\n    judge_close(&judge);\n    (void)plan;\n}\n");
}

/* What was planned is committed without any memory. */
static mset_status carry_out(struct space *space, const struct deed *d) {
    struct mset_plan *made;
    if (!d->planned || d->kind == READ || d->kind == WRITE) {
        return perform(space, d);
    }
    const mset_status status = plan(space, d, &made);
    if (status != MSET_OK) {
        return status;
    }
    space->data.calls = space->judge.source.calls = 0;
    space->data.fail_at = space->judge.source.fail_at = 1;
    counting_allocator_fail(&space->judge.memory, 1, true);
    assert_int_equal(mset_plan_commit(made), MSET_OK);
    counting_allocator_fail(&space->judge.memory, 0, false);
    space->data.fail_at = space->judge.source.fail_at = 0;
    return MSET_OK;
}

static void deed(struct space *space, const struct deed *d) {
    if (leaves_universe(space, d)) {
        return;
    }
    print_deed(d);
    space->data.refused = space->judge.source.refused = 0;
    const mset_status status = carry_out(space, d);
    if (status == MSET_NO_MEMORY) {
        assert_true(space->data.refused + space->judge.source.refused != 0);
        return;
    }
    assert_int_equal(foretell(space, d), status);
    if (status == MSET_OK) {
        keep_books(space, d);
        if (d->kind == WRITE) {
            write_word(space, d);
        }
    }
}

static void step(struct space *space) {
    const struct deed d = pick_deed(&space->in);
    if (d.kind == TOUCH) {
        print_deed(&d);
        judge_touch(&space->judge, d.start, d.how != 0);
    } else if (d.kind == FLUSH || space->judge.mmu.limbos > MMU_LIMBO / 8 ||
               2 * space->judge.source.live > TABLES) {
        print_deed(&(struct deed){.kind = FLUSH});
        judge_flush(&space->judge);
    } else {
        deed(space, &d);
    }
    if (mset_count(space->set) > MOST_AREAS) {
        deed(space, &(struct deed){.kind = CLEAR, .start = BASE, .size = PAGE});
    }
    check(space, false);
}

/* ---- the target ----------------------------------------------------------------------------- */

/* The nth format with 4 KiB pages, counted around. */
static const struct mset_pt_format *small_format(unsigned n) {
    const struct mset_pt_format *format;
    for (size_t i = 0;; i = mset_pt_format_at(i + 1) == NULL ? 0 : i + 1) {
        format = mset_pt_format_at(i);
        if ((format->leaf_sizes & PAGE) != 0 && n-- == 0) {
            return format;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct space space;
    producer_read(&space.in, data, size);
    const struct mset_pt_format *const format = small_format(producer_choice(&space.in, 0, 16));
    const unsigned bits = producer_choice(&space.in, 0, 16);
    const struct mset_pt_config config = {.format = format,
                                          .leaf_sizes = format->leaf_sizes,
                                          .hardware_marks = true,
                                          .pa_bits = 40,
                                          .promote = (bits & 2) != 0,
                                          .keep_marks = (bits & 4) != 0,
                                          .bbm_level_2 = (bits & 8) != 0};
    print_begin(&config, (bits & 1) != 0);
    space_open(&space, &config, (bits & 1) != 0);
    for (unsigned steps = 0; producer_more(&space.in) && steps < MOST_STEPS; steps++) {
        step(&space);
    }
    check(&space, true);
    print_end();
    space_close(&space);
    return 0;
}
