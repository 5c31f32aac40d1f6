/*
 * dirty.c - the dirty pages of a range, over all slots that touch it.
 *
 *     slots     |---- 0 ----|----------- 1 -----------|      KVM tells whole slots, from their
 * first range            |==============|                      page on, in words of 64 pages; the
 *     bitmap           0123...                               caller's begins where the range does.
 *
 * Without manual clearing KVM forgets what it tells: what lies beside the range is kept in bits.c.
 * With it nothing is forgotten until it is cleared, page by page.
 */
#include "kvm.h"

struct collecting {
    struct mset_kvm *kvm;
    struct page_range range;
    uint64_t *bitmap;
};

static struct page_range pages_of(const struct kvm_slot *slot) {
    return (struct page_range){slot->start / MSET_KVM_PAGE,
                               slot->start / MSET_KVM_PAGE + slot->size / MSET_KVM_PAGE};
}

static struct page_range intersect(const struct page_range *a, const struct page_range *b) {
    return (struct page_range){a->first > b->first ? a->first : b->first,
                               a->end < b->end ? a->end : b->end};
}

/* Clears in KVM what the range has: whole words, but only bits that have just been told. */
static int clear_told(struct mset_kvm *kvm, uint32_t id, struct bits *bits,
                      const struct page_range *part) {
    const uint64_t from = (part->first - bits->first) / 64 * 64;
    const uint64_t end = (part->end - bits->first + 63) / 64 * 64;
    const uint64_t pages = (end < bits->pages ? end : bits->pages) - from;
    uint64_t *const words = &bits->words[from / 64];
    const struct page_range before = {bits->first, part->first};
    const struct page_range behind = {part->end, bits->first + bits->pages};
    mset_kvm_bits_take(bits, &before, NULL);
    mset_kvm_bits_take(bits, &behind, NULL);
    return mset_kvm_clear_log(kvm, id, from, (uint32_t)pages, words);
}

static int collect_slot(const struct collecting *collecting, uint32_t id) {
    struct mset_kvm *const kvm = collecting->kvm;
    const struct page_range pages = pages_of(&kvm->slots.slots[id]);
    const struct page_range part = intersect(&pages, &collecting->range);
    if (part.first >= part.end) {
        return 0;
    }
    struct bits *const bits = mset_kvm_bits_new(kvm, pages.first, pages.end - pages.first);
    if (bits == NULL) {
        return MSET_NO_MEMORY;
    }
    int code = mset_kvm_get_log(kvm, id, bits->words);
    if (code == 0 && kvm->manual_clear) {
        code = clear_told(kvm, id, bits, &part);
    }
    if (code == 0) {
        mset_kvm_bits_take(bits, &collecting->range, collecting->bitmap);
        mset_kvm_bits_keep(kvm, bits);
    } else {
        mset_kvm_bits_free(kvm, bits);
    }
    return code;
}

mset_status mset_kvm_collect_dirty(struct mset_kvm *kvm, uint64_t start, uint64_t size,
                                   uint64_t *bitmap) {
    const uint64_t last = start + (size - 1);
    if (kvm == NULL || size == 0 || last < start || (start | size) % MSET_KVM_PAGE != 0) {
        return MSET_INVALID_PARAM;
    }
    const struct collecting collecting = {
        kvm, {start / MSET_KVM_PAGE, last / MSET_KVM_PAGE + 1}, bitmap};
    int code = 0;
    for (uint32_t id = 0; id < kvm->slots.ids && code == 0; id++) {
        if (kvm->slots.slots[id].size != 0 && kvm->slots.slots[id].logged) {
            code = collect_slot(&collecting, id);
        }
    }
    mset_kvm_bits_take_kept(kvm, &collecting.range, bitmap);
    return code < 0 ? MSET_BAD_STATE : (mset_status)code;
}
