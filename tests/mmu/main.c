/*
 * main.c - test-mmu FORMAT|kvm GUESTS [--damage]: page tables of one format judged by an MMU that
 * is not ours.
 *
 * With --damage one page of every table is made other than it should be, in turn by its address, a
 * right, access where there is none and a reserved bit, and the test passes if that is found: a
 * judge that cannot say no is none.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "shelf.h"

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

/* What was damaged, by its kind, and where that was found. */
static unsigned damaged[DAMAGES], found[DAMAGES];
static bool is_damaged[BATCHES];

/* Not the same tables for every format. */
static uint64_t seed_of(const char *name) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    }
    return hash;
}

static const char *make_batches(const char *name, bool damage) {
    struct rng rng = {.state = seed_of(name)};
    for (unsigned i = 0; i < BATCHES; i++) {
        const char *const wrong = batch_make(&batches[i], &machine, &rng, i, PROBES);
        if (wrong != NULL) {
            return wrong;
        }
        is_damaged[i] = damage && batch_damage(&batches[i], (enum damage)(i % DAMAGES));
        damaged[i % DAMAGES] += is_damaged[i];
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

static int judge_damage(const char *name) {
    static const char *const kinds[DAMAGES] = {"address", "right", "access", "reserved bit"};
    bool all = true;
    printf("%s, damaged: found", name);
    for (unsigned kind = 0; kind < DAMAGES; kind++) {
        printf(" %s %u of %u%s", kinds[kind], found[kind], damaged[kind],
               kind + 1 < DAMAGES ? "," : "\n");
        all = all && found[kind] == damaged[kind] && damaged[kind] >= BATCHES / DAMAGES / 2;
    }
    return all ? 0 : fail("damage was not found, or too little was done");
}

static int judge(const char *name, bool damage, double since) {
    unsigned wrong = 0, probes = 0, explained = damage ? 1000 : 0;
    const char *complaint = NULL;
    for (unsigned i = 0; i < BATCHES; i++) {
        wrong += batch_judge(&batches[i], &explained);
        probes += (unsigned)batches[i].count;
        found[i % DAMAGES] += is_damaged[i] && batch_damage_found(&batches[i]);
        complaint = complaint != NULL ? complaint : batch_validate(&batches[i]);
        batch_free(&batches[i]);
    }
    printf("%s%s: %u probes of %d tables, %u wrong, %.1f s\n", name, damage ? ", damaged" : "",
           probes, BATCHES, wrong, now() - since);
    if (damage) {
        return judge_damage(name);
    }
    const char *const missed = shelf_verdict(name);
    complaint = complaint != NULL ? complaint : missed;
    return complaint != NULL ? fail(complaint) : wrong != 0;
}

/* A node that can be opened may still not be KVM's. */
static bool kvm_works(void) {
    const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0) {
        return false;
    }
    const bool works = ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
    close(kvm);
    return works;
}

int main(int argc, char **argv) {
    const bool damage = argc == 4 && strcmp(argv[3], "--damage") == 0;
    const struct mmu_row *const row = argc >= 3 ? find_row(argv[1]) : NULL;
    if (row == NULL || (argc > 3 && !damage)) {
        return fail("usage: test-mmu FORMAT|kvm FOLDER-OF-GUESTS [--damage]");
    }
    if (strcmp(argv[1], "kvm") == 0 && !kvm_works()) {
        printf("kvm: SKIPPED, /dev/kvm cannot be opened or is not KVM\n");
        return SKIPPED;
    }
    const double since = now();
    if (!machine_open(&machine, row)) {
        return fail("no RAM");
    }
    const char *wrong = make_batches(argv[1], damage);
    wrong = wrong != NULL ? wrong : machine_run(&machine, argv[2]);
    const int result = wrong != NULL ? fail(wrong) : judge(argv[1], damage, since);
    machine_close(&machine);
    return result;
}
