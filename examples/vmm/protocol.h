/*
 * protocol.h - what the guest and the monitor have agreed on. Compiled into both.
 *
 * The guest asks for a command by a write to PORT_NEXT, does what the mailbox says, and asks again.
 * Some commands go on until the monitor sets `stop`; their counters can be watched meanwhile.
 */
#ifndef VMM_PROTOCOL_H
#define VMM_PROTOCOL_H

#include <stdint.h>

#include "guest/ports.h"

enum command {
    COMMAND_FILL = 1, /* word i of the range becomes mixed(seed + i) */
    COMMAND_SUM,      /* result: checksum of the range */
    COMMAND_TOUCH,    /* each page, in mixed order: right if it is zero; then as COMMAND_FILL */
    COMMAND_LOAD,     /* result: the word at address */
    COMMAND_STORE,    /* seed becomes the word at address */
    /* Until stopped: */
    COMMAND_READ,    /* the first word of each page: right if as COMMAND_FILL left it */
    COMMAND_REWRITE, /* stores to address, loads it again: right if it is there, else wrong */
    COMMAND_SCATTER, /* `count` words at most, at pseudo-random places: see scattered() */
    COMMAND_WATCH,   /* loads address and other: right if it is seed, absent if all bits are set */
};

struct mailbox {
    uint64_t command;
    uint64_t address, size; /* guest-virtual */
    uint64_t other;
    uint64_t seed;
    uint64_t count;
    uint64_t stop; /* the monitor's */
    uint64_t result;
    uint64_t right, wrong, absent; /* counters, from 0 with each command */
};

enum { PAGE = 4096, PAGE_WORDS = PAGE / sizeof(uint64_t) };

/* The finaliser of splitmix64: neighbours become strangers. */
static inline uint64_t mixed(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/*
 * The i-th write of COMMAND_SCATTER to a range of so many words: where it goes. Of every two pages
 * only one is ever written, so that many writes do not come to mean every page.
 */
static inline uint64_t scattered(uint64_t seed, uint64_t i, uint64_t words) {
    const uint64_t random = mixed(seed + i);
    const uint64_t pair = random % (words / (UINT64_C(2) * PAGE_WORDS));
    const uint64_t page = 2 * pair + mixed(~seed - pair) % 2;
    return page * PAGE_WORDS + (random >> 40) % PAGE_WORDS;
}

/* The i-th page that COMMAND_TOUCH touches, of a power of two: every page once. */
static inline uint64_t touched(uint64_t i, uint64_t pages) {
    return i * 1021 % pages;
}

/* A checksum that swapped words change. */
static inline uint64_t summed(uint64_t sum, uint64_t word) {
    return (sum ^ word) * UINT64_C(0x100000001b3);
}

#endif
