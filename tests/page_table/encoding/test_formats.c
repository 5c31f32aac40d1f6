/*
 * test_formats.c - what the formats say about themselves, against the table in formats.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_table/encoding/encoding.h"

#define SMALL_4K (4 * KIB | 2 * MIB | GIB)
#define GROUPS_4K (64 * KIB | 32 * MIB | 16 * GIB)
#define SIZES_16K (16 * KIB | 2 * MIB | 32 * MIB | GIB)
#define SIZES_64K (64 * KIB | 2 * MIB | 512 * MIB | 16 * GIB)

#define ALL_TYPES 0xf /* write-back, write-combine, uncached, device */
#define NO_WRITE_COMBINE 0xd

static const struct expected {
    const char *name;
    unsigned levels, va_bits, pa_bits, types;
    uint64_t sizes, optional, implies_read;
    bool user_and_global, two_roots, marks_optional;
} all[] = {
    {"x86-64", 4, 48, 52, ALL_TYPES, SMALL_4K, 0, 0x6, true, false, false},
    {"x86-64-5", 5, 57, 52, ALL_TYPES, SMALL_4K, 0, 0x6, true, false, false},
    {"npt", 4, 48, 52, ALL_TYPES, SMALL_4K, 0, 0x6, false, false, false},
    {"ept", 4, 48, 52, ALL_TYPES, SMALL_4K, 0, 0x2, false, false, false},
    {"aarch64-4k", 4, 48, 48, ALL_TYPES, SMALL_4K | GROUPS_4K, 0, 0x6, true, true, true},
    {"aarch64-16k", 4, 48, 48, ALL_TYPES, SIZES_16K, 0, 0x6, true, true, true},
    {"aarch64-64k", 3, 48, 48, ALL_TYPES, SIZES_64K, 0, 0x6, true, true, true},
    {"aarch64-s2-4k", 4, 48, 48, NO_WRITE_COMBINE, SMALL_4K | GROUPS_4K, 0, 0, false, false, true},
    {"aarch64-s2-4k-ipa40", 3, 40, 48, NO_WRITE_COMBINE, SMALL_4K | GROUPS_4K, 0, 0, false, false,
     true},
    {"aarch64-s2-16k", 3, 48, 48, NO_WRITE_COMBINE, SIZES_16K, 0, 0, false, false, true},
    {"aarch64-s2-64k", 3, 48, 48, NO_WRITE_COMBINE, SIZES_64K, 0, 0, false, false, true},
    {"sv39", 3, 39, 56, NO_WRITE_COMBINE, SMALL_4K | 64 * KIB, 64 * KIB, 0x2, true, false, true},
    {"sv48", 4, 48, 56, NO_WRITE_COMBINE, SMALL_4K | 64 * KIB | 512 * GIB, 64 * KIB, 0x2, true,
     false, true},
    {"sv57", 5, 57, 56, NO_WRITE_COMBINE, SMALL_4K | 64 * KIB | 512 * GIB | 256 * TIB, 64 * KIB,
     0x2, true, false, true},
    {"sv39x4", 3, 41, 56, NO_WRITE_COMBINE, SMALL_4K | 64 * KIB, 64 * KIB, 0x2, false, false, true},
    {"sv48x4", 4, 50, 56, NO_WRITE_COMBINE, SMALL_4K | 64 * KIB | 512 * GIB, 64 * KIB, 0x2, false,
     false, true},
    {"loongarch64", 4, 48, 48, NO_WRITE_COMBINE, SMALL_4K, 0, 0, true, false, true},
};

static void test_what_they_say(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        const struct expected *const is = &all[i];
        const struct mset_pt_format *const format = mset_pt_format_at(i);
        assert_non_null(format);
        assert_string_equal(format->name, is->name);
        assert_int_equal(format->levels, is->levels);
        assert_int_equal(format->va_bits, is->va_bits);
        assert_int_equal(format->pa_bits, is->pa_bits);
        assert_int_equal(format->leaf_sizes, is->sizes);
        assert_int_equal(format->optional_sizes, is->optional);
        assert_int_equal(format->memory_types, is->types);
        assert_int_equal(format->implies_read, is->implies_read);
        assert_int_equal(format->two_roots, is->two_roots);
        assert_int_equal(format->marks_optional, is->marks_optional);
        const uint64_t both = MSET_USER | MSET_GLOBAL;
        assert_int_equal(format->flags & both, is->user_and_global ? both : 0);
        const uint64_t must = MSET_ACCESS | MSET_MEMORY_TYPE | MSET_SOFT_0 | MSET_SOFT_1;
        assert_int_equal(format->flags & ~(both | MSET_SOFT_2), must);
    }
}

static void test_find(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        char copy[32];
        memcpy(copy, all[i].name, strlen(all[i].name) + 1);
        assert_ptr_equal(mset_pt_format_find(copy), mset_pt_format_at(i));
    }
    static const char *const none[] = {"", "x86", "x86-64-", "X86-64", "sv3", "sv39x", "sv39x48"};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_null(mset_pt_format_find(none[i]));
    }
    assert_null(mset_pt_format_find(NULL));
    assert_null(mset_pt_format_at(COUNT(all)));
    assert_null(mset_pt_format_at(SIZE_MAX));
}

/* Each root is one table (or several side by side), aligned to its size. */
static void test_roots(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t bytes;
    } roots[] = {
        {"aarch64-s2-4k-ipa40", 8 * KIB},
        {"aarch64-16k", 16},
        {"aarch64-64k", 512},
        {"aarch64-s2-16k", 32 * KIB},
        {"aarch64-s2-64k", 512},
        {"sv39x4", 16 * KIB},
        {"sv48x4", 16 * KIB},
        {"sv57", 4 * KIB},
    };
    for (size_t i = 0; i < COUNT(roots); i++) {
        const struct encoding_format of = {.format = mset_pt_format_find(roots[i].name)};
        struct encoding first;
        encoding_open(&first, &of, NULL);
        assert_int_equal(mset_pt_root(first.pt) % roots[i].bytes, 0);
        struct mset_page_table *more;
        const struct mset_pt_config config = {.format = of.format,
                                              .frames = mset_buddy_frames(first.buddy),
                                              .allocator = &first.memory.base};
        assert_int_equal(mset_pt_create(&config, &more), MSET_OK);
        assert_int_equal(mset_pt_root(more) % roots[i].bytes, 0);
        assert_true(mset_pt_root(more) - mset_pt_root(first.pt) >= roots[i].bytes);
        mset_pt_destroy(more);
        encoding_close(&first);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_they_say),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
