/* script_play.c - carrying out an input on a set and on the page model. See script.h. */
#include "script.h"

#include "target.h"

enum {
    MOST_OPERATIONS = 1500, /* of one input, so that none takes long */
    OFTEN = 64              /* pages: up to here all is compared after every step */
};

struct play {
    struct twin twin;
    struct script_cursor cursor;
    unsigned operations;
};

static void judge(struct play *play, const char *wrong) {
    if (wrong != NULL && !fuzz_prints()) {
        twin_print_history(&play->twin);
    }
    fuzz_judge(wrong);
}

static void play_operation(struct play *play, const struct script_step *step,
                           const struct operation *operation) {
    struct twin *const twin = &play->twin;
    if (!twin_can_judge(twin, operation) || play->operations == MOST_OPERATIONS) {
        return;
    }
    play->operations++;
    twin->way = operation_has_plan(operation) ? step->way : WAY_DIRECT;
    if (twin->way == WAY_IN_ROOM && !operation_finds_room(operation, twin->options.page_size)) {
        twin->way = WAY_DIRECT;
    }
    twin->refusal = step->refusal;
    twin->starve_at = step->starve_at;
    twin->starve_on = step->starve_on;
    if (step->starve_at != 0) { /* which of the two strikes first is not for the model to say */
        twin->refusal = (struct refusal){0};
        twin->way = WAY_DIRECT;
    }
    script_print_operation(twin, operation);
    judge(play, twin_apply(twin, operation));
}

static void play_comb(struct play *play, const struct script_step *step) {
    const struct twin_options *const u = &play->twin.options;
    struct operation o = step->operation;
    struct script_step plain = *step;
    const uint64_t pages = o.size / u->page_size;
    for (size_t i = 0; i < step->count; i++) {
        const uint64_t page = (o.start - u->base) / u->page_size;
        if (page >= u->pages || pages > u->pages - page) {
            break;
        }
        play_operation(play, &plain, &o);
        o.start += step->stride * u->page_size;
        o.offset += step->stride * u->page_size;
        plain.refusal = (struct refusal){0};
        plain.starve_at = 0;
    }
}

static void close_cursor(struct play *play) {
    if (play->cursor.open) {
        fuzz_print("    mset_cursor_close(&cursor);\n");
        mset_cursor_close(&play->cursor.cursor);
        play->cursor.open = false;
    }
}

static void play_load(struct play *play) {
    close_cursor(play);
    fuzz_print("    agree(&twin, twin_reload(&twin));\n");
    judge(play, twin_reload(&play->twin));
}

static void play_step(struct play *play, const struct script_step *step) {
    switch (step->kind) {
    case STEP_COMB:
        play_comb(play, step);
        break;
    case STEP_GAP:
        script_print_gap(&step->wish);
        judge(play, script_find_room(&play->twin, &step->wish));
        break;
    case STEP_CURSOR:
        judge(play, script_turn(&play->cursor, &play->twin, step));
        break;
    case STEP_ABUSE:
        fuzz_print("    /* misuse %u, see script_abuse.c */\n", step->turn);
        judge(play, script_abuse(&play->twin, step->turn));
        break;
    case STEP_MANY:
        fuzz_print("    /* areas of pages %zu .. %zu, %zu at a time: see script_many() */\n",
                   step->lo, step->hi - 1, step->count);
        judge(play, script_many(&play->twin, step->lo, step->hi, step->count));
        break;
    case STEP_LOAD:
        play_load(play);
        break;
    case STEP_COMPARE:
        fuzz_print("    agree(&twin, twin_compare(&twin, TWIN_FULL));\n");
        judge(play, twin_compare(&play->twin, TWIN_FULL));
        break;
    default:
        play_operation(play, step, &step->operation);
        if (play->twin.options.pages <= OFTEN) {
            judge(play, twin_compare(&play->twin, TWIN_QUICK));
        }
        break;
    }
}

void script_play(const struct script_mix *mix, const uint8_t *data, size_t size) {
    static struct producer producer;
    static struct play play;
    struct twin_options options = {0};
    producer_read(&producer, data, size);
    script_universe(&producer, &options);
    script_print_begin(mix, &options);
    play = (struct play){.operations = 0};
    twin_open(&play.twin, &options);
    while (producer_more(&producer) && play.operations < MOST_OPERATIONS) {
        struct script_step step = {0};
        script_step(&producer, mix, &options, &step);
        play_step(&play, &step);
    }
    close_cursor(&play);
    script_print_end();
    judge(&play, twin_compare(&play.twin, TWIN_FULL));
    judge(&play, twin_close(&play.twin));
}
