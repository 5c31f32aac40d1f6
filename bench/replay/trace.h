/*
 * trace.h - the reader: bytes of a trace in, an array of calls out.
 *
 * It joins the two halves of interrupted calls, drops calls that change nothing (counting them)
 * and keeps everything else in the order in which it was complete. It reads no files and knows
 * no address space, so any bytes can be thrown at it.
 */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

#include "lines.h"
#include "pids.h"
#include "strace.h"

/* More are refused: it bounds the memory that a hostile input can ask for. */
#define TRACE_LIMIT ((size_t)1 << 24)

/*
 * `calls` holds completed calls. For clone, munmap and mremap that were interrupted there is a
 * second record with `begins` set, where the first half was: it says what the call will turn out
 * to be (kind CALL_NOTHING if it fails; a clone that never returns keeps result 0). A child is at
 * work before its parent returns from clone, and memory can be reused before munmap returns.
 */
struct trace {
    struct call *calls;
    size_t count, capacity;
    uint64_t skipped; /* calls that change no map, failed, or had no result */
    struct lines lines;
    struct pids halves; /* of struct half: calls waiting for their second line */
};

void trace_init(struct trace *trace);
void trace_free(struct trace *trace);

/* Both return false with the reason in *trouble; the trace can then only be freed. */
bool trace_feed(struct trace *trace, const char *bytes, size_t size, struct trouble *trouble);
bool trace_finish(struct trace *trace, struct trouble *trouble);

#endif
