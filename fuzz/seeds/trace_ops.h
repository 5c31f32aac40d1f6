/*
 * trace_ops.h - a recorded trace as plain operations. Between two vocabularies that use the same
 * words: that of bench/replay, and that of tests/support.
 */
#ifndef MSET_FUZZ_SEEDS_TRACE_OPS_H
#define MSET_FUZZ_SEEDS_TRACE_OPS_H

#include <stddef.h>
#include <stdint.h>

enum trace_op_kind { TRACE_MAP, TRACE_UNMAP, TRACE_PROTECT, TRACE_MOVE };

struct trace_op {
    enum trace_op_kind kind;
    uint64_t start, size, to, flags;
};

/* NULL, with a message on standard error, if it cannot be read. To be freed. */
struct trace_op *trace_ops_read(const char *path, size_t *count);

#endif
