/* check.c - arguments by themselves: ranges that are empty, wrap or miss a page boundary. */
#include "set.h"

/* Who prepares must be able to abort. */
static bool check_backend(const struct mset_backend *backend) {
    return backend == NULL || (backend->ops != NULL &&
                               (backend->ops->prepare == NULL) == (backend->ops->abort == NULL));
}

bool mset_check_area(const struct mset *set, const struct mset_area *area, struct range *out) {
    return check_backend(area->backend) && mset_check_range(set, area->start, area->size, out);
}
