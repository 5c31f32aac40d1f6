/*
 * shadow.h - what a few pages of a process must be like, kept in the simplest way there is.
 *
 * One row for each page, one frame number for each page that is there, two words for each frame.
 * Frames are shared by fork and copied by writes, as the words of mmap() and fork() have it; no
 * ranges, no tables. It foretells what every system call returns and which access faults.
 */
#ifndef KERNEL_SHADOW_H
#define KERNEL_SHADOW_H

#include <mset/base.h>

enum { SHADOW_PAGES = 192, SHADOW_FRAMES = 2 * SHADOW_PAGES + 1, SHADOW_WORDS = 2 };

struct shadow_page {
    bool mapped;     /* an area is there */
    uint64_t rights; /*   with these rights */
    unsigned frame;  /* 0: none yet */
    bool writable;   /* the processor need not ask before it writes */
};

struct shadow {
    struct shadow_page pages[SHADOW_PAGES];
};

/* What an access must come to. */
struct shadow_outcome {
    mset_status status;
    uint64_t faults;
    uint64_t value; /* of a read */
};

/* `word`: which of the words of the page. */
struct shadow_outcome shadow_read(struct shadow *shadow, unsigned number, unsigned word);
struct shadow_outcome shadow_write(struct shadow *shadow, unsigned number, unsigned word,
                                   uint64_t value);
struct shadow_outcome shadow_execute(struct shadow *shadow, unsigned number, unsigned word);

/* What is there, 0 if it is fresh or nothing is. */
uint64_t shadow_value(const struct shadow *shadow, unsigned number, unsigned word);
/* May the page, which is there, have its frame at `pa`? A frame never changes its place. */
bool shadow_is_at(const struct shadow *shadow, unsigned number, uint64_t pa);
uint64_t shadow_resident(const struct shadow *shadow); /* pages that are there */

mset_status shadow_map(struct shadow *shadow, unsigned first, unsigned pages, uint64_t rights,
                       bool replace, bool populate);
void shadow_unmap(struct shadow *shadow, unsigned first, unsigned pages);
void shadow_protect(struct shadow *shadow, unsigned first, unsigned pages, uint64_t rights);
mset_status shadow_move(struct shadow *shadow, unsigned from, unsigned pages, unsigned to,
                        bool replace);
void shadow_fork(struct shadow *parent, struct shadow *child);

#endif
