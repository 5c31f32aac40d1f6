/*
 * program_run.h - runs mset-replay as a user does, in a folder of its own.
 */
#ifndef TESTS_REPLAY_PROGRAM_RUN_H
#define TESTS_REPLAY_PROGRAM_RUN_H

#include <stddef.h>

/* A folder for the files of a test program; program_leave() removes it and what is in it. */
void program_enter(void);
void program_leave(void);

/* Files in the folder. */
void program_write(const char *name, const void *bytes, size_t size);
void program_write_text(const char *name, const char *text);
/* A copy of a recorded file; from byte `flip` on (if it lies inside) everything is inverted. */
void program_copy(const char *from, const char *name, size_t size, size_t flip);

/* What the last run printed, and its exit status. `arguments` as for a shell. */
extern char program_out[1 << 16];
extern char program_err[1 << 16];
int program_run(const char *arguments);

#endif
