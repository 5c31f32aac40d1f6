/*
 * test_vocabulary.c - what engine.h asks of every format's bits, tried for every combination of
 * flags and marks at every level. Compiled once per format: FORMAT_FILE is its file in
 * src/page_table/formats, of which only the bits are taken.
 */
#define MSET_SRC_PAGE_TABLE_ENGINE_H
#define ENGINE_FORMAT \
    { 0 }
#include FORMAT_FILE /* NOLINT(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t PA = UINT64_C(0xa9d3456789abc000);

/* A physical address that is aligned for leaves of the level, with all its high bits in play. */
static uint64_t some_pa(unsigned level) {
    return (PA & UINT64_MAX >> (64 - FMT_PA_BITS)) & UINT64_MAX << fmt_shift(level);
}

struct leaf_case {
    uint64_t flags;
    unsigned marks, level;
    uint64_t pa, leaf;
};

static bool expressible(uint64_t flags) {
    const uint64_t access = flags & MSET_ACCESS;
    const bool unread = (access & MSET_READ) == 0 && (access & FMT_IMPLIES_READ) != 0;
    return (flags & ~(uint64_t)FMT_FLAGS) == 0 && !unread &&
           (FMT_MEMORY_TYPES >> ((flags & MSET_MEMORY_TYPE) >> 8) & 1) != 0;
}

static void for_all_leaves(void (*check)(const struct leaf_case *)) {
    unsigned tried = 0;
    for (unsigned level = 0; level < FMT_LEAF_LEVELS; level++) {
        for (uint64_t flags = 0; flags < 0x8000; flags++) {
            for (unsigned marks = 0; marks < 4 && expressible(flags); marks++) {
                const uint64_t pa = some_pa(level);
                const struct leaf_case leaf = {
                    flags, marks, level, pa,
                    fmt_leaf(pa, fmt_attributes(flags, marks, level), level)};
                check(&leaf);
                tried++;
            }
        }
    }
    assert_true(tried >= 4 * 4 * FMT_LEAF_LEVELS);
}

static void check_reads_back(const struct leaf_case *c) {
    assert_true(fmt_leaf_address(c->leaf, c->level) == c->pa);
    assert_true(fmt_leaf_flags(c->leaf, c->level) == c->flags);
    assert_true(fmt_marks(c->leaf) == c->marks);
    assert_true(fmt_leaf_ok(c->leaf, c->level));
    assert_true(fmt_valid(c->leaf) == ((c->flags & MSET_ACCESS) != 0));
    assert_false(fmt_is_marker(c->leaf));
    assert_false(fmt_grouped(c->leaf, c->level));
    assert_true(fmt_leaf_address(c->leaf, c->level) < UINT64_C(1) << (FMT_PA_BITS - 1) << 1);
}

static void check_steps(const struct leaf_case *c) {
    const uint64_t step = fmt_leaf_step(c->leaf, c->level), size = UINT64_C(1)
                                                                   << fmt_shift(c->level);
    const uint64_t below = c->pa - 5 * size,
                   attributes = fmt_attributes(c->flags, c->marks, c->level);
    assert_true(fmt_leaf(below, attributes, c->level) + 5 * step == c->leaf);
}

static void check_unlike_others(const struct leaf_case *c) {
    const uint64_t plain = fmt_without_marks(c->leaf);
    assert_true(c->leaf != fmt_empty(c->level));
    assert_true(plain != fmt_without_marks(fmt_empty(c->level)));
    if (c->level > 0) {
        assert_true(plain != fmt_without_marks(fmt_table(c->pa, c->level)));
        assert_false(fmt_table_ok(c->leaf, c->pa, c->level));
    }
    const uint64_t clean = fmt_leaf(c->pa, fmt_attributes(c->flags, 0, c->level), c->level);
    assert_true(plain == fmt_without_marks(clean));
}

static void check_marks(const struct leaf_case *c) {
    for (unsigned marks = 0; marks < 4; marks++) {
        assert_true(fmt_marks(fmt_set_marks(c->leaf, marks)) == (c->marks | marks));
        assert_true(fmt_marks(fmt_clear_marks(c->leaf, marks)) == (c->marks & ~marks));
        const uint64_t set = fmt_set_marks(c->leaf, marks);
        assert_true(fmt_leaf_flags(set, c->level) == c->flags);
        assert_true(fmt_leaf_address(set, c->level) == c->pa);
        assert_true(fmt_leaf_ok(fmt_clear_marks(set, 3), c->level));
        const uint64_t again =
            fmt_leaf(c->pa, fmt_attributes(c->flags, c->marks | marks, c->level), c->level);
        assert_true(set == again);
    }
}

static void check_change_one(uint64_t entry, const struct leaf_case *c, uint64_t flags) {
    const uint64_t attributes = fmt_attributes(flags, 0, c->level);
    const uint64_t changed = fmt_change(entry, attributes, c->level);
    const uint64_t plain = fmt_ungroup(changed, 0, c->level);
    assert_true(fmt_leaf_flags(plain, c->level) == flags);
    assert_true(fmt_leaf_address(plain, c->level) == c->pa);
    assert_true(fmt_marks(changed) == c->marks);
    assert_true(fmt_grouped(changed, c->level) == fmt_grouped(entry, c->level));
    assert_true(fmt_leaf_ok(plain, c->level));
    assert_true(fmt_marks(fmt_change(entry, fmt_attributes(flags, 1, c->level), c->level)) ==
                (c->marks | 1));
}

static void check_change(const struct leaf_case *c) {
    const uint64_t others[] = {0,
                               MSET_READ,
                               MSET_READ | MSET_WRITE,
                               MSET_READ | MSET_EXEC | MSET_SOFT_0,
                               c->flags ^ MSET_SOFT_1,
                               MSET_READ | MSET_WRITE | (FMT_FLAGS & (MSET_USER | MSET_GLOBAL)),
                               MSET_READ | MSET_DEVICE};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        check_change_one(c->leaf, c, others[i]);
        if (FMT_GROUPS && fmt_group_bits(c->level) != 0 &&
            (c->pa >> fmt_shift(c->level)) % 128 == 0) {
            check_change_one(fmt_group(c->leaf, c->level), c, others[i]);
        }
    }
    const uint64_t protected = fmt_write_protect(c->leaf, c->level);
    assert_true(fmt_leaf_flags(protected, c->level) == (c->flags & ~MSET_WRITE));
    assert_true(fmt_leaf_ok(protected, c->level));
    assert_true(fmt_leaf_address(protected, c->level) == c->pa);
    assert_true(fmt_marks(protected) == c->marks);
}

static void check_break(const struct leaf_case *c) {
    assert_true(fmt_make(c->leaf) == c->leaf);
    if (!FMT_BREAKS || !fmt_valid(c->leaf)) {
        return;
    }
    const uint64_t broken = fmt_break(c->leaf);
    assert_false(fmt_valid(broken));
    assert_true(fmt_make(broken) == c->leaf);
    assert_true(fmt_flat(broken, 0, c->level) == c->leaf);
    assert_true(fmt_leaf_flags(broken, c->level) == c->flags);
    const uint64_t changed = fmt_change(broken, fmt_attributes(MSET_READ, 0, c->level), c->level);
    assert_false(fmt_valid(changed));
    assert_true(fmt_valid(fmt_make(changed)));
    assert_false(fmt_valid(fmt_write_protect(broken, c->level)));
    assert_false(fmt_must_break(c->leaf, fmt_write_protect(c->leaf, c->level)));
    assert_false(fmt_must_break(c->leaf, fmt_set_marks(c->leaf, 3)));
}

static void check_group(const struct leaf_case *c) {
    const unsigned bits = fmt_group_bits(c->level), n = 1u << bits;
    if (bits == 0) {
        return;
    }
    const uint64_t size = UINT64_C(1) << fmt_shift(c->level);
    const uint64_t pa = c->pa & ~(n * size - 1);
    const uint64_t first = fmt_leaf(pa, fmt_attributes(c->flags, c->marks, c->level), c->level);
    const uint64_t step = fmt_leaf_step(first, c->level);
    const uint64_t group = fmt_group(first, c->level);
    assert_true(fmt_grouped(group, c->level) && fmt_marks(group) == c->marks);
    assert_true(fmt_valid(group) == fmt_valid(first));
    for (unsigned i = 0; i < n; i++) {
        const uint64_t member = FMT_GROUP_SHARED ? group : group + i * step;
        assert_true(fmt_flat(member, n + i, c->level) == fmt_flat(group, 0, c->level) + i * step);
        assert_true(fmt_ungroup(member, n + i, c->level) == first + i * step);
        assert_true(fmt_ungroup(first + i * step, n + i, c->level) == first + i * step);
        assert_true(fmt_leaf_step(fmt_flat(member, i, c->level), c->level) == step);
    }
}

static void test_leaves_read_back(void **state) {
    (void)state;
    for_all_leaves(check_reads_back);
    for_all_leaves(check_steps);
    for_all_leaves(check_unlike_others);
}

static void test_marks(void **state) {
    (void)state;
    for_all_leaves(check_marks);
}

static void test_change(void **state) {
    (void)state;
    for_all_leaves(check_change);
}

static void test_breaks_and_groups(void **state) {
    (void)state;
    for_all_leaves(check_break);
    for_all_leaves(check_group);
}

static void test_markers(void **state) {
    (void)state;
    const uint64_t payloads[] = {0, 1, 0x80000000, 0xffffffff, 0x12345678};
    for (unsigned level = 0; level < FMT_LEAF_LEVELS; level++) {
        for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
            const uint64_t marker = fmt_marker(payloads[i], level);
            assert_true(fmt_is_marker(marker) && !fmt_valid(marker));
            assert_true(marker != fmt_empty(level) && fmt_make(marker) == marker);
            assert_true(fmt_leaf_address(marker, level) == payloads[i]);
            assert_true(fmt_leaf_flags(marker, level) == MSET_PT_MARKER);
            assert_true(fmt_leaf_ok(marker, level) && fmt_leaf_step(marker, level) == 0);
            assert_true(fmt_change(marker, fmt_attributes(MSET_READ, 3, level), level) == marker);
            assert_true(fmt_write_protect(marker, level) == marker);
            assert_true(fmt_marks(marker) == 0 && fmt_flat(marker, 3, level) == marker);
            assert_false(fmt_grouped(marker, level));
        }
    }
    assert_false(fmt_is_marker(fmt_table(0x5000, 1)));
}

static void test_empty_and_tables(void **state) {
    (void)state;
    for (unsigned level = 0; level < FMT_LEVELS; level++) {
        const uint64_t empty = fmt_empty(level);
        assert_false(fmt_valid(empty));
        assert_true(fmt_change(empty, fmt_attributes(MSET_READ, 3, level), level) == empty);
        assert_true(fmt_write_protect(empty, level) == empty);
        assert_true(fmt_make(empty) == empty && fmt_flat(empty, 7, level) == empty);
        assert_false(fmt_is_marker(empty) || fmt_grouped(empty, level));
        if (level > 0) {
            const uint64_t table = fmt_table(0x123456000, level);
            assert_true(table != empty && fmt_table_ok(table, 0x123456000, level));
            assert_false(fmt_table_ok(table, 0x123457000, level));
            assert_true(fmt_make(table) == table);
            assert_true(!FMT_BREAKS || fmt_table_ok(fmt_break(table), 0x123456000, level));
            assert_true(!FMT_BREAKS || !fmt_valid(fmt_break(table)));
        }
    }
}

static void test_geometry(void **state) {
    (void)state;
    const uint8_t shifts[MSET_PT_LEVELS] = FMT_SHIFTS, bits[MSET_PT_LEVELS] = FMT_INDEX_BITS;
    const uint8_t groups[MSET_PT_LEVELS] = FMT_GROUP_BITS;
    uint64_t sizes = 0;
    unsigned sum = shifts[0];
    for (unsigned level = 0; level < FMT_LEVELS; level++) {
        assert_int_equal(shifts[level], fmt_shift(level));
        assert_int_equal(bits[level], fmt_index_bits(level));
        assert_int_equal(groups[level], fmt_group_bits(level));
        assert_int_equal(fmt_shift(level), sum);
        sum += fmt_index_bits(level);
        if (level < FMT_LEAF_LEVELS) {
            sizes |= UINT64_C(1) << fmt_shift(level) |
                     UINT64_C(1) << (fmt_shift(level) + fmt_group_bits(level));
        }
    }
    assert_int_equal(sum, FMT_VA_BITS);
    assert_true(sizes == FMT_LEAF_SIZES && (FMT_OPTIONAL_SIZES & ~FMT_LEAF_SIZES) == 0);
    assert_true(FMT_LEVELS <= MSET_PT_LEVELS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_read_back), cmocka_unit_test(test_marks),
        cmocka_unit_test(test_change),           cmocka_unit_test(test_breaks_and_groups),
        cmocka_unit_test(test_markers),          cmocka_unit_test(test_empty_and_tables),
        cmocka_unit_test(test_geometry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
