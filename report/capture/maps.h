/*
 * maps.h: the mappings of a process, from the text of /proc/PID/maps.
 *
 * The parser believes nothing: lines may be cut, out of order or nonsense, and
 * names may hold any byte but NUL and newline (the kernel writes a newline in
 * a name as \012).  It does not judge what a mapping is used for; roots.h does.
 */
#ifndef WEIR_MAPS_H
#define WEIR_MAPS_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the line itself says about the mapping. */
enum map_class {
        MAP_CLASS_ANONYMOUS, /* no file and no name; also names given with PR_SET_VMA_ANON_NAME */
        MAP_CLASS_FILE,      /* a file, memfd and System V segments included */
        MAP_CLASS_HEAP,      /* [heap], moved with brk */
        MAP_CLASS_STACK,     /* [stack], of the first thread */
        MAP_CLASS_KERNEL,    /* [vdso], [vvar], [vsyscall] and their like: nothing of the program's */
        MAP_CLASS_DEVICE,    /* a device: reading it may have effects */
        MAP_CLASS_WEIR,      /* weir's own, in the target: channels, and what its shim mapped under a name */
};

struct map {
        uint64_t start, end;  /* [start, end), start < end */
        uint64_t offset;      /* of `start` in the file */
        uint64_t inode;       /* 0 = no file */
        uint32_t major, minor;/* device of the file */
        bool read, write, execute, shared;
        enum map_class class;
        const char *name;     /* "" = none; "[anon:x]" for named anonymous memory; in `maps.text` */
};

struct maps {
        struct map *list;     /* ascending, no two overlap */
        size_t count;
        char *text;           /* what the names point into */
};

/* Parses `size` bytes of text.  0; or -1 with ERROR_BAD_INPUT that names the
 * line, or ERROR_NO_MEMORY.  On success `maps_deinit` releases it. */
int maps_parse(struct maps *maps, const char *text, size_t size, struct error *e);

/* Reads and parses /proc/PID/maps.  The process should stand still: the kernel
 * makes the text page by page.  Also ERROR_REFUSED and ERROR_GONE. */
int maps_read(struct maps *maps, pid_t pid, struct error *e);

void maps_deinit(struct maps *maps);

/* The mapping that holds `address`, or NULL. */
const struct map *maps_find(const struct maps *maps, uint64_t address);

/* Index of the first mapping that ends after `address`; `count` if none. */
size_t maps_lower(const struct maps *maps, uint64_t address);

/* True when both are of one file. */
bool map_same_file(const struct map *a, const struct map *b);

#endif
