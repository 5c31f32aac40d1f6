/* fault.c - is this access legal, and what has to happen so that it succeeds. */
#include "set.h"

mset_status mset_fault(struct mset *set, uint64_t address, uint64_t access, void *page_table) {
    const mset_status status = mset_begin(set);
    if (status != MSET_OK) {
        return status;
    }
    if (access == 0 || (access & ~MSET_ACCESS) != 0) {
        return MSET_INVALID_PARAM;
    }
    struct mset_area area;
    if (!mset_find(set, address, &area)) {
        return MSET_NOT_FOUND;
    }
    if ((area.flags & access) != access) {
        return MSET_ACCESS_DENIED;
    }
    if (area.backend == NULL || area.backend->ops->fault == NULL) {
        return MSET_OK;
    }
    const int code = area.backend->ops->fault(area.backend, &area, address, access, page_table);
    return code == 0 ? MSET_OK : mset_refused(set, code, address);
}
