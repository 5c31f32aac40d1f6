/* create.c - the life of a guest, and small things every file of the room uses. */
#include "guest.h"

static bool power_of_two_or_zero(uint64_t x) {
    return (x & (x - 1)) == 0;
}

static bool options_ok(const struct mset_guest_options *options) {
    return power_of_two_or_zero(options->page_size) &&
           power_of_two_or_zero(options->slot_page_size) && options->address_bits <= 64;
}

static const struct mset_memory_host *choose_host(const struct mset_guest_options *options) {
#if __STDC_HOSTED__
    return options->host != NULL ? options->host : mset_memory_host_default();
#else
    return options->host;
#endif
}

static void take_options(struct mset_guest *guest, const struct mset_guest_options *options) {
    const struct mset_memory_host *const host = choose_host(options);
    if (host != NULL) { /* unreachable: on Linux there is one */
        guest->host = *host;
    }
    guest->page_size = options->page_size == 0 ? MSET_PAGE_SIZE : options->page_size;
    guest->slot_page_size = options->slot_page_size == 0 ? MSET_PAGE_SIZE : options->slot_page_size;
    guest->last_address = options->address_bits == 0 || options->address_bits == 64
                              ? UINT64_MAX
                              : (UINT64_C(1) << options->address_bits) - 1;
    guest->synchronize = options->synchronize;
    guest->wrote = options->wrote;
    guest->context = options->context;
    guest->generation = 1;
}

mset_status mset_guest_create(const struct mset_guest_options *given, struct mset_guest **out) {
    const struct mset_guest_options usual = {.page_size = 0};
    const struct mset_guest_options *const options = given == NULL ? &usual : given;
    const struct mset_allocator *const allocator = mset_allocator_or_default(options->allocator);
    /* unreachable: with a C library there is an allocator */
    const bool usable = allocator != NULL && allocator->alloc != NULL && allocator->free != NULL;
    if (out == NULL || !usable || !options_ok(options)) {
        return MSET_INVALID_PARAM;
    }
    struct mset_guest *const guest =
        allocator->alloc(allocator->context, sizeof *guest, _Alignof(struct mset_guest));
    if (guest == NULL) {
        return MSET_NO_MEMORY;
    }
    memset(guest, 0, sizeof *guest);
    guest->allocator = *allocator;
    take_options(guest, options);
    const mset_status status = mset_views_create(guest);
    if (status != MSET_OK) {
        mset_guest_destroy(guest);
        return status;
    }
    *out = guest;
    return MSET_OK;
}

void mset_guest_destroy(struct mset_guest *guest) {
    if (guest == NULL) {
        return;
    }
    mset_views_destroy(guest);
    mset_layers_destroy(guest);
    /* The youngest first: aliases before their targets. */
    while (guest->regions != NULL) {
        struct mset_region *const region = guest->regions;
        mset_region_unlink(region);
        mset_region_free(region);
    }
    mset_lingering_free(guest);
    const struct mset_allocator allocator = guest->allocator;
    allocator.free(allocator.context, guest, sizeof *guest, _Alignof(struct mset_guest));
}

struct mset *mset_guest_new_set(const struct mset_guest *guest, unsigned flags,
                                uint64_t page_size) {
    const struct mset_options options = {
        .allocator = &guest->allocator, .page_size = page_size, .flags = flags};
    struct mset *set = NULL;
    return mset_create(&options, &set) == MSET_OK ? set : NULL;
}

mset_status mset_guest_answer(struct mset_guest *guest, int code,
                              struct mset_guest_listener *listener) {
    if (code != 0) {
        guest->failure.code = code;
        guest->failure.listener = listener;
    }
    return code < 0 ? MSET_BAD_STATE : (mset_status)code;
}

bool mset_guest_visit(const struct mset *set, const struct span *span, visit_area visit,
                      void *arg) {
    struct mset_cursor cursor;
    struct mset_area area;
    bool going = true;
    if (span->first == 0 && span->last == UINT64_MAX) { /* its size could not be told */
        mset_cursor_all(&cursor, set);
    } else {
        (void)mset_cursor_range(&cursor, set, span->first, span_size(span));
    }
    while (going && mset_cursor_next(&cursor, &area)) {
        going = visit(arg, &area);
    }
    mset_cursor_close(&cursor);
    return going;
}

const struct mset *mset_guest_view(const struct mset_guest *guest) {
    return guest == NULL ? NULL : guest_live(guest)->set;
}

uint64_t mset_guest_generation(const struct mset_guest *guest) {
    return __atomic_load_n(&guest->generation, __ATOMIC_ACQUIRE);
}

struct mset_guest_failure mset_guest_last_failure(const struct mset_guest *guest) {
    return guest->failure;
}
