/*
 * test_entries.c - entries as the model decodes them: good ones field by field, and every bit that
 * must not be set once by itself; groups that are groups, and each way in which they are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mmu_model/hand.h"

#define BIT(n) (UINT64_C(1) << (n))
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum {
    NOBODY = 0,
    ALL = 63,
    K_R = MMU_READ,
    K_RW = MMU_READ | MMU_WRITE,
    K_RX = MMU_READ | MMU_EXEC,
    K_X = MMU_EXEC,
    K_ALL = MMU_READ | MMU_WRITE | MMU_EXEC,
    U_X = MMU_USER_EXEC,
    U_RX = MMU_USER_READ | MMU_USER_EXEC,
    U_ALL = MMU_USER_READ | MMU_USER_WRITE | MMU_USER_EXEC,
    BOTH_R = MMU_READ | MMU_USER_READ,
    BOTH_RW = K_RW | MMU_USER_READ | MMU_USER_WRITE,
    BOTH_X = MMU_EXEC | MMU_USER_EXEC,
    BOTH_RX = BOTH_R | BOTH_X,
    BOTH_WX = BOTH_X | MMU_WRITE | MMU_USER_WRITE,
};

static const struct mmu_options hardware = {.hardware_marks = true};
static const struct mmu_options napot = {.napot = true};

/* ---- good ones ---------------------------------------------------------------------------- */

enum { G = 1, A = 2, D = 4 };

struct good {
    const char *name;
    unsigned level;
    uint64_t entry;
    const struct mmu_options *options; /* NULL: none */
    unsigned rights, could;
    enum mmu_type type;
    unsigned has; /* G, A, D */
};

#define PAGE_1 UINT64_C(0x703) /* AArch64 stage 1: page, AF, SH 3; the kernel's, writable */
#define PAGE_2 UINT64_C(0x73f) /* stage 2: page, AF, SH 3, write-back; no right but X */
#define NR BIT(61)             /* LoongArch */
#define NX BIT(62)
#define CLEAN (BIT(51) | 0x80) /* DBM, read-only still */

static const struct good good[] = {
    {"x86-64", 0, 0x0001, NULL, K_RX, K_RX, MMU_WRITE_BACK, 0},
    {"x86-64", 0, 0x0003, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, 0},
    {"x86-64", 0, 0x0005, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, 0},
    {"x86-64", 0, 0x0007, NULL, ALL, ALL, MMU_WRITE_BACK, 0},
    {"x86-64", 0, 0x0007 | BIT(63), NULL, BOTH_RW, BOTH_RW, MMU_WRITE_BACK, 0},
    {"x86-64", 0, 0x002f, NULL, ALL, ALL, MMU_WRITE_COMBINE, A},
    {"x86-64", 0, 0x0057, NULL, ALL, ALL, MMU_UNCACHED, D},
    {"x86-64", 0, 0x011f, NULL, ALL, ALL, MMU_DEVICE, G},
    {"x86-64", 1, 0x0083, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, 0},
    {"x86-64", 2, 0x0083, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, 0},
    {"x86-64-5", 2, 0x0083, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, 0},
    {"npt", 0, 0x0107, NULL, ALL, ALL, MMU_WRITE_BACK, 0},
    {"ept", 0, 0x0031, NULL, BOTH_R, BOTH_R, MMU_WRITE_BACK, 0},
    {"ept", 0, 0x0033, NULL, BOTH_RW, BOTH_RW, MMU_WRITE_BACK, 0},
    {"ept", 0, 0x0034, NULL, BOTH_X, BOTH_X, MMU_WRITE_BACK, 0},
    {"ept", 0, 0x010f, NULL, ALL, ALL, MMU_WRITE_COMBINE, A},
    {"ept", 0, 0x0207, NULL, ALL, ALL, MMU_UNCACHED, D},
    {"ept", 0, 0x0047, NULL, ALL, ALL, MMU_DEVICE, 0},
    {"ept", 1, 0x00b7 | BIT(56), NULL, ALL, ALL, MMU_WRITE_BACK, 0},
    {"ept", 2, 0x00b7, NULL, ALL, ALL, MMU_WRITE_BACK, 0},
    {"aarch64-4k", 0, PAGE_1, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, 0x743, NULL, K_RW | U_ALL, K_RW | U_ALL, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, 0x783, NULL, K_RX | U_X, K_RX | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, 0x7c3, NULL, K_RX | U_RX, K_RX | U_RX, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | BIT(53), NULL, K_RW | U_X, K_RW | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | BIT(54), NULL, K_ALL, K_ALL, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | 0x800, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, A},
    {"aarch64-4k", 0, 0x707, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_COMBINE, G | A},
    {"aarch64-4k", 0, 0x70b, NULL, K_ALL | U_X, K_ALL | U_X, MMU_UNCACHED, G | A},
    {"aarch64-4k", 0, 0x60f, NULL, K_ALL | U_X, K_ALL | U_X, MMU_DEVICE, G | A},
    {"aarch64-4k", 0, 0x403, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | CLEAN, NULL, K_RX | U_X, K_RX | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | CLEAN, &hardware, K_RX | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 0, PAGE_1 | BIT(51), NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A | D},
    {"aarch64-4k", 0, 0x303, NULL, NOBODY, NOBODY, MMU_WRITE_BACK, G},
    {"aarch64-4k", 0, 0x303, &hardware, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G},
    {"aarch64-4k", 1, 0x701, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-4k", 2, 0x701, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-16k", 0, PAGE_1, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-16k", 1, 0x701, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-64k", 1, 0x701, NULL, K_ALL | U_X, K_ALL | U_X, MMU_WRITE_BACK, G | A},
    {"aarch64-s2-4k", 0, PAGE_2, NULL, BOTH_X, BOTH_X, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0x40, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0x80, NULL, BOTH_WX, BOTH_WX, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0xc0 | BIT(54), NULL, BOTH_RW, BOTH_RW, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0x40 | BIT(51), NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0x40 | BIT(51), &hardware, BOTH_RX, ALL, MMU_WRITE_BACK, A},
    {"aarch64-s2-4k", 0, PAGE_2 | 0xc0 | BIT(51), NULL, ALL, ALL, MMU_WRITE_BACK, A | D},
    {"aarch64-s2-4k", 0, 0x757, NULL, BOTH_RX, BOTH_RX, MMU_UNCACHED, A},
    {"aarch64-s2-4k", 0, 0x747, NULL, BOTH_RX, BOTH_RX, MMU_DEVICE, A},
    {"aarch64-s2-4k", 2, 0x77d, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, A},
    {"aarch64-s2-16k", 1, 0x77d, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, A},
    {"aarch64-s2-64k", 1, 0x77d, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, A},
    {"sv39", 0, 0xc3, NULL, K_R, K_R, MMU_WRITE_BACK, A | D},
    {"sv39", 0, 0xc9, NULL, K_X, K_X, MMU_WRITE_BACK, A | D},
    {"sv39", 0, 0xcf, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, A | D},
    {"sv39", 0, 0xd7, NULL, BOTH_RW, BOTH_RW, MMU_WRITE_BACK, A | D},
    {"sv39", 0, 0xdf, NULL, K_RW | U_ALL, K_RW | U_ALL, MMU_WRITE_BACK, A | D},
    {"sv39", 0, 0x47, NULL, K_R, K_R, MMU_WRITE_BACK, A},
    {"sv39", 0, 0x47, &hardware, K_R, K_RW, MMU_WRITE_BACK, A},
    {"sv39", 0, 0x57, &hardware, BOTH_R, BOTH_RW, MMU_WRITE_BACK, A},
    {"sv39", 0, 0x87, NULL, NOBODY, NOBODY, MMU_WRITE_BACK, D},
    {"sv39", 0, 0x87, &hardware, NOBODY, K_RW, MMU_WRITE_BACK, D},
    {"sv39", 0, 0xe7 | BIT(61), NULL, K_RW, K_RW, MMU_UNCACHED, G | A | D},
    {"sv39", 1, 0xc7 | BIT(62), NULL, K_RW, K_RW, MMU_DEVICE, A | D},
    {"sv39", 2, 0xc7, NULL, K_RW, K_RW, MMU_WRITE_BACK, A | D},
    {"sv48", 3, 0xc7, NULL, K_RW, K_RW, MMU_WRITE_BACK, A | D},
    {"sv57", 4, 0xc7, NULL, K_RW, K_RW, MMU_WRITE_BACK, A | D},
    {"sv39x4", 0, 0xdf, NULL, ALL, ALL, MMU_WRITE_BACK, A | D},
    {"sv39x4", 2, 0xd9, NULL, BOTH_X, BOTH_X, MMU_WRITE_BACK, A | D},
    {"sv48x4", 3, 0x57, &hardware, BOTH_R, BOTH_RW, MMU_WRITE_BACK, A},
    {"loongarch64", 0, 0x19f, NULL, ALL, ALL, MMU_WRITE_BACK, A | D},
    {"loongarch64", 0, 0x193, NULL, K_ALL, K_ALL, MMU_WRITE_BACK, A | D},
    {"loongarch64", 0, 0x19f | NX, NULL, BOTH_RW, BOTH_RW, MMU_WRITE_BACK, A | D},
    {"loongarch64", 0, 0x19f | NR, NULL, BOTH_WX, BOTH_WX, MMU_WRITE_BACK, A | D},
    {"loongarch64", 0, 0x1dd, NULL, BOTH_RX, BOTH_RX, MMU_WRITE_BACK, G | A},
    {"loongarch64", 0, 0x19d, &hardware, BOTH_RX, ALL, MMU_WRITE_BACK, A},
    {"loongarch64", 0, 0x110 | 1, &hardware, K_RX, K_ALL, MMU_WRITE_BACK, A}, /* without P */
    {"loongarch64", 0, 0x190, &hardware, NOBODY, K_ALL, MMU_WRITE_BACK, 0},
    {"loongarch64", 0, 0x18f, NULL, ALL, ALL, MMU_DEVICE, A | D},
    {"loongarch64", 0, 0x1af, NULL, ALL, ALL, MMU_UNCACHED, A | D},
    {"loongarch64", 1, 0x1df | BIT(12), NULL, ALL, ALL, MMU_WRITE_BACK, G | A | D},
    {"loongarch64", 2, 0x1df, NULL, ALL, ALL, MMU_WRITE_BACK, A | D},
};

static void test_good_entries(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct good *const row = &good[i];
        const struct mmu_options options =
            row->options != NULL ? *row->options : (struct mmu_options){0};
        /* The second slot, whose leaf is as far up as it is large. */
        const unsigned n = chain(row->name, options, row->level);
        const uint64_t slot = mmu_slot(&machine, row->level);
        put(n, 1, row->entry | (row->name[0] == 's' ? slot >> 2 : slot));
        struct mmu_leaf leaf;
        if (!mmu_walk(&machine, slot + 0xabc, &leaf)) {
            fail_msg("%s, row %zu: nothing there", row->name, i);
        }
        const unsigned has = (leaf.global ? G : 0) | (leaf.accessed ? A : 0) | (leaf.dirty ? D : 0);
        if (leaf.rights != row->rights || leaf.could != row->could || leaf.type != row->type ||
            has != row->has || leaf.pa != slot || leaf.va != slot || leaf.last != 2 * slot - 1) {
            fail_msg("%s, row %zu: rights %u, could %u, type %d, has %u", row->name, i, leaf.rights,
                     leaf.could, (int)leaf.type, has);
        }
        mmu_watch(&machine);
        finish(NULL);
    }
}

/* ---- bits that must not be set ------------------------------------------------------------ */

/* In slot 0 at `level`: `entry`, or a link to an empty table with the bits of `entry` turned. */
struct bad {
    const char *name;
    unsigned level;
    bool link;
    uint64_t entry;
    const struct mmu_options *options; /* NULL: none */
    const char *expected;
};

static const struct mmu_options narrow = {.pa_bits = 40};

static const struct bad bad[] = {
    {"x86-64", 0, false, 0x1002, NULL, NULL}, /* not present: the rest is the software's */
    {"x86-64", 1, false, BIT(63) | 0x82, NULL, NULL},
    {"x86-64", 3, true, 0, NULL, NULL},
    {"x86-64", 1, false, 0x83 + BIT(13), NULL, "reserved"},
    {"x86-64", 1, false, 0x83 + BIT(20), NULL, "reserved"},
    {"x86-64", 2, false, 0x83 + BIT(29), NULL, "reserved"},
    {"x86-64", 3, false, 0x87, NULL, "reserved"},
    {"x86-64-5", 3, false, 0x87, NULL, "reserved"},
    {"x86-64-5", 4, false, 0x87, NULL, "reserved"},
    {"x86-64", 1, true, 2, NULL, "takes rights away"},
    {"x86-64", 1, true, 4, NULL, "takes rights away"},
    {"x86-64", 1, true, BIT(63), NULL, "takes rights away"},
    {"x86-64", 0, false, 0x1083, NULL, "PAT bit"},
    {"x86-64", 1, false, 0x1083, NULL, "PAT bit"},
    {"x86-64", 2, false, 0x1083, NULL, "PAT bit"},
    {"x86-64", 0, false, BIT(40) + 3, &narrow, "wider"},
    {"x86-64", 1, true, BIT(40), &narrow, "wider"},
    {"x86-64", 0, false, BIT(39) + 3, &narrow, NULL},
    {"npt", 0, false, 0x1003, NULL, "not the user's"},
    {"npt", 1, false, 0x83, NULL, "not the user's"},
    {"ept", 0, false, BIT(10), NULL, "reserved"}, /* present for the user's execution */
    {"ept", 0, false, BIT(11) | 0x38, NULL, NULL},
    {"ept", 0, false, 0x1032, NULL, "not readable"},
    {"ept", 0, false, 0x1036, NULL, "not readable"},
    {"ept", 0, false, 0x10b7, NULL, "reserved"},
    {"ept", 1, false, 0x10b7, NULL, "reserved"},
    {"ept", 2, false, 0xb7 + BIT(29), NULL, "reserved"},
    {"ept", 3, false, 0xb7, NULL, "reserved"},
    {"ept", 1, true, 0, NULL, NULL},
    {"ept", 1, true, BIT(8) | BIT(52), NULL, NULL},
    {"ept", 1, true, BIT(0), NULL, "not readable"},
    {"ept", 1, true, BIT(1), NULL, "reserved"},
    {"ept", 1, true, BIT(2), NULL, "reserved"},
    {"ept", 0, false, 0x1017, NULL, "memory type"},
    {"ept", 0, false, 0x101f, NULL, "memory type"},
    {"ept", 0, false, 0x1027, NULL, "memory type"},
    {"ept", 0, false, 0x102f, NULL, "memory type"},
    {"ept", 0, false, 0x103f, NULL, "memory type"},
    {"aarch64-4k", 0, false, 0x702, NULL, NULL},
    {"aarch64-4k", 3, true, 0, NULL, NULL},
    {"aarch64-4k", 0, false, 0x701, NULL, "block where"},
    {"aarch64-4k", 3, false, 0x701, NULL, "block where"},
    {"aarch64-16k", 2, false, 0x701, NULL, "block where"},
    {"aarch64-16k", 3, false, 0x701, NULL, "block where"},
    {"aarch64-64k", 2, false, 0x701, NULL, "block where"},
    {"aarch64-s2-4k", 3, false, 0x77d, NULL, "block where"},
    {"aarch64-s2-16k", 2, false, 0x77d, NULL, "block where"},
    {"aarch64-s2-64k", 2, false, 0x77d, NULL, "block where"},
    {"aarch64-4k", 0, false, PAGE_1 | BIT(5), NULL, "reserved"}, /* NS */
    {"aarch64-s2-4k", 0, false, PAGE_2 | BIT(11), NULL, "reserved"},
    {"aarch64-s2-4k", 0, false, PAGE_2 | BIT(53), NULL, "reserved"}, /* XN[0] */
    {"aarch64-4k", 1, false, 0x701 + BIT(12), NULL, "reserved"},
    {"aarch64-4k", 1, false, 0x701 + BIT(16), NULL, "reserved"}, /* nT */
    {"aarch64-4k", 1, false, 0x701 + BIT(20), NULL, "reserved"},
    {"aarch64-4k", 2, false, 0x701 + BIT(29), NULL, "reserved"},
    {"aarch64-16k", 0, false, PAGE_1 + BIT(13), NULL, "reserved"},
    {"aarch64-64k", 0, false, PAGE_1 + BIT(15), NULL, "reserved"},
    {"aarch64-16k", 1, true, BIT(13), NULL, "misaligned"},
    {"aarch64-64k", 1, true, BIT(15), NULL, "misaligned"},
    {"aarch64-4k", 0, false, 0x503, NULL, "shareability"},
    {"aarch64-4k", 0, false, PAGE_1 | BIT(4), NULL, "memory type"},
    {"aarch64-4k", 0, false, PAGE_1 | BIT(40), &narrow, "wider"},
    {"aarch64-4k", 1, true, BIT(40), &narrow, "wider"},
    {"aarch64-4k", 0, false, PAGE_1 | BIT(52), NULL, "differ"},
    {"sv39", 0, false, 0xc6, NULL, NULL},
    {"sv39", 2, true, 0, NULL, NULL},
    {"sv39", 0, false, 0xc5, NULL, "reserved"}, /* W without R */
    {"sv39", 0, false, 0xcd, NULL, "reserved"},
    {"sv39", 0, false, 0xc7 | BIT(61) | BIT(62), NULL, "reserved"},
    {"sv39", 1, true, BIT(4), NULL, "reserved"}, /* U, G, A, D, PBMT, N of a pointer */
    {"sv39", 1, true, BIT(5), NULL, "reserved"},
    {"sv39", 1, true, BIT(6), NULL, "reserved"},
    {"sv39", 1, true, BIT(7), NULL, "reserved"},
    {"sv39", 1, true, BIT(61), NULL, "reserved"},
    {"sv39", 1, true, BIT(62), NULL, "reserved"},
    {"sv39", 1, true, BIT(63), NULL, "reserved"},
    {"sv39", 0, false, 1, NULL, "reserved"}, /* a pointer at level 0 */
    {"sv39", 1, false, 0xc7 + BIT(10), NULL, "misaligned"},
    {"sv39", 2, false, 0xc7 + BIT(27), NULL, "misaligned"},
    {"sv39", 0, false, BIT(63) | 0x20c7, NULL, "NAPOT"}, /* no Svnapot */
    {"sv39", 0, false, BIT(63) | 0x20c7, &napot, "differ"},
    {"sv39", 0, false, BIT(63) | 0x10c7, &napot, "NAPOT"},
    {"sv39", 1, false, BIT(63) | 0xc7, &napot, "NAPOT"},
    {"sv39", 1, false, BIT(63) | 0x20c7, &napot, "NAPOT"},
    {"sv39", 0, false, BIT(38) | 0xc7, &narrow, "wider"},
    {"sv39x4", 0, false, 0xc7, NULL, "not the user's"},
    {"sv39x4", 0, false, 0xf7, NULL, "global"},
    {"loongarch64", 0, false, 0x19e, NULL, NULL},
    {"loongarch64", 0, false, 0x19e, &hardware, NULL},
    {"loongarch64", 0, false, 0x110, &hardware, NULL}, /* neither P nor V */
    {"loongarch64", 2, true, 0, NULL, NULL},
    {"loongarch64", 3, false, 0x1df, NULL, "reserved"},
    {"loongarch64", 0, false, 0x1bf, NULL, "reserved"}, /* MAT */
    {"loongarch64", 0, false, 0x197, NULL, "reserved"}, /* PLV */
    {"loongarch64", 0, false, 0x19b, NULL, "reserved"},
    {"loongarch64", 0, false, 0x19f | BIT(63), NULL, "reserved"}, /* RPLV */
    {"loongarch64", 0, false, 0x09f, NULL, "reserved"},           /* D without W */
    {"loongarch64", 1, false, 0x1df + BIT(13), NULL, "reserved"},
    {"loongarch64", 1, false, 0x1df + BIT(20), NULL, "reserved"},
    {"loongarch64", 2, false, 0x1df + BIT(29), NULL, "reserved"},
    {"loongarch64", 1, true, BIT(0), NULL, "no address"},
    {"loongarch64", 1, true, BIT(11), NULL, "no address"},
    {"loongarch64", 1, true, BIT(48), NULL, "no address"},
    {"loongarch64", 3, false, 0x1000, NULL, "leaves memory"},
};

static void plant(const struct bad *row) {
    const unsigned n = chain(
        row->name, row->options != NULL ? *row->options : (struct mmu_options){0}, row->level);
    put(n, 0, row->link ? link_to(n + 16) ^ row->entry : row->entry);
    mmu_watch(&machine);
    const char *const wrong = mmu_violation(&machine);
    if ((row->expected == NULL) != (wrong == NULL)) {
        fail_msg("%s, level %u, %#jx: \"%s\"", row->name, row->level, (uintmax_t)row->entry,
                 wrong == NULL ? "nothing" : wrong);
    }
    finish(row->expected);
}

static void test_bad_entries(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        plant(&bad[i]);
    }
}

/* Bits [from, to] one by one, added to what is good without them. */
static void each_bit(struct bad row, unsigned from, unsigned to) {
    const uint64_t good_one = row.entry;
    for (unsigned bit = from; bit <= to; bit++) {
        row.entry = good_one | BIT(bit);
        plant(&row);
    }
}

static void test_reserved_bits(void **state) {
    (void)state;
    static const char *const stage_1[] = {"aarch64-4k", "aarch64-16k", "aarch64-64k"};
    static const char *const stage_2[] = {"aarch64-s2-4k", "aarch64-s2-4k-ipa40", "aarch64-s2-16k",
                                          "aarch64-s2-64k"};
    for (unsigned i = 0; i < 7; i++) {
        const char *const name = i < 3 ? stage_1[i] : stage_2[i - 3];
        const uint64_t page = i < 3 ? PAGE_1 : PAGE_2, block = page & ~UINT64_C(2);
        each_bit((struct bad){name, 0, false, page, NULL, "reserved"}, 48, 50);
        each_bit((struct bad){name, 0, false, page, NULL, "reserved"}, 59, 63);
        each_bit((struct bad){name, 1, false, block, NULL, "reserved"}, 48, 50);
        each_bit((struct bad){name, 1, true, 0, NULL, "reserved"}, 48, 50);
        each_bit((struct bad){name, 1, true, 0, NULL, "hierarchical"}, 59, 63);
        each_bit((struct bad){name, 1, true, 0, NULL, NULL}, 51, 58); /* ignored */
        each_bit((struct bad){name, 0, false, page, NULL, NULL}, 55, 58);
    }
    each_bit((struct bad){"ept", 0, false, 0x1037, NULL, "reserved"}, 57, 63);
    each_bit((struct bad){"ept", 1, true, 0, NULL, "reserved"}, 3, 7);
    each_bit((struct bad){"ept", 1, true, 0, NULL, "reserved"}, 57, 63);
    each_bit((struct bad){"ept", 0, false, 0x1037, NULL, NULL}, 52, 56);
    each_bit((struct bad){"sv39", 0, false, 0xc7, NULL, "reserved"}, 54, 60);
    each_bit((struct bad){"sv39", 1, true, 0, NULL, "reserved"}, 54, 60);
    each_bit((struct bad){"sv57", 0, false, 0xc7, NULL, NULL}, 8, 9);
    each_bit((struct bad){"loongarch64", 0, false, 0x19f, NULL, "reserved"}, 48, 60);
    each_bit((struct bad){"loongarch64", 1, false, 0x1df, NULL, "reserved"}, 13, 20);
    each_bit((struct bad){"loongarch64", 1, true, 0, NULL, "no address"}, 48, 63);
}

/* MemAttr of stage 2: three of sixteen are given. */
static void test_stage_2_types(void **state) {
    (void)state;
    for (uint64_t attr = 0; attr < 16; attr++) {
        const bool given = attr == 15 || attr == 5 || attr == 1;
        plant(&(struct bad){"aarch64-s2-4k", 0, false, (PAGE_2 & ~UINT64_C(0x3c)) | attr << 2, NULL,
                            given ? NULL : "memory type"});
    }
}

/* ---- groups ------------------------------------------------------------------------------- */

struct group {
    const char *name;
    unsigned level, slots;
    uint64_t entry, step; /* of the first, and from one to the next */
    /* Bits that may not differ. */
    uint64_t type, global, right, address, contiguous;
};

#define C_PAGE (BIT(52) | 0x783 | BIT(54))
#define C_BLOCK (BIT(52) | 0x781 | BIT(54))
#define A64_BITS(step) 0x4, 0x800, BIT(54), (step), BIT(52)

static const struct group groups[] = {
    {"aarch64-4k", 0, 16, C_PAGE | BIT(16), BIT(12), A64_BITS(BIT(12))},
    {"aarch64-4k", 1, 16, C_BLOCK | BIT(25), BIT(21), A64_BITS(BIT(21))},
    {"aarch64-4k", 2, 16, C_BLOCK | BIT(34), BIT(30), A64_BITS(BIT(30))},
    {"aarch64-16k", 0, 128, C_PAGE | BIT(21), BIT(14), A64_BITS(BIT(14))},
    {"aarch64-16k", 1, 32, C_BLOCK | BIT(30), BIT(25), A64_BITS(BIT(25))},
    {"aarch64-64k", 0, 32, C_PAGE | BIT(21), BIT(16), A64_BITS(BIT(16))},
    {"aarch64-64k", 1, 32, C_BLOCK | BIT(34), BIT(29), A64_BITS(BIT(29))},
    {"sv39", 0, 16, BIT(63) | 0x60c7, 0, BIT(61), BIT(5), BIT(3), BIT(14), BIT(63)},
};

static const struct mmu_options all_hardware = {.napot = true, .hardware_marks = true};

/* A good group in the second place where there may be one. Returns the table's number. */
static unsigned open_group(const struct group *group) {
    const unsigned n = chain(group->name, all_hardware, group->level);
    for (unsigned k = 0; k < group->slots; k++) {
        put(n, group->slots + k, group->entry + k * group->step);
    }
    return n;
}

static void turn(const struct group *group, unsigned n, unsigned k, uint64_t bits) {
    memory[n * 512 + group->slots + k] ^= bits;
}

static void test_good_groups(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++) {
        const struct group *const group = &groups[i];
        open_group(group);
        const uint64_t slot = mmu_slot(&machine, group->level), size = slot * group->slots;
        struct mmu_leaf leaf;
        const struct mmu_leaf *leaves;
        assert_true(mmu_walk(&machine, size + 7 * slot + 5, &leaf));
        assert_true(leaf.va == size && leaf.last == 2 * size - 1);
        assert_int_equal(leaf.pa, size);
        mmu_watch(&machine);
        assert_int_equal(mmu_leaves(&machine, &leaves), 1);
        finish(NULL);
    }
}

static void spoiled(const struct group *group, uint64_t bits, const char *expected) {
    for (unsigned k = 0; k < group->slots; k += group->slots - 1) { /* the first, the last */
        turn(group, open_group(group), k, bits);
        mmu_watch(&machine);
        finish(expected);
    }
}

static void test_groups_that_differ(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++) {
        const struct group *const group = &groups[i];
        const uint64_t valid = 1;
        spoiled(group, 0, NULL);
        spoiled(group, group->type, "differ");
        spoiled(group, group->global, "differ");
        spoiled(group, group->right, "differ");
        spoiled(group, group->address, "differ");
        spoiled(group, group->contiguous, "differ");
        spoiled(group, valid, "differ");
    }
}

/* A group as a whole one slot too far; Svnapot cannot even say it. */
static void test_group_misaligned(void **state) {
    (void)state;
    for (size_t i = 0; i + 1 < COUNT(groups); i++) {
        struct group group = groups[i];
        group.entry += group.step;
        open_group(&group);
        mmu_watch(&machine);
        finish("not aligned");
    }
}

/* Marks are the group's when one entry has them. */
static void test_group_marks(void **state) {
    (void)state;
    struct group a64 = groups[0];
    a64.entry = (a64.entry & ~UINT64_C(0x400)) | BIT(51);
    const struct {
        struct group group;
        uint64_t accessed, written;
    } rows[] = {{a64, 0x400, 0x80}, {groups[7], 0x40, 0x80}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct group group = rows[i].group;
        group.entry &= i == 0 ? UINT64_MAX : ~UINT64_C(0xc0);
        const unsigned n = open_group(&group);
        const uint64_t va = mmu_slot(&machine, 0) * group.slots;
        struct mmu_leaf leaf;
        assert_true(mmu_walk(&machine, va, &leaf));
        assert_false(leaf.accessed || leaf.dirty || (leaf.rights & MMU_WRITE) != 0);
        turn(&group, n, 5, rows[i].accessed | rows[i].written);
        assert_true(mmu_walk(&machine, va, &leaf));
        assert_true(leaf.accessed && leaf.dirty && (leaf.rights & MMU_WRITE) != 0);
        mmu_watch(&machine);
        finish(NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_entries),     cmocka_unit_test(test_bad_entries),
        cmocka_unit_test(test_reserved_bits),    cmocka_unit_test(test_stage_2_types),
        cmocka_unit_test(test_good_groups),      cmocka_unit_test(test_groups_that_differ),
        cmocka_unit_test(test_group_misaligned), cmocka_unit_test(test_group_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
