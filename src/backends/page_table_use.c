/* page_table_use.c - see page_table_use.h. */
#include "backends/page_table_use.h"

#include "base/assert.h"
#include "base/memory.h"

enum page_state mset_page_look(const struct mset_page_table *table, uint64_t page, uint64_t flags) {
    struct mset_pt_run run;
    if (mset_pt_query(table, page, 0, &run) != MSET_OK) {
        return PAGE_MISSING;
    }
    if (run.flags == MSET_PT_MARKER) {
        return PAGE_MARKED;
    }
    return run.flags == leaf_flags(table, flags) ? PAGE_FINE : PAGE_STALE;
}

mset_status mset_page_mark(struct mset_page_table *table, uint64_t page, uint64_t access) {
    if (!mset_pt_get_format(table)->marks_optional) {
        return MSET_OK;
    }
    const bool write = (access & MSET_WRITE) != 0;
    return mset_pt_mark(table, page, MSET_PT_ACCESSED | (write ? MSET_PT_DIRTY : 0));
}

mset_status mset_frame_pool_take(const struct frame_pool *pool, unsigned order, uint64_t *pa) {
    const mset_status status = mset_frames_alloc(pool->frames, order, pa);
    if (status != MSET_OK) {
        return status;
    }
    void *const memory = mset_frames_virt(pool->frames, *pa);
    if (memory != NULL) {
        memset(memory, 0, (size_t)(MSET_PAGE_SIZE << order));
    }
    *pool->held += MSET_PAGE_SIZE << order;
    return MSET_OK;
}

void mset_frame_pool_give(const struct frame_pool *pool, uint64_t pa, uint64_t size) {
    MSET_ASSERT(*pool->held >= size);
    *pool->held -= size;
    mset_frames_free_range(pool->frames, pa, size);
}

/* Behind a marker, which is the caller's, there is no frame. */
static void give_run(void *arg, const struct mset_pt_run *run) {
    if (run->flags != MSET_PT_MARKER) {
        mset_frame_pool_give(arg, run->pa, run->size);
    }
}

mset_status mset_frame_pool_unmap(const struct frame_pool *pool, struct mset_page_table *table,
                                  uint64_t va, uint64_t size) {
    struct frame_pool copy = *pool;
    return mset_pt_unmap(table, va, size, give_run, &copy);
}

static mset_status fill_page(const struct frame_pool *pool, struct mset_page_table *table,
                             uint64_t page, uint64_t flags) {
    const uint64_t size = page_size_of(table);
    uint64_t pa;
    mset_status status =
        mset_frame_pool_take(pool, (unsigned)__builtin_ctzll(size / MSET_PAGE_SIZE), &pa);
    if (status != MSET_OK) {
        return status;
    }
    status = mset_pt_map(table, page, pa, size, leaf_flags(table, flags));
    if (status != MSET_OK) {
        mset_frame_pool_give(pool, pa, size);
    }
    return status;
}

mset_status mset_frame_pool_fault(const struct frame_pool *pool, struct mset_page_table *table,
                                  const struct mset_area *area, uint64_t address, uint64_t access) {
    if (table == NULL) {
        return MSET_INVALID_PARAM;
    }
    const uint64_t size = page_size_of(table), page = address & ~(size - 1);
    switch (mset_page_look(table, page, area->flags)) {
    case PAGE_MISSING:
        return fill_page(pool, table, page, area->flags);
    case PAGE_STALE:
        return mset_pt_protect(table, page, size, leaf_flags(table, area->flags));
    case PAGE_MARKED:
        return MSET_UNSUPPORTED;
    default:
        return mset_page_mark(table, page, access);
    }
}

/* No leaf reaches across va; where nothing can be translated there is none. */
static mset_status cut(struct mset_page_table *table, uint64_t va) {
    const mset_status status = mset_pt_cut(table, va);
    return status == MSET_INVALID_PARAM ? MSET_OK : status;
}

mset_status mset_leaves_cut(struct mset_page_table *table, const struct mset_area *run) {
    const mset_status status = cut(table, run->start);
    return status == MSET_OK ? cut(table, run->start + run->size) : status;
}

mset_status mset_leaves_set_flags(struct mset_page_table *table, const struct mset_area *run,
                                  uint64_t new_flags) {
    const mset_status status = mset_leaves_cut(table, run);
    return status == MSET_OK
               ? mset_pt_protect(table, run->start, run->size, leaf_flags(table, new_flags))
               : status;
}

int mset_leaves_protect(struct mset_backend *backend, const struct mset_area *run,
                        uint64_t new_flags, void *page_table) {
    (void)backend;
    return answer(page_table == NULL ? MSET_INVALID_PARAM
                                     : mset_leaves_set_flags(page_table, run, new_flags));
}

int mset_leaves_move(struct mset_backend *backend, const struct mset_area *run, uint64_t new_start,
                     void *page_table) {
    (void)backend;
    return answer(mset_pt_move(page_table, run->start, new_start, run->size));
}

/* Could the table hold such leaves? Judged by the first page, wherever its frame will be. */
static mset_status flags_possible(const struct mset_page_table *table, const struct mset_area *run,
                                  uint64_t flags) {
    return mset_pt_may_map(table, run->start, 0, page_size_of(table), leaf_flags(table, flags));
}

mset_status mset_leaves_vacant(const struct mset_page_table *table, const struct mset_area *run) {
    struct mset_pt_run taken;
    const mset_status status = mset_pt_next(table, run->start, run->size, &taken);
    if (status != MSET_NOT_FOUND) {
        return status == MSET_OK ? MSET_ALREADY_EXISTS : status;
    }
    return flags_possible(table, run, run->flags);
}

/* The room may reach beyond what the table translates, where `place` is not and nothing else. */
mset_status mset_leaves_tell_room(const struct mset_step *step, uint64_t place,
                                  struct mset_page_table *table) {
    const struct mset_pt_format *const format = mset_pt_get_format(table);
    uint64_t first = step->room_start, last = first + (step->room_size - 1);
    if (step->room_size == 0) {
        return MSET_OK;
    }
    if (place <= format->low_last) {
        last = last < format->low_last ? last : format->low_last;
    } else {
        first = first > format->high_first ? first : format->high_first;
    }
    return mset_pt_prepare_room(table, first, last - first + 1);
}

mset_status mset_leaves_prepare(const struct mset_step *step, struct mset_page_table *table) {
    const struct mset_area *const run = &step->run;
    mset_status status;
    if (table == NULL) {
        return MSET_INVALID_PARAM;
    }
    switch (step->kind) {
    case MSET_STEP_UNMAP:
        return mset_pt_unmap_prepare(table, run->start, run->size, NULL);
    case MSET_STEP_PROTECT: /* both ends are cut, as a harvest would, whatever the flags */
        status = flags_possible(table, run, step->new_flags);
        return status != MSET_OK ? status
                                 : mset_pt_harvest_prepare(table, run->start, run->size, NULL);
    default:
        status = mset_leaves_tell_room(step, step->new_start, table);
        return status != MSET_OK
                   ? status
                   : mset_pt_move_prepare(table, run->start, step->new_start, run->size, NULL);
    }
}

mset_status mset_leaves_prepare_new(const struct mset_step *step, struct mset_page_table *table) {
    if (table == NULL) {
        return MSET_INVALID_PARAM;
    }
    return step->room_size == 0 ? mset_leaves_vacant(table, &step->run)
                                : flags_possible(table, &step->run, step->run.flags);
}

int mset_leaves_prepared(struct mset_page_table *table, mset_status status) {
    if (status != MSET_OK && table != NULL) {
        mset_pt_prepare_drop(table);
    }
    return answer(status);
}

void mset_leaves_abort(struct mset_backend *backend, const struct mset_step *step,
                       void *page_table) {
    (void)backend;
    (void)step;
    mset_pt_prepare_drop(page_table);
}
