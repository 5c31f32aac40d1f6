/* no_groups.h - the vocabulary of contiguous groups for formats that have none. */
#ifndef MSET_SRC_FORMAT_NO_GROUPS_H
#define MSET_SRC_FORMAT_NO_GROUPS_H

static inline bool fmt_grouped(uint64_t entry, unsigned level) {
    (void)entry, (void)level;
    return false;
}

static inline uint64_t fmt_group(uint64_t leaf, unsigned level) {
    (void)level;
    return leaf;
}

static inline uint64_t fmt_flat(uint64_t entry, unsigned index, unsigned level) {
    (void)index, (void)level;
    return entry;
}

static inline uint64_t fmt_ungroup(uint64_t entry, unsigned index, unsigned level) {
    (void)index, (void)level;
    return entry;
}

#endif
