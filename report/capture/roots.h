/*
 * roots.h: the memory of a held process that holds blocks without being one.
 *
 *   strong  data and .bss of every module but weir's shim; the loader's own
 *           memory; stacks from the stack pointer less the red zone up; static
 *           thread-local storage, struct pthread (with the first 32 keys) and
 *           the DTV; registers
 *   weak    (ROOT_UNKNOWN) writable memory that nobody accounts for
 *   none    blocks (mappings of the program's among them: they are nodes),
 *           [heap] and whatever else the allocator lives in, stacks of threads
 *           that ended, finished frames, weir's own memory, devices, malloc's
 *           books in the data of libc and of other allocators (arena.h)
 *
 * Words that name a block from outside memory are roots of kind ROOT_REGISTER
 * too: the registers themselves, and the start of the block that a thread runs
 * on or in, or whose DTV it is (glibc points 16 bytes into that).
 */
#ifndef WEIR_ROOTS_H
#define WEIR_ROOTS_H

#include "capture.h"
#include "image.h"
#include "loader.h"
#include "maps.h"
#include "memory.h"
#include "places.h"
#include "stop.h"

struct root_list {
        struct root *list;
        size_t count, capacity;
        char **names;      /* what the roots' names point into, but for module paths */
        size_t name_count, name_capacity;
        uint64_t **words;  /* held words; register words stay with the stop */
        size_t word_count, word_capacity;
};

struct root_source {
        const struct capture_request *request;
        const struct maps *maps;
        const struct images *images;
        struct loader *loader;
        const struct stop *stop;
        const struct place *places; /* one for each thread of `stop` */
        const struct memory *memory;
        struct present *present;    /* to pass over untouched pages; NULL = take whole ranges */
};

/* Builds the list.  Names of modules and register words stay in `source`'s
 * maps and stop, which must outlive the list.  0, or -1 with ERROR_NO_MEMORY. */
int roots_build(struct root_list *roots, const struct root_source *source, struct error *e);
void roots_deinit(struct root_list *roots);

/* Bytes of all roots, 8 for each register word. */
uint64_t roots_bytes(const struct root_list *roots);

#endif
