/*
 * test_damage.c - traces with random damage: whatever comes, it is refused or replayed, and
 * nothing else happens. The sanitizers and valgrind watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace_text.h"

static const char sound[] =
    "1 execve(\"a\", [...], 0x0 /* vars */) = 0\n"
    "1 brk(NULL) = 0x10000\n"
    "1 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000\n"
    "1 mmap(0x3000, 100, PROT_READ, MAP_SHARED|MAP_FIXED, 3, 0x2000) = 0x3000\n"
    "1 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} <unfinished ...>\n"
    "2 munmap(0x2000, 4096 <unfinished ...>\n"
    "1 <... clone3 resumed> => {parent_tid=[2]}, 88) = 2\n"
    "1 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x2000\n"
    "2 <... munmap resumed>) = 0\n"
    "2 mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = 0x8000\n"
    "1 vfork( <unfinished ...>\n"
    "3 execve(\"b\", [...], 0x0 /* vars */ <unfinished ...>\n"
    "3 <... execve resumed>) = 0\n"
    "1 <... vfork resumed>) = 3\n"
    "1 fork() = 4\n"
    "4 mprotect(0x8000, 4096, PROT_READ) = 0\n"
    "4 exit_group(0) = ?\n"
    "3 +++ killed by SIGKILL +++\n"
    "1 --- SIGCHLD {si_signo=SIGCHLD} ---\n"
    "1 brk(0x12000) = 0x12000\n"
    "2 execve(\"c\", [...], 0x0 /* vars */ <unfinished ...>\n"
    "1 +++ superseded by execve in pid 2 +++\n"
    "1 <... execve resumed>) = 0\n"
    "1 brk(NULL) = 0x20000\n"
    "1 brk(0x22000) = 0x22000\n"
    "1 openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY) = 3\n"
    "1 exit_group(0) = ?\n";

static uint64_t seed;

static size_t below(size_t limit) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((seed >> 33) % limit);
}

/* Start and size of a random line, newline included. */
static size_t some_line(const char *text, size_t *size) {
    size_t start = below(strlen(text));
    while (start != 0 && text[start - 1] != '\n') {
        start--;
    }
    *size = strcspn(text + start, "\n") + 1;
    return start;
}

static void damage(char *text) {
    static const char bytes[] = "0123456789abcxf(){}[]<>,|=\"\\/* -+?.\nPROT_NONE";
    char line[256];
    size_t size;
    const size_t start = some_line(text, &size);
    switch (below(4)) {
    case 0: /* another byte */
        text[below(strlen(text) - 1)] = bytes[below(sizeof bytes - 1)];
        break;
    case 1: /* a line less */
        memmove(text + start, text + start + size, strlen(text + start + size) + 1);
        break;
    case 2: { /* a line moved or doubled */
        memcpy(line, text + start, size);
        size_t other;
        const size_t to = some_line(text, &other);
        memmove(text + to + size, text + to, strlen(text + to) + 1);
        memcpy(text + to, line, size);
        break;
    }
    default: /* another process or thread */
        text[start] = (char)('1' + below(5));
        break;
    }
}

static void test_random_damage(void **state) {
    (void)state;
    unsigned replayed = 0;
    for (unsigned round = 0; round < 4000; round++) {
        static char text[1 << 15];
        memcpy(text, sound, sizeof sound);
        seed = round;
        for (size_t left = 1 + below(6); left != 0 && strlen(text) > 200; left--) {
            damage(text);
        }
        struct program program;
        struct trouble trouble;
        if (!text_to_program(text, &program, &trouble)) {
            assert_true(trouble.text[0] != 0);
            continue;
        }
        struct machine machine;
        struct findings findings;
        assert_int_equal(machine_create(&machine, MACHINE_NONE, NULL), MSET_OK);
        if (!replay_run(&program, &machine, &findings, &trouble)) {
            fail_msg("round %u: %u: %s", round, trouble.line, trouble.text);
        }
        replayed++;
        findings_free(&findings);
        machine_destroy(&machine);
        program_free(&program);
    }
    assert_true(replayed > 100); /* else the damage is too great to test anything */
}

static void test_the_sound_trace(void **state) {
    (void)state;
    assert_string_equal(text_to_areas(sound, MACHINE_EAGER), "20000-22000 rw-p\n");
}

/* Cut anywhere: refused, unless the cut is between two lines. */
static void test_every_cut(void **state) {
    (void)state;
    for (size_t size = 1; size < strlen(sound); size++) {
        char text[sizeof sound];
        memcpy(text, sound, size);
        text[size] = 0;
        const bool between = sound[size - 1] == '\n';
        const bool refused = text_trouble(text)[0] != 0;
        assert_int_equal(refused, !between);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sound_trace),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests_name("replay, damage", tests, NULL, NULL);
}
