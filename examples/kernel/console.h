/* console.h - text on the first serial port, and the way out. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdbool.h>

void console_setup(void);

/* Understands %s, %u, %lu, %lx and a width without flags. */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);

/* Ends the machine. QEMU's exit status is 33 for true, 35 for false. */
_Noreturn void machine_off(bool good);

/* Something happened that must not: says so and ends the machine. */
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

#endif
