/* support.c - what all workloads need: calls that must succeed. */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>

void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "mset-instructions: %s\n", what);
        exit(1);
    }
}

void require_ok(mset_status status) {
    require(status == MSET_OK, mset_status_text(status));
}

void *take(uint64_t count, uint64_t size) {
    void *memory = calloc(count, size);
    require(memory != NULL, "no memory");
    return memory;
}

struct mset *new_set(unsigned flags) {
    const struct mset_options options = {.flags = flags};
    struct mset *set = NULL;
    require_ok(mset_create(&options, &set));
    return set;
}

void end_set(struct mset *set) {
    const char *const wrong = mset_validate(set);
    require(wrong == NULL, wrong);
    mset_destroy(set);
}

void map_pages(struct mset *set, uint64_t first, uint64_t count, uint64_t flags, unsigned how) {
    const struct mset_area area = {first * page_bytes, count * page_bytes, flags, NULL, 0};
    require_ok(mset_map(set, &area, how, NULL));
}

void unmap_pages(struct mset *set, uint64_t first, uint64_t count) {
    require_ok(mset_unmap(set, first * page_bytes, count * page_bytes, NULL));
}

static bool these_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}

void protect_pages(struct mset *set, uint64_t first, uint64_t count, uint64_t flags) {
    require_ok(mset_protect(set, first * page_bytes, count * page_bytes, MSET_HOLES_SKIP,
                            these_flags, &flags, NULL));
}
