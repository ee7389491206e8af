/*
 * places.h: where each held thread runs: its stack, its thread-local storage,
 * how much of its stack is alive.
 */
#ifndef WEIR_PLACES_H
#define WEIR_PLACES_H

#include "capture.h"
#include "maps.h"
#include "stop.h"

struct place {
        const struct held *held;
        char name[32];       /* "thread 3": its ordinal, 1 = the first; "thread id 1234" when it has none */
        uint64_t sp;         /* 0 = unknown */
        uint64_t thread_pointer; /* 0 = none, or borrowed from the thread that made it */
        uint64_t stack_low, stack_high; /* its own stack, [low, high); both 0 = it has none that is known */
        bool first;          /* the thread that the process began with */
        bool ending;         /* ends the process: its stack is alive from end_sp up only */
};

/* One place for each thread of `stop`, in the same order; mem_free releases
 * the array.  0, or -1 with ERROR_NO_MEMORY. */
int places_find(struct place **places, const struct stop *stop, const struct capture_request *request,
                const struct maps *maps, const struct memory *memory, struct error *e);

/* True when a live or dead thread's descriptor (glibc's struct pthread) is at
 * `address`: it points at itself in two places. */
bool place_is_descriptor(const struct memory *memory, uint64_t address);

/* The stack that glibc noted in the descriptor at `thread_pointer`.  False
 * when it noted none that makes sense. */
bool place_noted_stack(const struct memory *memory, uint64_t thread_pointer, uint32_t pthread_size, uint64_t *low,
                       uint64_t *high);

/* Size of struct pthread: as the control page says, or more than any has. */
uint32_t place_descriptor_size(uint32_t pthread_size);

/* Bytes of static thread-local storage below `thread_pointer`: `known` unless
 * that is 0, else what the thread's DTV says of the modules that were there
 * when it was made, and for the first thread the surplus that glibc keeps for
 * later ones (in other threads that is covered as part of the stack). */
uint64_t place_static_tls(const struct place *place, const struct memory *memory, uint32_t known);

#endif
