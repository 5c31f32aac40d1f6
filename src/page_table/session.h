/*
 * session.h - what the prepares of a coming sequence of calls have said so far.
 *
 *     prepare --> prepare --> prepare         each is counted as if the calls announced before it
 *        |           |           |            had been made: the session says what they will do
 *        +-----------+-----------+--> stock   (as much of it as matters for counting tables)
 *     call                                    the first one ends the session; the stock lasts
 *
 * Numbers of tables depend on two things only: which tables there will be, and where leaves will
 * have been cut. Calls that map or arrive in ascending order can share a table with the call
 * before them only in one slot of each level. And what takes entries away - the unmapping of the
 * room, and the moves announced, from their sources - takes ranges.
 */
#ifndef MSET_SRC_PAGE_TABLE_SESSION_H
#define MSET_SRC_PAGE_TABLE_SESSION_H

#include <mset/page_table.h>

/* Both included. */
struct pt_range {
    uint64_t first, last;
};

struct pt_session {
    uint64_t version; /* of the page table; when that is another one, the session is over */
    /* The last slot of each level below which the calls announced will have left a table, for sure;
       UINT64_MAX, more than any slot number: none. */
    uint64_t counted[MSET_PT_LEVELS];
    struct pt_range room; /* will have been unmapped */
    struct pt_range left; /* from the lowest to the highest source of the moves announced */
    /* From the lowest to the highest unmap announced, if not all of them lie in the room. */
    struct pt_range unmapped;
    bool arrivals; /* a map or a move has been announced */
};

/* Holds no address, and no range of any size touches it but the whole space. */
static const struct pt_range PT_NOTHING = {UINT64_MAX, 0};

static inline bool pt_range_is_empty(const struct pt_range *range) {
    return range->first > range->last;
}

static inline bool pt_range_has(const struct pt_range *range, uint64_t va) {
    return va >= range->first && va <= range->last;
}

static inline bool pt_range_touches(const struct pt_range *range, uint64_t first, uint64_t last) {
    return range->first <= last && range->last >= first;
}

/* Makes the range reach over another one and all between. */
static inline void pt_range_widen(struct pt_range *range, uint64_t first, uint64_t last) {
    range->first = first < range->first ? first : range->first;
    range->last = last > range->last ? last : range->last;
}

/* Does the range begin or end in the midst of [first, last]? What is empty does neither, though its
   bounds lie in the first slot and in the last one. */
static inline bool pt_range_cuts(const struct pt_range *range, uint64_t first, uint64_t last) {
    return !pt_range_is_empty(range) && ((range->first > first && range->first <= last) ||
                                         (range->last >= first && range->last < last));
}

static inline void pt_session_forget_counted(struct pt_session *session) {
    for (unsigned level = 0; level < MSET_PT_LEVELS; level++) {
        session->counted[level] = UINT64_MAX;
    }
}

/* Nothing has been said. */
static inline void pt_session_begin(struct pt_session *session, uint64_t version) {
    session->version = version;
    session->room = session->left = session->unmapped = PT_NOTHING;
    session->arrivals = false;
    pt_session_forget_counted(session);
}

/* Will entries be taken from [first, last]? */
static inline bool pt_session_touches(const struct pt_session *session, uint64_t first,
                                      uint64_t last) {
    return pt_range_touches(&session->room, first, last) ||
           pt_range_touches(&session->left, first, last) ||
           pt_range_touches(&session->unmapped, first, last);
}

/* Will nothing be left in [first, last]? The ranges may cover it together. */
static inline bool pt_session_empties(const struct pt_session *session, uint64_t first,
                                      uint64_t last) {
    enum { RANGES = 3 };
    const struct pt_range *const ranges[RANGES] = {&session->room, &session->left,
                                                   &session->unmapped};
    for (unsigned k = 0; k < RANGES * RANGES; k++) { /* each may begin where another one ends */
        const struct pt_range *const range = ranges[k % RANGES];
        if (pt_range_has(range, first)) {
            if (range->last >= last) {
                return true;
            }
            first = range->last + 1;
        }
    }
    return false;
}

/* Will a leaf that is [first, last] have been cut? */
static inline bool pt_session_cuts(const struct pt_session *session, uint64_t first,
                                   uint64_t last) {
    return pt_range_cuts(&session->room, first, last) ||
           pt_range_cuts(&session->left, first, last) ||
           pt_range_cuts(&session->unmapped, first, last);
}

/* Unmaps that lie in the room are no news. */
static inline bool pt_session_has_room_for(const struct pt_session *session,
                                           const struct pt_range *unmapped) {
    return pt_range_has(&session->room, unmapped->first) &&
           pt_range_has(&session->room, unmapped->last);
}

#endif
