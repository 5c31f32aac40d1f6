/*
 * fuzz_page_table.c - every call of a page table in every format, under the MMU model with its
 * caches (tests/mmu_model, tests/page_table/judge.h).
 *
 *     byte 0   the format          byte 1   its options          then steps
 *
 * Addresses lie around the places where sizes of leaves change. A step is a call, direct, prepared
 * or short of memory; accesses of a processor; a flush; a fork; a row of calls prepared together;
 * questions; or an oddity: calls with wrong arguments, announcements in any order, tables that
 * cannot be made, a fork in two steps, a word of a table that is damaged and put right.
 */
#include <inttypes.h>
#include <cmocka.h>

#include "kit/producer.h"
#include "kit/table_abuse.h"
#include "kit/table_births.h"
#include "kit/table_damage.h"
#include "kit/target.h"
#include "page_table/pt_call.h"
#include "page_table/sequence.h"

enum { TABLES = 80, LARGE_TABLES = 40, MOST_STEPS = 200, MOST_SPANS = 60 };

enum step_of { CALL, TOUCH, FLUSH, MARK, COPY, ROW, ASK, ODD };

struct play {
    struct every every;
    struct judge *judge;
    struct producer in;
    struct rng rng; /* for what the judge looks at beside the ends of spans */
    struct spots spots;
    uint64_t frames; /* for tables */
    uint64_t flags[PT_FLAGS];
    size_t flags_count;
};

/* ---- choices -------------------------------------------------------------------------------- */

static uint64_t pages(struct play *play, uint64_t most) {
    return producer_size(&play->in, 0, 0, most) * play->spots.page;
}

/* Up to 255 pages, or up to two slots, from a place where something changes. */
static uint64_t pick_address(struct play *play) {
    const struct spots *const s = &play->spots;
    const unsigned choice = producer_choice(&play->in, 0, 4 * SPOTS);
    const uint64_t place = spots_place(s, choice % SPOTS);
    switch (choice / SPOTS) {
    case 0:
        return place;
    case 1:
        return place + pages(play, 255);
    case 2:
        return place + pages(play, s->slot_1 / s->page - 1);
    default:
        return place + s->group * producer_size(&play->in, 0, 0, 7);
    }
}

static uint64_t pick_size(struct play *play, uint64_t va) {
    const struct spots *const s = &play->spots;
    const uint64_t sizes[] = {s->page,   3 * s->page,   s->group, s->slot_1 - s->page,
                              s->slot_1, 2 * s->slot_1, s->slot_2};
    const unsigned choice = producer_choice(&play->in, 0, 16);
    uint64_t size = s->page + (choice > 13 ? pages(play, 255) : 0);
    if (choice < 7) {
        size = sizes[choice];
    } else if (choice < 14) { /* up to a boundary */
        size = (va / sizes[choice - 7] + 1) * sizes[choice - 7] - va;
    }
    const uint64_t room = s->window + (s->window_size - 1) - va + 1;
    return size <= room ? size : room;
}

/* Large runs are aligned alike on both sides: else they are nothing but small leaves. */
static uint64_t pick_pa(struct play *play, uint64_t va, uint64_t size) {
    const struct spots *const s = &play->spots;
    const unsigned choice = producer_choice(&play->in, 0, 8);
    const uint64_t far = (1 + choice / 4) * s->slot_2;
    if (size > 4 * s->slot_1 || choice % 4 == 0) {
        return far + va % s->slot_2;
    }
    const uint64_t within = choice % 4 == 1 ? va % s->slot_1 : va % s->group;
    return far + within + (choice % 4 == 3 ? s->page : 0);
}

static uint64_t pick_flags(struct play *play) {
    return producer_pick(&play->in, 0, play->flags, play->flags_count);
}

static uint64_t pick_leaf_size(struct play *play) {
    const struct every *const t = &play->every;
    return t->kind[producer_choice(&play->in, 0, t->kinds)].size;
}

static void pick_kind(struct play *play, struct pt_call *call) {
    static const uint64_t kinds[] = {
        PT_PROTECT, PT_MAP,   PT_UNMAP, PT_MAP,  PT_MOVE, PT_CUT,     PT_SPLIT, PT_HARVEST,
        PT_PROMOTE, PT_UNMAP, PT_MAP,   PT_MOVE, PT_MAP,  PT_PROTECT, PT_MAP,   PT_PROTECT};
    call->kind = (enum pt_kind)producer_pick(&play->in, 0, kinds, sizeof kinds / sizeof *kinds);
    if (call->kind == PT_HARVEST && play->every.format->marks_optional &&
        !play->judge->config.hardware_marks) {
        call->kind = PT_CUT; /* a leaf without marks would fault, and there is no handler here */
    }
}

static struct pt_call pick_call(struct play *play) {
    struct pt_call call = {.kind = PT_MAP};
    pick_kind(play, &call);
    const unsigned manner = producer_choice(&play->in, 0, 64);
    call.va = pick_address(play);
    call.size = pick_size(play, call.va);
    call.overlap = (enum mset_pt_overlap)(manner % 4 % 3);
    call.tell = (manner & 4) != 0;
    call.prepared = (manner & 24) == 24;
    if (call.kind == PT_MAP && (manner & 32) != 0) {
        call.flags = MSET_PT_MARKER;
        call.pa = producer_size(&play->in, 0, 0, UINT32_MAX);
    } else if (call.kind == PT_MAP || call.kind == PT_PROTECT) {
        call.flags = pick_flags(play);
        call.pa = call.kind == PT_MAP ? pick_pa(play, call.va, call.size) : 0;
    }
    if (call.kind != PT_MAP && (manner & 32) != 0) {
        call.fail_at = 1 + producer_size(&play->in, 0, 0, 3);
    }
    call.to = call.kind == PT_MOVE ? pick_address(play) : 0;
    call.leaf = call.kind == PT_SPLIT ? pick_leaf_size(play) : 0;
    if (call.kind == PT_SPLIT && call.leaf < play->spots.slot_1 &&
        call.size > 2 * play->spots.slot_1) {
        call.size = 2 * play->spots.slot_1; /* a leaf of level 2 is still split as a whole */
    }
    return call;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void play_call(struct play *play) {
    const struct pt_call call = pick_call(play);
    char text[256];
    if (pt_call_meets(&play->spots, &call)) {
        return;
    }
    fuzz_print("    /* %s */\n", pt_call_text(&call, text, sizeof text));
    fuzz_print("    pt_call_make(&judge, &spots, &(struct pt_call){.kind = %d, .va = %#" PRIx64
               ", .size = %#" PRIx64 ", .pa = %#" PRIx64 ",\n        .flags = %#" PRIx64
               ", .to = %#" PRIx64 ", .leaf = %#" PRIx64
               ", .overlap = %d, .tell = %d, .prepared = %d, .fail_at = %" PRIu64 "});\n",
               (int)call.kind, call.va, call.size, call.pa, call.flags, call.to, call.leaf,
               (int)call.overlap, call.tell, call.prepared, call.fail_at);
    pt_call_make(play->judge, &play->spots, &call);
}

/* The first address from va on where something is mapped, if there is one. */
static uint64_t mapped_from(const struct play *play, uint64_t va) {
    const struct spans *const spans = &play->judge->spans;
    const size_t at = spans_at(spans, va);
    return at < spans->count && spans->span[at].start > va ? spans->span[at].start : va;
}

static void play_touch(struct play *play) {
    const uint64_t place = pick_address(play);
    const unsigned how = producer_choice(&play->in, 0, 4);
    const uint64_t va = how / 2 != 0 ? mapped_from(play, place) : place;
    const bool write = how % 2 != 0;
    fuzz_print("    judge_touch(&judge, %#" PRIx64 ", %d);\n", va, write);
    judge_touch(play->judge, va, write);
}

static void play_flush(struct play *play) {
    fuzz_print("    judge_flush(&judge);\n");
    judge_flush(play->judge);
}

/* A mark, as a fault handler sets it. */
static void play_mark(struct play *play) {
    static const unsigned kinds[] = {MSET_PT_ACCESSED, MSET_PT_DIRTY,
                                     MSET_PT_ACCESSED | MSET_PT_DIRTY};
    const uint64_t place = pick_address(play);
    const unsigned how = producer_choice(&play->in, 0, 6), marks = kinds[how % 3];
    const uint64_t va = how / 3 != 0 ? mapped_from(play, place) : place;
    const struct span *const span = spans_find(&play->judge->spans, va);
    mset_status expected = MSET_OK;
    if (span == NULL || span->flags == MSET_PT_MARKER || (span->flags & MSET_ACCESS) == 0) {
        expected = MSET_NOT_FOUND;
    } else if ((marks & MSET_PT_DIRTY) != 0 && (span->flags & MSET_WRITE) == 0) {
        expected = MSET_ACCESS_DENIED;
    }
    fuzz_print("    assert_int_equal(mset_pt_mark(judge.pt, %#" PRIx64 ", %u), %d);\n", va, marks,
               (int)expected);
    assert_int_equal(mset_pt_mark(play->judge->pt, va, marks), expected);
    judge_watch(play->judge);
    if (expected == MSET_OK) {
        struct mset_pt_run run;
        assert_int_equal(mset_pt_query(play->judge->pt, va, 0, &run), MSET_OK);
        assert_true((marks & MSET_PT_ACCESSED) == 0 || run.accessed);
        assert_true((marks & MSET_PT_DIRTY) == 0 || run.dirty);
    }
}

static void play_copy(struct play *play) {
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    const bool write_protect = producer_choice(&play->in, 0, 2) != 0;
    fuzz_print("    pt_call_copy(&judge, %#" PRIx64 ", %#" PRIx64 ", %d);\n", va, size,
               write_protect);
    pt_call_copy(play->judge, va, size, write_protect);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void print_row(const struct sequence *row) {
    fuzz_print("    {\n        const struct sequence row = {%u, {", row->count);
    for (unsigned i = 0; i < row->count; i++) {
        const struct step *const s = &row->step[i];
        fuzz_print("\n            {%d, %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
                   ", %#" PRIx64 ", MSET_PT_REFUSE},",
                   (int)s->kind, s->va, s->size, s->to, s->pa, s->flags);
    }
    fuzz_print("}};\n        (void)sequence_bound(&t, &row);\n    }\n");
}

/* Into what is left of the room from `at` on, from beside it. */
static void add_move(struct play *play, struct sequence *row, uint64_t at, uint64_t end) {
    const struct spots *const s = &play->spots;
    const struct step *const room = &row->step[row->count - 1];
    const uint64_t from = pick_address(play),
                   size = s->page * (1 + producer_choice(&play->in, 0, 256));
    const uint64_t last = from + (size - 1);
    const bool beside = last < room->va || from > room->va + (room->size - 1);
    if (beside && size <= end - at && size - 1 <= s->window + (s->window_size - 1) - from) {
        sequence_move(row, from, at, size);
    }
}

/* A room is emptied in pieces; then a move, or up to three maps, come into it, ascending. */
static void play_row(struct play *play) {
    const struct spots *const s = &play->spots;
    struct sequence row = {.count = 0};
    const uint64_t va = pick_address(play);
    uint64_t size = pick_size(play, va), at = va;
    size = size > 4 * s->slot_1 ? 4 * s->slot_1 : size;
    if (4 * play->judge->source.live > play->frames) {
        return; /* it must not fail for want of memory */
    }
    for (unsigned pieces = producer_choice(&play->in, 0, 3); pieces != 0; pieces--) {
        const uint64_t part = s->page + pages(play, 255);
        if (part < va + (size - 1) - at + 1) {
            sequence_unmap(&row, at, part);
            at += part;
        }
    }
    sequence_unmap(&row, at, size - (at - va));
    sequence_room(&row, va, size);
    at = va;
    if (producer_choice(&play->in, 0, 4) == 3) {
        add_move(play, &row, va + size / 2 / s->page * s->page, va + size);
        at = va + size; /* nothing else */
    }
    for (unsigned maps = producer_choice(&play->in, 0, 4); maps != 0 && at - va < size; maps--) {
        const uint64_t from = at + pages(play, 63), left = size - (from - va);
        if (from - va < size) {
            const uint64_t wish = pick_size(play, from), length = wish < left ? wish : left;
            const uint64_t pa = pick_pa(play, from, length), flags = pick_flags(play);
            sequence_map(&row, from, pa, length, flags);
            at = from + length;
        }
    }
    print_row(&row);
    (void)sequence_bound(&play->every, &row);
}

/* ---- questions ------------------------------------------------------------------------------ */

static bool stop_after(void *arg, const struct mset_pt_run *run) {
    (void)run;
    return --*(unsigned *)arg != 0;
}

/* The first run, and a walk that is left early. */
static void play_ask(struct play *play) {
    const struct mset_page_table *const pt = play->judge->pt;
    const struct spans *const spans = &play->judge->spans;
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    const size_t first = spans_at(spans, va);
    const bool any = !spans_free(spans, va, va + (size - 1));
    unsigned runs = 1 + producer_choice(&play->in, 0, 4);
    struct mset_pt_run run;
    const mset_status status = mset_pt_next(pt, va, size, &run);
    assert_int_equal(status, any ? MSET_OK : MSET_NOT_FOUND);
    if (any) {
        const struct span *const span = &spans->span[first];
        assert_true(run.va == (span->start > va ? span->start : va));
        assert_true(run.size - 1 <= va + (size - 1) - run.va);
        assert_int_equal(run.flags, span->flags);
    }
    assert_int_equal(mset_pt_walk(pt, va, size, stop_after, &runs), MSET_OK);
    if (mset_pt_query(pt, va, size, &run) == MSET_OK) {
        assert_true(run.va == va && run.size != 0);
        assert_int_equal(run.flags, spans_find(spans, va)->flags);
    }
    const uint64_t flags = pick_flags(play);
    assert_int_equal(mset_pt_may_map(pt, va, va & (play->spots.slot_2 - 1), size, flags), MSET_OK);
}

/* ---- announcements -------------------------------------------------------------------------- */

/* One call is prepared, whether or not it fits those before it. */
static mset_status announce(struct play *play, enum pt_kind kind, struct mset_pt_need *need) {
    struct mset_page_table *const pt = play->judge->pt;
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    switch (kind) {
    case PT_MAP: {
        const enum mset_pt_overlap overlap = (enum mset_pt_overlap)producer_choice(&play->in, 0, 3);
        const uint64_t flags = pick_flags(play), pa = pick_pa(play, va, size);
        return mset_pt_map_prepare(pt, va, pa, size, flags, overlap, need);
    }
    case PT_UNMAP:
        return mset_pt_unmap_prepare(pt, va, size, need);
    case PT_PROTECT:
        return mset_pt_protect_prepare(pt, va, size, pick_flags(play), need);
    case PT_MOVE:
        return mset_pt_move_prepare(pt, va, pick_address(play), size, need);
    case PT_CUT:
        return mset_pt_cut_prepare(pt, va, need);
    case PT_SPLIT:
        return mset_pt_split_prepare(pt, va, play->spots.page, pick_leaf_size(play), need);
    case PT_HARVEST:
        return mset_pt_harvest_prepare(pt, va, size, need);
    default:
        return mset_pt_prepare_room(pt, va, size);
    }
}

/* Whatever is announced, in whatever order: nothing happens, exactly the frames that are said are
   taken, and all of them come back. */
static void play_announce(struct play *play) {
    struct every *const t = &play->every;
    mset_pt_prepare_drop(play->judge->pt);
    const struct every_state before = every_state(t);
    for (unsigned n = 1 + producer_choice(&play->in, 0, 6); n != 0; n--) {
        struct mset_pt_need need = {{0}};
        uint64_t frames = play->judge->source.live;
        play->judge->source.refused = 0;
        const mset_status status =
            announce(play, (enum pt_kind)producer_choice(&play->in, 0, PT_KINDS), &need);
        const bool short_of = play->judge->source.refused != 0;
        assert_true((status == MSET_NO_MEMORY) == short_of);
        for (unsigned level = 0; status == MSET_OK && level <= t->top; level++) {
            frames += need.tables[level] * every_frames(t, level);
        }
        assert_int_equal(play->judge->source.live, frames);
    }
    mset_pt_prepare_drop(play->judge->pt);
    every_unchanged(t, &before);
}

/* ---- wrong arguments and other oddities ----------------------------------------------------- */

static void play_abuse(struct play *play, uint64_t va, uint64_t size, unsigned how) {
    const struct every_state before = every_state(&play->every);
    const mset_status status = table_abuse(play->judge, &play->spots, va, size, how);
    fuzz_print("    /* wrong arguments, %u: \"%s\" */\n", how, mset_status_text(status));
    assert_true(status == MSET_INVALID_PARAM || status == MSET_UNSUPPORTED);
    every_unchanged(&play->every, &before);
}

static void play_birth(struct play *play, uint64_t va, uint64_t size) {
    const struct every_state before = every_state(&play->every);
    const unsigned how = producer_choice(&play->in, 0, TABLE_BIRTHS);
    fuzz_print("    /* another table, %u */\n", how);
    table_birth(play->judge, &play->spots, va, size, how);
    every_unchanged(&play->every, &before);
}

static void play_copy_again(struct play *play, uint64_t va, uint64_t size) {
    const uint64_t page = play->spots.page, most = size / page - 1;
    const uint64_t part = page * (1 + producer_size(&play->in, 0, 0, most > 255 ? 255 : most));
    const uint64_t fail_at = producer_choice(&play->in, 0, 5);
    fuzz_print("    pt_call_copy_again(&judge, %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %" PRIu64
               ");\n",
               va, size, part, fail_at);
    pt_call_copy_again(play->judge, va, size, part, fail_at);
}

static void play_damage(struct play *play) {
    const uint64_t place = pick_address(play);
    const unsigned how = producer_choice(&play->in, 0, 10);
    const struct table_damage damage = {.va = how / 5 != 0 ? mapped_from(play, place) : place,
                                        .depth = how % 5,
                                        .bit = producer_choice(&play->in, 0, 96),
                                        .like = pick_address(play)};
    const char *const said = table_damage(play->judge, &damage);
    fuzz_print("    /* damage: \"%s\" */\n", said == NULL ? "" : said);
}

static void play_odd(struct play *play) {
    enum { ALL = 48, BIRTH = 51, AGAIN = 54, ANNOUNCE = 57, DAMAGE = 64 };
    const uint64_t va = pick_address(play), size = pick_size(play, va);
    const unsigned how = producer_choice(&play->in, 0, DAMAGE + 8);
    if (how < ALL) {
        play_abuse(play, va, size, how);
    } else if (how < BIRTH) { /* all of them */
        for (unsigned n = 0; n < TABLE_ABUSES; n++) {
            play_abuse(play, va, size, n);
        }
        table_nothing(play->judge);
    } else if (how < AGAIN) {
        play_birth(play, va, size);
    } else if (how < ANNOUNCE) {
        play_copy_again(play, va, size);
    } else if (how < DAMAGE) {
        play_announce(play);
    } else {
        play_damage(play);
    }
}

/* ---- a game --------------------------------------------------------------------------------- */

static void play_step(struct play *play) {
    static const uint64_t steps[] = {CALL, CALL, CALL, CALL, TOUCH, FLUSH, CALL, TOUCH,
                                     MARK, COPY, ROW,  CALL, ASK,   ODD,   ODD,  CALL};
    switch ((enum step_of)producer_pick(&play->in, 0, steps, sizeof steps / sizeof *steps)) {
    case TOUCH:
        play_touch(play);
        break;
    case FLUSH:
        play_flush(play);
        break;
    case MARK:
        play_mark(play);
        break;
    case COPY:
        play_copy(play);
        break;
    case ROW:
        play_row(play);
        break;
    case ASK:
        play_ask(play);
        break;
    case ODD:
        play_odd(play);
        break;
    default:
        play_call(play);
        break;
    }
    judge_check(play->judge, &play->rng);
}

/* Memory, the model's books, and the spans have an end. */
static void keep_small(struct play *play) {
    struct judge *const judge = play->judge;
    const struct spots *const s = &play->spots;
    const bool full = 2 * judge->source.live > play->frames;
    if (full || judge->mmu.limbos > MMU_LIMBO / 8) {
        play_flush(play);
    }
    if (judge->spans.count > MOST_SPANS || 2 * judge->source.live > play->frames) {
        fuzz_print("    every_unmap(&t, %#" PRIx64 ", %#" PRIx64 ");\n", s->window, s->window_size);
        every_unmap(&play->every, s->window, s->window_size);
        play_flush(play);
    }
}

static struct mset_pt_config pick_config(struct producer *in) {
    size_t formats = 0;
    while (mset_pt_format_at(formats) != NULL) {
        formats++;
    }
    const unsigned format = producer_choice(in, 0, (unsigned)formats);
    const unsigned bits = producer_choice(in, 0, 64);
    struct mset_pt_config config = {.format = mset_pt_format_at(format), .pa_bits = 46};
    config.promote = (bits & 1) != 0;
    config.hardware_marks = (bits & 2) != 0;
    config.bbm_level_2 = (bits & 4) != 0;
    config.upper = config.format->two_roots && (bits & 8) != 0;
    config.keep_marks = (bits & 16) != 0;
    config.leaf_sizes = (bits & 32) != 0 ? config.format->leaf_sizes : 0;
    return config;
}

/* Every look at the tables is at all of them, so there are few. */
static uint64_t frames_for(const struct mset_pt_format *format) {
    const uint64_t page = format->leaf_sizes & -format->leaf_sizes;
    return page == MSET_PAGE_SIZE ? TABLES : LARGE_TABLES * page / MSET_PAGE_SIZE;
}

static void print_begin(const struct mset_pt_config *c, bool top, uint64_t frames) {
    fuzz_print("static void test_found_by_fuzz_page_table(void **state) {\n"
               "    (void)state;\n"
               "    static struct every t;\n"
               "    struct spots spots;\n"
               "    struct mset_pt_config config = {.pa_bits = 46, .promote = %d,\n"
               "        .hardware_marks = %d, .bbm_level_2 = %d, .upper = %d, .keep_marks = %d,\n"
               "        .leaf_sizes = %#" PRIx64 "};\n"
               "    config.format = mset_pt_format_find(\"%s\");\n"
               "    every_open_with(&t, &config, %" PRIu64 ");\n"
               "    spots_find(&spots, &t.judge, %d);\n"
               "#define judge t.judge\n",
               c->promote, c->hardware_marks, c->bbm_level_2, c->upper, c->keep_marks,
               c->leaf_sizes, c->format->name, frames, top);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct play play;
    play.rng.state = 1;
    producer_read(&play.in, data, size);
    const struct mset_pt_config config = pick_config(&play.in);
    const bool top = producer_choice(&play.in, 0, 2) != 0;
    play.frames = frames_for(config.format);
    print_begin(&config, top, play.frames);
    every_open_with(&play.every, &config, play.frames);
    play.judge = &play.every.judge;
    spots_find(&play.spots, play.judge, top);
    play.flags_count = pt_call_flags(play.judge, &play.spots, play.flags);
    for (unsigned steps = 0; producer_more(&play.in) && steps < MOST_STEPS; steps++) {
        play_step(&play);
        keep_small(&play);
    }
    fuzz_print("    every_close(&t);\n}\n");
    every_close(&play.every);
    return 0;
}
