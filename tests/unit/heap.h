/*
 * heap.h: a process's memory made by hand, for tests and benchmarks of the
 * graph.  Pages exist where something was put; the rest cannot be read.
 */
#ifndef WEIR_TEST_HEAP_H
#define WEIR_TEST_HEAP_H

#include "report/capture/snapshot.h"

enum { HEAP_PAGE = 4096 };

struct heap_page {
        uint64_t number;
        uint8_t *bytes; /* NULL = free slot */
};

struct heap {
        struct heap_page *pages; /* hash table */
        size_t page_slots, page_count;
        struct block *blocks;
        size_t block_count, block_capacity;
        struct root *roots;
        size_t root_count, root_capacity;
        struct segment *segments;
        size_t segment_count, segment_capacity;
        struct snapshot snapshot; /* see heap_snapshot */
        size_t reads;
};

void heap_init(struct heap *heap);
void heap_free(struct heap *heap);

/* Makes [address, address + size) readable. */
void heap_map(struct heap *heap, uint64_t address, uint64_t size);
void heap_write(struct heap *heap, uint64_t address, const void *bytes, size_t size);
void heap_word(struct heap *heap, uint64_t address, uint64_t word); /* any alignment */

/* Adds a block, readable and zero; the rest of it may be set through the
 * result, which is valid until the next. */
struct block *heap_block(struct heap *heap, uint64_t address, uint64_t size);
void heap_root(struct heap *heap, enum root_kind kind, uint64_t start, uint64_t end);
void heap_registers(struct heap *heap, const uint64_t *words, size_t count); /* not copied */
void heap_segment(struct heap *heap, uint64_t start, uint64_t end, bool writable, bool executable, const char *path);

/* Sorts the blocks; valid until the heap changes. */
const struct snapshot *heap_snapshot(struct heap *heap);

/* Id of the block that starts at the address; aborts when there is none. */
uint64_t heap_id(const struct heap *heap, uint64_t address);

#endif
