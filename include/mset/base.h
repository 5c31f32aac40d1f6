/*
 * base.h - the words every room of mset speaks: status codes, flags, memory for the library.
 *
 * Addresses and sizes are bytes in uint64_t. A range is (start, size) and covers
 * [start, start + size); it may end exactly at 2^64, it may not wrap and it may not be empty.
 *
 * Threads: nothing here holds state. An object (set, page table, frame source) may be used by
 * one thread at a time; different objects are independent. Calls that take a pointer to const
 * may run side by side as long as nobody changes the object.
 */
#ifndef MSET_BASE_H
#define MSET_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what the library offers; everything else is hidden. */
#if defined(__GNUC__)
#define MSET_API __attribute__((visibility("default")))
#else
#define MSET_API
#endif

/*
 * What a call says. The first three are those of the Rust crate memory_set; the others say what
 * it cannot. A call that returns anything but MSET_OK has changed nothing, unless its own
 * declaration says otherwise.
 */
enum mset_status {
    MSET_OK = 0,
    MSET_INVALID_PARAM,  /* an argument is wrong by itself: empty, wrapping, misaligned, NULL */
    MSET_ALREADY_EXISTS, /* the range is taken */
    MSET_BAD_STATE,      /* a backend refused with a code of its own (see mset_last_failure()), or
                            the set has an open plan (plan.h) */
    MSET_NO_MEMORY,      /* the caller's allocator or frame source had nothing left */
    MSET_NOT_FOUND,      /* no area, no mapping, no room */
    MSET_ACCESS_DENIED,  /* an area is there but does not allow this */
    MSET_UNSUPPORTED,    /* the backend or the page-table format cannot express this */
    MSET_OVER_LIMIT,     /* more areas or bytes than the set's limits allow */
};
typedef enum mset_status mset_status;

/* The name of a status, as "invalid parameter"; never NULL. */
MSET_API const char *mset_status_text(mset_status status);

/*
 * Flags of an area and of a page-table leaf. Bits 0..31 belong to the library: what a page-table
 * format is asked for and cannot express is MSET_UNSUPPORTED, never dropped. Bits 32..63 are the
 * caller's: the set keeps and compares them, page tables never see them.
 */
#define MSET_READ UINT64_C(0x1)
#define MSET_WRITE UINT64_C(0x2)
#define MSET_EXEC UINT64_C(0x4)
#define MSET_USER UINT64_C(0x8)    /* reachable from user mode */
#define MSET_GLOBAL UINT64_C(0x10) /* the translation is the same in every address space */
#define MSET_SHARED UINT64_C(0x20) /* shown as 's' in a listing; no page table looks at it */

/* Memory type: one of four, write-back unless said otherwise. */
#define MSET_MEMORY_TYPE UINT64_C(0x300)
#define MSET_WRITE_BACK UINT64_C(0x000)
#define MSET_WRITE_COMBINE UINT64_C(0x100)
#define MSET_UNCACHED UINT64_C(0x200)
#define MSET_DEVICE UINT64_C(0x300)

/* For the caller's own use, stored in page-table leaves; two or three of them fit (formats.h). */
#define MSET_SOFT_0 UINT64_C(0x1000)
#define MSET_SOFT_1 UINT64_C(0x2000)
#define MSET_SOFT_2 UINT64_C(0x4000)
#define MSET_SOFT (MSET_SOFT_0 | MSET_SOFT_1 | MSET_SOFT_2)

/* What an access needs and an area allows; an area with none of them is PROT_NONE. */
#define MSET_ACCESS (MSET_READ | MSET_WRITE | MSET_EXEC)
#define MSET_CALLER_FLAGS UINT64_C(0xffffffff00000000)

#define MSET_PAGE_SIZE UINT64_C(4096)

/*
 * Memory for the library's own structures. `align` is a power of two; tree nodes ask for 64.
 * `size` and `align` are the same in free as they were in alloc, so sized frees are possible.
 * alloc returns NULL when there is none. The context outlives every object made with it.
 */
struct mset_allocator {
    void *(*alloc)(void *context, size_t size, size_t align);
    void (*free)(void *context, void *memory, size_t size, size_t align);
    void *context;
};

/*
 * The C library's allocator, which is what a NULL allocator stands for (hosted builds only). Sets
 * put slabs between: slabs.h.
 * For jemalloc see jemalloc.h.
 */
MSET_API const struct mset_allocator *mset_allocator_default(void);

#ifdef __cplusplus
}
#endif
#endif
