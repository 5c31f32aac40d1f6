/*
 * from_trace.c - recorded calls of a real program as inputs of the fuzz targets:
 *
 *     MSET_FUZZ_SEEDS=FOLDER from-trace TRACE.strace.xz...
 *
 * A window of some calls at a time; of the addresses in it only their order is kept, so that they
 * fit in a small universe: neighbours stay neighbours, holes stay holes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seeds/seed.h"
#include "seeds/trace_ops.h"

enum { WINDOW = 24, EDGES = 4 * WINDOW };

struct window {
    const struct trace_op *ops;
    size_t count;
    uint64_t edge[EDGES]; /* ascending */
    size_t edges;
};

static int ascending(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void find_edges(struct window *w) {
    w->edges = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct trace_op *const op = &w->ops[i];
        w->edge[w->edges++] = op->start;
        w->edge[w->edges++] = op->start + op->size;
        if (op->kind == TRACE_MOVE) {
            w->edge[w->edges++] = op->to;
            w->edge[w->edges++] = op->to + op->size;
        }
    }
    qsort(w->edge, w->edges, sizeof *w->edge, ascending);
}

/* Two pages for each step from edge to edge. */
static uint64_t place(const struct window *w, uint64_t address) {
    uint64_t page = 0;
    for (size_t i = 1; i < w->edges && w->edge[i] <= address; i++) {
        page += w->edge[i] != w->edge[i - 1] ? 2 : 0;
    }
    return 0x400000 + page * MSET_PAGE_SIZE;
}

static struct script_step step_of(const struct window *w, const struct trace_op *op) {
    static const enum operation_kind kinds[] = {OP_MAP, OP_UNMAP, OP_PROTECT, OP_MOVE};
    const uint64_t start = place(w, op->start);
    struct script_step step = {.kind = kinds[op->kind], .operation.kind = kinds[op->kind]};
    step.operation.start = start;
    step.operation.size = place(w, op->start + op->size) - start;
    step.operation.to = op->kind == TRACE_MOVE ? place(w, op->to) : 0;
    step.operation.flags = op->flags;
    step.operation.offset = start;
    step.operation.how = MSET_MAP_REPLACE;
    return step;
}

static void write_window(struct window *w, const char *name, bool merge) {
    static struct seed seed;
    const struct twin_options options = {
        .base = 0x400000, .page_size = MSET_PAGE_SIZE, .pages = (size_t)2 * EDGES, .merge = merge};
    find_edges(w);
    seed_begin(&seed, &options);
    for (size_t i = 0; i < w->count; i++) {
        const struct script_step step = step_of(w, &w->ops[i]);
        seed_add(&seed, &step);
    }
    seed_end(&seed, name);
}

static void write_windows(const struct trace_op *ops, size_t count, const char *path) {
    const char *const slash = strrchr(path, '/');
    char name[64];
    (void)snprintf(name, sizeof name, "%.40s", slash != NULL ? slash + 1 : path);
    /* Of long traces only some windows: they are much alike. */
    const size_t stride = count > (size_t)64 * WINDOW ? count / 64 : WINDOW;
    for (size_t at = 0; at + WINDOW <= count; at += stride) {
        struct window window = {.ops = &ops[at], .count = WINDOW};
        write_window(&window, name, at / stride % 2 == 0);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        size_t count;
        struct trace_op *const ops = trace_ops_read(argv[i], &count);
        if (ops == NULL) {
            return 1;
        }
        write_windows(ops, count, argv[i]);
        free(ops);
    }
    return 0;
}
