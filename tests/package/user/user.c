/* The smallest program that uses the installed library: it makes a set and frees it. */
#include <mset/mset.h>
#include <stdio.h>

int main(void) {
    struct mset *set = NULL;
    mset_status status = mset_create(NULL, &set);
    if (status != MSET_OK) {
        fprintf(stderr, "mset_create: %s\n", mset_status_text(status));
        return 1;
    }
    mset_destroy(set);
    return 0;
}
