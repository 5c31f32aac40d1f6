/*
 * test_strace.c - the parser, line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "strace.h"

/* One line that holds a whole call. */
static struct call parsed(const char *text) {
    struct strace_line line;
    struct call call;
    const char *why = strace_split(text_of(text), &line);
    assert_null(why);
    assert_int_equal(line.shape, LINE_CALL);
    why = strace_parse(line.name, line.rest, &call);
    if (why != NULL) {
        fail_msg("%s: %s", text, why);
    }
    call.pid = line.pid;
    return call;
}

static const char *trouble_of(const char *text) {
    struct strace_line line;
    struct call call;
    const char *why = strace_split(text_of(text), &line);
    if (why == NULL && line.shape == LINE_CALL) {
        why = strace_parse(line.name, line.rest, &call);
    }
    return why == NULL ? "" : why;
}

static void refuse(const char *const *lines, size_t count, const char *why) {
    for (size_t at = 0; at < count; at++) {
        const char *said = trouble_of(lines[at]);
        if (why == NULL ? *said == 0 : strcmp(said, why) != 0) {
            fail_msg("%s: said '%s'", lines[at], said);
        }
    }
}

static void test_mmap(void **state) {
    (void)state;
    const struct call call = parsed("20022 mmap(NULL, 49959, PROT_READ, MAP_PRIVATE, 3, 0x2000) "
                                    "= 0x7f913f578000");
    assert_int_equal(call.kind, CALL_MMAP);
    assert_int_equal(call.pid, 20022);
    assert_int_equal(call.start, 0x7f913f578000);
    assert_int_equal(call.size, 0xd000); /* rounded up to pages */
    assert_int_equal(call.protection, REPLAY_PROT_READ);
    assert_int_equal(call.flags, REPLAY_MAP_PRIVATE);
    assert_int_equal(call.fd, 3);
    assert_int_equal(call.extra, 0x2000);
}

static void test_the_other_memory_calls(void **state) {
    (void)state;
    struct call call = parsed("1 munmap(0x7f0000001000, 4097) = 0");
    assert_int_equal(call.kind, CALL_MUNMAP);
    assert_int_equal(call.start, 0x7f0000001000);
    assert_int_equal(call.size, 8192);
    call = parsed("1 mprotect(0x1000, 1, PROT_READ|PROT_EXEC) = 0");
    assert_int_equal(call.kind, CALL_MPROTECT);
    assert_int_equal(call.protection, REPLAY_PROT_READ | REPLAY_PROT_EXEC);
    assert_int_equal(call.size, 4096);
    call = parsed("1 pkey_mprotect(0x1000, 4096, PROT_WRITE, 1) = 0");
    assert_int_equal(call.kind, CALL_MPROTECT);
    assert_int_equal(call.protection, REPLAY_PROT_WRITE);
    call = parsed("1 brk(NULL)                         = 0x55e7ee7e1000");
    assert_int_equal(call.kind, CALL_BRK);
    assert_int_equal(call.result, 0x55e7ee7e1000);
    call = parsed("1 mremap(0x1000, 8192, 12288, MREMAP_MAYMOVE|MREMAP_FIXED, 0x9000) = 0x9000");
    assert_int_equal(call.kind, CALL_MREMAP);
    assert_int_equal(call.size, 8192);
    assert_int_equal(call.extra, 12288);
    assert_int_equal(call.result, 0x9000);
}

static void test_numbers_and_spaces(void **state) {
    (void)state;
    struct call call = parsed("7   mmap( 0x10000 ,4096,0x3 ,  0x32,-1 , 0 )   =   65536");
    assert_int_equal(call.pid, 7);
    assert_int_equal(call.start, 0x10000);
    assert_int_equal(call.protection, REPLAY_PROT_READ | REPLAY_PROT_WRITE);
    assert_int_equal(call.flags, REPLAY_MAP_PRIVATE | REPLAY_MAP_FIXED | REPLAY_MAP_ANONYMOUS);
    assert_int_equal(call.fd, -1);
    call = parsed("1 munmap(0x1000, 0x1000) = 0x0");
    assert_int_equal(call.size, 4096);
    call = parsed("1 mmap(NULL, 1, PROT_NONE, MAP_PRIVATE, 3</lib/a (1).so>, 0) = 0x1000");
    assert_int_equal(call.fd, 3);
    call = parsed("1 munmap(0x1000, 4096) = 0 <0.000012>");
    assert_int_equal(call.kind, CALL_MUNMAP);
}

static void test_flag_words(void **state) {
    (void)state;
    struct call call = parsed("1 mmap(NULL, 5000000, PROT_SEM, MAP_PRIVATE|MAP_ANONYMOUS|"
                              "MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = 0x40000000");
    assert_int_equal(call.size, 6 << 20);
    call = parsed("1 mmap(NULL, 1, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) "
                  "= 0x40000000");
    assert_int_equal(call.size, 2 << 20);
    call = parsed("1 mprotect(0x1000, 4096, 0x3 /* PROT_??? */) = 0");
    assert_int_equal(call.protection, 3);
    const char *const unknown[] = {
        "1 mmap(NULL, 4096, PROT_READ|PROT_ODD, MAP_PRIVATE, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ|0x40, MAP_PRIVATE, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ODD, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_GROWSDOWN, -1, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, 0x122, -1, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, , MAP_PRIVATE, 3, 0) = 0x1000",
        "1 mprotect(0x1000, 4096, 0x30) = 0",
        "1 mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_DONTUNMAP) = 0x9000",
        "1 mremap(0x1000, 4096, 4096, 0x5) = 0x9000",
    };
    refuse(unknown, sizeof unknown / sizeof *unknown, NULL);
}

static void test_no_result_changes_nothing(void **state) {
    (void)state;
    const char *const lines[] = {
        "1 mmap(NULL, 4096, PROT_ODD, MAP_ODD|0x800000, -1, 0) = -1 EINVAL (Invalid argument)",
        "1 mremap(0x1000, 2, 3, MREMAP_DONTUNMAP) = -1 EFAULT (Bad address)",
        "1 munmap(0x1001, 0) = -1 EINVAL (Invalid argument)",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = ?",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = ? <unavailable>",
        "1 shmat(0, NULL, 0) = -1 EINVAL (Invalid argument)",
        "1 pause() = ? ERESTARTNOHAND (To be restarted if no handler)",
        "1 frob(1) = -1 (errno 514)",
    };
    for (size_t at = 0; at < sizeof lines / sizeof *lines; at++) {
        assert_int_equal(parsed(lines[at]).kind, CALL_NOTHING);
    }
}

static void test_calls_that_change_no_area(void **state) {
    (void)state;
    const char *const lines[] = {
        "1 madvise(0x1000, 4096, MADV_DONTNEED) = 0",
        "1 mlock(0x1000, 4096) = 0",
        "1 openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY) = 3</etc/passwd>",
        "1 openat(AT_FDCWD, \"/proc/self/mapsx\", O_RDONLY) = 3",
        "1 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 8",
        "1 read(3, \"a \\\" ) = -1 [\\n\"..., 20) = 20",
        "1 ioctl(0, TCGETS, {B38400 opost isig, c_cc=\"\\x03\"}) = 0",
        "1 rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], [], 8) = 0",
        "1 personality(0xffffffff) = 0 (PER_LINUX)",
        "1 prctl(PR_SET_NAME, \"x\") = 0",
        "1 arch_prctl(ARCH_SET_FS, 0x7f0000000740) = 0",
    };
    for (size_t at = 0; at < sizeof lines / sizeof *lines; at++) {
        assert_int_equal(parsed(lines[at]).kind, CALL_OTHER);
    }
}

static void test_changes_that_cannot_be_followed(void **state) {
    (void)state;
    const char *const lines[] = {
        "1 shmat(0, NULL, 0) = 0x7f609e77c000",
        "1 shmdt(0x7f609e77c000) = 0",
        "1 remap_file_pages(0x1000, 4096, 0, 0, 0) = 0",
        "1 io_setup(1, [0x7f0000000000]) = 0",
        "1 map_shadow_stack(NULL, 4096, 0) = 0x1000",
        "1 syscall_0x1c5(0x1000, 0x1000, 0) = 0x1000",
        "1 personality(PER_LINUX|READ_IMPLIES_EXEC) = 0 (PER_LINUX)",
        "1 personality(0x400000) = 0",
        "1 prctl(PR_SET_MM, PR_SET_MM_BRK, 0x1000, 0, 0) = 0",
        "1 arch_prctl(ARCH_MAP_VDSO_64, 0x1000) = 0",
    };
    refuse(lines, sizeof lines / sizeof *lines, NULL);
}

static void test_processes(void **state) {
    (void)state;
    struct call call = parsed("1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, "
                              "child_tidptr=0x7f609e58fa10) = 8678");
    assert_int_equal(call.kind, CALL_CLONE);
    assert_int_equal(call.result, 8678);
    assert_int_equal(call.flags & REPLAY_CLONE_VM, 0);
    call = parsed("1 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f60, "
                  "stack_size=0x9000}, 88) = 8675");
    assert_int_equal(call.flags & REPLAY_CLONE_VM, REPLAY_CLONE_VM);
    assert_int_equal(call.flags & REPLAY_CLONE_THREAD, 0);
    call = parsed("1 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[9]}, 88) "
                  "= 9");
    assert_int_equal(call.flags, REPLAY_CLONE_VM | REPLAY_CLONE_THREAD);
    call = parsed("1 vfork() = 5");
    assert_int_equal(call.flags, REPLAY_CLONE_VM);
    call = parsed("1 fork() = 5");
    assert_int_equal(call.flags, 0);
    call = parsed("1 execve(\"/bin/true\", [\"true\", \"(x\"], 0x7fff /* 41 vars */) = 0");
    assert_int_equal(call.kind, CALL_EXECVE);
    assert_int_equal(parsed("1 exit(0)                           = ?").kind, CALL_EXIT);
    assert_int_equal(parsed("1 exit_group(1) = ?").kind, CALL_EXIT_GROUP);
    call = parsed("1 openat(AT_FDCWD, \"/proc/self/maps\", O_RDONLY|O_CLOEXEC) = 18");
    assert_int_equal(call.kind, CALL_OPEN_MAPS);
}

static void test_malformed(void **state) {
    (void)state;
    const char *const lines[] = {
        "",
        " ",
        "1",
        "1 ",
        "0 brk(NULL) = 0x1000",
        "-5 brk(NULL) = 0x1000",
        "99999999999 brk(NULL) = 0x1000",
        "brk(NULL) = 0x1000",
        "[pid 1] brk(NULL) = 0x1000",
        "1 12:00:00 brk(NULL) = 0x1000",
        "1 strace: Process 12 attached",
        "1 brk",
        "1 brk(",
        "1 brk(NULL",
        "1 brk(NULL)",
        "1 brk(NULL) 0x1000",
        "1 brk(NULL) =",
        "1 brk(NULL) = ",
        "1 brk(NULL) = 0x",
        "1 brk(NULL) = 0xg",
        "1 brk(NULL) = 0x1000z",
        "1 brk(NULL) = -2",
        "1 brk(NULL) = -1EINVAL",
        "1 brk(NULL) = ?x",
        "1 brk(NULL) = 0x10000000000000000",
        "1 brk(NULL) = 18446744073709551616",
        "1 brk(NULL, 3) = 0x1000",
        "1 brk(\"NULL) = 0x1000",
        "1 brk([NULL) = 0x1000",
        "1 brk({NULL]) = 0x1000",
        "1 brk(NULL /* ) = 0x1000",
        "1 BRK(NULL) = 0x1000",
        "1 brk(NULL) = 0x1000\r",
        "1 munmap(0x1000) = 0",
        "1 munmap(-5, 4096) = 0",
        "1 munmap(0x1000, ) = 0",
        "1 mprotect(0x1000, 4096) = 0",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, x, 0) = 0x1000",
        "1 mremap(0x1000, 4096, 4096) = 0x1000",
        "1 clone(child_stack=NULL) = 5",
        "1 clone(flags=CLONE_THREAD) = 5",
        "1 clone(flags=a) = 5",
        "1 fork(1) = 5",
        "1 fork() = 0",
        "1 fork() = 99999999999",
        "1 execve(\"x\", [...], 0x0) = 3",
        "1 openat(AT_FDCWD) = 3",
        "1 --- SIGSEGV {si_signo=SIGSEGV",
        "1 +++ exited",
        "1 +++ superseded by execve in pid +++",
        "1 <... brk",
        "1 <... brk resumed",
    };
    refuse(lines, sizeof lines / sizeof *lines, NULL);
}

static void test_impossible_successes(void **state) {
    (void)state;
    const char *const lines[] = {
        "1 mmap(NULL, 0, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1001",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0x10) = 0x1000",
        "1 mmap(0x5000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED, 3, 0) = 0x6000",
        "1 mmap(NULL, 18446744073709551615, PROT_READ, MAP_PRIVATE, 3, 0) = 0x1000",
        "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0xfffffffffffff000",
        "1 mmap(NULL, 1, PROT_READ, MAP_PRIVATE|MAP_HUGETLB|63<<MAP_HUGE_SHIFT, 3, 0) = 0x1000",
        "1 mmap(NULL, 1, PROT_READ, MAP_PRIVATE|MAP_HUGETLB|2<<MAP_HUGE_SHIFT, 3, 0) = 0x1000",
        "1 munmap(0x1000, 0) = 0",
        "1 munmap(0x1001, 4096) = 0",
        "1 munmap(0x1000, 0xfffffffffffff000) = 0",
        "1 mprotect(0x7ffffffffffff000, 0x7ffffffffffff000, PROT_READ) = 0",
        "1 mremap(0x1000, 8192, 8192, MREMAP_MAYMOVE) = 0x2000", /* overlaps itself */
        "1 mremap(0x1000, 4096, 0, MREMAP_MAYMOVE) = 0x1000",
        "1 mremap(0x1000, 0, 4096, MREMAP_MAYMOVE) = 0x1000",
        "1 mremap(0x1000, 4096, 4096, MREMAP_MAYMOVE) = 0x1234",
    };
    for (size_t at = 0; at < sizeof lines / sizeof *lines; at++) {
        const char *said = trouble_of(lines[at]);
        if (strcmp(said, "impossible range in a call that succeeded") != 0) {
            fail_msg("%s: said '%s'", lines[at], said);
        }
    }
}

static void test_kinds_of_lines(void **state) {
    (void)state;
    struct strace_line line;
    assert_null(strace_split(text_of("1 vfork( <unfinished ...>"), &line));
    assert_int_equal(line.shape, LINE_UNFINISHED);
    assert_true(text_is(line.name, "vfork"));
    assert_int_equal(line.rest.size, 0);
    assert_null(strace_split(text_of("1 brk(NULL <unfinished ...>"), &line));
    assert_true(text_is(line.rest, "NULL"));
    assert_null(strace_split(text_of("1 <... brk resumed>)  = 0x1000"), &line));
    assert_int_equal(line.shape, LINE_RESUMED);
    assert_true(text_is(line.name, "brk"));
    assert_true(text_is(line.rest, ")  = 0x1000"));
    assert_null(strace_split(text_of("1 --- SIGCHLD {si_signo=SIGCHLD} ---"), &line));
    assert_int_equal(line.shape, LINE_SIGNAL);
    assert_null(strace_split(text_of("1 --- stopped by SIGSTOP ---"), &line));
    assert_null(strace_split(text_of("1 +++ exited with 0 +++"), &line));
    assert_int_equal(line.shape, LINE_GONE);
    assert_null(strace_split(text_of("1 +++ killed by SIGSEGV (core dumped) +++"), &line));
    assert_int_equal(line.shape, LINE_GONE);
    assert_null(strace_split(text_of("5 +++ superseded by execve in pid 6 +++"), &line));
    assert_int_equal(line.shape, LINE_SUPERSEDED);
    assert_int_equal(line.other, 6);
}

/* Brackets deeper than any real line has are refused, not followed. */
static void test_deep_nesting(void **state) {
    (void)state;
    char text[512] = "1 frob(";
    memset(text + 7, '[', 100);
    memset(text + 107, ']', 100);
    memcpy(text + 207, ") = 0", sizeof ") = 0");
    assert_string_equal(trouble_of(text), "malformed system call");
}

/* No prefix of a good line is accepted as something else. */
static void test_every_truncation(void **state) {
    (void)state;
    static const char whole[] =
        "20022 mmap(NULL, 49959, PROT_READ, MAP_PRIVATE, 3, 0x2000) = 0x7f913f578000";
    const size_t result = strlen(whole) - strlen("f913f578000");
    for (size_t size = 0; size < result; size++) {
        char text[sizeof whole];
        memcpy(text, whole, size);
        text[size] = 0;
        assert_string_not_equal(trouble_of(text), "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mmap),
        cmocka_unit_test(test_the_other_memory_calls),
        cmocka_unit_test(test_numbers_and_spaces),
        cmocka_unit_test(test_flag_words),
        cmocka_unit_test(test_no_result_changes_nothing),
        cmocka_unit_test(test_calls_that_change_no_area),
        cmocka_unit_test(test_changes_that_cannot_be_followed),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_impossible_successes),
        cmocka_unit_test(test_kinds_of_lines),
        cmocka_unit_test(test_deep_nesting),
        cmocka_unit_test(test_every_truncation),
    };
    return cmocka_run_group_tests_name("replay, parser", tests, NULL, NULL);
}
