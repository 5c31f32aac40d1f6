/*
 * guest.h - guest-physical memory of a virtual machine: which regions there are, where, and what an
 * address means when they overlap.
 *
 *     struct mset_guest *guest;
 *     struct mset_region *ram, *rom;
 *     mset_guest_create(NULL, &guest);
 *     mset_guest_add(guest, &(struct mset_region_config){.kind = MSET_REGION_RAM, .size = 1 << 30,
 *         .memory = {.source = MSET_MEMORY_ANONYMOUS}}, &ram);
 *     mset_guest_add(guest, &(struct mset_region_config){.kind = MSET_REGION_ROM, .start = 0xe0000,
 *         .size = 0x20000, .priority = 1, .memory = {.source = MSET_MEMORY_ANONYMOUS}}, &rom);
 *     mset_guest_move(guest, rom, 0xc0000);
 *     mset_guest_destroy(guest);
 *
 * Regions and the flat view
 *
 *     priority 1            |-- rom --|
 *     priority 0     |---------- ram ----------|   |- mmio -|
 *     flat view      |  ram |-- rom --|   ram  |   |- mmio -|
 *
 * A region is what you add. Where regions of different priorities overlap the higher one is seen;
 * regions of the same priority may not overlap (MSET_ALREADY_EXISTS). What is seen, cut into runs
 * that do not overlap, is the flat view: a struct mset whose areas name the region (backend) and
 * the place in it. Access (guest_access.h) and memory slots (guest_listener.h, kvm.h) come from it.
 *
 * Changing: one call at a time, or several between mset_guest_begin() and mset_guest_commit(),
 * which then happen at once. A change is judged by the final state, so two regions can trade places
 * in one transaction; but an alias has to lie in its target, and be removed before it, after each
 * call. It happens whole or not at all: first all memory is taken, then listeners agree, then
 * readers see the new view. A call that does not return MSET_OK has changed nothing.
 *
 * Ownership: the guest owns its regions and the memory it has got for them; handles are good until
 * the region is removed (committed) or the guest destroyed. Memory of the caller stays his.
 *
 * Cost: n areas, p different priorities, k areas that change: O(k p log n) for a change,
 * independent of the size of regions. Two copies of the flat view are kept (about 150 bytes an area
 * together): readers use one while the other is changed.
 *
 * Threads: one thread changes at a time. Without options.synchronize nobody may look up or access
 * meanwhile. With it, any number of threads may: see struct mset_guest_options.
 */
#ifndef MSET_GUEST_H
#define MSET_GUEST_H

#include "base.h"
#include "set.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mset_guest;
struct mset_region;
struct mset_guest_listener;

/* ---- host memory --------------------------------------------------------------------------- */

enum mset_memory_source {
    MSET_MEMORY_CALLER,    /* wish.host, which stays the caller's */
    MSET_MEMORY_ANONYMOUS, /* zeroed, private */
    MSET_MEMORY_MEMFD,     /* zeroed, shareable: has a descriptor (vhost-user) */
    MSET_MEMORY_FILE,      /* wish.fd from wish.file_offset */
};

#define MSET_HUGE_TRANSPARENT UINT64_C(1) /* ask for huge pages, be content without */

struct mset_memory_wish {
    enum mset_memory_source source;
    void *host;           /* CALLER: aligned to the slot page size */
    int fd;               /* FILE: stays the caller's, may be closed after the call */
    uint64_t file_offset; /* FILE: multiple of the host's page size */
    bool shared;          /* FILE: writes reach the file; else they stay in a private copy */
    bool populate;        /* all pages are there from the start */
    /* ANONYMOUS, MEMFD: 0: usual pages; MSET_HUGE_TRANSPARENT; or the size of huge pages that the
       host has set aside, of which all sizes here are then multiples. */
    uint64_t huge_page;
};

/* What was got. `fd` is the guest's own, -1 if there is none; good as long as the region. */
struct mset_memory {
    void *host;
    uint64_t size;
    int fd;
    uint64_t file_offset; /* of `host` in fd */
    struct mset_memory_wish wish;
};

/*
 * Where host memory comes from. Answers as backends do (backend.h): 0, or a mset_status, or a
 * negative code of its own, which becomes MSET_BAD_STATE. `obtain` gets `size`, `fd` -1 and the
 * wish, and fills in the rest.
 */
struct mset_memory_host {
    int (*obtain)(void *context, struct mset_memory *memory);
    void (*release)(void *context, struct mset_memory *memory);
    /* Gives the pages back; they read as at the start: zero, or what the file holds. */
    int (*discard)(void *context, const struct mset_memory *memory, uint64_t offset, uint64_t size);
    void *context;
};

/* mmap, memfd_create, madvise; NULL where the library was not built for Linux. Hosted builds. */
MSET_API const struct mset_memory_host *mset_memory_host_default(void);

/* ---- the guest ----------------------------------------------------------------------------- */

/* Zero in any field asks for the default. */
struct mset_guest_options {
    const struct mset_allocator *allocator; /* NULL: mset_allocator_default(); copied */
    const struct mset_memory_host *host;    /* NULL: mset_memory_host_default(); copied */
    uint64_t page_size;      /* granularity of regions, a power of two; 0: 4096; 1: bytes */
    uint64_t slot_page_size; /* of memory slots; 0: 4096. Where a piece of memory does not fill such
                                a page, the page is in no slot: the guest's access exits, and
                                mset_guest_read() and mset_guest_write() do it. */
    unsigned address_bits;   /* regions lie below 2^address_bits; 0: 64 */
    /*
     * Called in a commit after the new view has become the one that readers find, and before
     * anything the old one refers to is freed or changed: returns when no thread is inside a call
     * on this guest any more that began before, nor uses a pointer it got from one (what
     * synchronize_rcu() is to the kernel). A thread that changes the guest out of an MMIO handler
     * must not wait for itself here.
     */
    void (*synchronize)(void *context);
    /* Told by writes of guest_access.h, after each piece, when it went to memory that is logged:
       the hypervisor sees only what the guest writes. */
    void (*wrote)(void *context, uint64_t address, uint64_t size);
    void *context; /* for both */
};

/* MSET_NO_MEMORY, or MSET_INVALID_PARAM for options that make no sense. NULL options will do. */
MSET_API mset_status mset_guest_create(const struct mset_guest_options *options,
                                       struct mset_guest **guest);

/*
 * Drops an open transaction, frees all regions and their memory. Listeners still attached are not
 * told: detach them before if what they feed lives on. NULL is fine.
 */
MSET_API void mset_guest_destroy(struct mset_guest *guest);

/* ---- regions ------------------------------------------------------------------------------- */

enum mset_region_kind {
    MSET_REGION_RAM,
    MSET_REGION_ROM,      /* memory that the guest only reads: its writes go to io->write */
    MSET_REGION_MMIO,     /* reads and writes go to io */
    MSET_REGION_RESERVED, /* nobody gets anything there */
    MSET_REGION_ALIAS,    /* a window onto another region, at another address */
};

/*
 * Handlers. `width` is 1, 2, 4 or 8 and divides `offset`, which counts from the start of the
 * region; a value is in the host's byte order. Any other status than MSET_OK ends the access and is
 * returned. A handler may use the guest, and change it (but see options.synchronize). A missing one
 * is MSET_ACCESS_DENIED.
 */
struct mset_region_io {
    mset_status (*read)(void *context, uint64_t offset, unsigned width, uint64_t *value);
    mset_status (*write)(void *context, uint64_t offset, unsigned width, uint64_t value);
};

struct mset_region_config {
    enum mset_region_kind kind;
    uint64_t start; /* guest-physical */
    uint64_t size;
    int priority;
    bool hidden;    /* not in the map, until shown; aliases of it still are */
    bool logged;    /* RAM: dirty pages are logged */
    bool read_only; /* ALIAS: show memory as ROM */

    struct mset_memory_wish memory; /* RAM, ROM */
    uint64_t max_size;              /* RAM, ROM: room to grow, taken at once; 0: size */

    const struct mset_region_io *io; /* MMIO, ROM; not copied */
    void *io_context;

    struct mset_region *target; /* ALIAS: of the same guest; may be an alias itself */
    uint64_t target_offset;     /* ALIAS: what it shows begins there, and lies inside the target */

    void *user; /* for you */
};

/*
 * Adds a region. The structure is copied. MSET_INVALID_PARAM for ranges that are empty, wrap, are
 * not aligned or leave the address space; MSET_ALREADY_EXISTS where a region of its priority is;
 * else what the host's memory, the allocator or a listener says.
 */
MSET_API mset_status mset_guest_add(struct mset_guest *guest,
                                    const struct mset_region_config *config,
                                    struct mset_region **region);

/* Removes it and frees its memory. MSET_BAD_STATE while there are aliases of it. */
MSET_API mset_status mset_guest_remove(struct mset_guest *guest, struct mset_region *region);

MSET_API mset_status mset_guest_move(struct mset_guest *guest, struct mset_region *region,
                                     uint64_t start);

/*
 * Memory can grow up to its max_size (MSET_OVER_LIMIT); it stays where it is on the host, and what
 * a smaller size hides comes back unless discarded. MSET_BAD_STATE if an alias would stick out.
 */
MSET_API mset_status mset_guest_resize(struct mset_guest *guest, struct mset_region *region,
                                       uint64_t size);

MSET_API mset_status mset_guest_show(struct mset_guest *guest, struct mset_region *region,
                                     bool shown);
MSET_API mset_status mset_guest_set_priority(struct mset_guest *guest, struct mset_region *region,
                                             int priority);
/* RAM becomes ROM, ROM becomes RAM; an alias shows as the one or the other. Else UNSUPPORTED. */
MSET_API mset_status mset_guest_set_read_only(struct mset_guest *guest, struct mset_region *region,
                                              bool read_only);
/* Logging of dirty pages for this memory wherever it is seen, for NULL for all RAM there is. */
MSET_API mset_status mset_guest_set_logged(struct mset_guest *guest, struct mset_region *region,
                                           bool logged);
/* An alias shows another part of its target (bank switching). */
MSET_API mset_status mset_guest_redirect(struct mset_guest *guest, struct mset_region *region,
                                         uint64_t target_offset);

/* The region as it would be made again, with what an open transaction has changed. */
struct mset_region_info {
    struct mset_region_config config;
    struct mset_memory memory; /* host NULL: has none */
};
MSET_API void mset_region_get(const struct mset_region *region, struct mset_region_info *info);
MSET_API void *mset_region_user(const struct mset_region *region);

/* ---- transactions -------------------------------------------------------------------------- */

/* What a commit has done to memory slots. */
struct mset_commit_report {
    uint64_t removed;
    uint64_t added;
    uint64_t moved;    /* the same memory at another address */
    uint64_t relogged; /* logging of dirty pages switched on or off */
    /* Some address was in a slot that goes and is in one that comes: a guest that runs meanwhile
       may find nothing there. Then listeners were told to pause it. */
    bool replaces;
};

/* MSET_BAD_STATE if one is open. */
MSET_API mset_status mset_guest_begin(struct mset_guest *guest);
/*
 * Does everything since begin, or nothing; ends the transaction in any case. After a failure
 * regions are as before begin, and those added since are gone. The report, which may be NULL, is
 * filled for MSET_OK. MSET_BAD_STATE without a transaction, or if a listener refused with a code of
 * its own: see mset_guest_last_failure().
 */
MSET_API mset_status mset_guest_commit(struct mset_guest *guest, struct mset_commit_report *report);
MSET_API void mset_guest_rollback(struct mset_guest *guest);

/* About the last change: which listener, or the host's memory (listener NULL), refused how. */
struct mset_guest_failure {
    int code; /* 0: nobody refused */
    struct mset_guest_listener *listener;
    /* A listener that refused, or could not undo what it had done, and so no longer has what the
       flat view says, NULL if all are well: detach it, or have it begin anew. Until then the guest
       keeps the memory of regions that go, or were added in vain: it may still be shown. */
    struct mset_guest_listener *lost;
};
MSET_API struct mset_guest_failure mset_guest_last_failure(const struct mset_guest *guest);

/* ---- asking -------------------------------------------------------------------------------- */

/*
 * The flat view, as committed. Areas: `backend` tells the region (mset_region_of()), `flags` are
 * MSET_READ | MSET_WRITE | MSET_EXEC for RAM, without MSET_WRITE for ROM, none for the others, and
 * the bits below; `offset` is the host address of memory, and for others the offset in the region.
 * Look, but do not change it. The pointer is good until the next commit begins.
 */
MSET_API const struct mset *mset_guest_view(const struct mset_guest *guest);

#define MSET_GUEST_KIND UINT64_C(0x700000000) /* flags >> 32: the enum mset_region_kind */
#define MSET_GUEST_LOGGED UINT64_C(0x800000000)

static inline enum mset_region_kind mset_guest_kind(uint64_t flags) {
    return (enum mset_region_kind)((flags & MSET_GUEST_KIND) >> 32);
}

/* The region seen in an area (never an alias), and the offset in it of one of its addresses. */
MSET_API struct mset_region *mset_region_of(const struct mset_area *area, uint64_t address,
                                            uint64_t *offset);

/* Room where nothing is seen, in the committed view: see mset_find_free() in set.h. */
MSET_API mset_status mset_guest_find_room(const struct mset_guest *guest,
                                          const struct mset_gap_request *wish, uint64_t *start);

/*
 * Gives the host's pages behind a range back (balloon); it reads as it did at the start.
 * MSET_NOT_FOUND or MSET_ACCESS_DENIED, and nothing has happened, unless all of it is RAM;
 * MSET_INVALID_PARAM unless it is whole pages of the host; MSET_UNSUPPORTED for the caller's
 * memory. If the host refuses half-way, what comes before is gone: its code is in the last failure.
 */
MSET_API mset_status mset_guest_discard(struct mset_guest *guest, uint64_t start, uint64_t size);

/* Changes whenever the flat view does; never 0. */
MSET_API uint64_t mset_guest_generation(const struct mset_guest *guest);

/* Everything is as it must be: NULL, or what is wrong in one sentence. O(everything). */
MSET_API const char *mset_guest_validate(const struct mset_guest *guest);

#ifdef __cplusplus
}
#endif
#endif
