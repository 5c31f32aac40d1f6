/*
 * state_table.c - see state_table.h. Open addressing, at most half full.
 */
#include "state_table.h"

#include <stdlib.h>

static uint64_t backend_number(const struct stage *stage, const struct mset_backend *backend) {
    for (uint64_t i = 0; i < RECORDER_KINDS; i++) {
        if (backend == &stage->recorders[i].base) {
            return i;
        }
    }
    return RECORDER_NONE;
}

static uint64_t page_bits(const struct page_model *model, const struct stage *stage, size_t i) {
    const struct model_page *page = &model->page[i];
    if (!page->present) {
        return 0;
    }
    const uint64_t distance = page->offset - model_address(model, i);
    const uint64_t pages = (distance + 32 * model->page_size) / model->page_size;
    return 1 | (uint64_t)page->starts << 1 | backend_number(stage, page->backend) << 2 |
           (uint64_t)((page->flags & MSET_WRITE) != 0) << 5 | (pages & 63) << 6;
}

void state_key(const struct page_model *model, const struct stage *stage, uint64_t key[2]) {
    key[0] = 0;
    key[1] = 0;
    for (size_t i = 0; i < model->pages; i++) {
        key[i / 5] |= page_bits(model, stage, i) << (12 * (i % 5));
    }
}

static size_t slot_of(const struct state_table *table, const uint64_t key[2]) {
    uint64_t hash = key[0] * UINT64_C(0x9e3779b97f4a7c15) ^ key[1] * UINT64_C(0xc2b2ae3d27d4eb4f);
    hash ^= hash >> 29;
    size_t slot = (size_t)(hash * UINT64_C(0xbf58476d1ce4e5b9)) & (table->room - 1);
    while (table->slots[slot].used &&
           (table->slots[slot].key[0] != key[0] || table->slots[slot].key[1] != key[1])) {
        slot = (slot + 1) & (table->room - 1);
    }
    return slot;
}

static void make_room(struct state_table *table, size_t room) {
    const struct state_table old = *table;
    table->slots = calloc(room, sizeof *table->slots);
    if (table->slots == NULL) {
        abort();
    }
    table->room = room;
    for (size_t i = 0; i < old.room; i++) {
        if (old.slots[i].used) {
            table->slots[slot_of(table, old.slots[i].key)] = old.slots[i];
        }
    }
    free(old.slots);
}

void state_table_open(struct state_table *table) {
    *table = (struct state_table){0};
    make_room(table, 1024);
}

void state_table_close(struct state_table *table) {
    free(table->slots);
    table->slots = NULL;
}

bool state_table_add(struct state_table *table, const struct state *state) {
    if (2 * (table->count + 1) > table->room) {
        make_room(table, 2 * table->room);
    }
    struct state *slot = &table->slots[slot_of(table, state->key)];
    if (slot->used) {
        return false;
    }
    *slot = *state;
    slot->used = true;
    table->count++;
    return true;
}
