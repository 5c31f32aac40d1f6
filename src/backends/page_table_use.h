/*
 * page_table_use.h - what the ready backends share: from an area's flags to a leaf's, and one
 * page brought up to date after a fault.
 */
#ifndef MSET_SRC_BACKENDS_PAGE_TABLE_USE_H
#define MSET_SRC_BACKENDS_PAGE_TABLE_USE_H

#include <mset/backends.h>

/* What a backend answers (backend.h): MSET_OK is 0, every other status is above. */
static inline int answer(mset_status status) {
    return (int)status;
}

/* The format may be unable to withhold reading from who may write or execute. */
static inline uint64_t leaf_flags(const struct mset_page_table *table, uint64_t flags) {
    const bool implied = (flags & mset_pt_get_format(table)->implies_read) != 0;
    return (flags & ~(MSET_CALLER_FLAGS | MSET_SHARED)) | (implied ? MSET_READ : 0);
}

static inline uint64_t page_size_of(const struct mset_page_table *table) {
    const uint64_t sizes = mset_pt_leaf_sizes(table);
    return sizes & -sizes;
}

enum page_state { PAGE_MISSING, PAGE_STALE, PAGE_MARKED, PAGE_FINE };

/* How the page compares with what the area's flags ask for. */
enum page_state mset_page_look(const struct mset_page_table *table, uint64_t page, uint64_t flags);

/*
 * The page is there with the right flags, and yet it faulted: a stale translation, or a processor
 * that leaves marks to its fault handler.
 */
mset_status mset_page_mark(struct mset_page_table *table, uint64_t page, uint64_t access);

/*
 * The frames of an eager or lazy area. `held` of the owner counts bytes taken and not returned.
 */
struct frame_pool {
    struct mset_frames *frames;
    uint64_t *held;
};

/* Takes a zeroed block. */
mset_status mset_frame_pool_take(const struct frame_pool *pool, unsigned order, uint64_t *pa);
void mset_frame_pool_give(const struct frame_pool *pool, uint64_t pa, uint64_t size);

/* Removes what is mapped in the range and gives its frames back. */
mset_status mset_frame_pool_unmap(const struct frame_pool *pool, struct mset_page_table *table,
                                  uint64_t va, uint64_t size);

/* mset_backend_ops.fault of backends with frames: a missing page gets one. */
mset_status mset_frame_pool_fault(const struct frame_pool *pool, struct mset_page_table *table,
                                  const struct mset_area *area, uint64_t address, uint64_t access);

/*
 * Both ends of the run become boundaries of leaves: that they are boundaries of areas is enough,
 * whatever the flags, so that whole areas can be unmapped without a table. First of all that a
 * protect does: a table with config.promote may join what is behind the ends again, and another cut
 * would need what nobody has prepared.
 */
mset_status mset_leaves_cut(struct mset_page_table *table, const struct mset_area *run);
/* Cuts, and gives the leaves other flags. */
mset_status mset_leaves_set_flags(struct mset_page_table *table, const struct mset_area *run,
                                  uint64_t new_flags);

/* Members of mset_backend_ops that need to know the page table only. */
int mset_leaves_protect(struct mset_backend *backend, const struct mset_area *run,
                        uint64_t new_flags, void *page_table);
int mset_leaves_move(struct mset_backend *backend, const struct mset_area *run, uint64_t new_start,
                     void *page_table);

/*
 * What prepare does for all steps but MAP; and for MAP, as far as it can be said without frames:
 * the range has to be free, or in the step's room, and the flags possible.
 */
mset_status mset_leaves_prepare(const struct mset_step *step, struct mset_page_table *table);
mset_status mset_leaves_prepare_new(const struct mset_step *step, struct mset_page_table *table);
/*
 * Before the table prepares for something to arrive at `place`. (Only then: the table remembers
 * until it is changed, and a step that maps nothing does not.)
 */
mset_status mset_leaves_tell_room(const struct mset_step *step, uint64_t place,
                                  struct mset_page_table *table);
/* The answer of prepare. One refusal ends the operation: nothing that was prepared will happen. */
int mset_leaves_prepared(struct mset_page_table *table, mset_status status);
/* The one answer to an abort: nothing that was prepared will happen. */
void mset_leaves_abort(struct mset_backend *backend, const struct mset_step *step,
                       void *page_table);

/*
 * Is the range free for an area with these flags? MSET_ALREADY_EXISTS if something is mapped,
 * MSET_INVALID_PARAM or MSET_UNSUPPORTED if it could never be.
 */
mset_status mset_leaves_vacant(const struct mset_page_table *table, const struct mset_area *run);

#endif
