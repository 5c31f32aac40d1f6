/* engine_base.h - slots, entries and books. Part of engine.h. */
#ifndef MSET_SRC_PAGE_TABLE_ENGINE_BASE_H
#define MSET_SRC_PAGE_TABLE_ENGINE_BASE_H

static inline uint64_t slot_size(unsigned level) {
    return UINT64_C(1) << fmt_shift(level);
}

static inline uint64_t slot_last(unsigned level, uint64_t va) {
    return va | (slot_size(level) - 1);
}

static inline uint64_t slot_first(unsigned level, uint64_t va) {
    return va & ~(slot_size(level) - 1);
}

static inline unsigned entry_count(unsigned level) {
    return 1u << fmt_index_bits(level);
}

static inline unsigned index_of(unsigned level, uint64_t va) {
    return (unsigned)(va >> fmt_shift(level)) & (entry_count(level) - 1);
}

static inline unsigned group_count(unsigned level) {
    return 1u << fmt_group_bits(level);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static inline bool is_boundary(unsigned level, uint64_t va) {
    return (va & (slot_size(level) - 1)) == 0;
}

/* How many slots, from va's on and in the same table, lie in the range as a whole. */
static inline unsigned whole_slots(unsigned level, uint64_t va, uint64_t last) {
    if (!is_boundary(level, va)) {
        return 0;
    }
    /* No range is longer than half of the address space: last - va + 1 does not wrap. */
    const uint64_t slots = (last - va + 1) >> fmt_shift(level);
    return (unsigned)min_u64(slots, entry_count(level) - index_of(level, va));
}

/* The last address of n slots from va's on. */
static inline uint64_t slots_last(unsigned level, uint64_t va, unsigned n) {
    return slot_first(level, va) + (n * slot_size(level) - 1);
}

static inline struct pt_table *child_at(const struct pt_table *table, unsigned i) {
    return table->children == 0 ? NULL : table->child[i];
}

static inline bool is_empty(const struct pt_table *table, unsigned level, unsigned i) {
    return table->entries[i] == fmt_empty(level);
}

static inline struct pt_table *child_or_null(const struct pt_table *table, unsigned i) {
    return table == NULL ? NULL : child_at(table, i);
}

/* How many of the n entries from i on point at no table. */
static inline unsigned childless(const struct pt_table *table, unsigned i, unsigned n) {
    unsigned k = table->children == 0 ? n : 0;
    while (k < n && table->child[i + k] == NULL) {
        k++;
    }
    return k;
}

static inline void fill_empty(uint64_t *entries, unsigned n, unsigned level) {
    for (unsigned k = 0; k < n; k++) {
        entries[k] = fmt_empty(level);
    }
}

static inline bool any_entry(const struct mset_page_table *pt, const uint64_t *entries, unsigned n,
                             unsigned level) {
    return n == 1 ? *entries != fmt_empty(level)
                  : pt->loops->any_other(entries, n, fmt_empty(level));
}

/* How many of n entries are empty from the first on, or, if `empty` is false, are not. */
static inline unsigned alike(const struct pt_table *table, unsigned level, unsigned i, unsigned n,
                             bool empty) {
    unsigned k = 0;
    while (k < n && is_empty(table, level, i + k) == empty) {
        k++;
    }
    return k;
}

static void engine_clear(struct pt_table *table) {
    fill_empty(table->entries, entry_count(table->level), table->level);
}

static inline bool is_broken(uint64_t entry) {
    return fmt_make(entry) != entry;
}

/* May leaves of this level, below `levels`, stand for pa at va? A marker's pa is given as its va.
 */
static inline bool leaf_allowed(unsigned levels, unsigned level, uint64_t va, uint64_t pa) {
    return level < levels && ((va ^ pa) & (slot_size(level) - 1)) == 0;
}

/* The tables on the way to one that holds a range: table[level] .. table[FMT_LEVELS - 1]. */
struct path {
    unsigned level;
    struct pt_table *table[FMT_LEVELS];
};

/* One level down, if the range lies in one slot and a table is there. */
static inline bool step_down(struct path *path, unsigned level, uint64_t va, uint64_t last) {
    struct pt_table *const table = path->table[level];
    if (((va ^ last) >> fmt_shift(level)) != 0 || table->children == 0) {
        return false;
    }
    struct pt_table *const child = table->child[index_of(level, va)];
    path->table[level - 1] = child;
    path->level = level - (child != NULL);
    return child != NULL;
}

/* Down to the lowest table in which the whole range lies. Spelled out, so that levels are constant:
   this is what every call begins with. */
static inline void descend(const struct mset_page_table *pt, uint64_t va, uint64_t last,
                           struct path *path) {
    path->level = FMT_LEVELS - 1;
    path->table[FMT_LEVELS - 1] = pt->root;
    (void)(step_down(path, FMT_LEVELS - 1, va, last) && step_down(path, FMT_LEVELS - 2, va, last) &&
           (FMT_LEVELS < 4 || step_down(path, FMT_LEVELS == 4 ? 1 : 2, va, last)) &&
           (FMT_LEVELS < 5 || step_down(path, 1, va, last)));
}

static inline struct pt_table *path_end(const struct path *path) {
    return path->table[path->level];
}

/* A call has come to a table of level 0, and the next one may well come there too. */
static inline void note_recent(struct mset_page_table *pt, struct pt_table *table, uint64_t va) {
    pt->recent.table = table;
    pt->recent.entries = table->entries;
    pt->recent.va = slot_first(1, va);
    pt->recent.span = slot_size(1);
}

/* How many slots of the table at the end of the path are the whole range; 0: it is not whole slots,
   or some of them point at tables. */
static inline unsigned path_slots(const struct path *path, uint64_t va, uint64_t last) {
    const unsigned n = whole_slots(path->level, va, last);
    const bool all = n > 0 && slots_last(path->level, va, n) == last;
    return all && childless(path_end(path), index_of(path->level, va), n) == n ? n : 0;
}

#endif
