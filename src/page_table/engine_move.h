/*
 * engine_move.h - carrying leaves to another place. Part of engine.h.
 *
 * The runs of the source, in order, are planned and later mapped at the new place; then the
 * source is unmapped; only then is the new place promoted, for both may share tables. In between
 * both places translate, which harms nobody: what is not in the table any more is flushed after the
 * call, as ever.
 *
 * A move that is announced after other calls finds its source as it is now, but for what those have
 * cut; that is counted once (engine_ahead.h). Two things are not known: which larger leaves
 * config.promote will have made of it, beside what was mapped, and where it was cut by calls of
 * which not all ends are remembered. Then the most that can be is counted. A cut by a map that
 * replaces a part of a leaf is counted for both, and so makes up for smaller leaves that arrive.
 */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_MOVE_H

struct move_job {
    struct mset_page_table *pt;
    struct pt_reserve *reserve;
    struct map_plan plan;
    uint64_t distance; /* modulo 2^64 */
    bool unsure;       /* the source may be in smaller or larger leaves by then */
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

/*
 * Markers may be in other leaves by then: near either end of the run, for nobody else touches what
 * is in the midst of it. There a promotion may break the run in two, and a cut may leave smaller
 * leaves in less than a slot of each level; which is one slot, and at most two, that get no leaf of
 * that size at the new place.
 */
static void plan_unsure(const struct map_plan *plan) {
    enum { ENDS = 2, SLOTS = 3 };
    for (unsigned level = 1; level < plan->levels; level++) {
        plan->need->tables[level - 1] += (uint64_t)ENDS * SLOTS;
    }
}

static bool plan_arrival(void *arg, const struct mset_pt_run *run) {
    struct move_job *const job = arg;
    const uint64_t va = run->va + job->distance;
    const uint64_t pa = run->flags == MSET_PT_MARKER ? va : run->pa;
    job->plan.levels = levels_up_to(job->pt, run->leaf_size);
    if (job->unsure && run->flags == MSET_PT_MARKER) {
        plan_unsure(&job->plan);
    }
    const bool room = plan_run(&job->plan, va, va + (run->size - 1), pa);
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

/* Shows what the runs will be when the calls announced have been made. */
static void walk_ahead(struct move_job *job, uint64_t va, uint64_t last, pt_visit visit) {
    struct ahead_joiner joiner = {&job->plan.session, {.visit = visit, .arg = job}};
    struct path path;
    descend(job->pt, va, last, &path);
    (void)walk_in(job->pt, path_end(&path), path.level, va, last, MARKS_KEPT, join_ahead, &joiner);
    pt_join_flush(&joiner.joiner);
}

/* A move that is made now. Is there room? */
static bool plan_move(struct move_job *job, const struct path *path, uint64_t from, uint64_t last) {
    struct mset_page_table *const pt = job->pt;
    if (!range_empty(pt, from + job->distance, last + job->distance)) {
        return false;
    }
    walk_joined(job, from, last, plan_arrival);
    plan_cuts(path_end(path), path->level, from, last, &CUT_ALL, job->plan.need);
    return true;
}

/* The same for one that is prepared. */
static bool plan_move_ahead(struct move_job *job, const struct path *path, uint64_t from,
                            uint64_t last) {
    struct mset_page_table *const pt = job->pt;
    struct pt_session *const session = &job->plan.session;
    const bool promoted = pt->promote && session->arrivals;
    job->unsure = promoted || !pt_range_is_empty(&session->unmapped) ||
                  pt_range_touches(&session->left, from, last);
    if (!range_empty_ahead(pt, session, from + job->distance, last + job->distance)) {
        return false;
    }
    const struct cut_choice choice = {.all = true, .session = session};
    walk_ahead(job, from, last, plan_arrival);
    if (promoted) { /* a largest leaf may reach across either end */
        plan_cuts(NULL, pt->leaf_levels - 1, from, last, &CUT_ALL, job->plan.need);
    } else {
        plan_cuts(path_end(path), path->level, from, last, &choice, job->plan.need);
    }
    pt_range_widen(&session->left, from, last);
    return true;
}

static mset_status engine_move(struct mset_page_table *pt, uint64_t from, uint64_t last,
                               uint64_t to, struct mset_pt_need *need) {
    struct path path;
    descend(pt, from, last, &path);
    struct pt_reserve reserve = {.need = {{0}}};
    struct move_job job = {.pt = pt, .reserve = &reserve, .distance = to - from};
    map_plan_open_for(&job.plan, pt, MSET_PT_REFUSE, &reserve.need, need != NULL);
    if (!(need != NULL ? plan_move_ahead : plan_move)(&job, &path, from, last)) {
        return MSET_ALREADY_EXISTS;
    }
    const mset_status status = mset_pt_reserve_fill(pt, &reserve, need);
    if (status != MSET_OK || need != NULL) {
        return map_plan_close(&job.plan, status);
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
