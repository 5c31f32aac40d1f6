/*
 * engine_move.h - carrying leaves to another place. Part of engine.h.
 *
 * The runs of the source, in order, are planned and later mapped at the new place; then the
 * source is unmapped. In between both places translate, which harms nobody: what is not in the
 * table any more is flushed after the call, as ever.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H

struct move_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    struct map_plan plan;
    uint64_t distance; /* modulo 2^64 */
};

static bool plan_arrival(void *arg, const struct mset_pt_run *run) {
    struct move_job *const job = arg;
    const uint64_t va = run->va + job->distance;
    map_plan_add(&job->plan, va, va + (run->size - 1), run->pa);
    return true;
}

static bool arrive(void *arg, const struct mset_pt_run *run) {
    const struct move_job *const job = arg;
    const uint64_t marks = fmt_make_marks(run->accessed, run->dirty);
    const struct map_job map = {job->pt, job->reserve, run->flags, marks};
    const uint64_t va = run->va + job->distance;
    map_in(&map, job->pt->root, FMT_LEVELS - 1, va, va + (run->size - 1), run->pa);
    return true;
}

static bool join_any_size(void *arg, const struct mset_pt_run *run) {
    struct pt_joiner *const joiner = arg;
    struct mset_pt_run plain = *run;
    plain.leaf_size = 0;
    if (joiner->run.accessed != run->accessed || joiner->run.dirty != run->dirty) {
        pt_join_flush(joiner);
    }
    return pt_join_add(joiner, &plain);
}

/*
 * As engine_walk, but leaf sizes do not end a run, because at the new place they may be others,
 * and marks do, because every page keeps its own.
 */
static void walk_joined(struct move_job *job, uint64_t va, uint64_t last, pt_visit visit) {
    struct pt_joiner joiner = {.visit = visit, .arg = job};
    (void)walk_in(job->pt->root, FMT_LEVELS - 1, va, last, MARKS_KEPT, join_any_size, &joiner);
    pt_join_flush(&joiner);
}

static mset_status engine_move(struct mset_page_table *pt, uint64_t from, uint64_t last,
                               uint64_t to) {
    const uint64_t to_last = to + (last - from);
    if (!range_empty(pt, pt->root, FMT_LEVELS - 1, to, to_last)) {
        return MSET_ALREADY_EXISTS;
    }
    struct pt_reserve reserve = {{0}, {NULL}};
    struct move_job job = {.pt = pt, .reserve = &reserve, .distance = to - from};
    map_plan_open(&job.plan, pt, to, to_last, reserve.need);
    walk_joined(&job, from, last, plan_arrival);
    plan_cuts(pt->root, FMT_LEVELS - 1, from, last, NULL, reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve);
    if (status == MSET_OK) {
        walk_joined(&job, from, last, arrive);
        const struct unmap_job leave = {pt, &reserve, NULL};
        unmap_in(&leave, pt->root, FMT_LEVELS - 1, from, last);
        MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    }
    return status;
}

#endif
