/*
 * process.h - which address space each call works on: threads, fork, vfork, exec, exit.
 *
 * Turns the calls of a trace into a program of operations on numbered address spaces. After
 * that no process number matters any more, and the program can be run as often as one likes.
 */
#ifndef REPLAY_PROCESS_H
#define REPLAY_PROCESS_H

#include "trace.h"

enum op_kind {
    OP_NEW,  /* an empty space comes into being */
    OP_COPY, /* a space comes into being as a copy of `source` */
    OP_DROP, /* nobody uses the space any more */
    OP_MAP,  /* [start, start + size), replacing what is there */
    OP_UNMAP,
    OP_PROTECT,
    OP_REMAP,    /* mremap: start, size -> to, new_size */
    OP_MAPS_READ /* the process looks at its own areas */
};

#define OP_SHARED 0x1u    /* MAP_SHARED */
#define OP_ANONYMOUS 0x2u /* no file, private: neighbours are alike whatever their offsets */

struct op {
    enum op_kind kind;
    uint32_t space;
    uint32_t line;       /* of the trace, for messages */
    uint32_t protection; /* REPLAY_PROT_* */
    uint32_t flags;      /* OP_* */
    int32_t fd;          /* OP_MAP of a file */
    uint32_t source;     /* OP_COPY */
    uint64_t start, size;
    uint64_t extra; /* OP_MAP: file offset; OP_REMAP: the new size */
    uint64_t to;    /* OP_REMAP */
};

struct program {
    struct op *ops;
    size_t count, capacity;
    uint32_t spaces;    /* numbers used: 0..spaces - 1 */
    uint64_t calls;     /* successful mmap, munmap, mprotect, brk and mremap */
    bool has_maps_read; /* some OP_MAPS_READ */
    size_t maps_read;   /* index of the last one */
};

/* False with the reason in *trouble; *program is then empty. */
bool program_make(const struct trace *trace, struct program *program, struct trouble *trouble);
void program_free(struct program *program);

#endif
