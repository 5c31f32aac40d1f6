/*
 * fuzz_faults.c - a set with every ready backend over one page table, and backends that refuse over
 * another (tests/faults/house.h); in any operation the nth request for memory, for a frame, or of a
 * backend fails, once or from then on. Afterwards all is as before, byte for byte, or exactly as
 * the set says; and nothing is left when all is unmapped.
 */
#include <inttypes.h>

#include <cmocka.h>

#include "faults/verdict.h"
#include "kit/producer.h"
#include "kit/target.h"

enum { TABLES = 96, MOST_STEPS = 80, UNIVERSE = 16 /* large leaves */ };

struct play {
    struct house house;
    struct producer in;
    uint64_t big; /* pages in a large leaf */
};

/* ---- choices -------------------------------------------------------------------------------- */

/* Beside a place where large leaves meet, or a few pages from it. */
static uint64_t pick_page(struct play *play) {
    const unsigned choice = producer_choice(&play->in, 0, 3 * UNIVERSE);
    const uint64_t place = choice / 3 * play->big;
    return choice % 3 == 0 ? place : place + producer_size(&play->in, 0, 0, 15);
}

static uint64_t pick_pages(struct play *play, uint64_t page) {
    const uint64_t pages[] = {1, 2, 3, play->big - 1, play->big, play->big + 1, 2 * play->big};
    const unsigned choice = producer_choice(&play->in, 0, 16);
    const uint64_t wish = choice < 7 ? pages[choice] : producer_size(&play->in, 0, 1, 16);
    const uint64_t room = (UNIVERSE + 1) * play->big - page;
    return wish < room ? wish : room;
}

static struct act pick_act(struct play *play) {
    /* Engines like zeros and ones: the first and the last are none that empties or fills it all. */
    static const uint64_t kinds[] = {ACT_FAULT, ACT_MAP,   ACT_UNMAP,  ACT_PROTECT, ACT_MOVE,
                                     ACT_GROW,  ACT_MAP,   ACT_SHRINK, ACT_PROTECT, ACT_MAP,
                                     ACT_MOVE,  ACT_CLEAR, ACT_MAP,    ACT_UNMAP,   ACT_PROTECT};
    static const uint64_t flags[] = {RW, MSET_READ, 0, MSET_READ | MSET_EXEC};
    struct act act = {
        .kind = (enum act_kind)producer_pick(&play->in, 0, kinds, sizeof kinds / sizeof *kinds)};
    act.how = producer_choice(&play->in, 0, 2); /* to replace; the side; no holes */
    act.page = pick_page(play);
    act.pages = pick_pages(play, act.page);
    act.flags = producer_pick(&play->in, 0, flags, 4);
    act.to = act.kind == ACT_MOVE ? pick_page(play) : 0;
    act.tenant = act.kind == ACT_MAP ? (enum tenant)producer_choice(&play->in, 0, TENANTS) : LINEAR;
    if (act.kind == ACT_GROW || act.kind == ACT_SHRINK) {
        act.pages = act.pages > 8 ? 8 : act.pages;
    }
    return act;
}

static const struct mset_pt_format *pick_format(struct producer *in) {
    size_t formats = 0;
    while (mset_pt_format_at(formats) != NULL) {
        formats++;
    }
    return mset_pt_format_at(producer_choice(in, 0, (unsigned)formats));
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void print_act(const struct act *act, enum way way, uint64_t nth, bool on) {
    char text[256];
    fuzz_print("    /* %s */\n"
               "    fault_point_set(&house.faults, %" PRIu64 ", %d);\n"
               "    (void)act_apply(&house, &(struct act){%d, %" PRIu64 ", %" PRIu64 ", %" PRIu64
               ", %#" PRIx64 ", %d, %u}, %d, &wrong);\n"
               "    assert_null(wrong);\n"
               "    fault_point_set(&house.faults, 0, false);\n"
               "    assert_null(house_wrong(&house));\n",
               act_text(act, text, sizeof text), nth, on, (int)act->kind, act->page, act->pages,
               act->to, act->flags, (int)act->tenant, act->how, (int)way);
}

static void play_act(struct play *play) {
    struct house *const house = &play->house;
    const struct act act = pick_act(play);
    const unsigned manner = producer_choice(&play->in, 0, 8);
    const enum way way = (manner & 1) != 0 ? PLANNED : DIRECT;
    const uint64_t nth = (manner & 6) != 0 ? producer_size(&play->in, 0, 0, 15) : 0;
    struct snapshot before;
    enum outcome outcome;
    const char *wrong;
    snapshot_take(&before, house);
    print_act(&act, way, nth, (manner & 4) != 0);
    fault_point_set(&house->faults, nth, (manner & 4) != 0);
    const mset_status status = act_apply(house, &act, way, &wrong);
    fuzz_judge(wrong);
    fuzz_judge(act_verdict(house, &act, status, &before, &outcome));
    fault_point_set(&house->faults, 0, false);
    snapshot_free(&before);
}

/* A plan that is dropped has done nothing. */
static void play_plan(struct play *play) {
    struct house *const house = &play->house;
    const struct act act = pick_act(play);
    struct snapshot before;
    snapshot_take(&before, house);
    (void)act_plan_only(house, &act);
    fuzz_judge(house_wrong(house));
    fuzz_judge(snapshot_differs(&before, house));
    snapshot_free(&before);
}

static void play_step(struct play *play) {
    const unsigned choice = producer_choice(&play->in, 0, 16);
    if (choice == 14) {
        play_plan(play);
    } else if (choice == 15) {
        house_flush(&play->house);
    } else {
        play_act(play);
    }
    if (mset_count(play->house.set) > MOST_AREAS / 2) {
        house_clear(&play->house);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct play play;
    producer_read(&play.in, data, size);
    const struct mset_pt_format *const format = pick_format(&play.in);
    const unsigned bits = producer_choice(&play.in, 0, 4);
    const bool merge = (bits & 1) != 0, promote = (bits & 2) != 0;
    const uint64_t page = format->leaf_sizes & -format->leaf_sizes;
    const uint64_t frames = TABLES * page / MSET_PAGE_SIZE;
    fuzz_print("static void test_found_by_fuzz_faults(void **state) {\n"
               "    (void)state;\n"
               "    static struct house house;\n"
               "    const char *wrong;\n"
               "    house_open(&house, mset_pt_format_find(\"%s\"), %d, %d, %" PRIu64 ");\n",
               format->name, merge, promote, frames);
    house_open(&play.house, format, merge, promote, frames);
    play.big = play.house.big / play.house.page;
    for (unsigned steps = 0; producer_more(&play.in) && steps < MOST_STEPS; steps++) {
        play_step(&play);
    }
    fuzz_print("    house_close(&house);\n}\n");
    house_close(&play.house);
    return 0;
}
