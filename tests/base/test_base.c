/*
 * test_base.c - the names of the status codes, and the C library as an allocator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mset/base.h>

static void every_status_has_its_own_name(void **state) {
    (void)state;
    assert_string_equal(mset_status_text(MSET_OK), "ok");
    assert_string_equal(mset_status_text(MSET_INVALID_PARAM), "invalid parameter");
    for (unsigned a = MSET_OK; a <= MSET_OVER_LIMIT; a++) {
        assert_string_not_equal(mset_status_text((mset_status)a), "unknown status");
        for (unsigned b = MSET_OK; b < a; b++) {
            assert_string_not_equal(mset_status_text((mset_status)a),
                                    mset_status_text((mset_status)b));
        }
    }
    assert_string_equal(mset_status_text((mset_status)(MSET_OVER_LIMIT + 1)), "unknown status");
}

static void memory_is_aligned(void **state) {
    (void)state;
    const struct mset_allocator *const libc = mset_allocator_default();
    for (size_t align = 1; align <= 4096; align *= 2) {
        for (size_t size = 1; size < 5000; size += 1249) {
            unsigned char *const memory = libc->alloc(libc->context, size, align);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % align, 0);
            memset(memory, 0x5a, size);
            libc->free(libc->context, memory, size, align);
        }
    }
}

/* Rounded up to the alignment it would wrap. */
static void too_much_memory(void **state) {
    (void)state;
    const struct mset_allocator *const libc = mset_allocator_default();
    assert_null(libc->alloc(libc->context, SIZE_MAX, 64));
    assert_null(libc->alloc(libc->context, SIZE_MAX - 62, 64));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(memory_is_aligned),
        cmocka_unit_test(too_much_memory),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
