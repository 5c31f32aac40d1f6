/*
 * drive.h - a string of bytes as a sequence of calls on a guest, all judged by the model: what
 * random tests and a fuzzer have in common. Any string will do.
 */
#ifndef MSET_TEST_GUEST_DRIVE_H
#define MSET_TEST_GUEST_DRIVE_H

#include <stddef.h>
#include <stdint.h>

enum { DRIVE_COMPLAINT = 320 };

struct drive_result {
    uint64_t calls, commits, refused; /* commits: that changed something */
    uint64_t moves;                   /* of slots, in place */
    char complaint[DRIVE_COMPLAINT];  /* empty: the guest did what the model did */
};

void guest_drive(const uint8_t *data, size_t size, struct drive_result *result);

#endif
