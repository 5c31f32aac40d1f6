/*
 * main.c - what fork and copy on write cost: mset-fork [MiB]
 *
 * A space with so much private memory (256 MiB if not said) is cloned, written to, and taken down,
 * with pages of 4 KiB and with leaves of 2 MiB. The last rows are the price of counting owners by
 * frame (see src/frames/counted.c): the counting alone for a leaf of 2 MiB, beside what it would
 * cost to split all leaves before they are shared.
 *
 * Each number is the median of nine runs.
 */
#include <mset/mset.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MIB UINT64_C(0x100000)
#define RW (MSET_READ | MSET_WRITE)

enum { RUNS = 9 };

static const uint64_t base = UINT64_C(1) << 30;

struct machine {
    struct mset_buddy *buddy;
    struct mset_counted pages;
    uint64_t bytes;
    void *memory;
};

static void must(mset_status status, const char *what) {
    if (status != MSET_OK) {
        (void)fprintf(stderr, "mset-fork: %s: %s\n", what, mset_status_text(status));
        exit(1);
    }
}

static double now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *ns) {
    qsort(ns, RUNS, sizeof *ns, compare);
    return ns[RUNS / 2];
}

/* Tables and data from one buddy; room for all pages twice. */
static void open_machine(struct machine *machine, uint64_t bytes) {
    machine->bytes = bytes;
    const uint64_t room = 2 * bytes + bytes / 4 + 64 * MIB;
    machine->memory = aligned_alloc(2 * MIB, room);
    const struct mset_buddy_config region = {.size = room, .memory = machine->memory};
    must(machine->memory == NULL ? MSET_NO_MEMORY : MSET_OK, "memory");
    must(mset_buddy_create(&region, &machine->buddy), "buddy");
    mset_counted_init(&machine->pages, mset_buddy_frames(machine->buddy), NULL);
}

static void close_machine(struct machine *machine) {
    mset_buddy_destroy(machine->buddy);
    free(machine->memory);
}

/* All of it populated, with no leaf larger than `leaf`. */
static struct mset_space *new_space(struct machine *machine, uint64_t leaf) {
    const struct mset_space_config config = {
        .table = {.format = &mset_pt_x86_64,
                  .frames = mset_buddy_frames(machine->buddy),
                  .leaf_sizes = mset_pt_x86_64.leaf_sizes & (leaf | (leaf - 1))},
        .pages = &machine->pages};
    struct mset_space *space;
    must(mset_space_create(&config, &space), "create");
    must(mset_space_map_alloc(space, base, machine->bytes, RW, 0, MSET_POPULATE), "map");
    return space;
}

static void touch_all(struct mset_space *space, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += MSET_PAGE_SIZE) {
        must(mset_space_fault(space, base + at, MSET_WRITE), "fault");
    }
}

/* What one run has taken, in ns. */
struct times {
    double clone[RUNS], copy[RUNS], keep[RUNS], destroy[RUNS];
};

static void run(struct machine *machine, uint64_t leaf, struct times *times, unsigned i) {
    struct mset_space *const parent = new_space(machine, leaf);
    struct mset_space *child;
    const double start = now();
    must(mset_space_clone(parent, NULL, &child), "clone");
    const double cloned = now();
    touch_all(child, machine->bytes);
    const double copied = now();
    touch_all(parent, machine->bytes);
    const double kept = now();
    mset_space_destroy(child);
    const double destroyed = now();
    mset_space_destroy(parent);
    times->clone[i] = cloned - start;
    times->copy[i] = copied - cloned;
    times->keep[i] = kept - copied;
    times->destroy[i] = destroyed - kept;
}

static double count_of(const struct machine *machine, uint64_t leaf) {
    const uint64_t count = machine->bytes / leaf;
    return (double)count;
}

static void report(struct machine *machine, uint64_t leaf) {
    static struct times times;
    for (unsigned i = 0; i < RUNS; i++) {
        run(machine, leaf, &times, i);
    }
    const double leaves = count_of(machine, leaf), pages = count_of(machine, MSET_PAGE_SIZE);
    const char *const name = leaf == 2 * MIB ? "2M" : "4K";
    const double clone = median(times.clone);
    printf("%s  clone                                  %10.2f us  %8.1f ns/leaf\n", name,
           clone / 1e3, clone / leaves);
    printf("%s  first write to a shared page: copied   %10.2f us  %8.1f ns/page\n", name,
           median(times.copy) / 1e3, median(times.copy) / pages);
    printf("%s  write by the last owner: kept          %10.2f us  %8.1f ns/page\n", name,
           median(times.keep) / 1e3, median(times.keep) / pages);
    printf("%s  destroy the clone                      %10.2f us  %8.1f ns/page\n", name,
           median(times.destroy) / 1e3, median(times.destroy) / pages);
}

static void report_counting(struct machine *machine) {
    double share[RUNS], give_up[RUNS], block[RUNS];
    const double leaves = count_of(machine, 2 * MIB);
    uint64_t pa = 0;
    must(mset_frames_alloc(&machine->pages.frames, 9, &pa), "frames");
    must(mset_counted_share(&machine->pages, pa, 2 * MIB), "share");
    for (unsigned i = 0; i < RUNS; i++) {
        const double start = now();
        for (uint64_t n = 0; n < machine->bytes; n += 2 * MIB) {
            must(mset_counted_share(&machine->pages, pa, 2 * MIB), "share");
        }
        const double shared = now();
        for (uint64_t n = 0; n < machine->bytes; n += 2 * MIB) {
            mset_frames_free(&machine->pages.frames, pa, 9);
        }
        share[i] = shared - start;
        give_up[i] = now() - shared;
    }
    mset_frames_free_range(&machine->pages.frames, pa, 2 * MIB);
    mset_frames_free_range(&machine->pages.frames, pa, 2 * MIB);
    for (unsigned i = 0; i < RUNS; i++) {
        /* Small leaves instead: what the clone of 2M leaves would come to if they were split. */
        struct mset_space *const parent = new_space(machine, MSET_PAGE_SIZE);
        struct mset_space *child;
        const double start = now();
        must(mset_space_clone(parent, NULL, &child), "clone");
        block[i] = now() - start;
        mset_space_destroy(child);
        mset_space_destroy(parent);
    }
    printf("2M  counting a new owner, frame by frame   %10s     %8.1f ns/leaf\n", "",
           median(share) / leaves);
    printf("2M  one owner less                         %10s     %8.1f ns/leaf\n", "",
           median(give_up) / leaves);
    printf("2M  cloned after they have been split      %10s     %8.1f ns/leaf\n", "",
           median(block) / leaves);
}

int main(int argc, char **argv) {
    const uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) & ~UINT64_C(1) : 256;
    struct machine machine;
    if (mib == 0) {
        (void)fprintf(stderr, "usage: mset-fork [MiB]\n");
        return 2;
    }
    open_machine(&machine, mib * MIB);
    printf("%ju MiB of private memory, x86-64, medians of %d runs\n", (uintmax_t)mib, RUNS);
    report(&machine, MSET_PAGE_SIZE);
    report(&machine, 2 * MIB);
    report_counting(&machine);
    close_machine(&machine);
    return 0;
}
