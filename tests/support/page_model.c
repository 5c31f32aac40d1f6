/*
 * page_model.c - the model's pages: places, and everything that only asks. See page_model.h.
 */
#include "page_model_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_open(struct page_model *model, const struct seam_rules *rules, uint64_t base,
                size_t pages, bool merge) {
    *model = (struct page_model){.base = base,
                                 .page_size = rules->page_size,
                                 .pages = pages,
                                 .merge = merge,
                                 .rules = *rules};
    model->page = calloc(pages, sizeof *model->page);
    model->spare = calloc(pages, sizeof *model->spare);
    model->steps = calloc(1, sizeof *model->steps);
    if (model->page == NULL || model->spare == NULL || model->steps == NULL) {
        abort();
    }
}

void model_close(struct page_model *model) {
    free(model->page);
    free(model->spare);
    free(model->steps->steps);
    free(model->steps);
    call_list_free(&model->expected);
    change_list_free(&model->changes);
    area_list_free(&model->asked);
    area_list_free(&model->cuts);
    model->page = NULL;
    model->spare = NULL;
    model->steps = NULL;
}

void model_reset(struct page_model *model) {
    memset(model->page, 0, model->pages * sizeof *model->page);
    model->refusal = (struct refusal){0};
}

/* ---- places ------------------------------------------------------------------------------- */

bool model_range_is_good(const struct page_model *model, uint64_t start, uint64_t size) {
    const uint64_t mask = model->page_size - 1;
    return size != 0 && (start & mask) == 0 && (size & mask) == 0 && start + (size - 1) >= start;
}

uint64_t model_address(const struct page_model *model, size_t page) {
    return model->base + page * model->page_size;
}

/* The page that holds the address; `pages` for addresses above, 0 and *below for those below. */
static size_t page_of(const struct page_model *model, uint64_t address, bool *below) {
    *below = address < model->base;
    if (*below) {
        return 0;
    }
    const uint64_t page = (address - model->base) / model->page_size;
    return page < model->pages ? (size_t)page : model->pages;
}

void model_pages(const struct page_model *model, uint64_t start, uint64_t size, size_t *lo,
                 size_t *hi) {
    bool start_below, last_below;
    *lo = page_of(model, start, &start_below);
    *hi = page_of(model, start + (size - 1), &last_below);
    if (!last_below && *hi < model->pages) {
        ++*hi;
    }
}

bool model_next_area(const struct page_model *model, size_t from, bool touching,
                     struct mset_area *area, size_t *next) {
    size_t first = from;
    if (touching) {
        while (first > 0 && first < model->pages && model->page[first].present &&
               !model->page[first].starts) {
            first--;
        }
    }
    while (first < model->pages && !(model->page[first].present && model->page[first].starts)) {
        first++;
    }
    if (first >= model->pages) {
        return false;
    }
    size_t end = first + 1;
    while (end < model->pages && model->page[end].present && !model->page[end].starts) {
        end++;
    }
    const struct model_page *page = &model->page[first];
    *area = (struct mset_area){model_address(model, first), (end - first) * model->page_size,
                               page->flags, page->backend, page->offset};
    *next = end;
    return true;
}

/* ---- asking ------------------------------------------------------------------------------- */

bool model_find(const struct page_model *model, uint64_t address, struct mset_area *out) {
    bool below;
    size_t next;
    const size_t page = page_of(model, address, &below);
    if (below || page == model->pages || !model->page[page].present) {
        return false;
    }
    return model_next_area(model, page, true, out, &next);
}

bool model_overlaps(const struct page_model *model, uint64_t start, uint64_t size) {
    size_t lo, hi;
    if (size == 0 || start + (size - 1) < start) {
        return false;
    }
    model_pages(model, start, size, &lo, &hi);
    for (size_t i = lo; i < hi; i++) {
        if (model->page[i].present) {
            return true;
        }
    }
    return false;
}

uint64_t model_count(const struct page_model *model) {
    uint64_t count = 0;
    for (size_t i = 0; i < model->pages; i++) {
        count += model->page[i].present && model->page[i].starts;
    }
    return count;
}

uint64_t model_areas_of(const struct page_model *model, const struct mset_backend *backend) {
    uint64_t count = 0;
    for (size_t i = 0; i < model->pages; i++) {
        const struct model_page *page = &model->page[i];
        count += page->present && page->starts && page->backend == backend;
    }
    return count;
}

uint64_t model_mapped_bytes(const struct page_model *model) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < model->pages; i++) {
        bytes += model->page[i].present ? model->page_size : 0;
    }
    return bytes;
}

/* ---- listing ------------------------------------------------------------------------------ */

static int dump_line(const struct mset_area *area, char *line, size_t size) {
    char end[24];
    const char *name = area->backend == NULL ? NULL : area->backend->ops->name;
    if (mset_area_end(area) == 0) {
        (void)snprintf(end, sizeof end, "10000000000000000");
    } else {
        (void)snprintf(end, sizeof end, "%08" PRIx64, mset_area_end(area));
    }
    const int head = snprintf(line, size, "%08" PRIx64 "-%s %c%c%c%c %08" PRIx64 " 00:00 0 ",
                              area->start, end, (area->flags & MSET_READ) != 0 ? 'r' : '-',
                              (area->flags & MSET_WRITE) != 0 ? 'w' : '-',
                              (area->flags & MSET_EXEC) != 0 ? 'x' : '-',
                              (area->flags & MSET_SHARED) != 0 ? 's' : 'p', area->offset);
    if (name == NULL) {
        return head + snprintf(line + head, size - (size_t)head, "\n");
    }
    const int padding = head < 73 ? 73 - head : 0;
    return head + snprintf(line + head, size - (size_t)head, "%*s%s\n", padding, "", name);
}

void model_dump(const struct page_model *model, mset_write_text write, void *arg) {
    struct mset_area area;
    char line[256];
    for (size_t page = 0; model_next_area(model, page, false, &area, &page);) {
        const int length = dump_line(&area, line, sizeof line);
        if (!write(arg, line, (size_t)length)) {
            return;
        }
    }
}
