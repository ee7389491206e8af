/*
 * modules.h: which module an address belongs to, as a small number.
 *
 * Ids are per process image, from 1, never used twice for different modules.
 * The first time an address of a module is met it is identified (mapped
 * range, build-id, path) and announced with WEIR_NOTE_MODULE; only then is
 * its id given out.  After an unload every module is identified anew when it
 * is met: the same one keeps its id, another one at the same place gets its
 * own.
 *
 * Found through _dl_find_object, which takes no lock.  Lock-free itself: a
 * record is complete before it is published, and nobody waits for anybody; two
 * threads that meet a module at once may both announce it, with the same id.
 */
#ifndef WEIR_MODULES_H
#define WEIR_MODULES_H

#include <stdatomic.h>
#include <stdint.h>

#include "channel.h"

enum { MODULES_MOST = 65535, MODULES_SLOTS = 1 << 17 };

/* What makes a module the same one. */
struct module_identity {
        uintptr_t start, end, bias;
        uint64_t path_hash;
        uint32_t build_id_length;
        uint8_t build_id[WEIR_BUILD_ID_MAX];
};

struct module_record {
        struct module_identity identity;
        const void *link_map;
        _Atomic uint32_t generation; /* of the last identification, plus 1 */
        _Atomic uint32_t announced;
};

/* Zeroed memory is an empty table.  Large and touched sparsely. */
struct modules {
        _Atomic uint32_t last;                          /* records taken, from 1 */
        _Atomic uint16_t slots[MODULES_SLOTS];          /* hash of the start address -> record */
        struct module_record records[MODULES_MOST + 1]; /* by id */
};

/* The id of the module that holds `address`, 0 when there is none (or more
 * modules than ids).  `generation` is the number of unloads so far. */
uint16_t modules_of(struct modules *modules, uintptr_t address, uint32_t generation);

#endif
