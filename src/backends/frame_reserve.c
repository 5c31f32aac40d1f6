/* frame_reserve.c - see frame_reserve.h. */
#include "backends/frame_reserve.h"

#include "base/assert.h"
#include "base/memory.h"

enum { FEW_EXTENTS = 6 };

static struct frame_pool pool_of(struct mset_eager *eager) {
    return (struct frame_pool){eager->frames, &eager->held};
}

/* ---- memory -------------------------------------------------------------------------------- */

static size_t bytes_of(size_t room) {
    return sizeof(struct mset_frame_reservation) + room * sizeof(struct extent);
}

static struct mset_frame_reservation *new_reservation(const struct mset_eager *eager, size_t room) {
    const struct mset_allocator *const allocator = &eager->allocator;
    struct mset_frame_reservation *const reservation = allocator->alloc(
        allocator->context, bytes_of(room), _Alignof(struct mset_frame_reservation));
    if (reservation != NULL) {
        *reservation = (struct mset_frame_reservation){.room = room};
    }
    return reservation;
}

static void free_reservation(const struct mset_eager *eager,
                             struct mset_frame_reservation *reservation) {
    eager->allocator.free(eager->allocator.context, reservation, bytes_of(reservation->room),
                          _Alignof(struct mset_frame_reservation));
}

/* Makes room for one more extent; the reservation may move. */
static mset_status grow(const struct mset_eager *eager,
                        struct mset_frame_reservation **reservation) {
    struct mset_frame_reservation *const old = *reservation;
    if (old->count < old->room) {
        return MSET_OK;
    }
    struct mset_frame_reservation *const wide = new_reservation(eager, 2 * old->room);
    if (wide == NULL) {
        return MSET_NO_MEMORY;
    }
    wide->table = old->table;
    wide->va = old->va;
    wide->size = old->size;
    wide->count = old->count;
    memcpy(wide->extents, old->extents, old->count * sizeof old->extents[0]);
    free_reservation(eager, old);
    *reservation = wide;
    return MSET_OK;
}

/* ---- taking -------------------------------------------------------------------------------- */

/* Takes the largest leaf-sized block that fits at va in `room` bytes and can be had. */
static mset_status take_block(struct mset_eager *eager, const struct mset_page_table *table,
                              uint64_t va, uint64_t room, struct extent *block) {
    const struct frame_pool pool = pool_of(eager);
    mset_status status = MSET_NO_MEMORY;
    uint64_t sizes = mset_pt_leaf_sizes(table);
    block->va = va;
    while (sizes != 0 && status == MSET_NO_MEMORY) {
        const unsigned top = 63u - (unsigned)__builtin_clzll(sizes);
        block->size = UINT64_C(1) << top;
        sizes ^= block->size;
        if (block->size <= room && va % block->size == 0) {
            status = mset_frame_pool_take(&pool, top - 12, &block->pa);
        }
    }
    return status;
}

static mset_status add_block(const struct mset_eager *eager,
                             struct mset_frame_reservation **reservation,
                             const struct extent *block) {
    struct mset_frame_reservation *r = *reservation;
    struct extent *const last = r->count == 0 ? NULL : &r->extents[r->count - 1];
    if (last != NULL && last->va + last->size == block->va && last->pa + last->size == block->pa) {
        last->size += block->size;
        return MSET_OK;
    }
    const mset_status status = grow(eager, reservation);
    if (status == MSET_OK) {
        r = *reservation;
        r->extents[r->count++] = *block;
    }
    return status;
}

static mset_status take_range(struct mset_eager *eager, const struct mset_page_table *table,
                              uint64_t va, uint64_t size,
                              struct mset_frame_reservation **reservation) {
    const struct frame_pool pool = pool_of(eager);
    mset_status status = MSET_OK;
    while (size != 0 && status == MSET_OK) {
        struct extent block;
        status = take_block(eager, table, va, size, &block);
        if (status != MSET_OK) {
            return status;
        }
        status = add_block(eager, reservation, &block);
        if (status != MSET_OK) {
            mset_frame_pool_give(&pool, block.pa, block.size);
        }
        va += block.size;
        size -= block.size;
    }
    return status;
}

static mset_status take_holes(struct mset_eager *eager, const struct mset_page_table *table,
                              uint64_t va, uint64_t size,
                              struct mset_frame_reservation **reservation) {
    mset_status status = MSET_OK;
    while (size != 0 && status == MSET_OK) {
        struct mset_pt_run run;
        const mset_status found = mset_pt_next(table, va, size, &run);
        const uint64_t hole = found == MSET_OK ? run.va - va : size;
        const uint64_t taken = found == MSET_OK ? run.size : 0;
        status = take_range(eager, table, va, hole, reservation);
        va += hole + taken;
        size -= hole + taken;
    }
    return status;
}

/* ---- tables -------------------------------------------------------------------------------- */

static mset_status prepare_tables(struct mset_page_table *table,
                                  const struct mset_frame_reservation *reservation,
                                  uint64_t flags) {
    mset_status status = MSET_OK;
    for (size_t i = 0; i < reservation->count && status == MSET_OK; i++) {
        const struct extent *const e = &reservation->extents[i];
        status = mset_pt_map_prepare(table, e->va, e->pa, e->size, flags, MSET_PT_REFUSE, NULL);
    }
    return status;
}

/* ---- the list of those that wait ----------------------------------------------------------- */

static void enlist(struct mset_eager *eager, struct mset_frame_reservation *reservation) {
    reservation->before = eager->last_reserved;
    if (eager->first_reserved == NULL) {
        eager->first_reserved = reservation;
    } else {
        eager->last_reserved->next = reservation;
    }
    eager->last_reserved = reservation;
}

static void unlist(struct mset_eager *eager, const struct mset_frame_reservation *reservation) {
    struct mset_frame_reservation *const before = reservation->before;
    struct mset_frame_reservation *const next = reservation->next;
    *(before == NULL ? &eager->first_reserved : &before->next) = next;
    *(next == NULL ? &eager->last_reserved : &next->before) = before;
}

static bool is_for(const struct mset_frame_reservation *reservation,
                   const struct mset_page_table *table, const struct mset_area *run) {
    return reservation->table == table && reservation->va == run->start &&
           reservation->size == run->size;
}

struct mset_frame_reservation *mset_frame_find(const struct mset_eager *eager,
                                               const struct mset_page_table *table,
                                               const struct mset_area *run) {
    struct mset_frame_reservation *up = eager->first_reserved;
    struct mset_frame_reservation *down = eager->last_reserved;
    while (up != NULL) {
        if (is_for(up, table, run)) {
            return up;
        }
        if (is_for(down, table, run)) {
            return down;
        }
        /* Each of the two walks all of the list if need be; they end together. */
        up = up->next;
        down = down->before;
    }
    return NULL;
}

/* ---- from beginning to end ----------------------------------------------------------------- */

static void give_back(struct mset_eager *eager, struct mset_frame_reservation *reservation) {
    const struct frame_pool pool = pool_of(eager);
    for (size_t i = 0; i < reservation->count; i++) {
        mset_frame_pool_give(&pool, reservation->extents[i].pa, reservation->extents[i].size);
    }
    free_reservation(eager, reservation);
}

mset_status mset_frame_reserve(struct mset_eager *eager, struct mset_page_table *table,
                               const struct mset_area *run, uint64_t flags, bool holes) {
    if (eager->allocator.alloc == NULL) {
        return MSET_INVALID_PARAM;
    }
    struct mset_frame_reservation *reservation = new_reservation(eager, FEW_EXTENTS);
    if (reservation == NULL) {
        return MSET_NO_MEMORY;
    }
    reservation->table = table;
    reservation->va = run->start;
    reservation->size = run->size;
    mset_status status = holes ? take_holes(eager, table, run->start, run->size, &reservation)
                               : take_range(eager, table, run->start, run->size, &reservation);
    if (status == MSET_OK) {
        status = prepare_tables(table, reservation, flags);
    }
    if (status != MSET_OK) {
        give_back(eager, reservation);
        return status;
    }
    enlist(eager, reservation);
    return MSET_OK;
}

void mset_frame_cancel(struct mset_eager *eager, struct mset_frame_reservation *reservation) {
    unlist(eager, reservation);
    give_back(eager, reservation);
}

mset_status mset_frame_fulfil(struct mset_eager *eager, struct mset_page_table *table,
                              struct mset_frame_reservation *reservation, uint64_t flags) {
    mset_status status = MSET_OK;
    size_t done = 0;
    while (done < reservation->count && status == MSET_OK) {
        const struct extent *const e = &reservation->extents[done];
        status = mset_pt_map(table, e->va, e->pa, e->size, flags);
        done += status == MSET_OK;
    }
    unlist(eager, reservation);
    if (status == MSET_OK) {
        free_reservation(eager, reservation);
        return MSET_OK;
    }
    while (done-- > 0) {
        /* As it was mapped, so nothing is cut and this cannot fail. */
        const struct extent *const e = &reservation->extents[done];
        const mset_status undone = mset_pt_unmap(table, e->va, e->size, NULL, NULL);
        MSET_ASSERT(undone == MSET_OK);
        (void)undone;
    }
    give_back(eager, reservation);
    mset_pt_prepare_drop(table);
    return status;
}
