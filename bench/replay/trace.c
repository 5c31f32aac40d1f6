/*
 * trace.c - joins lines to calls.
 *
 *     111 mmap(NULL, 4096, <unfinished ...>        the text is kept with 111
 *     222 brk(NULL) = 0x5000                       done at once
 *     111 <... mmap resumed>PROT_READ, ...) = 0x7f00000
 *                                                  kept text + this = the whole call
 *
 * Invariant: a thread has at most one first half waiting; a line of a thread that waits can only
 * be its second half, a signal, or its end.
 */
#include "trace.h"

#include "array.h"

#define NAME_LIMIT 32
/* Arguments of a half call; only those of execve are longer, and nobody reads them. */
#define HALF_LIMIT ((size_t)16 << 10)

struct half {
    bool waiting;
    char name[NAME_LIMIT];
    size_t name_size;
    char *arguments; /* NULL if there are none worth keeping */
    size_t size;
    size_t begin; /* index of its record + 1; 0: none */
    uint32_t line;
};

static bool read_line(void *arg, struct text text, uint32_t number, struct trouble *trouble);

void trace_init(struct trace *trace) {
    *trace = (struct trace){0};
    lines_init(&trace->lines, read_line, trace);
    pids_init(&trace->halves, sizeof(struct half));
}

static void drop_half(struct half *half) {
    free(half->arguments);
    *half = (struct half){0};
}

void trace_free(struct trace *trace) {
    size_t at = 0;
    for (struct half *half; (half = pids_next(&trace->halves, &at)) != NULL;) {
        drop_half(half);
    }
    pids_free(&trace->halves);
    lines_free(&trace->lines);
    free(trace->calls);
    *trace = (struct trace){0};
}

static bool add_call(struct trace *trace, const struct call *call, struct trouble *trouble) {
    if (trace->count == TRACE_LIMIT) {
        return trouble_set(trouble, call->line, "too many calls");
    }
    struct call *calls =
        array_reserve(trace->calls, &trace->capacity, trace->count + 1, sizeof *calls);
    if (calls == NULL) {
        return trouble_no_memory(trouble, call->line);
    }
    trace->calls = calls;
    calls[trace->count++] = *call;
    return true;
}

/*
 * The number of a thread that vanished without a word (its process was killed) is used again:
 * what the old one was waiting for never comes.
 */
static void forget_namesake(struct trace *trace, const struct call *clone, uint32_t since) {
    struct half *child = pids_find(&trace->halves, (uint32_t)clone->result);
    if (child != NULL && child->waiting && child->line < since) {
        drop_half(child);
    }
}

/* A whole call. `half` is where its first half waited, or NULL. */
static bool complete(struct trace *trace, const struct half *half, struct call *call,
                     struct trouble *trouble) {
    if (call->kind == CALL_CLONE) {
        forget_namesake(trace, call, half != NULL ? half->line : call->line);
    }
    if (half != NULL && half->begin != 0) {
        struct call *begin = &trace->calls[half->begin - 1];
        const uint32_t line = begin->line;
        *begin = *call;
        begin->line = line;
        begin->begins = true;
        call->ends = true;
    }
    if (call->kind == CALL_OTHER || call->kind == CALL_NOTHING) {
        trace->skipped++;
        /* A clone that failed still ends the wait of its begin. */
        return half == NULL || half->begin == 0 || add_call(trace, call, trouble);
    }
    return add_call(trace, call, trouble);
}

static bool parse(struct trace *trace, const struct half *half, uint32_t pid, uint32_t line,
                  struct text name, struct text rest, struct trouble *trouble) {
    struct call call;
    const char *why = strace_parse(name, rest, &call);
    if (why != NULL) {
        return trouble_set(trouble, line, "%s", why);
    }
    call.pid = pid;
    call.line = line;
    return complete(trace, half, &call, trouble);
}

/* ---- halves ------------------------------------------------------------------------------- */

static bool may_act_early(struct text name) {
    return text_is(name, "munmap") || text_is(name, "mremap");
}

static bool mark_begin(struct trace *trace, struct half *half, const struct strace_line *line,
                       uint32_t number, struct trouble *trouble) {
    struct call begin;
    if (!strace_parse_begin(line->name, line->rest, &begin)) {
        if (!may_act_early(line->name)) {
            return true;
        }
        begin = (struct call){.kind = CALL_NOTHING, .fd = -1};
    }
    begin.begins = true;
    begin.pid = line->pid;
    begin.line = number;
    half->begin = trace->count + 1;
    return add_call(trace, &begin, trouble);
}

static bool keep_arguments(struct half *half, const struct strace_line *line) {
    if (!strace_needs_arguments(line->name) || line->rest.size == 0) {
        return true;
    }
    half->arguments = malloc(line->rest.size);
    if (half->arguments == NULL) {
        return false;
    }
    memcpy(half->arguments, line->rest.at, line->rest.size);
    half->size = line->rest.size;
    return true;
}

static bool begin_half(struct trace *trace, struct half *half, const struct strace_line *line,
                       uint32_t number, struct trouble *trouble) {
    if (line->name.size > NAME_LIMIT) {
        return trouble_set(trouble, number, "malformed system call");
    }
    if (strace_needs_arguments(line->name) && line->rest.size > HALF_LIMIT) {
        return trouble_set(trouble, number, "unfinished call too long");
    }
    if (!keep_arguments(half, line)) {
        return trouble_no_memory(trouble, number);
    }
    half->waiting = true;
    half->line = number;
    half->name_size = line->name.size;
    memcpy(half->name, line->name.at, line->name.size);
    return mark_begin(trace, half, line, number, trouble);
}

static bool join_half(struct trace *trace, struct half *half, const struct strace_line *line,
                      uint32_t number, struct trouble *trouble) {
    const struct text name = {half->name, half->name_size};
    if (!half->waiting || name.size != line->name.size ||
        memcmp(name.at, line->name.at, name.size) != 0) {
        return trouble_set(trouble, number, "resumes a call that was not begun");
    }
    const size_t size = half->size + line->rest.size;
    char *whole = malloc(size + 1);
    if (whole == NULL) {
        return trouble_no_memory(trouble, number);
    }
    if (half->size != 0) {
        memcpy(whole, half->arguments, half->size);
    }
    memcpy(whole + half->size, line->rest.at, line->rest.size);
    const bool done =
        parse(trace, half, line->pid, number, name, (struct text){whole, size}, trouble);
    free(whole);
    drop_half(half);
    return done;
}

/* execve in a thread: it goes on under the number of the process, the others are gone. */
static bool supersede(struct trace *trace, struct half *half, const struct strace_line *line,
                      uint32_t number, struct trouble *trouble) {
    struct half *caller = pids_find(&trace->halves, line->other);
    if (caller == NULL || caller == half || !caller->waiting) {
        return trouble_set(trouble, number, "superseded by a thread that is not in execve");
    }
    drop_half(half);
    *half = *caller;
    *caller = (struct half){0};
    return true;
}

static bool gone(struct trace *trace, struct half *half, uint32_t pid, uint32_t number,
                 struct trouble *trouble) {
    const struct call call = {.kind = CALL_GONE, .pid = pid, .line = number, .fd = -1};
    drop_half(half);
    return add_call(trace, &call, trouble);
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool read_line(void *arg, struct text text, uint32_t number, struct trouble *trouble) {
    struct trace *trace = arg;
    struct strace_line line;
    const char *why = strace_split(text, &line);
    if (why != NULL) {
        return trouble_set(trouble, number, "%s", why);
    }
    struct half *half = pids_add(&trace->halves, line.pid);
    if (half == NULL) {
        return trouble_set(trouble, number, "too many processes");
    }
    const bool starts = line.shape == LINE_CALL || line.shape == LINE_UNFINISHED;
    if (starts && half->waiting) {
        return trouble_set(trouble, number, "a call inside a call that has not resumed");
    }
    switch (line.shape) {
    case LINE_CALL:
        return parse(trace, NULL, line.pid, number, line.name, line.rest, trouble);
    case LINE_UNFINISHED:
        return begin_half(trace, half, &line, number, trouble);
    case LINE_RESUMED:
        return join_half(trace, half, &line, number, trouble);
    case LINE_GONE:
        return gone(trace, half, line.pid, number, trouble);
    case LINE_SUPERSEDED:
        return supersede(trace, half, &line, number, trouble);
    case LINE_SIGNAL:
    default:
        return true;
    }
}

bool trace_feed(struct trace *trace, const char *bytes, size_t size, struct trouble *trouble) {
    return lines_feed(&trace->lines, bytes, size, trouble);
}

bool trace_finish(struct trace *trace, struct trouble *trouble) {
    if (!lines_finish(&trace->lines, trouble)) {
        return false;
    }
    if (trace->lines.number == 0) {
        return trouble_set(trouble, 0, "empty: not a trace");
    }
    return true;
}
