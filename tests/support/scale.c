/*
 * scale.c - see scale.h.
 */
#include "scale.h"

#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define SLOW_BUILD 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define SLOW_BUILD 1
#endif

uint64_t test_scale(void) {
    const char *text = getenv("MSET_TEST_SCALE");
    if (text != NULL && text[0] != '\0') {
        return strtoull(text, NULL, 10);
    }
#ifdef SLOW_BUILD
    return 8;
#else
    return 100;
#endif
}

uint64_t test_scaled(uint64_t amount) {
    const uint64_t scaled = amount * test_scale() / 100;
    return scaled == 0 ? 1 : scaled;
}
