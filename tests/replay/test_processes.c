/*
 * test_processes.c - which address space a call works on.
 *
 * Every trace ends with an openat of /proc/self/maps by the process whose areas are expected.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace_text.h"

#define MAPS "openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY) = 3\n"
#define ANON "PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0"
#define THREAD "clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0, stack=0x7f00}"
#define FORK "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f00"

static void expect(const char *trace, const char *areas) {
    assert_string_equal(text_to_areas(trace, MACHINE_NONE), areas);
    assert_string_equal(text_to_areas(trace, MACHINE_EAGER), areas);
    assert_string_equal(text_to_areas(trace, MACHINE_LAZY), areas);
}

static void test_threads_share(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 " THREAD ", 88) = 2\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x3000\n"
           "2 munmap(0x1000, 4096) = 0\n"
           "2 exit(0) = ?\n"
           "1 " MAPS,
           "3000-4000 r--p\n");
}

static void test_thread_works_before_clone_returns(void **state) {
    (void)state;
    expect("1 " THREAD " <unfinished ...>\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x3000\n"
           "1 <... clone3 resumed> => {parent_tid=[2]}, 88) = 2\n"
           "1 " MAPS,
           "3000-4000 r--p\n");
}

static void test_fork_copies(void **state) {
    (void)state;
    const char *trace = "1 mmap(NULL, 8192, " ANON ") = 0x1000\n"
                        "1 " FORK ") = 2\n"
                        "2 munmap(0x1000, 4096) = 0\n"
                        "1 munmap(0x2000, 4096) = 0\n";
    char text[1024];
    snprintf(text, sizeof text, "%s1 %s", trace, MAPS);
    expect(text, "1000-2000 r--p\n");
    snprintf(text, sizeof text, "%s2 %s", trace, MAPS);
    expect(text, "2000-3000 r--p\n");
}

/* The copy is of the moment of the child's first call, here before the parent's munmap. */
static void test_child_works_before_fork_returns(void **state) {
    (void)state;
    expect("1 mmap(NULL, 8192, " ANON ") = 0x1000\n"
           "1 " THREAD ", 88) = 3\n"
           "1 " FORK " <unfinished ...>\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x5000\n"
           "3 munmap(0x1000, 8192) = 0\n"
           "1 <... clone resumed>) = 2\n"
           "2 " MAPS,
           "1000-3000 r--p\n5000-6000 r--p\n");
}

static void test_two_forks_at_a_time(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 " THREAD ", 88) = 2\n"
           "1 " FORK " <unfinished ...>\n"
           "2 fork( <unfinished ...>\n"
           "11 munmap(0x1000, 4096) = 0\n"
           "12 mmap(NULL, 4096, " ANON ") = 0x3000\n"
           "2 <... fork resumed>) = 12\n"
           "1 <... clone resumed>) = 11\n"
           "12 " MAPS,
           "1000-2000 r--p\n3000-4000 r--p\n");
}

static void test_vfork_until_exec(void **state) {
    (void)state;
    const char *trace = "1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
                        "1 vfork( <unfinished ...>\n"
                        "2 mmap(NULL, 4096, " ANON ") = 0x3000\n"
                        "2 execve(\"true\", [...], 0x0 /* vars */) = 0\n"
                        "2 mmap(NULL, 4096, " ANON ") = 0x7000\n"
                        "1 <... vfork resumed>) = 2\n"
                        "1 mmap(NULL, 4096, " ANON ") = 0x9000\n";
    char text[1024];
    snprintf(text, sizeof text, "%s1 %s", trace, MAPS);
    expect(text, "1000-2000 r--p\n3000-4000 r--p\n9000-a000 r--p\n");
    snprintf(text, sizeof text, "%s2 %s", trace, MAPS);
    expect(text, "7000-8000 r--p\n");
}

static void test_end_of_a_vfork_child(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 vfork( <unfinished ...>\n"
           "2 exit_group(0) = ?\n"
           "1 <... vfork resumed>) = 2\n"
           "1 " MAPS,
           "1000-2000 r--p\n");
}

static void test_posix_spawn(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88 <unfinished ...>\n"
           "2 execve(\"/bin/true\", [\"true\"], 0x7fff /* 41 vars */ <unfinished ...>\n"
           "1 <... clone3 resumed>) = 2\n"
           "1 munmap(0x1000, 4096) = 0\n"
           "2 <... execve resumed>) = 0\n"
           "2 brk(NULL) = 0x5000\n"
           "2 exit_group(0) = ?\n"
           "1 " MAPS,
           "");
}

static void test_exec_begins_empty(void **state) {
    (void)state;
    expect("1 brk(NULL) = 0x5000\n"
           "1 brk(0x6000) = 0x6000\n"
           "1 execve(\"a\", [...], 0x0 /* vars */) = -1 ENOENT (No such file or directory)\n"
           "1 brk(0x7000) = 0x7000\n"
           "1 execve(\"b\", [...], 0x0 /* vars */) = 0\n"
           "1 brk(NULL) = 0x15000\n"
           "1 brk(0x16000) = 0x16000\n"
           "1 " MAPS,
           "15000-16000 rw-p\n");
}

/* The calling thread goes on as the process; the other threads are gone. */
static void test_exec_in_a_thread(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 " THREAD ", 88) = 2\n"
           "1 " THREAD ", 88) = 3\n"
           "3 mmap(NULL, 4096, " ANON " <unfinished ...>\n"
           "1 wait4(5 <unfinished ...>\n"
           "2 execve(\"b\", [...], 0x0 /* vars */ <unfinished ...>\n"
           "1 +++ superseded by execve in pid 2 +++\n"
           "1 <... execve resumed>) = 0\n"
           "3 <... mmap resumed>) = 0x9000\n"
           "1 mmap(NULL, 4096, " ANON ") = 0x5000\n"
           "1 " MAPS,
           "5000-6000 r--p\n");
}

static void test_child_keeps_its_copy_when_the_parent_ends(void **state) {
    (void)state;
    expect("1 brk(NULL) = 0x5000\n"
           "1 brk(0x6000) = 0x6000\n"
           "1 fork() = 2\n"
           "1 exit_group(0) = ?\n"
           "2 brk(0x7000) = 0x7000\n" /* the break was copied too */
           "2 " MAPS,
           "5000-7000 rw-p\n");
}

static void test_threads_heard_of_after_the_end(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 fork() = 9\n"
           "1 " THREAD ", 88) = 2\n"
           "2 munmap(0x1000, 4096 <unfinished ...>\n"
           "1 exit_group(0) = ?\n"
           "2 <... munmap resumed>) = ? <unavailable>\n"
           "2 munmap(0x1000, 4096) = 0\n"
           "2 +++ killed by SIGKILL +++\n"
           "9 " MAPS,
           "1000-2000 r--p\n");
}

static void test_numbers_are_used_again(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 fork() = 2\n"
           "2 munmap(0x1000, 4096 <unfinished ...>\n" /* killed: never heard of again */
           "1 fork() = 2\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x2000\n"
           "2 " MAPS,
           "1000-3000 r--p\n");
    expect("1 fork() = 2\n"
           "2 exit_group(0) = ?\n"
           "1 " THREAD ", 88) = 2\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x2000\n"
           "1 " MAPS,
           "2000-3000 r--p\n");
}

/* The end of the trace, or of the parent, may come before the clone returns. */
static void test_clone_that_never_returns(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 vfork( <unfinished ...>\n"
           "2 mmap(NULL, 4096, " ANON ") = 0x3000\n"
           "2 " MAPS,
           "1000-2000 r--p\n3000-4000 r--p\n");
    assert_string_equal(text_trouble("1 " THREAD ", 88) = 2\n"
                                     "1 fork( <unfinished ...>\n"
                                     "2 fork( <unfinished ...>\n"
                                     "3 brk(NULL) = 0x5000\n"),
                        "4: process 3 has no known parent");
}

static void test_clone_that_fails(void **state) {
    (void)state;
    assert_string_equal(text_trouble("1 fork( <unfinished ...>\n"
                                     "1 <... fork resumed>) = -1 EAGAIN (Try again)\n"
                                     "2 brk(NULL) = 0x5000\n"),
                        "3: process 2 has no known parent");
}

/*
 * 2 has unmapped 0x1000, else the kernel could not have given it to 1; strace heard of it late.
 * An address that the program chose itself says nothing about that.
 */
static void test_memory_used_again_before_munmap_returns(void **state) {
    (void)state;
    const char *begin = "1 mmap(NULL, 8192, " ANON ") = 0x1000\n"
                        "1 " THREAD ", 88) = 2\n"
                        "2 munmap(0x1000, 8192 <unfinished ...>\n";
    const char *end = "2 <... munmap resumed>) = 0\n"
                      "1 " MAPS;
    char text[1024];
    snprintf(text, sizeof text, "%s1 mmap(NULL, 4096, %s) = 0x1000\n%s", begin, ANON, end);
    expect(text, "1000-2000 r--p\n");
    snprintf(text, sizeof text,
             "%s1 mmap(0x1000, 4096, PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) "
             "= 0x1000\n%s",
             begin, end);
    expect(text, "");
}

static void test_memory_used_again_before_mremap_returns(void **state) {
    (void)state;
    /* Moved away. */
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 " THREAD ", 88) = 2\n"
           "2 mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE <unfinished ...>\n"
           "1 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000\n"
           "2 <... mremap resumed>) = 0x8000\n"
           "1 " MAPS,
           "1000-2000 ---p\n8000-a000 r--p\n");
    /* Cut short; the place of another mremap this time. */
    expect("1 mmap(NULL, 8192, " ANON ") = 0x1000\n"
           "1 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x8000\n"
           "1 " THREAD ", 88) = 2\n"
           "2 mremap(0x1000, 8192, 4096, MREMAP_MAYMOVE <unfinished ...>\n"
           "1 mremap(0x8000, 4096, 4096, MREMAP_MAYMOVE) = 0x2000\n"
           "2 <... mremap resumed>) = 0x1000\n"
           "1 " MAPS,
           "1000-2000 r--p\n2000-3000 ---p\n");
}

static void test_other_spaces_do_not_count(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 fork() = 2\n"
           "2 munmap(0x1000, 4096 <unfinished ...>\n"
           "1 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1000\n"
           "2 <... munmap resumed>) = 0\n"
           "2 " MAPS,
           "");
}

static void test_the_last_look_counts(void **state) {
    (void)state;
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 " MAPS "1 mmap(NULL, 4096, " ANON ") = 0x3000\n"
           "1 openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY <unfinished ...>\n"
           "1 <... openat resumed>) = 3\n"
           "1 munmap(0x3000, 4096) = 0\n"
           "1 openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY) = -1 EMFILE (Too many)\n",
           "1000-2000 r--p\n3000-4000 r--p\n");
    /* None at all: after the last change. */
    expect("1 mmap(NULL, 4096, " ANON ") = 0x1000\n"
           "1 exit_group(0) = ?\n",
           "1000-2000 r--p\n");
    expect("1 brk(NULL) = 0x1000\n", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_share),
        cmocka_unit_test(test_thread_works_before_clone_returns),
        cmocka_unit_test(test_fork_copies),
        cmocka_unit_test(test_child_works_before_fork_returns),
        cmocka_unit_test(test_two_forks_at_a_time),
        cmocka_unit_test(test_vfork_until_exec),
        cmocka_unit_test(test_end_of_a_vfork_child),
        cmocka_unit_test(test_posix_spawn),
        cmocka_unit_test(test_exec_begins_empty),
        cmocka_unit_test(test_exec_in_a_thread),
        cmocka_unit_test(test_child_keeps_its_copy_when_the_parent_ends),
        cmocka_unit_test(test_threads_heard_of_after_the_end),
        cmocka_unit_test(test_numbers_are_used_again),
        cmocka_unit_test(test_clone_that_never_returns),
        cmocka_unit_test(test_clone_that_fails),
        cmocka_unit_test(test_memory_used_again_before_munmap_returns),
        cmocka_unit_test(test_memory_used_again_before_mremap_returns),
        cmocka_unit_test(test_other_spaces_do_not_count),
        cmocka_unit_test(test_the_last_look_counts),
    };
    return cmocka_run_group_tests_name("replay, processes", tests, NULL, NULL);
}
