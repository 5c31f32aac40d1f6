/* A set whose nodes come from jemalloc. */
#include <mset/jemalloc.h>
#include <mset/mset.h>

int main(void) {
    const struct mset_options options = {.allocator = mset_allocator_jemalloc()};
    struct mset *set = NULL;
    const struct mset_area area = {0x1000, 0x1000, MSET_READ, NULL, 0};
    if (mset_create(&options, &set) != MSET_OK ||
        mset_map(set, &area, MSET_MAP_FAIL, NULL) != MSET_OK) {
        return 1;
    }
    mset_destroy(set);
    return 0;
}
