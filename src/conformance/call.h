/*
 * call.h - one call that changes a set, as data: to be made, foretold, left out of a sequence, and
 * printed as the lines of C it stands for.
 */
#ifndef MSET_SRC_CONFORMANCE_CALL_H
#define MSET_SRC_CONFORMANCE_CALL_H

#include <mset/conformance.h>
#include <mset/set.h>

enum call_kind {
    CALL_MAP,
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_MOVE,
    CALL_GROW,
    CALL_SHRINK,
    CALL_CLEAR,
    CALL_FAULT
};

enum call_mode {
    CALL_DIRECT,
    CALL_COMMIT, /* as a plan; nothing is to be had in the commit if all involved can prepare */
    CALL_DROP    /* planned, and dropped */
};

/* The kit's own backend, where an index of world.backend[] is expected; and no backend at all. */
enum { PARTNER = MSET_CONFORMANCE_BACKENDS, NOBODY = -1 };

struct call {
    uint64_t start; /* of the range; grow, shrink, fault: the address */
    uint64_t size;  /* of the range; grow, shrink: the bytes */
    uint64_t to;    /* move */
    uint64_t flags; /* map, protect; fault: the access */
    uint64_t offset;
    uint64_t fail;   /* the request that is refused; 0: none */
    uint64_t refuse; /* the call of the partner that it refuses; 0: none */
    enum call_kind kind;
    enum call_mode mode;
    int backend;  /* map */
    bool replace; /* map, move */
    bool high;    /* grow, shrink */
    bool fail_on; /* all requests after `fail`, too */
};

/* For printing. `prepared`: all backends involved can prepare. */
void call_print(const struct call *call, bool prepared, mset_conformance_print print, void *arg);

/* As "MSET_READ | MSET_WRITE". Returns `text`; 160 bytes are enough for any flags. */
const char *flags_text(uint64_t flags, char *text, size_t size);

#endif
