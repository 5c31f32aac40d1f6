/* rig.c - see rig.h. */
#include "page_table/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mset_status failing_alloc(struct mset_frames *frames, unsigned order, uint64_t *pa) {
    struct failing_frames *const source = (struct failing_frames *)(void *)frames;
    if (order > source->largest_order) {
        return MSET_NO_MEMORY;
    }
    source->calls++;
    if (source->fail_at != 0 && (source->calls == source->fail_at ||
                                 (source->fail_on && source->calls > source->fail_at))) {
        return MSET_NO_MEMORY;
    }
    const mset_status status = mset_frames_alloc(source->under, order, pa);
    source->live += status == MSET_OK ? UINT64_C(1) << order : 0;
    return status;
}

static void failing_free(struct mset_frames *frames, uint64_t pa, unsigned order) {
    struct failing_frames *const source = (struct failing_frames *)(void *)frames;
    assert_true(source->live >= UINT64_C(1) << order);
    source->live -= UINT64_C(1) << order;
    mset_frames_free(source->under, pa, order);
}

static void *failing_virt(struct mset_frames *frames, uint64_t pa) {
    struct failing_frames *const source = (struct failing_frames *)(void *)frames;
    return mset_frames_virt(source->under, pa);
}

void failing_frames_init(struct failing_frames *source, struct mset_frames *under) {
    static const struct mset_frames_ops ops = {failing_alloc, failing_free, failing_virt};
    memset(source, 0, sizeof *source);
    source->frames.ops = &ops;
    source->under = under;
    source->largest_order = 63;
}

void failing_frames_fail(struct failing_frames *source, uint64_t nth, bool on) {
    source->calls = 0;
    source->fail_at = nth;
    source->fail_on = on;
}

static uint64_t read_storage(void *context, uint64_t pa) {
    const struct rig *const rig = context;
    uint64_t value;
    assert_true(pa >= rig->base && pa - rig->base <= rig->bytes - 8);
    memcpy(&value, rig->storage + (pa - rig->base), sizeof value);
    return value;
}

void rig_open(struct rig *rig, uint64_t frames, uint64_t largest_leaf) {
    memset(rig, 0, sizeof *rig);
    counting_allocator_open(&rig->memory);
    rig->base = UINT64_C(0x7000000);
    rig->bytes = frames * PAGE;
    rig->storage = aligned_alloc(PAGE, rig->bytes);
    assert_non_null(rig->storage);
    memset(rig->storage, 0x5a, rig->bytes); /* frames come with rubbish in them */
    const struct mset_buddy_config region = {rig->base, rig->bytes, rig->storage,
                                             &rig->memory.base};
    assert_int_equal(mset_buddy_create(&region, &rig->buddy), MSET_OK);
    failing_frames_init(&rig->source, mset_buddy_frames(rig->buddy));
    const uint64_t sizes = mset_pt_x86_64.leaf_sizes;
    const struct mset_pt_config config = {
        .format = &mset_pt_x86_64,
        .frames = &rig->source.frames,
        .allocator = &rig->memory.base,
        .leaf_sizes = largest_leaf == 0 ? 0 : sizes & (largest_leaf | (largest_leaf - 1)),
        .pa_bits = 46};
    assert_int_equal(mset_pt_create(&config, &rig->pt), MSET_OK);
    rig->view = (struct slow_memory){read_storage, rig, 46};
}

void rig_close(struct rig *rig) {
    rig_validate(rig);
    mset_pt_destroy(rig->pt);
    assert_int_equal(rig->source.live, 0);
    assert_null(mset_buddy_validate(rig->buddy));
    mset_buddy_destroy(rig->buddy);
    free(rig->storage);
    assert_null(counting_allocator_complaint(&rig->memory, true));
}

uint64_t rig_live(struct rig *rig) {
    mset_pt_flushed(rig->pt);
    return rig->source.live;
}

struct slow_answer rig_look(const struct rig *rig, uint64_t va) {
    return slow_walk(&rig->view, mset_pt_root(rig->pt), va);
}

uint64_t rig_entry(const struct rig *rig, unsigned level, uint64_t va) {
    uint64_t table = mset_pt_root(rig->pt);
    for (unsigned at = 3;; at--) {
        const uint64_t index = va >> (12 + 9 * at) & 511;
        const uint64_t entry = rig->view.read(rig->view.context, table + index * 8);
        if (at == level) {
            return entry;
        }
        assert_int_equal(entry & 0x81, 1);
        table = entry & UINT64_C(0xffffffffff000);
    }
}

void rig_validate(const struct rig *rig) {
    const char *const wrong = mset_pt_validate(rig->pt);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

struct mset_pt_statistics rig_count(const struct rig *rig) {
    struct mset_pt_statistics now;
    mset_pt_get_statistics(rig->pt, &now);
    return now;
}

unsigned char *rig_image(const struct rig *rig) {
    unsigned char *const image = malloc(rig->bytes);
    assert_non_null(image);
    memcpy(image, rig->storage, rig->bytes);
    return image;
}

bool rig_unchanged(const struct rig *rig, const unsigned char *image) {
    return memcmp(rig->storage, image, rig->bytes) == 0;
}
