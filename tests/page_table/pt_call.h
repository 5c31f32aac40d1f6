/*
 * pt_call.h - one call of page_table.h that changes leaves, as data: so that whoever chooses calls,
 * random numbers or a fuzzer, has them made and judged in the same way, and can print them.
 *
 * Calls happen in a window of the judge's table, that begins or ends where leaves of the second
 * level do. `spots` are the places in it where sizes of leaves change.
 */
#ifndef MSET_TEST_PAGE_TABLE_PT_CALL_H
#define MSET_TEST_PAGE_TABLE_PT_CALL_H

#include "page_table/judge.h"

enum pt_kind {
    PT_MAP,
    PT_UNMAP,
    PT_PROTECT,
    PT_MOVE,
    PT_CUT,
    PT_SPLIT,
    PT_HARVEST,
    PT_PROMOTE,
    PT_KINDS
};

struct pt_call {
    enum pt_kind kind;
    uint64_t va, size, pa, flags, to, leaf;
    enum mset_pt_overlap overlap;
    bool tell;        /* somebody wants to know what was removed, or marked */
    bool prepared;    /* announced before, then made without any memory */
    uint64_t fail_at; /* of the direct call: the frame that is refused, and all after it; 0: none */
};

struct spots {
    uint64_t page, slot_1, slot_2, group; /* bytes */
    uint64_t window, window_size;
};

/* The window lies at the top of what the table translates, or at address 0 where that is not it. */
void spots_find(struct spots *spots, const struct judge *judge, bool top);
/* The nth place where something changes: slots of level 1, and their neighbourhood. */
enum { SPOTS = 7 };
uint64_t spots_place(const struct spots *spots, unsigned n);

/* The flags that the format can express, of those worth trying; asserts that others are refused. */
enum { PT_FLAGS = 16 };
size_t pt_call_flags(const struct judge *judge, const struct spots *spots, uint64_t *flags);

/*
 * Makes the call and judges it: the status, what was told, what the tables hold as seen by the MMU
 * model after every step; a call that was prepared takes exactly what was put there for it. A call
 * that fails has changed nothing. Not for moves whose ranges meet, which are asked for elsewhere.
 */
void pt_call_make(struct judge *judge, const struct spots *spots, const struct pt_call *call);
/* Will its ranges meet, or leave the window? */
bool pt_call_meets(const struct spots *spots, const struct pt_call *call);

/* A part of the table goes to a new one (mset_pt_copy), which holds that part and nothing else. */
void pt_call_copy(struct judge *judge, uint64_t va, uint64_t size, bool write_protect);
/*
 * The same in two steps: first `part` bytes go to the new table and are unmapped there, then the
 * whole, to where tables are now and a flush is outstanding; with `fail_at` the frame of that
 * number is refused, and all after it. What is there is in the way of another copy.
 */
void pt_call_copy_again(struct judge *judge, uint64_t va, uint64_t size, uint64_t part,
                        uint64_t fail_at);

/* As C. Returns `text`. */
const char *pt_call_text(const struct pt_call *call, char *text, size_t size);

#endif
