/*
 * analysed.h: a heap made by hand, analysed and grouped.
 */
#ifndef WEIR_TEST_ANALYSED_H
#define WEIR_TEST_ANALYSED_H

#include "heap.h"

#include "report/graph/group.h"

#define HEAP_START  0x555500001000ull
#define ROOT_START  0x7ffff0000000ull
#define CODE_START  0x7fff10000000ull
#define CONST_START 0x7fff10100000ull

struct analysed {
        struct heap heap;
        struct graph graph;
        struct groups groups;
        uint64_t at; /* where the next block goes */
        uint64_t time;
};

void begin(struct analysed *a);
void analyse(struct analysed *a); /* after all was added */
void end(struct analysed *a);

/* Adds a block, each younger than those before, and returns its address. */
uint64_t add(struct analysed *a, uint64_t size, uint32_t stack);

/* Adds a root of 64 bytes with the word at 8. */
void root_word(struct analysed *a, enum root_kind kind, uint64_t word);

/* Writes a vtable at CONST_START + at, with this offset to the top; returns
 * what objects hold. */
uint64_t add_vtable(struct analysed *a, uint64_t at, int64_t top);

enum kind kind_at(const struct analysed *a, uint64_t address);
enum strength confidence_at(const struct analysed *a, uint64_t address);

/* The group of this kind; fails the test when there is not exactly one. */
const struct group *only_group(const struct analysed *a, enum kind kind);

#endif
