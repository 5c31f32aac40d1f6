/*
 * random.c - many system calls of two processes that fork from each other, in random order.
 *
 * Each process has a shadow. What a call returns must be what the shadow returns, and after each
 * call a few pages of both processes are accessed from ring 3: an access must fault exactly when
 * the shadow says so, once, and see the shadow's value.
 */
#include "check.h"
#include "console.h"
#include "memory.h"
#include "shadow.h"
#include "user.h"

enum { OPERATIONS = 20000, PROBES = 6, VALIDATE_EVERY = 64, SHORT = 12, LONG = 48 };

#define START (USER_FIRST + PAGE_2M - 100 * PAGE) /* across a boundary of leaf tables */

struct party {
    struct process process; /* .space is NULL: not alive */
    struct shadow shadow;
};

static struct party parties[2];
static struct { uint64_t operations, forks, probes, faults, refused; } sum;

/* xorshift64 */
static uint64_t random_below(uint64_t limit) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % limit;
}

static uint64_t random_rights(void) {
    static const uint64_t rights[] = {0,
                                      MSET_READ,
                                      READ_WRITE,
                                      READ_WRITE,
                                      READ_WRITE,
                                      MSET_READ | MSET_EXEC,
                                      READ_WRITE | MSET_EXEC,
                                      READ_WRITE | MSET_EXEC};
    return rights[random_below(sizeof rights / sizeof rights[0])];
}

static struct party *other_of(const struct party *party) {
    return party == &parties[0] ? &parties[1] : &parties[0];
}

/* ---- probes -------------------------------------------------------------------------------- */

static void compare(struct user_result seen, struct shadow_outcome due, bool with_value) {
    EXPECT(seen.status == due.status);
    EXPECT(seen.faults == due.faults);
    EXPECT(!with_value || due.status != MSET_OK || seen.value == due.value);
    sum.probes++;
    sum.faults += seen.faults;
    sum.refused += seen.status != MSET_OK;
}

/* A page that is there must be in the frame it was in before, unless the shadow copied it. */
static void compare_frame(const struct party *party, unsigned page) {
    struct mset_space_place place;
    if (EXPECT(mset_space_translate(party->process.space, START + page * PAGE, 0, 0, &place) ==
               MSET_OK)) {
        EXPECT(shadow_is_at(&party->shadow, page, place.pa));
    }
}

static void probe(struct party *party) {
    struct shadow *const shadow = &party->shadow;
    const unsigned page = (unsigned)random_below(SHADOW_PAGES);
    const unsigned word = (unsigned)random_below(SHADOW_WORDS);
    const uint64_t address = START + page * PAGE + word * (PAGE / SHADOW_WORDS);
    const uint64_t kind = random_below(4);
    process_run(&party->process);
    if (kind == 0) {
        const uint64_t value = USER_VALUE(sum.probes);
        compare(user_write(address, value), shadow_write(shadow, page, word, value), false);
    } else if (kind == 1 && shadow_value(shadow, page, word) != 0) {
        compare(user_execute(address), shadow_execute(shadow, page, word), false);
    } else {
        compare(user_read(address), shadow_read(shadow, page, word), true);
    }
    if (shadow->pages[page].frame != 0) {
        compare_frame(party, page);
    }
}

/* ---- operations ---------------------------------------------------------------------------- */

static void fork_or_exit(struct party *party) {
    struct party *const other = other_of(party);
    if (other->process.space == NULL) {
        if (EXPECT(process_fork(&party->process, &other->process) == MSET_OK)) {
            shadow_fork(&party->shadow, &other->shadow);
            sum.forks++;
        }
    } else {
        process_exit(&party->process);
        shadow_unmap(&party->shadow, 0, SHADOW_PAGES);
    }
}

struct range {
    unsigned first, pages;
    uint64_t start, size;
};

static struct range random_range(unsigned longest) {
    const unsigned pages = 1 + (unsigned)random_below(longest);
    const unsigned first = (unsigned)random_below(SHADOW_PAGES - pages + 1);
    return (struct range){first, pages, START + first * PAGE, pages * PAGE};
}

static void map(struct party *party, struct range range) {
    const uint64_t rights = random_rights();
    const bool replace = random_below(2) == 0;
    const bool populate = random_below(3) == 0;
    const unsigned how =
        (replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL) | (populate ? MSET_POPULATE : 0);
    EXPECT(process_mmap(&party->process, range.start, range.size, rights, how) ==
           shadow_map(&party->shadow, range.first, range.pages, rights, replace, populate));
}

static void move(struct party *party, struct range range) {
    const unsigned to = (unsigned)random_below(SHADOW_PAGES - range.pages + 1);
    const bool replace = random_below(2) == 0;
    EXPECT(process_mremap_fixed(&party->process, range.start, range.size, START + to * PAGE,
                                replace ? MSET_MAP_REPLACE : MSET_MAP_FAIL) ==
           shadow_move(&party->shadow, range.first, range.pages, to, replace));
}

static void protect(struct party *party, struct range range) {
    const uint64_t rights = random_rights();
    EXPECT(process_mprotect(&party->process, range.start, range.size, rights) == MSET_OK);
    shadow_protect(&party->shadow, range.first, range.pages, rights);
}

static void unmap(struct party *party, struct range range) {
    EXPECT(process_munmap(&party->process, range.start, range.size) == MSET_OK);
    shadow_unmap(&party->shadow, range.first, range.pages);
}

static void operate(struct party *party) {
    const uint64_t kind = random_below(32);
    process_run(&party->process);
    if (kind == 0) {
        fork_or_exit(party);
    } else if (kind < 14) {
        map(party, random_range(LONG));
    } else if (kind < 17) {
        unmap(party, random_range(SHORT));
    } else if (kind < 26) {
        protect(party, random_range(SHORT));
    } else {
        move(party, random_range(SHORT));
    }
    sum.operations++;
}

static void validate(const struct party *party) {
    EXPECT(mset_space_validate(party->process.space) == NULL);
    EXPECT(mset_space_resident(party->process.space) == shadow_resident(&party->shadow) * PAGE);
}

void check_random(void) {
    struct party *party = &parties[0];
    if (!check_begin(&party->process)) {
        return;
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        operate(party);
        /* One of the two that are alive is next. */
        if (other_of(party)->process.space != NULL &&
            (party->process.space == NULL || random_below(2) == 0)) {
            party = other_of(party);
        }
        for (unsigned k = 0; k < PROBES; k++) {
            const bool both = other_of(party)->process.space != NULL;
            probe(both && k % 2 == 1 ? other_of(party) : party);
        }
        if (i % VALIDATE_EVERY == 0) {
            validate(party);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        if (parties[i].process.space != NULL) {
            validate(&parties[i]);
            process_exit(&parties[i].process);
            shadow_unmap(&parties[i].shadow, 0, SHADOW_PAGES);
        }
    }
    print("%lu system calls, %lu forks, %lu probes, %lu faults, %lu of them refused",
          sum.operations, sum.forks, sum.probes, sum.faults, sum.refused);
}
