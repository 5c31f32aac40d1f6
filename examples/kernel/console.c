/* console.c - see console.h. */
#include "console.h"

#include <stdarg.h>
#include <stdint.h>

#include "cpu.h"

enum { COM1 = 0x3f8, LINE_CONTROL = COM1 + 3, LINE_STATUS = COM1 + 5, DEBUG_EXIT = 0xf4 };

void console_setup(void) {
    cpu_out(COM1 + 1, 0);        /* no interrupts */
    cpu_out(LINE_CONTROL, 0x80); /* the next two are the divisor: */
    cpu_out(COM1, 1);            /* 115200 baud */
    cpu_out(COM1 + 1, 0);
    cpu_out(LINE_CONTROL, 0x03); /* 8 bits, no parity, 1 stop bit */
}

static void put(char c) {
    while ((cpu_in(LINE_STATUS) & 0x20) == 0) {
    }
    cpu_out(COM1, (uint8_t)c);
}

static void put_text(const char *text) {
    while (*text != '\0') {
        put(*text++);
    }
}

static void put_number(uint64_t number, unsigned base, unsigned width) {
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    for (; width > n; width--) {
        put(' ');
    }
    while (n > 0) {
        put(digits[--n]);
    }
}

static void print_list(const char *format, va_list list) {
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        unsigned width = 0;
        for (format++; *format >= '0' && *format <= '9'; format++) {
            width = width * 10 + (unsigned)(*format - '0');
        }
        const bool is_long = *format == 'l';
        format += is_long;
        if (*format == 's') {
            put_text(va_arg(list, const char *));
        } else {
            const uint64_t number = is_long ? va_arg(list, uint64_t) : va_arg(list, unsigned);
            put_number(number, *format == 'x' ? 16 : 10, width);
        }
    }
}

void print(const char *format, ...) {
    va_list list;
    va_start(list, format);
    print_list(format, list);
    va_end(list);
}

void machine_off(bool good) {
    cpu_out(DEBUG_EXIT, good ? 0x10 : 0x11);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

void panic(const char *format, ...) {
    static bool again; /* saying what happened did not go well */
    va_list list;
    if (again) {
        machine_off(false);
    }
    again = true;
    put_text("\npanic: ");
    va_start(list, format);
    print_list(format, list);
    va_end(list);
    put('\n');
    machine_off(false);
}
