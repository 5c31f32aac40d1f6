/* validate.c - checks invariants S1 to S4 of set.h. */
#include "set.h"

const char *mset_validate(const struct mset *set) {
    if (!mset_given(set)) {
        return "there is no set";
    }
    const char *wrong = mset_at_validate(&set->tree);
    if (wrong != NULL) {
        return wrong;
    }
    struct at_path path;
    struct at_run before = {0};
    uint64_t told = 0;
    bool first = true;
    bool more = mset_at_first_from(&set->tree, 0, &path);
    for (; more; more = mset_at_next(&set->tree, &path), first = false) {
        const struct at_run run = at_path_run(&path);
        if (((run.first | (run.last + 1)) & (set->page_size - 1)) != 0) {
            return "S2: area is not made of whole pages";
        }
        told += run.attributes.backend != NULL;
        if (set->merge && !first && run.first != set->seam && mset_may_merge(&before, &run)) {
            return "S4: equal neighbours have not been merged";
        }
        before = run;
    }
    return told == set->told ? NULL : "S3: number of areas with a backend is wrong";
}
