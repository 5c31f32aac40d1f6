/* Stands in for <trace/events/maple_tree.h>: nobody traces. */
#ifndef SHIM_TRACE_EVENTS_MAPLE_TREE_H
#define SHIM_TRACE_EVENTS_MAPLE_TREE_H

#define tracepoint_string(text) (text)

struct ma_state;

static inline void trace_ma_op(const char *who, const struct ma_state *mas) {
    (void)who, (void)mas;
}

static inline void trace_ma_read(const char *who, const struct ma_state *mas) {
    (void)who, (void)mas;
}

static inline void trace_ma_write(const char *who, const struct ma_state *mas, unsigned long piv,
                                  const void *value) {
    (void)who, (void)mas, (void)piv, (void)value;
}

#endif
