/*
 * bits.c - dirty pages that KVM has told, and nobody has been told yet: those of slots that have
 * been removed, and those beside the range that was asked for (KVM tells, and forgets, whole
 * slots).
 */
#include "kvm.h"

static size_t word_count(uint64_t pages) {
    return (size_t)((pages + 63) / 64);
}

static size_t bits_size(uint64_t pages) {
    return sizeof(struct bits) + word_count(pages) * sizeof(uint64_t);
}

struct bits *mset_kvm_bits_new(const struct mset_kvm *kvm, uint64_t first, uint64_t pages) {
    struct bits *const bits = kvm_alloc(kvm, bits_size(pages), _Alignof(struct bits));
    if (bits != NULL) {
        memset(bits, 0, bits_size(pages));
        bits->first = first;
        bits->pages = pages;
    }
    return bits;
}

void mset_kvm_bits_free(const struct mset_kvm *kvm, struct bits *bits) {
    kvm_free(kvm, bits, bits_size(bits->pages), _Alignof(struct bits));
}

static bool none_set(const struct bits *bits) {
    size_t i = 0;
    while (i < word_count(bits->pages) && bits->words[i] == 0) {
        i++;
    }
    return i == word_count(bits->pages);
}

void mset_kvm_bits_keep(struct mset_kvm *kvm, struct bits *bits) {
    struct bits *same = kvm->kept;
    while (same != NULL && (same->first != bits->first || same->pages != bits->pages)) {
        same = same->next;
    }
    if (same == NULL && !none_set(bits)) {
        bits->next = kvm->kept;
        kvm->kept = bits;
        return;
    }
    for (size_t i = 0; same != NULL && i < word_count(bits->pages); i++) {
        same->words[i] |= bits->words[i];
    }
    mset_kvm_bits_free(kvm, bits);
}

/* The bits of a word, whose bit 0 is page `first`, that lie in the range. */
static uint64_t mask_of(uint64_t first, const struct page_range *range) {
    uint64_t mask = UINT64_MAX;
    if (range->end <= first || range->first >= first + 64) {
        return 0;
    }
    if (range->first > first) {
        mask &= UINT64_MAX << (range->first - first);
    }
    if (range->end - first < 64) {
        mask &= (UINT64_C(1) << (range->end - first)) - 1;
    }
    return mask;
}

/* Sets bits of a bitmap that begins at page `origin`; the word's bit 0 is page `first`. */
static void or_word(uint64_t *bitmap, uint64_t origin, uint64_t first, uint64_t word) {
    if (first < origin) {
        bitmap[0] |= word >> (origin - first);
        return;
    }
    const uint64_t at = (first - origin) / 64, shift = (first - origin) % 64;
    bitmap[at] |= word << shift;
    if (shift != 0 && word >> (64 - shift) != 0) { /* else the bitmap may end here */
        bitmap[at + 1] |= word >> (64 - shift);
    }
}

void mset_kvm_bits_take(struct bits *bits, const struct page_range *range, uint64_t *bitmap) {
    for (size_t i = 0; i < word_count(bits->pages); i++) {
        const uint64_t first = bits->first + i * 64;
        const uint64_t taken = bits->words[i] & mask_of(first, range);
        if (taken != 0 && bitmap != NULL) {
            or_word(bitmap, range->first, first, taken);
        }
        bits->words[i] &= ~taken;
    }
}

void mset_kvm_bits_take_kept(struct mset_kvm *kvm, const struct page_range *range,
                             uint64_t *bitmap) {
    struct bits **link = &kvm->kept;
    while (*link != NULL) {
        struct bits *const bits = *link;
        mset_kvm_bits_take(bits, range, bitmap);
        if (none_set(bits)) {
            *link = bits->next;
            mset_kvm_bits_free(kvm, bits);
        } else {
            link = &bits->next;
        }
    }
}
