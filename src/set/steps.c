/*
 * steps.c - the steps of a plan, in the order in which backends are told, and back.
 *
 *       pass             steps
 *       CLEAR_OTHERS     unmap each piece in plan->clear whose backend has no prepare
 *       CLEAR_PREPARED   unmap each of the others
 *       PIECES_OTHERS    protect or move each piece in plan->pieces whose backend has no prepare
 *       PIECES_PREPARED  protect or move each of the others
 *       ADD              map plan->added
 *
 * A piece that is moved by a backend without `move` takes two steps: unmap here, map there. A piece
 * whose flags stay is no step of a protect; a piece without a backend is one, though nobody is
 * told, so that a part of a plan is a number of steps.
 */
#include "set.h"

static bool is_clear(enum pass pass) {
    return pass == CLEAR_OTHERS || pass == CLEAR_PREPARED;
}

static const struct range *range_of(const struct step *step) {
    return is_clear(step->pass) ? &step->plan->clear : &step->plan->pieces;
}

static bool moves_in_two(const struct mset_plan *plan, const struct at_run *piece) {
    const struct mset_backend *backend = piece->attributes.backend;
    return plan->kind == PLAN_MOVE && backend != NULL && backend->ops->move == NULL;
}

/* Does the piece with this index have a step in the pass? */
static bool counts(const struct mset_plan *plan, enum pass pass, const struct at_run *piece,
                   uint64_t index) {
    const bool last_of_two = pass == CLEAR_PREPARED || pass == PIECES_PREPARED;
    return mset_prepares(piece->attributes.backend) == last_of_two &&
           (is_clear(pass) || plan->kind != PLAN_PROTECT ||
            plan->answers.flags[index] != piece->attributes.flags);
}

/* ---- what the backend is told ---------------------------------------------------------------- */

static void set_room(struct mset_step *told, const struct range *room) {
    if (!mset_range_empty(room)) {
        told->room_start = room->first;
        told->room_size = room->last - room->first + 1;
    }
}

static void describe_move(struct step *step) {
    const struct mset_plan *plan = step->plan;
    struct mset_step *told = &step->told;
    const uint64_t target = told->run.start + (plan->range.first - plan->pieces.first);
    if (!moves_in_two(plan, &step->piece)) {
        told->kind = MSET_STEP_MOVE;
        told->new_start = target;
    } else if (!step->second) {
        told->kind = MSET_STEP_UNMAP;
        return;
    } else {
        told->kind = MSET_STEP_MAP;
        told->run.start = target;
    }
    set_room(told, &plan->clear);
}

static void describe(struct step *step) {
    const struct mset_plan *plan = step->plan;
    struct mset_step *told = &step->told;
    *told = (struct mset_step){.run = mset_area_of(&step->piece)};
    if (step->pass == ADD) {
        told->kind = MSET_STEP_MAP;
        set_room(told, &plan->clear);
    } else if (is_clear(step->pass)) {
        told->kind = MSET_STEP_UNMAP;
    } else if (plan->kind == PLAN_PROTECT) {
        told->kind = MSET_STEP_PROTECT;
        told->new_flags = plan->answers.flags[step->index];
    } else {
        describe_move(step);
    }
}

/* ---- forwards -------------------------------------------------------------------------------- */

/* From piece to piece of the pass, beginning with the one at the path, if `more`. */
static bool find_forwards(struct step *step, bool more) {
    const struct range *const range = range_of(step);
    for (; more; more = mset_next_piece(step->plan->set, range, &step->path), step->index++) {
        step->piece = mset_piece_at(&step->path, range);
        if (counts(step->plan, step->pass, &step->piece, step->index)) {
            step->version = step->plan->set->tree.version;
            describe(step);
            return true;
        }
    }
    return false;
}

/* The first step of this pass or of a later one. */
static bool enter(struct step *step, enum pass pass) {
    for (; pass < PASSES; pass++) {
        if ((step->plan->passes >> pass & 1) == 0) {
            continue;
        }
        step->pass = pass;
        step->second = false;
        step->index = 0;
        if (pass == ADD) {
            step->piece = step->plan->added;
            describe(step);
            return true;
        }
        /* unreachable: a pass that is marked has a step */
        if (find_forwards(step, mset_first_piece(step->plan->set, range_of(step), &step->path))) {
            return true;
        }
    }
    return false;
}

bool mset_first_step(struct step *step, const struct mset_plan *plan) {
    step->plan = plan;
    return enter(step, CLEAR_OTHERS);
}

/* To the piece behind this one, also if the tree has changed. */
static bool next_piece(struct step *step) {
    const struct range *const range = range_of(step);
    const struct mset *const set = step->plan->set;
    if (step->version == set->tree.version) {
        return mset_next_piece(set, range, &step->path);
    }
    const struct range rest = {step->piece.last + 1, range->last};
    return step->piece.last != range->last && mset_first_piece(set, &rest, &step->path);
}

bool mset_next_step(struct step *step) {
    if (step->pass == ADD) {
        return false;
    }
    if (!is_clear(step->pass) && !step->second && moves_in_two(step->plan, &step->piece)) {
        step->second = true;
        describe(step);
        return true;
    }
    step->second = false;
    const bool more = next_piece(step);
    step->index++;
    return find_forwards(step, more) || enter(step, step->pass + 1);
}

/* ---- backwards ------------------------------------------------------------------------------- */

static bool find_backwards(struct step *step, bool more) {
    const struct range *const range = range_of(step);
    for (; more; more = mset_prev_piece(step->plan->set, range, &step->path), step->index--) {
        step->piece = mset_piece_at(&step->path, range);
        if (counts(step->plan, step->pass, &step->piece, step->index)) {
            step->second = !is_clear(step->pass) && moves_in_two(step->plan, &step->piece);
            step->version = step->plan->set->tree.version;
            describe(step);
            return true;
        }
    }
    return false;
}

/* The last step of the pass before `pass`, or of an earlier one. */
static bool enter_from_behind(struct step *step, enum pass pass) {
    while (pass-- > CLEAR_OTHERS) {
        if ((step->plan->passes >> pass & 1) == 0) {
            continue;
        }
        step->pass = pass;
        /* Only answers are looked up by index; elsewhere it may run below 0. */
        step->index = step->plan->answers.count - 1;
        /* unreachable: a pass that is marked has a step */
        if (find_backwards(step, mset_last_piece(step->plan->set, range_of(step), &step->path))) {
            return true;
        }
    }
    return false;
}

bool mset_prev_step(struct step *step) {
    if (step->pass == ADD) {
        return enter_from_behind(step, ADD);
    }
    if (step->second) {
        step->second = false;
        describe(step);
        return true;
    }
    const bool more = mset_prev_piece(step->plan->set, range_of(step), &step->path);
    step->index--;
    return find_backwards(step, more) || enter_from_behind(step, step->pass);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void count_pieces(struct mset_plan *plan, const struct range *range, enum pass others,
                         enum pass prepared) {
    struct at_path path;
    uint64_t index = 0;
    /* unreachable: what is not empty holds a piece */
    bool more = !mset_range_empty(range) && mset_first_piece(plan->set, range, &path);
    for (; more; more = mset_next_piece(plan->set, range, &path), index++) {
        const struct at_run piece = mset_piece_at(&path, range);
        const enum pass pass = mset_prepares(piece.attributes.backend) ? prepared : others;
        if (counts(plan, pass, &piece, index)) {
            plan->passes |= 1u << pass;
            plan->steps += 1u + (!is_clear(pass) && moves_in_two(plan, &piece));
        }
    }
}

void mset_count_steps(struct mset_plan *plan) {
    plan->passes = 0;
    plan->steps = 0;
    if (!plan->telling) {
        return;
    }
    if (plan->set->told != 0) {
        count_pieces(plan, &plan->clear, CLEAR_OTHERS, CLEAR_PREPARED);
        count_pieces(plan, &plan->pieces, PIECES_OTHERS, PIECES_PREPARED);
    }
    if (plan->added.attributes.backend != NULL) {
        plan->passes |= 1u << ADD;
        plan->steps++;
    }
}
