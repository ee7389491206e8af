/*
 * symbols_help.h: files to look symbols up in, built as a test goes, and
 * binutils' answers to compare with.
 */
#ifndef WEIR_TEST_SYMBOLS_HELP_H
#define WEIR_TEST_SYMBOLS_HELP_H

#include "symbols/symbols.h"

/* An own directory, with main.c, plus.cpp and so.c in it; before and after
 * each test. */
void workshop_open(void);
void workshop_close(void);

/* The path of a file there; valid until it has been called 8 times more. */
const char *workshop_path(const char *name);

/* Runs a shell command there; the test fails when the command does. */
void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first number, in hexadecimal, that a command prints. */
uint64_t shell_number(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The build-id of a file there, as nm's friends print it, in bytes; its
 * length, 0 = none. */
size_t build_id_of(const char *name, uint8_t *bytes, size_t size);

/* The ELF address of a symbol of a file there. */
uint64_t address_of(const char *name, const char *symbol);

/* The module of a file there, without a build-id. */
struct symbol_module *module_of(struct symbols *symbols, const char *name);

/* Compares the frames at each instruction of `name` with what addr2line says
 * of `reference`; returns the number of addresses compared. */
size_t agree(const char *name, const char *reference);

/* Counts messages, and keeps the last. */
struct messages {
        size_t count;
        char last[1200];
};
struct messages messages_of(const struct symbols *symbols);

#endif
