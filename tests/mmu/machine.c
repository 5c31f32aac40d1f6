/* machine.c - see machine.h. */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { SECONDS = 100, WORDS = 40 };

static bool map_file(struct machine *machine) {
    const char *const folder = getenv("TMPDIR");
    snprintf(machine->path, sizeof machine->path, "%s/mset-mmu-XXXXXX",
             folder != NULL && strlen(folder) < 32 ? folder : "/tmp");
    machine->fd = mkstemp(machine->path);
    if (machine->fd < 0 || ftruncate(machine->fd, (off_t)RAM_BYTES) != 0) {
        return false;
    }
    machine->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, machine->fd, 0);
    return machine->ram != MAP_FAILED;
}

bool machine_open(struct machine *machine, const struct mmu_row *row) {
    *machine =
        (struct machine){.row = row, .fd = -1, .ram = MAP_FAILED, .next_probe = PROBES_OFFSET};
    if (!map_file(machine)) {
        machine_close(machine);
        return false;
    }
    const struct mset_buddy_config tables = {.base = row->ram + TABLES_OFFSET,
                                             .size = DATA_OFFSET - TABLES_OFFSET,
                                             .memory = machine->ram + TABLES_OFFSET};
    if (mset_buddy_create(&tables, &machine->tables) != MSET_OK) {
        machine_close(machine);
        errno = ENOMEM;
        return false;
    }
    machine->mailbox = (struct mailbox *)(void *)(machine->ram + MAILBOX_OFFSET);
    return true;
}

void machine_close(struct machine *machine) {
    mset_buddy_destroy(machine->tables);
    if (machine->ram != MAP_FAILED) {
        munmap(machine->ram, RAM_BYTES);
    }
    if (machine->fd >= 0) {
        close(machine->fd);
        unlink(machine->path);
    }
}

void *machine_at(const struct machine *machine, uint64_t pa) {
    return machine->ram + (pa - machine->row->ram);
}

/* The command line as words; `text` is cut up for it. */
static void split_words(char *text, char *words[WORDS]) {
    size_t n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL && n + 1 < WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        words[n++] = word;
    }
    words[n] = NULL;
}

/* A guest that hangs is killed. True if it ended by itself. */
static bool wait_for(pid_t pid) {
    const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};
    for (unsigned i = 0; i < SECONDS * 100; i++) {
        int status;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return false;
}

const char *machine_run(struct machine *machine, const char *folder) {
    char text[1024];
    char *words[WORDS];
    snprintf(text, sizeof text,
             "%s -m 3G -object memory-backend-file,id=ram,size=3G,mem-path=%s,share=on -nodefaults "
             "-display none -serial none -no-reboot -kernel %s/%s",
             machine->row->machine, machine->path, folder, machine->row->guest);
    split_words(text, words);
    pid_t pid;
    if (posix_spawnp(&pid, words[0], NULL, NULL, words, environ) != 0) {
        return "QEMU cannot be started";
    }
    if (!wait_for(pid)) {
        return "the guest does not come to an end";
    }
    return machine->mailbox->done == machine->mailbox->batches ? NULL
                                                               : "the guest stopped too early";
}
