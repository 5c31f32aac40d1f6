/*
 * main.c - mset-instructions: runs one fixed workload, for a tool that counts instructions.
 *
 *     mset-instructions            the names of all workloads, one a line
 *     mset-instructions WORK       runs it; prints how many operations that was
 *     mset-instructions --vectors  which vector instructions the library can choose here
 *
 * What is to be counted happens in the function `measured` (callgrind: --toggle-collect=measured).
 * scripts/instructions does so, and compares with baseline.tsv.
 */
#include "work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const struct work *works;
    size_t count;
} rooms[] = {
    {slot_works, sizeof slot_works / sizeof *slot_works},
    {change_works, sizeof change_works / sizeof *change_works},
    {page_table_works, sizeof page_table_works / sizeof *page_table_works},
};

static int perform(const struct work *work) {
    void *const state = work->begin(work->n);
    const uint64_t operations = measured(work, state);
    work->end(state);
    printf("%" PRIu64 "\n", operations);
    return 0;
}

/* As src/area_tree/search.c chooses. */
static const char *vectors(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512bw")) {
        return "x86-64 avx512";
    }
    if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx2")) {
        return "x86-64 avx2";
    }
    return "x86-64";
#else
    return "other";
#endif
}

static const struct work *find_work(const char *name) {
    for (size_t room = 0; room < sizeof rooms / sizeof *rooms; room++) {
        for (size_t i = 0; i < rooms[room].count; i++) {
            if (strcmp(name, rooms[room].works[i].name) == 0) {
                return &rooms[room].works[i];
            }
        }
    }
    return NULL;
}

static void list(void) {
    for (size_t room = 0; room < sizeof rooms / sizeof *rooms; room++) {
        for (size_t i = 0; i < rooms[room].count; i++) {
            puts(rooms[room].works[i].name);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 1) {
        list();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--vectors") == 0) {
        puts(vectors());
        return 0;
    }
    const struct work *const work = argc == 2 ? find_work(argv[1]) : NULL;
    if (work == NULL) {
        fprintf(stderr, "usage: mset-instructions [WORK | --vectors]\n");
        return 2;
    }
    return perform(work);
}
