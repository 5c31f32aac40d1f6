/*
 * eager.c - frames are taken when the area is mapped, in blocks as large as leaves can be.
 *
 * Filling goes from block to block; blocks that happen to follow each other in physical memory
 * are collected and mapped by one call, whatever their sizes:
 *
 *     va     |4K|4K|      2M       |      2M       |4K|
 *     pa     |a |a+1|   b          |   b + 2M      |c |
 *     calls  |--1--|--------------2----------------|-3-|
 *
 * Invariants
 *   1. A piece whose area has access is mapped without holes and present.
 *   2. A piece whose area has none (PROT_NONE) may have holes; what is mapped there is not present
 *      and keeps its frame.
 *   From 2: after a filling of holes that failed, what is present in the piece is what was new.
 */
#include "backends/page_table_use.h"
#include "base/assert.h"

static struct mset_eager *eager_of(struct mset_backend *backend) {
    return (struct mset_eager *)(void *)backend;
}

static struct frame_pool pool_of(struct mset_backend *backend) {
    struct mset_eager *const eager = eager_of(backend);
    return (struct frame_pool){eager->frames, &eager->held};
}

static bool accessible(uint64_t flags) {
    return (flags & MSET_ACCESS) != 0;
}

/* ---- filling a hole ----------------------------------------------------------------------- */

struct filling {
    const struct frame_pool *pool;
    struct mset_page_table *table;
    uint64_t flags;
    uint64_t va, pa, size; /* taken, zeroed, not yet mapped */
};

/* Takes the largest leaf-sized block that fits at va in `room` bytes and can be had. */
static mset_status take_block(const struct filling *filling, uint64_t va, uint64_t room,
                              uint64_t *pa, uint64_t *size) {
    mset_status status = MSET_NO_MEMORY;
    uint64_t sizes = mset_pt_leaf_sizes(filling->table);
    while (sizes != 0) {
        const unsigned top = 63u - (unsigned)__builtin_clzll(sizes);
        *size = UINT64_C(1) << top;
        sizes ^= *size;
        if (*size <= room && va % *size == 0) {
            status = mset_frame_pool_take(filling->pool, top - 12, pa);
            if (status != MSET_NO_MEMORY) {
                return status;
            }
        }
    }
    return status;
}

static mset_status map_collected(struct filling *filling) {
    if (filling->size == 0) {
        return MSET_OK;
    }
    const mset_status status =
        mset_pt_map(filling->table, filling->va, filling->pa, filling->size, filling->flags);
    if (status != MSET_OK) {
        mset_frame_pool_give(filling->pool, filling->pa, filling->size);
    }
    filling->va += filling->size;
    filling->size = 0;
    return status;
}

static void give_collected(struct filling *filling) {
    if (filling->size != 0) {
        mset_frame_pool_give(filling->pool, filling->pa, filling->size);
        filling->size = 0;
    }
}

/* Adds a block to what is collected; if it does not follow it in memory, that is mapped first. */
static mset_status collect(struct filling *filling, uint64_t pa, uint64_t size) {
    if (filling->size != 0 && filling->pa + filling->size != pa) {
        const mset_status status = map_collected(filling);
        if (status != MSET_OK) {
            mset_frame_pool_give(filling->pool, pa, size);
            return status;
        }
    }
    filling->pa = filling->size == 0 ? pa : filling->pa;
    filling->size += size;
    return MSET_OK;
}

/* Fills [va, va + size), which is empty. What was mapped before a failure stays. */
static mset_status fill_hole(struct filling *filling, uint64_t va, uint64_t size) {
    filling->va = va;
    filling->size = 0;
    for (uint64_t done = 0; done < size;) {
        uint64_t pa, got;
        mset_status status = take_block(filling, va + done, size - done, &pa, &got);
        if (status == MSET_OK) {
            status = collect(filling, pa, got);
        }
        if (status != MSET_OK) {
            give_collected(filling);
            return status;
        }
        done += got;
    }
    return map_collected(filling);
}

/* ---- filling all holes of a piece --------------------------------------------------------- */

static mset_status fill_holes(struct filling *filling, uint64_t va, uint64_t size) {
    mset_status status = MSET_OK;
    while (size != 0 && status == MSET_OK) {
        struct mset_pt_run run;
        status = mset_pt_next(filling->table, va, size, &run);
        if (status == MSET_NOT_FOUND) {
            return fill_hole(filling, va, size);
        }
        if (status == MSET_OK && run.va != va) {
            status = fill_hole(filling, va, run.va - va);
        }
        if (status == MSET_OK) {
            size -= run.va + run.size - va;
            va = run.va + run.size;
        }
    }
    return status;
}

/* Takes back what filling put into a piece that had no present leaf before. */
static void empty_holes(const struct frame_pool *pool, struct mset_page_table *table, uint64_t va,
                        uint64_t size) {
    struct mset_pt_run run;
    while (size != 0 && mset_pt_next(table, va, size, &run) == MSET_OK) {
        if (run.present) {
            /* Whole leaves, as they were mapped: nothing is cut, so this cannot fail. */
            const mset_status status = mset_frame_pool_unmap(pool, table, run.va, run.size);
            MSET_ASSERT(status == MSET_OK);
            (void)status;
        }
        size -= run.va + run.size - va;
        va = run.va + run.size;
    }
}

static mset_status fill_piece(const struct frame_pool *pool, struct mset_page_table *table,
                              const struct mset_area *run, uint64_t flags) {
    struct filling filling = {.pool = pool, .table = table, .flags = leaf_flags(table, flags)};
    const mset_status status = fill_holes(&filling, run->start, run->size);
    if (status != MSET_OK) {
        empty_holes(pool, table, run->start, run->size);
    }
    return status;
}

/* ---- the backend -------------------------------------------------------------------------- */

static int eager_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    if (page_table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    const mset_status status = mset_leaves_vacant(page_table, run);
    if (status != MSET_OK || !accessible(run->flags)) {
        return answer(status);
    }
    const struct frame_pool pool = pool_of(backend);
    return answer(fill_piece(&pool, page_table, run, run->flags));
}

static int eager_unmap(struct mset_backend *backend, const struct mset_area *run,
                       void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_unmap(&pool, page_table, run->start, run->size));
}

static int eager_protect(struct mset_backend *backend, const struct mset_area *run,
                         uint64_t new_flags, void *page_table) {
    struct mset_page_table *const table = page_table;
    if (table == NULL) {
        return answer(MSET_INVALID_PARAM);
    }
    const struct frame_pool pool = pool_of(backend);
    const bool fill = !accessible(run->flags) && accessible(new_flags);
    mset_status status = fill ? fill_piece(&pool, table, run, new_flags) : MSET_OK;
    if (status == MSET_OK) {
        status = mset_pt_protect(table, run->start, run->size, leaf_flags(table, new_flags));
        if (status != MSET_OK && fill) {
            empty_holes(&pool, table, run->start, run->size);
        }
    }
    return answer(status);
}

static int eager_fault(struct mset_backend *backend, const struct mset_area *area, uint64_t address,
                       uint64_t access, void *page_table) {
    const struct frame_pool pool = pool_of(backend);
    return answer(mset_frame_pool_fault(&pool, page_table, area, address, access));
}

static void eager_retain(struct mset_backend *backend) {
    eager_of(backend)->areas++;
}

static void eager_release(struct mset_backend *backend) {
    eager_of(backend)->areas--;
}

void mset_eager_init(struct mset_eager *eager, struct mset_frames *frames) {
    static const struct mset_backend_ops ops = {
        .name = "eager",
        .may_map = mset_leaves_may_map,
        .cut = mset_leaves_cut,
        .map = eager_map,
        .unmap = eager_unmap,
        .protect = eager_protect,
        .move = mset_leaves_move,
        .fault = eager_fault,
        .retain = eager_retain,
        .release = eager_release,
    };
    eager->backend.ops = &ops;
    eager->frames = frames;
    eager->areas = 0;
    eager->held = 0;
}
