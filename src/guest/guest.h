/*
 * guest.h - the insides of guest memory, shared by the files of this room.
 *
 *      regions          layers, one per priority        two views            slots
 *      now, next   -->  |--rom--|           1     -->   | ram |rom|ram| --> one listener after the
 *      (region.c)       |------ram------|   0           spare, live          other is told the
 *                       (layers.c)      (resolve.c)     (view.c)             difference (delta.c)
 *
 * A region has a place that is committed (`now`) and one that is wanted (`next`); a change only
 * writes `next` and puts the region on the list of changes (change.c). A commit (transaction.c)
 * goes
 *
 *     collect     the ranges where something may differ                     dirty.c
 *     layers      the regions' new ranges                                   layers.c
 *     refresh     the spare view in those ranges, from the layers           resolve.c
 *     compare     the spare with the live view: which slots come and go     delta.c
 *     tell        the listeners                                             listeners.c
 *     publish     the spare becomes the live view, now = next               view.c
 *     refresh     the other view, which is the spare from then on
 *
 * and may fail anywhere before `publish`: then next = now, and layers and spare are brought back.
 * Where that would need memory that is not there, what could not be brought back is thrown away and
 * made anew from the regions by the next commit: layers and spare can always be derived, only the
 * regions and the live view count. Regions and lists of them are linked without further memory.
 *
 * Invariants (checked by mset_guest_validate)
 *
 *  G1  Every set here is valid, and the live view is what the regions say.
 *  G2  Outside of a commit the spare, if there is one, is equal to the live view.
 *  G3  Outside of a commit a layer holds exactly the shown regions of its priority, unless layers
 *      are known to be broken.
 *  G4  An alias lies inside its target, which is older than the alias.
 *  G5  `few` of a view tells the same as its set.
 */
#ifndef MSET_SRC_GUEST_H
#define MSET_SRC_GUEST_H

#include <mset/guest.h>
#include <mset/guest_access.h>
#include <mset/guest_listener.h>

#include "../base/assert.h"
#include "../base/memory.h"

/* A range by its first and last byte; a region may end at 2^64. */
struct span {
    uint64_t first;
    uint64_t last;
};

/* Of at most 2^64 - 1 bytes. */
static inline uint64_t span_size(const struct span *span) {
    return span->last - span->first + 1;
}

static inline struct span area_span(const struct mset_area *area) {
    return (struct span){area->start, area->start + (area->size - 1)};
}

/* ---- region.c ------------------------------------------------------------------------------ */

/* What a change can change. */
struct place {
    uint64_t start;
    uint64_t size;
    uint64_t target_offset;
    int priority;
    bool shown;
    bool read_only;
    bool logged;
};

enum layered { LAYERED_NOT, LAYERED_NOW, LAYERED_NEXT };

struct mset_region {
    struct mset_backend backend; /* names the region in areas */
    struct mset_guest *guest;
    enum mset_region_kind kind; /* RAM also stands for ROM: see read_only */
    struct place now, next;
    bool born;                                /* by the open transaction */
    bool dying;                               /* with its commit */
    bool changed;                             /* is on the list of changes */
    enum layered layered;                     /* which place its layer has */
    struct mset_region *previous, *following; /* of all, the youngest first */
    struct mset_region *next_changed;
    struct mset_region *target;
    struct mset_region *aliases, *next_alias; /* of the same target */
    struct mset_memory memory;
    const struct mset_region_io *io;
    void *io_context;
    void *user;
};

static inline struct span place_span(const struct place *place) {
    return (struct span){place->start, place->start + (place->size - 1)};
}

static inline bool mset_region_has_memory(const struct mset_region *region) {
    return region->kind == MSET_REGION_RAM;
}

/* A region with its memory, on the guest's list, not yet on that of changes. */
mset_status mset_region_make(struct mset_guest *guest, const struct mset_region_config *config,
                             struct mset_region **out);
void mset_region_unlink(struct mset_region *region);
void mset_region_free(struct mset_region *region);
/* Page-aligned, not empty, in the address space? */
bool mset_region_range_ok(const struct mset_guest *guest, uint64_t start, uint64_t size);

/* ---- the guest ----------------------------------------------------------------------------- */

/* So few areas are also kept in an array: see view.c. */
enum { FEW = 8 };

struct view {
    struct mset *set;   /* NULL: to be made anew (never the live one) */
    unsigned few_count; /* FEW + 1: more than few */
    uint64_t few_first[FEW];
    struct mset_area few[FEW + 1]; /* few[0]: nothing */
};

struct layer {
    int priority;
    struct mset *set;
};

struct mset_guest {
    struct mset_allocator allocator;
    struct mset_memory_host host;
    uint64_t page_size;
    uint64_t slot_page_size;
    uint64_t last_address;
    void (*synchronize)(void *context);
    void (*wrote)(void *context, uint64_t address, uint64_t size);
    void *context;

    uint64_t generation; /* read by other threads, as `live` is */
    unsigned live;
    struct view views[2];

    struct layer *layers; /* descending priorities */
    size_t layer_count, layer_room;
    bool layers_broken;

    struct mset_region *regions;
    struct mset_region *changes;
    bool open;       /* a transaction */
    bool committing; /* from here on nobody changes anything */
    struct mset_guest_listener *listeners;
    struct mset_guest_failure failure;
    bool lost_one;                 /* the commit that runs has lost a listener */
    struct mset_region *lingering; /* are gone, but a lost listener may show their memory */
};

static inline void *guest_alloc(const struct mset_guest *guest, size_t size, size_t align) {
    return guest->allocator.alloc(guest->allocator.context, size, align);
}

static inline void guest_free(const struct mset_guest *guest, void *memory, size_t size,
                              size_t align) {
    if (memory != NULL) {
        guest->allocator.free(guest->allocator.context, memory, size, align);
    }
}

/* An empty set with the guest's memory; NULL if there is none left. */
struct mset *mset_guest_new_set(const struct mset_guest *guest, unsigned flags, uint64_t page_size);

/* What somebody answered (backend.h) as a status. */
mset_status mset_guest_answer(struct mset_guest *guest, int code,
                              struct mset_guest_listener *listener);

/* Visits the areas of a set that touch a span, which may be everything, in order, until told to
   stop; false if so. */
typedef bool (*visit_area)(void *arg, const struct mset_area *area);
bool mset_guest_visit(const struct mset *set, const struct span *span, visit_area visit, void *arg);

/* ---- layers.c ------------------------------------------------------------------------------ */

/* The places wanted by the changes; ALREADY_EXISTS where two of one priority meet. */
mset_status mset_layers_apply(struct mset_guest *guest);
/* Back to the places that are committed. */
void mset_layers_undo(struct mset_guest *guest);
/* Makes broken layers anew; those of regions with nothing left go. */
mset_status mset_layers_repair(struct mset_guest *guest);
void mset_layers_settle(struct mset_guest *guest);
void mset_layers_destroy(struct mset_guest *guest);

/* ---- resolve.c ----------------------------------------------------------------------------- */

/* The longest run from span.first on in which one region, or none, is seen. */
struct sight {
    uint64_t last;
    struct mset_region *region; /* NULL: nothing is there */
};
struct sight mset_guest_look(const struct mset_guest *guest, const struct span *span);
/* The area of a flat view that stands for a run in which `region` is seen. */
struct mset_area mset_guest_area(const struct mset_region *region, const struct span *run);
/* Makes the view agree with the layers inside the span. */
mset_status mset_guest_refresh(const struct mset_guest *guest, struct mset *view,
                               const struct span *span);

/* ---- dirty.c ------------------------------------------------------------------------------- */

/* *dirty: a set with the ranges where the changes may be seen. */
mset_status mset_guest_dirty(const struct mset_guest *guest, struct mset **dirty);

/* ---- view.c -------------------------------------------------------------------------------- */

static inline const struct view *guest_live(const struct mset_guest *guest) {
    return &guest->views[__atomic_load_n(&guest->live, __ATOMIC_ACQUIRE)];
}
static inline struct view *guest_spare(struct mset_guest *guest) {
    return &guest->views[1 - guest->live];
}

mset_status mset_views_create(struct mset_guest *guest);
void mset_views_destroy(struct mset_guest *guest);
/* The spare is there, and in all ranges that no change touches like the live view. */
mset_status mset_spare_repair(struct mset_guest *guest);
mset_status mset_spare_refresh(struct mset_guest *guest, const struct mset *dirty);
bool mset_spare_there(struct mset_guest *guest);
void mset_spare_drop(struct mset_guest *guest);
void mset_spare_publish(struct mset_guest *guest);
void mset_view_gather_few(struct view *view);
/* The area that holds an address, in the view or in `room`; NULL: there is none. */
const struct mset_area *mset_view_find(const struct view *view, uint64_t address,
                                       struct mset_area *room);

/* ---- delta.c ------------------------------------------------------------------------------- */

struct slot_list {
    struct mset_slot *slots;
    size_t count, room;
};

/* A difference and the memory behind it. */
struct delta {
    struct mset_slot_delta told;
    struct slot_list lists[3]; /* removed, relogged, added */
    struct mset_slot_move *moved;
    size_t moved_room;
};

mset_status mset_delta_compare(const struct mset_guest *guest, const struct mset *dirty,
                               struct delta *delta);
/* Everything that is there, as added. */
mset_status mset_delta_all(const struct mset_guest *guest, struct delta *delta);
void mset_delta_free(const struct mset_guest *guest, struct delta *delta);

/* ---- slots.c ------------------------------------------------------------------------------- */

/* Appends the slots of areas that touch the spans of `dirty` (NULL: all) or their neighbours. */
mset_status mset_slots_gather(const struct mset_guest *guest, const struct mset *view,
                              const struct mset *dirty, struct slot_list *list);
mset_status mset_slots_reserve(const struct mset_guest *guest, struct slot_list *list, size_t room);
void mset_slots_free(const struct mset_guest *guest, struct slot_list *list);

/* ---- listeners.c --------------------------------------------------------------------------- */

/* All of them have applied the difference, and those that can are paused until mset_resume(); or
   none has, and nobody is. */
mset_status mset_listeners_tell(struct mset_guest *guest, const struct mset_slot_delta *delta);
void mset_listeners_resume(struct mset_guest *guest, const struct mset_slot_delta *delta);

/* ---- change.c, transaction.c --------------------------------------------------------------- */

/* A change may begin: nobody is committing. Forgets the last failure. */
mset_status mset_change_begin(struct mset_guest *guest);
void mset_change_note(struct mset_region *region);
/* Done at once unless a transaction is open. */
mset_status mset_change_end(struct mset_guest *guest);
void mset_changes_forget(struct mset_guest *guest);
/* No listener can have slots of them any more. */
void mset_lingering_free(struct mset_guest *guest);

#endif
