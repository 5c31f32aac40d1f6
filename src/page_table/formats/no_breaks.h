/* no_breaks.h - the vocabulary of break before make for formats that do not need it. */
#ifndef MSET_SRC_FORMAT_NO_BREAKS_H
#define MSET_SRC_FORMAT_NO_BREAKS_H

static inline uint64_t fmt_break(uint64_t entry) {
    return entry;
}

static inline uint64_t fmt_make(uint64_t entry) {
    return entry;
}

static inline bool fmt_must_break(uint64_t old, uint64_t entry) {
    (void)old, (void)entry;
    return false;
}

#endif
