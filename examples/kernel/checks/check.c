/* check.c - see check.h. */
#include "check.h"

#include "console.h"
#include "memory.h"

static struct {
    const char *file, *text;
    unsigned line, failed;
} first;

bool check_expect(bool holds, const char *file, unsigned line, const char *text) {
    if (!holds && first.failed++ == 0) {
        first.file = file;
        first.line = line;
        first.text = text;
    }
    return holds;
}

bool check_begin(struct process *process) {
    if (!EXPECT(process_create(process) == MSET_OK)) {
        return false;
    }
    process_run(process);
    return true;
}

struct usage {
    uint64_t free_frames, heap;
};

static struct usage usage_now(void) {
    return (struct usage){memory_free_frames(), memory_heap_used()};
}

static void expect_unchanged(struct usage before) {
    const struct usage now = usage_now();
    EXPECT(now.free_frames == before.free_frames);
    EXPECT(now.heap == before.heap);
}

/* Ends a check's line. */
static bool verdict(void) {
    if (first.failed == 0) {
        print(": ok\n");
        return true;
    }
    print(": FAILED\n  %s:%u: %s (and %u more)\n", first.file, first.line, first.text,
          first.failed - 1);
    first.failed = 0;
    return false;
}

unsigned check_all(const struct check *checks, unsigned count) {
    const struct usage at_boot = usage_now();
    unsigned failed = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct usage before = usage_now();
        print("%s: ", checks[i].name);
        checks[i].run();
        expect_unchanged(before);
        failed += !verdict();
    }
    print("teardown: %lu frames free, %lu at boot", memory_free_frames(), at_boot.free_frames);
    expect_unchanged(at_boot);
    return failed + !verdict();
}
