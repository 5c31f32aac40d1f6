/*
 * fuzz_trace.c - the reader of strace output (bench/replay): bytes that nobody has looked at.
 *
 *     bytes ---> calls ---> text, written here ---> calls: the same?
 *       |          `------> operations on spaces: only what the replay can express
 *       `------> in pieces of another size ---> calls: the same?
 *
 * An input is the text of a trace.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/target.h"
#include "process.h"
#include "trace.h"

#define PAGE UINT64_C(4096)
#define END (UINT64_C(1) << 62)

/* ---- reading -------------------------------------------------------------------------------- */

/* In pieces of `piece` bytes. What is refused comes with a reason. */
static bool read_trace(const char *bytes, size_t size, size_t piece, struct trace *trace,
                       struct trouble *trouble) {
    bool good = true;
    trace_init(trace);
    *trouble = (struct trouble){0};
    for (size_t at = 0; at < size && good; at += piece) {
        const size_t left = size - at;
        good = trace_feed(trace, bytes + at, left < piece ? left : piece, trouble);
    }
    good = good && trace_finish(trace, trouble);
    fuzz_judge(good || trouble->text[0] != '\0' ? NULL : "refused without a reason");
    return good;
}

static bool same_call(const struct call *a, const struct call *b) {
    return a->kind == b->kind && a->pid == b->pid && a->begins == b->begins && a->ends == b->ends &&
           a->protection == b->protection && a->flags == b->flags && a->fd == b->fd &&
           a->start == b->start && a->size == b->size && a->extra == b->extra &&
           a->result == b->result;
}

static bool same_trace(const struct trace *a, const struct trace *b) {
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (!same_call(&a->calls[i], &b->calls[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

/* ---- what can be expressed ------------------------------------------------------------------ */

static bool whole_pages(uint64_t start, uint64_t size) {
    return start % PAGE == 0 && size % PAGE == 0 && start <= END && size <= END - start;
}

static bool call_is_possible(const struct call *call) {
    switch (call->kind) {
    case CALL_MMAP:
        return whole_pages(call->start, call->size) && call->size != 0 && call->extra % PAGE == 0;
    case CALL_MUNMAP:
        return whole_pages(call->start, call->size) && call->size != 0;
    case CALL_MPROTECT:
        return whole_pages(call->start, call->size);
    case CALL_MREMAP:
        return whole_pages(call->start, call->size) && whole_pages(call->result, call->extra) &&
               call->extra != 0;
    case CALL_BRK:
        return call->result < END;
    case CALL_CLONE:
        return call->result <= INT32_MAX && (call->result != 0 || call->begins);
    case CALL_NOTHING:
        return call->begins || call->ends;
    case CALL_OTHER:
        return call->ends;
    default:
        return call->kind <= CALL_GONE;
    }
}

static bool op_is_possible(const struct op *op, const struct program *program) {
    const bool moves = op->kind == OP_REMAP;
    return op->kind <= OP_MAPS_READ && op->space < program->spaces &&
           (op->kind != OP_COPY || op->source < program->spaces) &&
           whole_pages(op->start, op->size) && (!moves || whole_pages(op->to, op->extra));
}

static void judge_program(const struct trace *trace) {
    struct program program;
    struct trouble trouble = {0};
    if (!program_make(trace, &program, &trouble)) {
        fuzz_judge(trouble.text[0] != '\0' ? NULL : "refused without a reason");
        return;
    }
    for (size_t i = 0; i < program.count; i++) {
        fuzz_judge(op_is_possible(&program.ops[i], &program) ? NULL : "an impossible operation");
    }
    fuzz_judge(!program.has_maps_read || program.maps_read < program.count ? NULL : "maps_read");
    program_free(&program);
}

/* ---- writing -------------------------------------------------------------------------------- */

struct paper {
    char *text;
    size_t size, room;
};

static void write_text(struct paper *paper, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void write_text(struct paper *paper, const char *format, ...) {
    enum { LINE = 256 };
    va_list arguments;
    if (paper->size + LINE > paper->room) {
        paper->room = 2 * (paper->size + LINE);
        char *const text = realloc(paper->text, paper->room);
        if (text == NULL) {
            abort();
        }
        paper->text = text;
    }
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is started above */
    const int length = vsnprintf(paper->text + paper->size, LINE, format, arguments);
    va_end(arguments);
    paper->size += (size_t)length;
}

static const char *name_of(const struct call *call) {
    switch (call->kind) {
    case CALL_MMAP:
        return "mmap";
    case CALL_MPROTECT:
        return "mprotect";
    case CALL_BRK:
        return "brk";
    case CALL_MREMAP:
        return "mremap";
    case CALL_CLONE:
        return "clone";
    case CALL_EXECVE:
        return "execve";
    case CALL_EXIT:
        return "exit";
    case CALL_EXIT_GROUP:
        return "exit_group";
    case CALL_OPEN_MAPS:
        return "openat";
    default:
        return "munmap"; /* what came to nothing may have been one */
    }
}

/* Without the closing bracket. */
static void write_arguments(struct paper *paper, const struct call *c) {
    const bool fixed = (c->flags & REPLAY_MAP_FIXED) != 0;
    switch (c->kind) {
    case CALL_MMAP:
        write_text(paper, "%#" PRIx64 ", %#" PRIx64 ", %#" PRIx32 ", %#" PRIx32 ", %d, %#" PRIx64,
                   fixed ? c->start : 0, c->size, c->protection, c->flags, (int)c->fd, c->extra);
        break;
    case CALL_MUNMAP:
        write_text(paper, "%#" PRIx64 ", %#" PRIx64, c->start, c->size);
        break;
    case CALL_MPROTECT:
        write_text(paper, "%#" PRIx64 ", %#" PRIx64 ", %#" PRIx32, c->start, c->size,
                   c->protection);
        break;
    case CALL_BRK:
        write_text(paper, "%#" PRIx64, c->start);
        break;
    case CALL_MREMAP:
        write_text(paper, "%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx32, c->start, c->size,
                   c->extra, c->flags);
        break;
    case CALL_CLONE:
        write_text(paper, "child_stack=NULL, flags=%#" PRIx32, c->flags);
        break;
    case CALL_OPEN_MAPS:
        write_text(paper, "AT_FDCWD, \"/proc/self/maps\", O_RDONLY");
        break;
    default:
        write_text(paper, "0");
        break;
    }
}

static void write_result(struct paper *paper, const struct call *c) {
    if (c->kind == CALL_EXIT || c->kind == CALL_EXIT_GROUP) {
        write_text(paper, ") = ?\n");
    } else if (c->kind == CALL_NOTHING) {
        write_text(paper, ") = -1 ENOMEM (Cannot allocate memory)\n");
    } else {
        write_text(paper, ") = %#" PRIx64 "\n", c->result);
    }
}

/* Is a call of this thread under way, begun in front of `at`? */
static bool waits(const struct trace *trace, size_t at) {
    const uint32_t pid = trace->calls[at].pid;
    while (at-- != 0) {
        const struct call *const call = &trace->calls[at];
        if (call->pid == pid) {
            return call->begins;
        }
    }
    return false;
}

/* A thread number that no call has. */
static uint32_t stranger(const struct trace *trace) {
    uint32_t pid = INT32_MAX;
    for (size_t i = 0; i < trace->count; i++) {
        const struct call *const call = &trace->calls[i];
        if (call->pid == pid || (call->kind == CALL_CLONE && call->result == pid)) {
            pid--;
            i = (size_t)-1;
        }
    }
    return pid;
}

/* execve in another thread ends whatever this one waits for. */
static void write_superseded(struct paper *paper, const struct call *call, uint32_t other) {
    write_text(paper, "%u execve(0 <unfinished ...>\n", other);
    write_text(paper, "%u +++ superseded by execve in pid %u +++\n", call->pid, other);
    write_text(paper, "%u <... execve resumed>) = 0\n", call->pid);
}

static void write_call(struct paper *paper, const struct trace *trace, size_t at) {
    const struct call *const call = &trace->calls[at];
    if (call->kind == CALL_EXECVE && waits(trace, at)) {
        write_superseded(paper, call, stranger(trace));
        return;
    }
    if (call->kind == CALL_GONE) {
        write_text(paper, "%u +++ exited with 0 +++\n", call->pid);
        return;
    }
    if (call->ends) {
        write_text(paper, "%u <... %s resumed>", call->pid, name_of(call));
        write_result(paper, call);
        return;
    }
    write_text(paper, "%u %s(", call->pid, name_of(call));
    write_arguments(paper, call);
    if (call->begins) {
        write_text(paper, " <unfinished ...>\n");
    } else {
        write_result(paper, call);
    }
}

/* ---- the way back --------------------------------------------------------------------------- */

static void judge_round_trip(const struct trace *trace) {
    struct paper paper = {NULL, 0, 0};
    struct trace again;
    struct trouble trouble;
    for (size_t i = 0; i < trace->count; i++) {
        write_call(&paper, trace, i);
    }
    fuzz_print(
        "static const char found_by_fuzz_trace[] = /* assert_string_equal(text_trouble(...), "
        "\"\") */\n%.*s\n",
        (int)paper.size, paper.text != NULL ? paper.text : "");
    const bool good = read_trace(paper.text, paper.size, paper.size + 1, &again, &trouble);
    if (trace->count != 0) {
        fuzz_judge(good ? NULL : trouble.text);
        fuzz_judge(same_trace(trace, &again) ? NULL : "another trace after writing and reading");
    }
    trace_free(&again);
    free(paper.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *const bytes = (const char *)data;
    struct trace trace, pieces;
    struct trouble trouble, other;
    const bool good = read_trace(bytes, size, size + 1, &trace, &trouble);
    const bool good_in_pieces = read_trace(bytes, size, size % 7 + 1, &pieces, &other);
    fuzz_judge(good == good_in_pieces && trouble.line == other.line ? NULL
                                                                    : "pieces make a difference");
    if (good) {
        fuzz_judge(same_trace(&trace, &pieces) ? NULL : "pieces make a difference");
        for (size_t i = 0; i < trace.count; i++) {
            fuzz_judge(call_is_possible(&trace.calls[i]) ? NULL : "an impossible call");
        }
        judge_program(&trace);
        judge_round_trip(&trace);
    }
    trace_free(&trace);
    trace_free(&pieces);
    return 0;
}
