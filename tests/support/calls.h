/*
 * calls.h - what backends and observers were told: lists of calls and of changes, and the rules by
 * which recording backends refuse. Shared by the side that records (stage.h, mirror.h) and the side
 * that foretells (page_model.h).
 */
#ifndef MSET_TEST_SUPPORT_CALLS_H
#define MSET_TEST_SUPPORT_CALLS_H

#include <mset/backend.h>
#include <mset/observe.h>

enum call_kind {
    CALL_MAP,
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_MOVE,
    CALL_FAULT,
    CALL_PREPARE, /* these two are about a call: see `step` */
    CALL_ABORT
};

struct call {
    enum call_kind kind;
    struct mset_area run;
    uint64_t extra;      /* protect: new flags; move: new start; fault: address */
    uint64_t access;     /* fault only */
    enum call_kind step; /* prepare and abort: the call to come */
    uint64_t room_start; /* theirs, too */
    uint64_t room_size;
};

struct call_list {
    struct call *calls;
    size_t count;
    size_t room;
};

void call_list_add(struct call_list *list, const struct call *call);
void call_list_free(struct call_list *list);
bool call_equal(const struct call *a, const struct call *b);
/* The call that takes another one back (backend.h, "How a backend answers"). */
struct call call_inverse(const struct call *call);
/* What is said about a call to come: `kind` is CALL_PREPARE or CALL_ABORT. */
struct call call_about(enum call_kind kind, const struct call *call, uint64_t room_start,
                       uint64_t room_size);
/* The call that a prepare or an abort is about. */
struct call call_to_come(const struct call *about);
/* Writes the call as text, for complaints. */
void call_text(const struct call *call, char *text, size_t size);

bool area_equal(const struct mset_area *a, const struct mset_area *b);

/* A list of areas, for pieces asked about and seams questioned. */
struct area_list {
    struct mset_area *areas;
    uint64_t *at; /* one address to go with each area */
    size_t count;
    size_t room;
};

void area_list_add(struct area_list *list, const struct mset_area *area, uint64_t at);
void area_list_free(struct area_list *list);

/* Changes to the areas of a set. */
struct change_list {
    struct mset_change *changes;
    size_t count;
    size_t room;
};

void change_list_add(struct change_list *list, const struct mset_change *change);
void change_list_free(struct change_list *list);
bool change_equal(const struct mset_change *a, const struct mset_change *b);
/* Writes the change as text, for complaints. */
void change_text(const struct mset_change *change, char *text, size_t size);

/*
 * Calls are numbered from 0 within one operation, undo calls included, prepares and aborts not;
 * call i is refused with `code` if bit i of the mask is set. Bit 63 stands for all calls from 63
 * on. Prepares are numbered by themselves. What was prepared is not refused, as promised, unless
 * promises are broken.
 */
struct refusal {
    uint64_t calls;
    int code;
    uint64_t prepares;
    bool breaks_promises;
};

static inline bool mask_hits(uint64_t mask, size_t number) {
    return (mask >> (number < 63 ? number : 63) & 1) != 0;
}

/*
 * Where recording backends object to a seam between two areas: at every page whose number is a
 * multiple of the value; 0: nowhere. Depends on the address alone, so that the order in which
 * seams are looked at cannot matter.
 */
struct seam_rules {
    uint64_t page_size;
    uint64_t no_split;
    uint64_t no_merge;
};

static inline bool seam_may_split(const struct seam_rules *rules, uint64_t at) {
    return rules->no_split == 0 || at / rules->page_size % rules->no_split != 0;
}

static inline bool seam_may_merge(const struct seam_rules *rules, uint64_t at) {
    return rules->no_merge == 0 || at / rules->page_size % rules->no_merge != 0;
}

#endif
