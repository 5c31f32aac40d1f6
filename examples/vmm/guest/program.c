/*
 * program.c - the guest's program, in ring 3: it does what the monitor writes into the mailbox.
 *
 * Every access is volatile: one load or store instruction, which KVM can also emulate.
 */
#include "layout.h"
#include "protocol.h"

typedef volatile uint64_t word;

static volatile struct mailbox *const mailbox = (volatile struct mailbox *)MAILBOX;

static void next_command(void) {
    __asm__ volatile("outb %%al, %0" : : "i"(PORT_NEXT) : "memory");
}

/* Gives the monitor time to do something between two writes. */
static void rest(void) {
    for (int i = 0; i < 8; i++) {
        __asm__ volatile("pause");
    }
}

static void count(volatile uint64_t *counter) {
    *counter = *counter + 1;
}

static void judge(int right) {
    count(right ? &mailbox->right : &mailbox->wrong);
}

static void fill(word *at, uint64_t words, uint64_t seed) {
    for (uint64_t i = 0; i < words; i++) {
        at[i] = mixed(seed + i);
    }
}

static uint64_t sum(word *at, uint64_t words) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < words; i++) {
        sum = summed(sum, at[i]);
    }
    return sum;
}

static void touch(word *at, uint64_t words, uint64_t seed) {
    const uint64_t pages = words / PAGE_WORDS;
    for (uint64_t i = 0; i < pages; i++) {
        const uint64_t first = touched(i, pages) * PAGE_WORDS;
        uint64_t bits = 0;
        for (uint64_t k = first; k < first + PAGE_WORDS; k++) {
            bits |= at[k];
        }
        judge(bits == 0);
        fill(at + first, PAGE_WORDS, seed + first);
    }
}

static void read_until_stopped(word *at, uint64_t words, uint64_t seed) {
    while (!mailbox->stop) {
        for (uint64_t i = 0; i < words && !mailbox->stop; i += PAGE_WORDS) {
            judge(at[i] == mixed(seed + i));
        }
    }
}

static void rewrite_until_stopped(word *at) {
    for (uint64_t i = 1; !mailbox->stop; i++) {
        *at = i;
        judge(*at == i);
    }
}

static void scatter_until_stopped(word *at, uint64_t words, uint64_t seed, uint64_t most) {
    for (uint64_t i = 0; i < most && !mailbox->stop; i++) {
        at[scattered(seed, i, words)] = mixed(seed ^ i);
        count(&mailbox->right);
        rest();
    }
}

static void watch(word *at, uint64_t id) {
    const uint64_t seen = *at;
    if (seen == UINT64_MAX) {
        count(&mailbox->absent);
    } else {
        judge(seen == id);
    }
}

static void watch_until_stopped(word *one, word *other, uint64_t id) {
    while (!mailbox->stop) {
        watch(one, id);
        watch(other, id);
    }
}

static void perform(enum command command) {
    word *const at = (word *)mailbox->address;
    const uint64_t words = mailbox->size / sizeof *at, seed = mailbox->seed;
    switch (command) {
    case COMMAND_FILL:
        fill(at, words, seed);
        break;
    case COMMAND_SUM:
        mailbox->result = sum(at, words);
        break;
    case COMMAND_TOUCH:
        touch(at, words, seed);
        break;
    case COMMAND_LOAD:
        mailbox->result = *at;
        break;
    case COMMAND_STORE:
        *at = seed;
        break;
    case COMMAND_READ:
        read_until_stopped(at, words, seed);
        break;
    case COMMAND_REWRITE:
        rewrite_until_stopped(at);
        break;
    case COMMAND_SCATTER:
        scatter_until_stopped(at, words, seed, mailbox->count);
        break;
    case COMMAND_WATCH:
        watch_until_stopped(at, (word *)mailbox->other, seed);
        break;
    }
}

_Noreturn void program(void);

/* First in the image behind the stubs: see guest.ld. */
__attribute__((section(".program"))) void program(void) {
    for (;;) {
        next_command();
        perform((enum command)mailbox->command);
    }
}
