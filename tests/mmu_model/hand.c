/* hand.c - see hand.h. */
#include "mmu_model/hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

uint64_t memory[64 * 512];
struct mmu_machine machine;

static uint64_t *at(void *context, uint64_t pa) {
    (void)context;
    return pa >= BASE && pa - BASE < sizeof memory ? &memory[(pa - BASE) / 8] : NULL;
}

void open_machine(const char *name, struct mmu_options options) {
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        memory[i] = name[0] == 'l' ? 0x40 : 0; /* LoongArch: a large leaf that is not valid */
    }
    assert_true(mmu_open(&machine, name, &options, BASE, at, NULL));
}

void put(unsigned n, unsigned i, uint64_t entry) {
    memory[n * 512 + i] = entry;
}

void finish(const char *expected) {
    const char *const wrong = mmu_violation(&machine);
    if (expected == NULL) {
        if (wrong != NULL) {
            fail_msg("%s", wrong);
        }
    } else if (wrong == NULL || strstr(wrong, expected) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", expected, wrong == NULL ? "nothing" : wrong);
    }
    mmu_close(&machine);
}

void expect_leaf(uint64_t va, uint64_t pa, uint64_t size, unsigned rights, enum mmu_type type) {
    struct mmu_leaf leaf;
    assert_true(mmu_walk(&machine, va, &leaf));
    assert_int_equal(leaf.pa + (va - leaf.va), pa);
    assert_int_equal(leaf.last - leaf.va + 1, size);
    assert_int_equal(leaf.could, rights);
    assert_int_equal(leaf.type, type);
}

uint64_t pa_of(uint64_t va, unsigned right) {
    uint64_t pa = 0xbad; /* an access that succeeds says where */
    return mmu_access(&machine, va, right, &pa) ? pa : 0;
}

uint64_t link_to(unsigned n) {
    const char *const name = machine.architecture->name;
    const uint64_t pa = BASE + UINT64_C(0x1000) * n;
    switch (name[0]) {
    case 'a':
        return pa | 3;
    case 's': /* sv39 and the like */
        return pa >> 2 | 1;
    case 'l':
        return pa;
    default:
        return pa | 7;
    }
}

unsigned chain(const char *name, struct mmu_options options, unsigned level) {
    open_machine(name, options);
    const struct mmu_architecture *const a = machine.architecture;
    const unsigned frames =
        a->shift[0] > 12 ? 16 : 4; /* of the largest table; a root may be more */
    unsigned n = 0;
    for (unsigned at_level = a->levels - 1; at_level > level; at_level--) {
        put(n, 0, link_to(n + frames));
        n += frames;
    }
    return n;
}
