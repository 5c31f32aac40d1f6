/*
 * calls.h - what a backend was told: a list of calls, and the rules by which recording backends
 * refuse. Shared by the side that records (stage.h) and the side that foretells (page_model.h).
 */
#ifndef MSET_TEST_SUPPORT_CALLS_H
#define MSET_TEST_SUPPORT_CALLS_H

#include <mset/backend.h>

enum call_kind { CALL_MAP, CALL_UNMAP, CALL_PROTECT, CALL_MOVE, CALL_FAULT };

struct call {
    enum call_kind kind;
    struct mset_area run;
    uint64_t extra;  /* protect: new flags; move: new start; fault: address */
    uint64_t access; /* fault only */
    uint64_t piece;  /* foretold only: start of the piece that a refusal is reported for */
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

/*
 * Calls are numbered from 0 within one operation, undo calls included; call i is refused with
 * `code` if bit i of the mask is set. Bit 63 stands for all calls from 63 on.
 */
struct refusal {
    uint64_t mask;
    int code;
};

static inline bool refusal_hits(const struct refusal *refusal, size_t call) {
    return (refusal->mask >> (call < 63 ? call : 63) & 1) != 0;
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
