/* main.c - the kernel: sets itself up, makes its checks, says what came of them, and ends. */
#include <stdint.h>

#include "checks/check.h"
#include "console.h"
#include "memory.h"
#include "process.h"
#include "trap.h"

/* What a multiboot loader says: only the fields up to the size of memory. */
struct boot_facts {
    uint32_t flags;
    uint32_t kib_below_1m, kib_above_1m;
};

_Noreturn void kernel_main(const struct boot_facts *facts);

static const struct check checks[] = {
    {"demand paging", check_demand},
    {"munmap of a middle", check_unmap},
    {"mprotect", check_protect},
    {"fork, copy on write", check_fork},
    {"mremap", check_remap},
    {"huge pages", check_huge},
    {"out of frames", check_dry},
    {"kernel memory", check_isolation},
    {"random operations", check_random},
};

_Noreturn void kernel_main(const struct boot_facts *facts) {
    console_setup();
    trap_setup();
    memory_setup((UINT64_C(1) << 20) + ((uint64_t)facts->kib_above_1m << 10));
    process_setup();
    print("%lu MiB of memory, %lu frames free\n", memory_end() >> 20, memory_free_frames());

    const unsigned count = sizeof checks / sizeof checks[0];
    const unsigned failed = check_all(checks, count);
    print("%u passed, %u failed\n", count + 1 - failed, failed);
    machine_off(failed == 0);
}
