/*
 * mmu_model.h - how processors translate, written from the architecture manuals and from nothing
 * else: no header of the library is included here, so that a mistake in its formats is a
 * disagreement, not a shared belief.
 *
 *     mmu_walk        what the tables in memory say now
 *     mmu_access      what a processor does: it may still use what it has cached, translations and
 *                     table pointers, and marks accessed and dirty
 *     mmu_invalidate  forgets what a flush reaches, and not one entry more
 *     mmu_audit       after a flush: is anything cached that the tables no longer say?
 *     mmu_watch       after every call of the library: is anything in the tables that must not be,
 *                     and was an entry replaced that had to be broken first?
 *     mmu_frame_freed a table's frame leaves: does anything still lead there?
 *
 * What is wrong is written down in words; mmu_violation() gives the first of it.
 *
 *     mmu_model.h   walk.c     one walk, groups
 *                   tlb.c      caches: access, invalidate, audit, freed frames
 *                   watch.c    all leaves there are; break before make
 *                   arch_*.c   one entry of one architecture
 */
#ifndef MSET_TEST_MMU_MODEL_H
#define MSET_TEST_MMU_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MMU_LEVELS = 5 };

/* Rights, of the user and of the supervisor. */
enum {
    MMU_USER_READ = 1,
    MMU_USER_WRITE = 2,
    MMU_USER_EXEC = 4,
    MMU_READ = 8,
    MMU_WRITE = 16,
    MMU_EXEC = 32,
};

enum mmu_type { MMU_WRITE_BACK, MMU_WRITE_COMBINE, MMU_UNCACHED, MMU_DEVICE };

/* What the machine has beside the architecture's minimum. */
struct mmu_options {
    bool upper;          /* AArch64: the root is TTBR1's */
    bool hardware_marks; /* FEAT_HAFDBS, Svadu, LoongArch's walker */
    bool napot;          /* Svnapot */
    bool bbm_level_2;
    unsigned pa_bits; /* 0: the architecture's most */
};

/* One entry, decoded. */
enum mmu_kind { MMU_NOTHING, MMU_TABLE, MMU_LEAF, MMU_WRONG };
struct mmu_entry {
    enum mmu_kind kind;
    uint64_t pa; /* of the leaf or table; a group's shared entries: of the group */
    unsigned rights;
    unsigned could; /* rights it will have once hardware has set its marks */
    enum mmu_type type;
    bool global, accessed, dirty;
    unsigned group;    /* log2 of the entries of its contiguous group */
    bool shared;       /* all entries of the group are equal */
    const char *wrong; /* reserved bits and the like */
};

struct mmu_machine;

struct mmu_architecture {
    const char *name;
    unsigned levels;
    unsigned shift[MMU_LEVELS], bits[MMU_LEVELS]; /* from the bottom */
    unsigned va_bits;
    unsigned pa_bits;
    bool is_signed;  /* upper addresses repeat the top bit */
    bool must_break; /* break before make */
    struct mmu_entry (*decode)(const struct mmu_machine *machine, unsigned level, uint64_t entry);
    /* The entry as the processor leaves it after an access that sets marks. */
    uint64_t (*mark)(const struct mmu_machine *machine, uint64_t entry, bool write);
    uint64_t table_mark; /* accessed bit of entries that lead to tables; 0: they have none */
    unsigned variant;    /* the architecture file's own: stage, granule, ... */
};

/* A translation of one leaf, one whole group, or (cached) one slot of a group. */
struct mmu_leaf {
    uint64_t va, last, pa;
    unsigned level, rights;
    unsigned could;
    enum mmu_type type;
    bool global, accessed, dirty;
};

enum { MMU_TLB = 192, MMU_POINTERS = 128, MMU_LIMBO = 4096, MMU_TEXT = 200 };

struct mmu_pointer {
    uint64_t va, last, table;
    unsigned level; /* of the table pointed at */
};

/* An entry that leads to a table. */
struct mmu_link {
    uint64_t va, last, table;
    unsigned level; /* of the entry */
};

/* A list that grows. */
struct mmu_leaf_list {
    struct mmu_leaf *leaf;
    size_t count, room;
};
struct mmu_link_list {
    struct mmu_link *link;
    size_t count, room;
};

/* All there was at one time, in address order. */
struct mmu_sight {
    struct mmu_leaf_list leaves;
    struct mmu_link_list links;
};

struct mmu_range {
    uint64_t va, last;
    struct mmu_leaf was;
};

struct mmu_machine {
    const struct mmu_architecture *architecture;
    struct mmu_options options;
    uint64_t root;
    uint64_t *(*at)(void *context,
                    uint64_t pa); /* the word there, or NULL: no table can be there */
    void *context;

    size_t cached, pointers, limbos, link_limbos;
    uint64_t chance; /* decides what a processor is free to do */
    struct mmu_leaf tlb[MMU_TLB];
    struct mmu_pointer pointer[MMU_POINTERS];
    struct mmu_sight now, before;      /* what watch saw */
    struct mmu_range limbo[MMU_LIMBO]; /* made invalid, not yet invalidated */
    struct mmu_link link_limbo[MMU_LIMBO];
    char violation[MMU_TEXT];
};

/* False: no such architecture. `at` and `context` are kept. */
bool mmu_open(struct mmu_machine *machine, const char *name, const struct mmu_options *options,
              uint64_t root, uint64_t *(*at)(void *context, uint64_t pa), void *context);
void mmu_close(struct mmu_machine *machine);

/* What went wrong first, or NULL. */
const char *mmu_violation(const struct mmu_machine *machine);
void mmu_complain(struct mmu_machine *machine, const char *what, uint64_t va, uint64_t detail);

/* By a fresh walk: false if nothing is there. Violations on the way are complained about. */
bool mmu_walk(struct mmu_machine *machine, uint64_t va, struct mmu_leaf *leaf);

/* One access with one of the six rights. True and *pa, or false: it faults. */
bool mmu_access(struct mmu_machine *machine, uint64_t va, unsigned right, uint64_t *pa);

/*
 * The weakest flush that is still one. Some address start + n * stride up to last must hit; then
 * leaf translations go, and of the table pointers used on the way there those that came from
 * entries of the levels in `table_levels`: bit n for level n, whose entries point at tables of
 * level n - 1.
 */
void mmu_invalidate(struct mmu_machine *machine, uint64_t start, uint64_t last, uint64_t stride,
                    unsigned table_levels);

void mmu_audit(struct mmu_machine *machine);
void mmu_frame_freed(struct mmu_machine *machine, uint64_t pa, uint64_t size);
void mmu_watch(struct mmu_machine *machine);

/* Leaves that the last watch saw. */
size_t mmu_leaves(const struct mmu_machine *machine, const struct mmu_leaf **leaves);

/* ---- between the files -------------------------------------------------------------------- */

extern const struct mmu_architecture mmu_x86[4];
extern const struct mmu_architecture mmu_aarch64[7];
extern const struct mmu_architecture mmu_riscv[5];
extern const struct mmu_architecture mmu_loongarch[1];

bool mmu_translates(const struct mmu_machine *machine, uint64_t va);
/* An entry as part of its table; complains. `va` is where its slot begins. */
struct mmu_entry mmu_look(struct mmu_machine *machine, uint64_t table, unsigned level, unsigned i,
                          uint64_t va);
/* The translation of a leaf entry, its group taken together. */
struct mmu_leaf mmu_make_leaf(struct mmu_machine *machine, uint64_t table, unsigned level,
                              unsigned i, uint64_t va);
unsigned mmu_index(const struct mmu_machine *machine, unsigned level, uint64_t va);
uint64_t mmu_slot(const struct mmu_machine *machine, unsigned level);

#endif
