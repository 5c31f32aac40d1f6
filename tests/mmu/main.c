/*
 * main.c - test-mmu FORMAT|kvm GUESTS [--damage]: page tables of one format judged by an MMU that
 * is not ours.
 *
 * With --damage one page of every table is made other than it should be, and the test passes if
 * that is found: a judge that cannot say no is none.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"

enum { BATCHES = 40, PROBES = 300, SKIPPED = 77 };

static struct machine machine;
static struct batch batches[BATCHES];

static const struct mmu_row *find_row(const char *name) {
    if (strcmp(name, "kvm") == 0) {
        return &mmu_rows[mmu_row_count - 1];
    }
    for (unsigned i = 0; i + 1 < mmu_row_count; i++) {
        if (strcmp(mmu_rows[i].format, name) == 0) {
            return &mmu_rows[i];
        }
    }
    return NULL;
}

static unsigned damaged;

static const char *make_batches(bool damage) {
    struct rng rng = {.state = 20};
    for (unsigned i = 0; i < BATCHES; i++) {
        const char *const wrong = batch_make(&batches[i], &machine, &rng, i, PROBES);
        if (wrong != NULL) {
            return wrong;
        }
        damaged += damage && batch_damage(&batches[i]);
    }
    machine.mailbox->options = machine.row->constant;
    return NULL;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int fail(const char *why) {
    fprintf(stderr, "test-mmu: %s\n", why);
    return 1;
}

static int judge(const char *name, bool damage, double since) {
    unsigned wrong = 0, probes = 0, explained = damage ? 1000 : 0, found = 0;
    for (unsigned i = 0; i < BATCHES; i++) {
        const unsigned here = batch_judge(&batches[i], &explained);
        probes += (unsigned)batches[i].count;
        wrong += here;
        found += here != 0;
        batch_free(&batches[i]);
    }
    printf("%s%s: %u probes of %d tables, %u wrong, %.1f s\n", name, damage ? ", damaged" : "",
           probes, BATCHES, wrong, now() - since);
    return damage ? found != damaged || damaged < BATCHES / 2 : wrong != 0;
}

int main(int argc, char **argv) {
    const bool damage = argc == 4 && strcmp(argv[3], "--damage") == 0;
    const struct mmu_row *const row = argc >= 3 ? find_row(argv[1]) : NULL;
    if (row == NULL || (argc > 3 && !damage)) {
        return fail("usage: test-mmu FORMAT|kvm FOLDER-OF-GUESTS [--damage]");
    }
    if (strcmp(argv[1], "kvm") == 0 && access("/dev/kvm", R_OK | W_OK) != 0) {
        printf("kvm: SKIPPED, /dev/kvm cannot be opened\n");
        return SKIPPED;
    }
    const double since = now();
    if (!machine_open(&machine, row)) {
        return fail("no RAM");
    }
    const char *wrong = make_batches(damage);
    wrong = wrong != NULL ? wrong : machine_run(&machine, argv[2]);
    const int result = wrong != NULL ? fail(wrong) : judge(argv[1], damage, since);
    machine_close(&machine);
    return result;
}
