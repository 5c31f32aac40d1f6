/*
 * stage.h - recording backends and the pretended hardware behind them.
 *
 * A stage owns a few backends that write down every call, refuse the calls they are told to
 * refuse, and keep a page-by-page record of what is mapped where: the "page table". A call that
 * does not fit that record (unmapping what is not mapped, or with other flags than were mapped,
 * mapping over something, ...) is a complaint at once, so pieces are proved to be clipped exactly.
 *
 * Read into the contract of backend.h:
 *   - the reference count of a backend that still has areas after an operation does not pass
 *     through zero during it, or the backend could be destroyed under the set;
 *   - no backend is called after its last reference was dropped;
 *   - may_split gets the area as it is before the operation, and an address inside it;
 *   - may_merge gets neighbours with equal flags and consecutive offsets, nothing else;
 *   - prepares come before all calls of the operation; a call that was prepared is the oldest one
 *     that is still to come, word for word; aborts take the youngest; undoing begins when nothing
 *     is prepared any more, and is not prepared itself; when the operation has ended nothing is
 *     left prepared;
 *   - the room of a step holds its new place; without a room that place is free already, with one
 *     it is by the time of the call.
 */
#ifndef MSET_TEST_SUPPORT_STAGE_H
#define MSET_TEST_SUPPORT_STAGE_H

#include "calls.h"

/* One backend of each kind. */
enum recorder_kind {
    RECORDER_FULL,     /* every operation, without prepare */
    RECORDER_NO_MOVE,  /* no move: it is an unmap followed by a map */
    RECORDER_PREPARED, /* prepare, abort and every operation */
    RECORDER_SILENT,   /* only counts references; every other member of the table is NULL */
    RECORDER_PREPARED_NO_MOVE,
    RECORDER_KINDS,
    RECORDER_NONE = RECORDER_KINDS /* NULL: bookkeeping only */
};

struct stage;

struct recorder {
    struct mset_backend base;
    struct stage *stage;
    int64_t references;
    bool dropped; /* the last reference went during this operation */
};

/* What the pretended page table holds for one page; `backend` NULL: nothing. */
struct hardware_page {
    const struct mset_backend *backend;
    uint64_t flags;
    uint64_t offset;
};

struct stage {
    struct recorder recorders[RECORDER_KINDS];
    struct seam_rules rules;
    uint64_t base;
    size_t pages;
    struct hardware_page *hardware;
    bool merge; /* does the set merge? */

    /* The present operation. */
    struct refusal refusal;
    struct call_list calls;    /* prepares and aborts among them */
    size_t told;               /* calls without those */
    size_t asked;              /* prepares */
    struct call_list prepared; /* the prepares that were agreed to ... */
    size_t ended;              /* ... and how many of them, from the first on, had their call */
    bool undoing;              /* a call was refused */
    struct area_list splits;   /* questions of may_split */
    char complaint[512];       /* the first thing that was wrong, or "" */

    /* Called at the start of every call, if set: a look at the set from inside an operation. */
    void (*look)(void *arg, struct stage *stage, const struct mset_area *run);
    void *look_arg;
};

/* The first page of the universe is at `base`; it has `pages` pages. */
void stage_open(struct stage *stage, const struct seam_rules *rules, uint64_t base, size_t pages,
                bool merge);
void stage_close(struct stage *stage);

/* Forgets everything that was mapped; references must be back at zero. */
void stage_reset(struct stage *stage);

/* Starts a new operation: forgets calls and complaints. */
void stage_begin(struct stage *stage, const struct refusal *refusal);
/* The operation is over: is anything left prepared? */
void stage_end(struct stage *stage);

/* NULL for RECORDER_NONE. */
struct mset_backend *stage_backend(struct stage *stage, enum recorder_kind kind);
/* Does the stage keep hardware for this backend? */
bool stage_maps(const struct mset_backend *backend);
/* How many areas hold references to it? 0 for RECORDER_NONE. */
int64_t stage_references(const struct stage *stage, enum recorder_kind kind);

/* The caller changes the page table by itself (for the metadata calls). */
void stage_forget(struct stage *stage, uint64_t start, uint64_t size);
void stage_install(struct stage *stage, const struct mset_area *area);

void stage_complain(struct stage *stage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
