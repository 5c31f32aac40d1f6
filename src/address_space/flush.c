/*
 * flush.c - when processors are made to forget.
 *
 *     mset_space_x --> set --> cow --> table: leaves lose their rights      (gather: stale leaves)
 *                               |----> config.flush                         nobody can reach them
 *                               |----> leaves are removed, frames given up  (gather: tables)
 *          end of the call ----------> config.flush                         tables are given up
 */
#include "address_space.h"

void mset_space_flush_table(void *context, struct mset_page_table *table) {
    const struct mset_space *const space = context;
    struct mset_pt_gather gather;
    mset_pt_get_gather(table, &gather);
    if (gather.leaf_size == 0) {
        return;
    }
    if (space->config.flush != NULL) {
        space->config.flush(space->config.context, &gather);
    }
    mset_pt_flushed(table);
}

void mset_space_flush(struct mset_space *space) {
    mset_space_flush_table(space, space->table);
}
