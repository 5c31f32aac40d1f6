/*
 * target.h - what every fuzz target is made of: the function that engines call, a way to say that
 * an oracle disagrees, and a way to show what an input stands for.
 */
#ifndef MSET_FUZZ_KIT_TARGET_H
#define MSET_FUZZ_KIT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The oracle disagrees: says so and aborts, which every engine takes for a crash. NULL is fine. */
void fuzz_judge(const char *wrong);

/* With MSET_FUZZ_PRINT=1 in the environment: prints C that does what the input makes the target do,
   as it does it. */
bool fuzz_prints(void);
/* Prints to standard output, if it is to be printed; what is printed is not lost in a crash. */
void fuzz_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
