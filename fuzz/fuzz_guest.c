/*
 * fuzz_guest.c - guest memory (tests/guest/drive.h): regions come, go, move, change and hide one
 * another, in transactions and without, while refusals are injected; and a guest that means ill
 * says where and how much to read, write, copy, fill, load, store, cut in slices, translate,
 * discard. The model keeps every byte: what a guest reaches is what its regions show, never another
 * byte of the host.
 */
#include <stdio.h>

#include "drive.h"
#include "kit/target.h"

enum { PER_LINE = 16 };

static void print(const uint8_t *data, size_t size) {
    fuzz_print("static void test_found_by_fuzz_guest(void **state) {\n"
               "    (void)state;\n"
               "    static const uint8_t data[] = {");
    for (size_t i = 0; i < size; i++) {
        fuzz_print("%s%#x,", i % PER_LINE == 0 ? "\n        " : " ", data[i]);
    }
    fuzz_print("\n        0};\n"
               "    struct drive_result result;\n"
               "    guest_drive(data, %zu, &result);\n"
               "    assert_string_equal(result.complaint, \"\");\n"
               "}\n",
               size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct drive_result result;
    print(data, size);
    guest_drive(data, size, &result);
    fuzz_judge(result.complaint[0] != '\0' ? result.complaint : NULL);
    return 0;
}
