/*
 * strace.h - one line of `strace -f -qq` output, taken apart.
 *
 * Two steps, because a call may be spread over two lines (`<unfinished ...>` and `resumed>`):
 * strace_split() says what kind of line it is, strace_parse() reads a whole call. Both are pure:
 * bytes in, a structure out, nothing kept, nothing allocated.
 */
#ifndef REPLAY_STRACE_H
#define REPLAY_STRACE_H

#include "text.h"

enum line_shape {
    LINE_CALL,       /* a whole call: name and rest */
    LINE_UNFINISHED, /* its first half: name and the arguments so far */
    LINE_RESUMED,    /* its second half: name and what is left */
    LINE_SIGNAL,     /* --- SIGSEGV {...} --- */
    LINE_GONE,       /* +++ exited with 0 +++, +++ killed by SIGKILL +++ */
    LINE_SUPERSEDED, /* +++ superseded by execve in pid N +++ */
};

struct strace_line {
    enum line_shape shape;
    uint32_t pid;
    struct text name; /* of the system call */
    struct text rest; /* what follows the "(" of a call, the "resumed>" of a second half */
    uint32_t other;   /* superseded: the thread that called execve */
};

/* Returns NULL, or what is wrong with the line in a few words. No newline in `line`. */
const char *strace_split(struct text line, struct strace_line *out);

enum call_kind {
    CALL_OTHER,   /* no area comes, goes or changes */
    CALL_NOTHING, /* failed, or its result never came */
    CALL_MMAP,
    CALL_MUNMAP,
    CALL_MPROTECT,
    CALL_BRK,
    CALL_MREMAP,
    CALL_CLONE, /* fork, vfork, clone, clone3 */
    CALL_EXECVE,
    CALL_EXIT,       /* this thread */
    CALL_EXIT_GROUP, /* all threads of the process */
    CALL_OPEN_MAPS,  /* openat of /proc/self/maps */
    CALL_GONE,       /* not a call: the thread was reported gone */
};

/* Bits of `flags`, as the x86-64 kernel has them. */
#define REPLAY_PROT_READ UINT32_C(0x1)
#define REPLAY_PROT_WRITE UINT32_C(0x2)
#define REPLAY_PROT_EXEC UINT32_C(0x4)
#define REPLAY_PROT_GROWS UINT32_C(0x3000000) /* GROWSDOWN or GROWSUP */
#define REPLAY_MAP_TYPE UINT32_C(0xf)
#define REPLAY_MAP_PRIVATE UINT32_C(0x2)
#define REPLAY_MAP_DROPPABLE UINT32_C(0x8)
#define REPLAY_MAP_FIXED UINT32_C(0x10)
#define REPLAY_MAP_ANONYMOUS UINT32_C(0x20)
#define REPLAY_MAP_GROWSDOWN UINT32_C(0x100)
#define REPLAY_MAP_HUGETLB UINT32_C(0x40000)
#define REPLAY_MAP_HUGE_SHIFT 26
#define REPLAY_CLONE_VM UINT32_C(0x100)
#define REPLAY_CLONE_THREAD UINT32_C(0x10000)

struct call {
    enum call_kind kind;
    uint32_t pid;
    uint32_t line;
    bool begins; /* a record of where an interrupted call began: see trace.h */
    bool ends;   /* the call has such a record */
    uint32_t protection;
    uint32_t flags; /* MAP_*, MREMAP_*, CLONE_* */
    int32_t fd;
    uint64_t start;
    uint64_t size;
    uint64_t extra; /* mmap: file offset; mremap: the new size */
    uint64_t result;
};

/*
 * Reads a whole call: `rest` is what follows "NAME(". Sets everything but pid, line, begins and
 * ends. Returns NULL, or what is wrong: malformed, or a change to the map that cannot be expressed.
 */
const char *strace_parse(struct text name, struct text rest, struct call *out);

/* Reads what is known of a call whose result is still to come; false if that says nothing. */
bool strace_parse_begin(struct text name, struct text arguments, struct call *out);

/* Calls whose arguments need not be kept until they resume. */
bool strace_needs_arguments(struct text name);

#endif
