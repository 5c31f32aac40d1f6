/* trace_ops.c - see trace_ops.h. */
#include "seeds/trace_ops.h"

#include <stdlib.h>

#include <mset/base.h>

#include "input.h"
#include "process.h"

static bool feed(void *arg, const char *bytes, size_t size, struct trouble *trouble) {
    return trace_feed(arg, bytes, size, trouble);
}

static uint64_t flags_of(const struct op *op) {
    return ((op->protection & REPLAY_PROT_READ) != 0 ? MSET_READ : 0) |
           ((op->protection & REPLAY_PROT_WRITE) != 0 ? MSET_WRITE : 0) |
           ((op->protection & REPLAY_PROT_EXEC) != 0 ? MSET_EXEC : 0);
}

/* False: it is no change of areas that a script can say. */
static bool convert(const struct op *op, struct trace_op *out) {
    *out = (struct trace_op){TRACE_MAP, op->start, op->size, op->to, flags_of(op)};
    switch (op->kind) {
    case OP_MAP:
        return op->size != 0;
    case OP_UNMAP:
        out->kind = TRACE_UNMAP;
        return op->size != 0;
    case OP_PROTECT:
        out->kind = TRACE_PROTECT;
        return op->size != 0;
    case OP_REMAP:
        out->kind = TRACE_MOVE;
        return op->to != op->start && op->size != 0;
    default:
        return false;
    }
}

static struct trace_op *convert_all(const struct program *program, size_t *count) {
    struct trace_op *const ops = malloc((program->count + 1) * sizeof *ops);
    *count = 0;
    for (size_t i = 0; ops != NULL && i < program->count; i++) {
        *count += program->ops[i].space == 0 && convert(&program->ops[i], &ops[*count]);
    }
    return ops;
}

struct trace_op *trace_ops_read(const char *path, size_t *count) {
    struct trace trace;
    struct program program;
    struct trouble trouble;
    struct trace_op *ops = NULL;
    trace_init(&trace);
    if (input_read(path, feed, &trace, &trouble) && trace_finish(&trace, &trouble) &&
        program_make(&trace, &program, &trouble)) {
        ops = convert_all(&program, count);
        program_free(&program);
    } else {
        trouble_print(&trouble, path, stderr);
    }
    trace_free(&trace);
    return ops;
}
