/* model.c - see model.h. */
#include "model.h"

#include <string.h>

uint64_t model_place(const struct model *model, unsigned n) {
    const uint64_t places[MODEL_WORDS] = {0, model->world->page / 2, model->world->page - 8};
    return places[n];
}

static uint64_t *device_word(const struct model *model, const struct model_page *page, unsigned n) {
    return world_word(model->world, page->offset + model_place(model, n));
}

uint64_t model_word(const struct model *model, unsigned process, uint64_t at, unsigned n) {
    const struct model_page *const page = &model->page[process][at];
    if (page->kind == PAGE_LINEAR) {
        return *device_word(model, page, n);
    }
    if (page->touched) {
        return page->word[n];
    }
    return (page->flags & WORLD_FILE) != 0 ? world_file_word(page->offset + model_place(model, n))
                                           : 0;
}

void model_write(struct model *model, unsigned process, uint64_t at, unsigned n, uint64_t word) {
    struct model_page *const page = &model->page[process][at];
    if (page->kind == PAGE_LINEAR) {
        *device_word(model, page, n) = word;
        return;
    }
    for (unsigned i = 0; i < MODEL_WORDS && !page->touched; i++) {
        page->word[i] = model_word(model, process, at, i);
    }
    page->touched = true;
    page->word[n] = word;
}

mset_status model_access(const struct model *model, unsigned process, uint64_t at,
                         uint64_t access) {
    const struct model_page *const page = &model->page[process][at];
    if (page->kind == PAGE_HOLE) {
        return MSET_NOT_FOUND;
    }
    return (page->flags & access) == access ? MSET_OK : MSET_ACCESS_DENIED;
}

/* ---- asking -------------------------------------------------------------------------------- */

bool model_has(const struct model *model, unsigned process, uint64_t first, uint64_t count,
               enum page_kind kind) {
    for (uint64_t i = first; i < first + count; i++) {
        if (model->page[process][i].kind == kind) {
            return true;
        }
    }
    return false;
}

bool model_is_free(const struct model *model, unsigned process, uint64_t first, uint64_t count) {
    return !model_has(model, process, first, count, PAGE_LINEAR) &&
           !model_has(model, process, first, count, PAGE_ALLOC);
}

bool model_is_covered(const struct model *model, unsigned process, uint64_t first, uint64_t count) {
    return !model_has(model, process, first, count, PAGE_HOLE);
}

/* ---- changing ------------------------------------------------------------------------------ */

void model_map(struct model *model, unsigned process, uint64_t first, uint64_t count,
               const struct model_page *page) {
    for (uint64_t i = 0; i < count; i++) {
        model->page[process][first + i] = *page;
        model->page[process][first + i].offset += i * model->world->page;
    }
}

void model_protect(struct model *model, unsigned process, uint64_t first, uint64_t count,
                   uint64_t access) {
    for (uint64_t i = first; i < first + count; i++) {
        struct model_page *const page = &model->page[process][i];
        page->flags = page->kind == PAGE_HOLE ? 0 : (page->flags & ~MSET_ACCESS) | access;
    }
}

void model_discard(struct model *model, unsigned process, uint64_t first, uint64_t count) {
    for (uint64_t i = first; i < first + count; i++) {
        model->page[process][i].touched = false;
    }
}

void model_move(struct model *model, unsigned process, uint64_t from, uint64_t count, uint64_t to) {
    struct model_page *const pages = model->page[process];
    for (uint64_t i = 0; i < count; i++) {
        pages[to + i] = pages[from + i];
        pages[from + i] = (struct model_page){.kind = PAGE_HOLE};
    }
}

void model_fork(struct model *model, unsigned from, unsigned to) {
    memcpy(model->page[to], model->page[from], sizeof model->page[to]);
}

/* ---- comparing ----------------------------------------------------------------------------- */

static void compare_area(const struct model *model, unsigned process, uint64_t at) {
    struct world *const world = model->world;
    const struct mset_space *const space = world->process[process].space;
    const struct model_page *const page = &model->page[process][at];
    struct mset_area area;
    const bool there = mset_find(mset_space_set(space), world_address(world, at), &area);
    if (there != (page->kind != PAGE_HOLE)) {
        world_complain(world, "process %u page %ju: an area is %s", process, (uintmax_t)at,
                       there ? "there" : "missing");
    } else if (there && (mset_space_is_alloc(space, &area) != (page->kind == PAGE_ALLOC) ||
                         area.flags != page->flags ||
                         mset_area_offset(&area, world_address(world, at)) != page->offset)) {
        world_complain(world, "process %u page %ju: its area is another one, flags %#jx", process,
                       (uintmax_t)at, (uintmax_t)area.flags);
    }
}

/* Looks and makes nothing. */
static void compare_contents(const struct model *model, unsigned process, uint64_t at) {
    struct world *const world = model->world;
    const struct model_page *const page = &model->page[process][at];
    struct mset_space_place place;
    const mset_status status =
        mset_space_translate(world->process[process].space, world_address(world, at), 0, 0, &place);
    if (status != MSET_OK) {
        if (status != MSET_NOT_FOUND || page->kind == PAGE_LINEAR || page->touched) {
            world_complain(world, "process %u page %ju: translate says %s", process, (uintmax_t)at,
                           mset_status_text(status));
        }
        return;
    }
    for (unsigned n = 0; n < MODEL_WORDS; n++) {
        const uint64_t word = *world_word(world, place.pa + model_place(model, n));
        if (word != model_word(model, process, at, n)) {
            world_complain(world, "process %u page %ju word %u: %#jx, should be %#jx", process,
                           (uintmax_t)at, n, (uintmax_t)word,
                           (uintmax_t)model_word(model, process, at, n));
        }
    }
}

void model_compare(struct model *model, unsigned process) {
    for (uint64_t at = 0; at < model->world->pages; at++) {
        compare_area(model, process, at);
        compare_contents(model, process, at);
    }
}
