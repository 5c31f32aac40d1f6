/*
 * engine_move.h - carrying leaves to another place. Part of engine.h.
 *
 * The runs of the source, in order, are planned and later mapped at the new place; then the
 * source is unmapped; only then is the new place promoted, for both may share tables. In between
 * both places translate, which harms nobody: what is not in the table any more is flushed after the
 * call, as ever.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H

struct move_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    struct map_plan plan;
    uint64_t distance; /* modulo 2^64 */
};

/* Leaves are at most as large at the new place as they were: then the tables that they need do not
   depend on marks, which a processor may set between the plan and the arrival. */
static unsigned levels_up_to(const struct mset_page_table *pt, uint64_t leaf_size) {
    unsigned levels = 1;
    while (levels < pt->leaf_levels && slot_size(levels) <= leaf_size) {
        levels++;
    }
    return levels;
}

static unsigned group_levels_up_to(const struct mset_page_table *pt, uint64_t leaf_size) {
    unsigned levels = 0;
    for (unsigned level = 0; FMT_GROUPS && level < pt->leaf_levels; level++) {
        levels |= slot_size(level) << fmt_group_bits(level) <= leaf_size ? 1u << level : 0;
    }
    return levels & pt->group_levels;
}

static bool plan_arrival(void *arg, const struct mset_pt_run *run) {
    struct move_job *const job = arg;
    const uint64_t va = run->va + job->distance;
    const uint64_t pa = run->flags == MSET_PT_MARKER ? va : run->pa;
    job->plan.levels = levels_up_to(job->pt, run->leaf_size);
    const bool room = map_plan_add(&job->plan, va, va + (run->size - 1), pa);
    MSET_ASSERT(room);
    return room;
}

static bool arrive(void *arg, const struct mset_pt_run *run) {
    const struct move_job *const job = arg;
    const uint64_t va = run->va + job->distance;
    const unsigned marks =
        (run->accessed ? MSET_PT_ACCESSED : 0) | (run->dirty ? MSET_PT_DIRTY : 0);
    const struct map_job map = {.pt = job->pt,
                                .reserve = job->reserve,
                                .flags = run->flags,
                                .levels = levels_up_to(job->pt, run->leaf_size),
                                .group_levels = group_levels_up_to(job->pt, run->leaf_size),
                                .marks = all_marks(job->pt, run->flags, marks),
                                .payload = run->pa};
    map_run(&map, va, va + (run->size - 1), run->flags == MSET_PT_MARKER ? va : run->pa);
    return true;
}

/* Shows the runs of the source, each of leaves of one size with the same marks. */
static void walk_joined(struct move_job *job, uint64_t va, uint64_t last, pt_visit visit) {
    struct pt_joiner joiner = {.visit = visit, .arg = job};
    struct path path;
    descend(job->pt, va, last, &path);
    (void)walk_in(job->pt, path_end(&path), path.level, va, last, MARKS_KEPT, pt_join_marked,
                  &joiner);
    pt_join_flush(&joiner);
}

static mset_status engine_move(struct mset_page_table *pt, uint64_t from, uint64_t last,
                               uint64_t to, struct mset_pt_need *need) {
    struct path path;
    descend(pt, from, last, &path);
    if (!range_empty(pt, to, to + (last - from))) {
        return MSET_ALREADY_EXISTS;
    }
    struct pt_reserve reserve = {.need = {{0}}};
    struct move_job job = {.pt = pt, .reserve = &reserve, .distance = to - from};
    map_plan_open(&job.plan, pt, MSET_PT_REFUSE, &reserve.need);
    walk_joined(&job, from, last, plan_arrival);
    plan_cuts(path_end(&path), path.level, from, last, &CUT_ALL, &reserve.need);
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return status;
    }
    walk_joined(&job, from, last, arrive);
    const struct unmap_job leave = {pt, &reserve, NULL};
    unmap_in(&leave, path_end(&path), path.level, from, last);
    drop_path(pt, &path, from);
    if (pt->promote) {
        engine_promote(pt, to, to + (last - from));
    }
    MSET_ASSERT(mset_pt_reserve_spent(&reserve));
    return MSET_OK;
}

#endif
