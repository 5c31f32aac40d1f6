/*
 * flags.c - the tables of flag names, and the one reader for all of them.
 *
 * The numbers are those of the x86-64 kernel. They matter twice: strace prints bits it has no
 * name for as a number, and with -X raw it prints nothing else.
 */
#include "flags.h"

#include "strace.h"

struct flag_name {
    const char *name;
    uint32_t bits;
};

struct vocabulary {
    const struct flag_name *names;
    size_t count;
    uint32_t numbers; /* bits that may come as a number */
    bool any_name;    /* names that are not listed mean nothing to us, and that is fine */
};

static const struct flag_name protection_names[] = {
    {"PROT_NONE", 0},
    {"PROT_READ", REPLAY_PROT_READ},
    {"PROT_WRITE", REPLAY_PROT_WRITE},
    {"PROT_EXEC", REPLAY_PROT_EXEC},
    {"PROT_SEM", 0x8},
    {"PROT_GROWSDOWN", 0x1000000},
    {"PROT_GROWSUP", 0x2000000},
};

static const struct flag_name mmap_names[] = {
    {"MAP_FILE", 0},
    {"MAP_SHARED", 0x1},
    {"MAP_PRIVATE", REPLAY_MAP_PRIVATE},
    {"MAP_SHARED_VALIDATE", 0x3},
    {"MAP_DROPPABLE", REPLAY_MAP_DROPPABLE},
    {"MAP_FIXED", REPLAY_MAP_FIXED},
    {"MAP_ANONYMOUS", REPLAY_MAP_ANONYMOUS},
    {"MAP_32BIT", 0x40},
    {"MAP_ABOVE4G", 0x80},
    {"MAP_GROWSDOWN", REPLAY_MAP_GROWSDOWN},
    {"MAP_DENYWRITE", 0x800},
    {"MAP_EXECUTABLE", 0x1000},
    {"MAP_LOCKED", 0x2000},
    {"MAP_NORESERVE", 0x4000},
    {"MAP_POPULATE", 0x8000},
    {"MAP_NONBLOCK", 0x10000},
    {"MAP_STACK", 0x20000},
    {"MAP_HUGETLB", REPLAY_MAP_HUGETLB},
    {"MAP_SYNC", 0x80000},
    {"MAP_FIXED_NOREPLACE", 0x100000},
    {"MAP_UNINITIALIZED", 0x4000000},
};

/* MREMAP_DONTUNMAP is missing on purpose: it leaves the source behind, which we do not do. */
static const struct flag_name mremap_names[] = {
    {"MREMAP_MAYMOVE", 0x1},
    {"MREMAP_FIXED", 0x2},
};

static const struct flag_name clone_names[] = {
    {"CLONE_VM", REPLAY_CLONE_VM},
    {"CLONE_THREAD", REPLAY_CLONE_THREAD},
};

static const struct vocabulary protection_words = {
    protection_names, sizeof protection_names / sizeof *protection_names, 0x300000f, false};
static const struct vocabulary mmap_words = {mmap_names, sizeof mmap_names / sizeof *mmap_names,
                                             UINT32_MAX, false};
static const struct vocabulary mremap_words = {
    mremap_names, sizeof mremap_names / sizeof *mremap_names, 0x3, false};
static const struct vocabulary clone_words = {clone_names, sizeof clone_names / sizeof *clone_names,
                                              UINT32_MAX, true};

/* strace explains numbers it cannot name: `0x300 / * PROT_??? * /` without the inner spaces. */
static struct text without_comment(struct text word) {
    word = text_trim(word);
    if (text_ends(word, "*/")) {
        word = text_first(word, text_find(word, "/*"));
    }
    return text_trim(word);
}

static bool number_word(struct text word, const struct vocabulary *known, uint32_t *bits) {
    uint64_t number;
    if (!text_take_number(&word, &number)) {
        return false;
    }
    if (text_is(word, "<<MAP_HUGE_SHIFT") && number < 64) {
        number <<= REPLAY_MAP_HUGE_SHIFT;
    } else if (word.size != 0) {
        return false;
    }
    if ((number & ~(uint64_t)known->numbers) != 0) {
        return known->any_name;
    }
    *bits |= (uint32_t)number;
    return true;
}

static bool plausible_name(struct text word) {
    for (size_t at = 0; at < word.size; at++) {
        const char c = word.at[at];
        if (!(c >= 'A' && c <= 'Z') && !text_is_digit(c) && c != '_') {
            return false;
        }
    }
    return word.size != 0;
}

static bool name_word(struct text word, const struct vocabulary *known, uint32_t *bits) {
    for (size_t at = 0; at < known->count; at++) {
        if (text_is(word, known->names[at].name)) {
            *bits |= known->names[at].bits;
            return true;
        }
    }
    return known->any_name && plausible_name(word);
}

static bool read_words(struct text text, const struct vocabulary *known, uint32_t *bits) {
    *bits = 0;
    for (bool more = true; more;) {
        const size_t before = text.size;
        const struct text piece = text_next(&text, '|');
        more = piece.size < before; /* there was a separator */
        const struct text word = without_comment(piece);
        const bool number = word.size != 0 && text_is_digit(word.at[0]);
        if (!(number ? number_word(word, known, bits) : name_word(word, known, bits))) {
            return false;
        }
    }
    return true;
}

const char *flags_protection(struct text text, uint32_t *bits) {
    return read_words(text, &protection_words, bits) ? NULL : "unknown protection";
}

const char *flags_mmap(struct text text, uint32_t *bits) {
    return read_words(text, &mmap_words, bits) ? NULL : "unknown mmap flag";
}

const char *flags_mremap(struct text text, uint32_t *bits) {
    return read_words(text, &mremap_words, bits) ? NULL : "unsupported mremap flag";
}

const char *flags_clone(struct text text, uint32_t *bits) {
    return read_words(text, &clone_words, bits) ? NULL : "malformed clone flags";
}
