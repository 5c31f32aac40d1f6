/* model.c - see model.h. */
#include "model.h"

static bool covers(const struct model_region *region, uint64_t unit) {
    return region->exists && region->shown && unit >= region->start &&
           unit - region->start < region->size;
}

static int winner(const struct model_state *state, uint64_t unit) {
    int best = -1;
    for (int i = 0; i < MODEL_REGIONS; i++) {
        if (covers(&state->regions[i], unit) &&
            (best < 0 || state->regions[i].priority > state->regions[best].priority)) {
            best = i;
        }
    }
    return best;
}

struct model_sight model_look(const struct model_state *state, uint64_t unit) {
    int at = winner(state, unit);
    bool read_only = false;
    if (at < 0) {
        return (struct model_sight){.region = -1};
    }
    uint64_t offset = unit - state->regions[at].start;
    while (state->regions[at].kind == MSET_REGION_ALIAS) {
        read_only |= state->regions[at].read_only;
        offset += state->regions[at].target_offset;
        at = state->regions[at].target;
    }
    const struct model_region *const region = &state->regions[at];
    const bool memory = region->kind == MSET_REGION_RAM || region->kind == MSET_REGION_ROM;
    read_only |= region->read_only;
    return (struct model_sight){at, offset,
                                !memory     ? region->kind
                                : read_only ? MSET_REGION_ROM
                                            : MSET_REGION_RAM,
                                memory && !read_only && region->logged};
}

bool model_conflict(const struct model_state *state) {
    for (uint64_t unit = 0; unit < MODEL_UNITS; unit++) {
        for (int i = 0; i < MODEL_REGIONS; i++) {
            for (int k = 0; k < i; k++) {
                if (covers(&state->regions[i], unit) && covers(&state->regions[k], unit) &&
                    state->regions[i].priority == state->regions[k].priority) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool model_has_aliases(const struct model_state *state, int region) {
    return model_needed(state, region) != 0;
}

uint64_t model_needed(const struct model_state *state, int region) {
    uint64_t most = 0;
    for (int i = 0; i < MODEL_REGIONS; i++) {
        const struct model_region *const alias = &state->regions[i];
        if (alias->exists && alias->kind == MSET_REGION_ALIAS && alias->target == region &&
            alias->target_offset + alias->size > most) {
            most = alias->target_offset + alias->size;
        }
    }
    return most;
}

/* ---- slots ---------------------------------------------------------------------------------- */

static bool is_memory(const struct model_sight *sight) {
    return sight->region >= 0 && (sight->kind == MSET_REGION_RAM || sight->kind == MSET_REGION_ROM);
}

static bool follows(const struct model_sight *a, const struct model_sight *b) {
    return a->region == b->region && a->offset + 1 == b->offset && a->kind == b->kind &&
           a->logged == b->logged;
}

/* Is the page that begins with this unit memory of one kind throughout, straight on the host? */
static bool page_fits(const struct model *model, const struct model_state *state, uint64_t unit) {
    struct model_sight sight = model_look(state, unit);
    if (!is_memory(&sight) || sight.offset % model->slot_units != 0) {
        return false;
    }
    for (uint64_t i = 1; i < model->slot_units; i++) {
        const struct model_sight next = model_look(state, unit + i);
        if (!follows(&sight, &next)) {
            return false;
        }
        sight = next;
    }
    return true;
}

size_t model_slots(const struct model *model, const struct model_state *state,
                   struct model_slot *out) {
    size_t count = 0;
    bool going = false; /* does the page before belong to the last slot? */
    for (uint64_t unit = 0; unit < MODEL_UNITS; unit += model->slot_units) {
        if (!page_fits(model, state, unit)) {
            going = false;
            continue;
        }
        const struct model_sight sight = model_look(state, unit);
        const uint64_t bytes = model->slot_units * model->unit;
        if (going) {
            const struct model_sight before = model_look(state, unit - 1);
            going = follows(&before, &sight);
        }
        if (going) {
            out[count - 1].size += bytes;
        } else {
            out[count++] = (struct model_slot){model->base + unit * model->unit, bytes,
                                               sight.offset * model->unit,       sight.region,
                                               sight.kind == MSET_REGION_ROM,    sight.logged};
        }
        going = true;
    }
    return count;
}
