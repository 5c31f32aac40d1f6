/* shadow.c - see shadow.h. */
#include "shadow.h"

#include "string.h"

static struct {
    unsigned owners;
    uint64_t words[SHADOW_WORDS];
    uint64_t pa;         /* 0: not seen yet */
} frames[SHADOW_FRAMES]; /* the first is not used */

static unsigned take_frame(void) {
    unsigned frame = 1;
    while (frames[frame].owners != 0) {
        frame++;
    }
    memset(&frames[frame], 0, sizeof frames[frame]);
    frames[frame].owners = 1;
    return frame;
}

/* In place of a frame with other owners. */
static unsigned copy_frame(unsigned old) {
    const unsigned frame = take_frame();
    memcpy(frames[frame].words, frames[old].words, sizeof frames[old].words);
    frames[old].owners--;
    return frame;
}

/* ---- accesses ------------------------------------------------------------------------------ */

static bool allows(const struct shadow_page *page, uint64_t right, struct shadow_outcome *outcome) {
    if (!page->mapped || (page->rights & right) == 0) {
        *outcome =
            (struct shadow_outcome){page->mapped ? MSET_ACCESS_DENIED : MSET_NOT_FOUND, 1, 0};
        return false;
    }
    *outcome = (struct shadow_outcome){MSET_OK, 0, 0};
    return true;
}

static void make_page(struct shadow_page *page) {
    page->frame = take_frame();
    page->writable = (page->rights & MSET_WRITE) != 0;
}

static struct shadow_outcome look(struct shadow *shadow, unsigned number, unsigned word,
                                  uint64_t right) {
    struct shadow_page *const page = &shadow->pages[number];
    struct shadow_outcome outcome;
    if (allows(page, right, &outcome)) {
        if (page->frame == 0) {
            make_page(page);
            outcome.faults = 1;
        }
        outcome.value = frames[page->frame].words[word];
    }
    return outcome;
}

struct shadow_outcome shadow_read(struct shadow *shadow, unsigned number, unsigned word) {
    return look(shadow, number, word, MSET_READ);
}

struct shadow_outcome shadow_execute(struct shadow *shadow, unsigned number, unsigned word) {
    return look(shadow, number, word, MSET_EXEC);
}

struct shadow_outcome shadow_write(struct shadow *shadow, unsigned number, unsigned word,
                                   uint64_t value) {
    struct shadow_page *const page = &shadow->pages[number];
    struct shadow_outcome outcome;
    if (!allows(page, MSET_WRITE, &outcome)) {
        return outcome;
    }
    if (page->frame == 0 || !page->writable) {
        outcome.faults = 1;
    }
    if (page->frame == 0) {
        make_page(page);
    } else if (frames[page->frame].owners > 1) {
        page->frame = copy_frame(page->frame);
    }
    page->writable = true;
    frames[page->frame].words[word] = value;
    return outcome;
}

uint64_t shadow_value(const struct shadow *shadow, unsigned number, unsigned word) {
    return frames[shadow->pages[number].frame].words[word];
}

bool shadow_is_at(const struct shadow *shadow, unsigned number, uint64_t pa) {
    const unsigned frame = shadow->pages[number].frame;
    if (frames[frame].pa == 0) {
        frames[frame].pa = pa;
    }
    return frame != 0 && frames[frame].pa == pa;
}

uint64_t shadow_resident(const struct shadow *shadow) {
    uint64_t resident = 0;
    for (unsigned i = 0; i < SHADOW_PAGES; i++) {
        resident += shadow->pages[i].frame != 0;
    }
    return resident;
}

/* ---- system calls -------------------------------------------------------------------------- */

static bool any_mapped(const struct shadow *shadow, unsigned first, unsigned pages) {
    for (unsigned i = first; i < first + pages; i++) {
        if (shadow->pages[i].mapped) {
            return true;
        }
    }
    return false;
}

void shadow_unmap(struct shadow *shadow, unsigned first, unsigned pages) {
    for (unsigned i = first; i < first + pages; i++) {
        struct shadow_page *const page = &shadow->pages[i];
        if (page->frame != 0) {
            frames[page->frame].owners--;
        }
        *page = (struct shadow_page){.mapped = false};
    }
}

mset_status shadow_map(struct shadow *shadow, unsigned first, unsigned pages, uint64_t rights,
                       bool replace, bool populate) {
    if (!replace && any_mapped(shadow, first, pages)) {
        return MSET_ALREADY_EXISTS;
    }
    shadow_unmap(shadow, first, pages);
    for (unsigned i = first; i < first + pages; i++) {
        shadow->pages[i] = (struct shadow_page){.mapped = true, .rights = rights};
        if (populate && rights != 0) {
            make_page(&shadow->pages[i]);
        }
    }
    return MSET_OK;
}

/* Pages of an area whose rights stay are left alone. */
void shadow_protect(struct shadow *shadow, unsigned first, unsigned pages, uint64_t rights) {
    for (unsigned i = first; i < first + pages; i++) {
        struct shadow_page *const page = &shadow->pages[i];
        if (page->mapped && page->rights != rights) {
            page->rights = rights;
            page->writable = (rights & MSET_WRITE) != 0 && frames[page->frame].owners == 1;
        }
    }
}

mset_status shadow_move(struct shadow *shadow, unsigned from, unsigned pages, unsigned to,
                        bool replace) {
    if (from < to + pages && to < from + pages) {
        return MSET_INVALID_PARAM;
    }
    if (!any_mapped(shadow, from, pages)) {
        return MSET_NOT_FOUND;
    }
    if (!replace && any_mapped(shadow, to, pages)) {
        return MSET_ALREADY_EXISTS;
    }
    shadow_unmap(shadow, to, pages);
    for (unsigned i = 0; i < pages; i++) {
        shadow->pages[to + i] = shadow->pages[from + i];
        shadow->pages[from + i] = (struct shadow_page){.mapped = false};
    }
    return MSET_OK;
}

void shadow_fork(struct shadow *parent, struct shadow *child) {
    for (unsigned i = 0; i < SHADOW_PAGES; i++) {
        parent->pages[i].writable = false;
        child->pages[i] = parent->pages[i];
        if (parent->pages[i].frame != 0) {
            frames[parent->pages[i].frame].owners++;
        }
    }
}
