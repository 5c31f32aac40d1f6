/* word_frames.c - see word_frames.h. */
#include "kit/word_frames.h"

#include <string.h>

#include <cmocka.h>

static struct word_frames *frames_of(struct mset_frames *frames) {
    return (struct word_frames *)(void *)frames;
}

static mset_status take(struct mset_frames *base, unsigned order, uint64_t *pa) {
    struct word_frames *const frames = frames_of(base);
    frames->calls++;
    const bool fails = frames->fail_at != 0 && frames->calls >= frames->fail_at;
    const mset_status status =
        fails ? MSET_NO_MEMORY : mset_frames_alloc(mset_buddy_frames(frames->buddy), order, pa);
    frames->refused += status != MSET_OK;
    frames->live += status == MSET_OK ? UINT64_C(1) << order : 0;
    return status;
}

static void give(struct mset_frames *base, uint64_t pa, unsigned order) {
    struct word_frames *const frames = frames_of(base);
    memset(word_frames_at(frames, pa), 0, sizeof(uint64_t) << order);
    frames->live -= UINT64_C(1) << order;
    mset_frames_free(mset_buddy_frames(frames->buddy), pa, order);
}

static void *no_storage(struct mset_frames *base, uint64_t pa) {
    (void)base;
    (void)pa;
    return NULL;
}

void word_frames_open(struct word_frames *frames, const struct mset_allocator *memory) {
    static const struct mset_frames_ops ops = {take, give, no_storage};
    const struct mset_buddy_config region = {WORD_BASE, WORD_FRAMES * MSET_PAGE_SIZE, NULL, memory};
    *frames = (struct word_frames){.base = {&ops}};
    assert_int_equal(mset_buddy_create(&region, &frames->buddy), MSET_OK);
}

void word_frames_close(struct word_frames *frames) {
    assert_int_equal(frames->live, 0);
    assert_null(mset_buddy_validate(frames->buddy));
    mset_buddy_destroy(frames->buddy);
}

uint64_t *word_frames_at(struct word_frames *frames, uint64_t pa) {
    assert_true(pa >= WORD_BASE && pa - WORD_BASE < WORD_FRAMES * MSET_PAGE_SIZE);
    assert_false(mset_buddy_is_free(frames->buddy, pa));
    return &frames->word[(pa - WORD_BASE) / MSET_PAGE_SIZE];
}
