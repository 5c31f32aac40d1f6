/*
 * main.c - runs the guest and verifies what the memory map promises while it runs.
 *
 *     vmm IMAGE        the guest's image
 *
 * One line for each check. Exits with 0 if all are well, 1 if one is not, 77 if there is no KVM
 * here: $MSET_VMM_KVM, or else /dev/kvm.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { SKIPPED = 77 };

static const struct {
    const char *name;
    void (*run)(struct check *check, struct work *work);
} checks[] = {
    {"walk", check_walk},
    {"split", check_split},
    {"split, not paused", check_split_unpaused},
    {"dirty pages", check_dirty},
    {"rollback", check_rollback},
    {"BAR", check_bar},
    {"video memory", check_video},
    {"ROM", check_rom},
    {"demand", check_demand},
    {"discard", check_discard},
    {"checksum", check_sum},
};

static bool run_check(unsigned i, struct work *work) {
    struct check check = {.complaint = NULL};
    checks[i].run(&check, work);
    const bool ok = check.complaint == NULL;
    printf("%-7s %s: %s\n", ok ? "ok" : "FAILED", checks[i].name,
           ok ? check.figures : check.complaint);
    if (!ok) {
        printf("        the figures: %s\n", check.figures);
    }
    if (!ok && work->machine->trouble[0] != '\0') {
        printf("        %s\n", work->machine->trouble);
    }
    return ok;
}

static int run_checks(struct machine *machine) {
    struct work work;
    int result = EXIT_FAILURE;
    if (work_open(&work, machine)) {
        result = EXIT_SUCCESS;
        for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
            result = run_check(i, &work) ? result : EXIT_FAILURE;
        }
    }
    work_close(&work);
    return result;
}

int main(int argc, char **argv) {
    static struct machine machine;
    const char *const device = getenv("MSET_VMM_KVM");
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s IMAGE\n", argv[0]);
        return EXIT_FAILURE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    int result = EXIT_FAILURE;
    switch (machine_open(&machine, device == NULL ? "/dev/kvm" : device, argv[1])) {
    case MACHINE_NO_KVM:
        printf("skipped: no /dev/kvm\n");
        result = SKIPPED;
        break;
    case MACHINE_FAILED:
        printf("FAILED  start: %s\n", machine.trouble[0] == '\0'
                                          ? "the virtual machine could not be made"
                                          : machine.trouble);
        break;
    case MACHINE_READY:
        result = run_checks(&machine);
        break;
    }
    machine_close(&machine);
    return result;
}
