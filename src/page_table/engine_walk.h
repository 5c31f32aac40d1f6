/* engine_walk.h - reading: find one run, show all runs of a range, step. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_WALK_H
#define MSET_SRC_PAGE_TABLE_ENGINE_WALK_H

/* The leaf at va, from there on. */
static inline bool look_in(const struct pt_table *table, unsigned level, uint64_t va,
                           struct mset_pt_run *run) {
    const unsigned i = index_of(level, va);
    if (is_empty(table, level, i)) {
        return false;
    }
    const uint64_t base = slot_first(level, va), head = va - base;
    const unsigned marks = marks_of(table->entries, i, 1, level);
    *run = make_run(table->entries, i, 1, level, base, marks);
    run->va = va;
    run->pa += run->flags == MSET_PT_MARKER ? 0 : head;
    run->size -= head;
    return true;
}

static bool engine_look(const struct mset_page_table *pt, uint64_t va, struct mset_pt_run *run) {
    struct path path;
    descend(pt, va, va, &path);
    /* The same, with a constant level. */
    return path.level > 0 ? look_in(path_end(&path), path.level, va, run)
                          : pt_like_recent(pt, path.table[0]->entries[index_of(0, va)], va, run) ||
                                look_in(path.table[0], 0, va, run);
}

/* The run that begins at va, long enough for `want`, which is not 0, or up to its end or the
   table's. */
static bool engine_find(const struct mset_page_table *pt, uint64_t va, uint64_t want,
                        struct mset_pt_run *run) {
    struct path path;
    descend(pt, va, va, &path);
    const struct pt_table *const table = path_end(&path);
    const unsigned level = path.level, i = index_of(level, va);
    if (is_empty(table, level, i)) {
        return false;
    }
    const uint64_t base = slot_first(level, va);
    const uint64_t reach = va - base + min_u64(want - 1, UINT64_MAX / 2);
    const uint64_t n = min_u64((reach >> fmt_shift(level)) + 1, entry_count(level) - i);
    leaf_run(pt, table->entries, i, (unsigned)n, level, base, run);
    clip_run(run, va, UINT64_MAX);
    return true;
}

/* Do marks end a run? Only where each leaf must keep its own. */
enum marks_matter { MARKS_ASIDE, MARKS_KEPT };

/* The runs among n slots of one table that point at no table. Returns false if told to stop. */
static inline bool show_leaves(const struct mset_page_table *pt, const struct pt_table *table,
                               unsigned level, unsigned i, unsigned n, uint64_t va, uint64_t last,
                               enum marks_matter marks, pt_visit visit, void *arg) {
    const uint64_t base = slot_first(level, va);
    for (unsigned k = 0; k < n;) {
        if (is_empty(table, level, i + k)) {
            k++;
            continue;
        }
        struct mset_pt_run run;
        const uint64_t at = base + k * slot_size(level);
        k += marks == MARKS_KEPT ? marked_run(pt, table->entries, i + k, n - k, level, at, &run)
                                 : leaf_run(pt, table->entries, i + k, n - k, level, at, &run);
        clip_run(&run, va, last);
        if (!visit(arg, &run)) {
            return false;
        }
    }
    return true;
}

/* Depth is bounded by FMT_LEVELS, here and in every walk below. */
static bool walk_in(const struct mset_page_table *pt, const struct pt_table *table, unsigned level,
                    uint64_t va, uint64_t last, enum marks_matter marks, pt_visit visit,
                    void *arg) {
    for (;;) {
        const unsigned i = index_of(level, va);
        const struct pt_table *const child = child_at(table, i);
        uint64_t end = min_u64(last, slot_last(level, va));
        if (child != NULL) {
            if (!walk_in(pt, child, level - 1, va, end, marks, visit, arg)) {
                return false;
            }
        } else {
            const unsigned whole = whole_slots(level, va, last);
            const unsigned n = whole == 0 ? 1 : childless(table, i, whole);
            end = min_u64(last, slots_last(level, va, n));
            if (!show_leaves(pt, table, level, i, n, va, end, marks, visit, arg)) {
                return false;
            }
        }
        if (end == last) {
            return true;
        }
        va = end + 1;
    }
}

/* False if told to stop. Runs end at the end of a table; who minds joins them (pt_joiner). */
static bool engine_walk(const struct mset_page_table *pt, uint64_t va, uint64_t last,
                        pt_visit visit, void *arg) {
    struct path path;
    descend(pt, va, last, &path);
    return walk_in(pt, path_end(&path), path.level, va, last, MARKS_ASIDE, visit, arg);
}

/* ---- the cursor --------------------------------------------------------------------------- */

static bool take_first(void *arg, const struct mset_pt_run *run) {
    *(struct mset_pt_run *)arg = *run;
    return false;
}

/* Remembers the lowest table on the way to the next address. */
static void cursor_settle(struct mset_pt_cursor *cursor) {
    struct path path;
    descend(cursor->table, cursor->va, cursor->va, &path);
    cursor->place = path_end(&path);
    cursor->level = path.level;
    cursor->version = cursor->table->version;
}

/* Where the table that the cursor remembers ends. */
static uint64_t cursor_reach(const struct mset_pt_cursor *cursor) {
    return cursor->level + 1 < FMT_LEVELS ? slot_last(cursor->level + 1, cursor->va) : UINT64_MAX;
}

/* The next run of what remains; the cursor moves behind it, or to the end. */
static bool engine_step(struct mset_pt_cursor *cursor, struct mset_pt_run *run) {
    for (;;) {
        if (cursor->place == NULL || cursor->version != cursor->table->version) {
            cursor_settle(cursor);
        }
        const uint64_t reach = min_u64(cursor->last, cursor_reach(cursor));
        const bool found = !walk_in(cursor->table, cursor->place, cursor->level, cursor->va, reach,
                                    MARKS_ASIDE, take_first, run);
        const uint64_t end = found ? run->va + (run->size - 1) : reach;
        cursor->done = end == cursor->last;
        cursor->va = end + 1;
        if (end == reach) {
            cursor->place = NULL;
        }
        if (found || cursor->done) {
            return found;
        }
    }
}

#endif
