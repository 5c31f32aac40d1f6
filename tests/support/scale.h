/*
 * scale.h - how much work a long test does.
 *
 * MSET_TEST_SCALE in the environment is a percentage; without it 100, or 8 in builds with
 * sanitizers or without optimization, which are that much slower.
 */
#ifndef MSET_TEST_SUPPORT_SCALE_H
#define MSET_TEST_SUPPORT_SCALE_H

#include <stdint.h>

uint64_t test_scale(void);
/* `amount` at a scale of 100; never 0. */
uint64_t test_scaled(uint64_t amount);

#endif
