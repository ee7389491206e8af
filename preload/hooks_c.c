/*
 * hooks_c.c: the C allocation functions.  Each is written the same way:
 *
 *      if (!guard_enter())              nested, or not traced
 *              return next.f(...);
 *      allocate, then record            nobody else can know the address yet
 *      record, then release             afterwards the address may be another's
 *      guard_leave();
 */
#include "early.h"
#include "guard.h"
#include "hooks_cxx.h"
#include "next.h"
#include "raw.h"
#include "ring.h"
#include "unwind.h"

#include <errno.h>

/* Records the block that the hook `at` was called for got. */
static inline void put_alloc(const void *block, size_t size, struct frame_state at, enum weir_function function)
{
        if (likely(block))
                ring_put(WEIR_EVENT_ALLOC, (uintptr_t)block, size,
                         unwind_stack(thread_local_state.self->unwind, at, function));
}

/* A hook that allocates was not the outermost one.  Below operator new the
 * block is most likely what it returns, and recorded as that. */
static inline void *nested(void *block, size_t size, struct frame_state at, enum weir_function function)
{
        if (thread_local_state.depth == GUARD_NEW && block)
                new_pending(block, size, at, function);
        return block;
}

WEIR_EXPORT void *malloc(size_t size)
{
        void *block;

        if (unlikely(!guard_enter()))
                return nested(next.malloc(size), size, frame_state_of_caller(), WEIR_FN_MALLOC);
        block = next.malloc(size);
        put_alloc(block, size, frame_state_of_caller(), WEIR_FN_MALLOC);
        guard_leave();
        return block;
}

WEIR_EXPORT void *calloc(size_t count, size_t size)
{
        void *block;

        if (unlikely(!guard_enter_below_new()))
                return next.calloc(count, size);
        block = next.calloc(count, size);
        /* The product cannot overflow where the real calloc succeeded. */
        put_alloc(block, count * size, frame_state_of_caller(), WEIR_FN_CALLOC);
        guard_leave();
        return block;
}

/* realloc of a block that the shim itself serves. */
static __attribute__((noinline, cold)) void *realloc_early(void *old, size_t size, struct frame_state at,
                                                           enum weir_function function)
{
        size_t kept = early_size(old);
        void *block = NULL;

        if (size) {
                block = next.malloc(size);
                if (!block)
                        return NULL;
                raw_copy(block, old, kept < size ? kept : size);
        }
        early_free(old);
        put_alloc(block, size, at, function);
        return block;
}

/* Between the MOVE and what follows it; see struct weir_thread. */
static inline void set_moving(uintptr_t address)
{
        atomic_store_explicit(thread_local_state.self->moving, address, memory_order_release);
}

static inline void *realloc_from(void *old, size_t size, struct frame_state at, enum weir_function function)
{
        uintptr_t address = (uintptr_t)old; /* `old` itself is void after the call */
        void *block;

        if (!old) {
                block = next.realloc(NULL, size);
                put_alloc(block, size, at, function);
                return block;
        }
        if (unlikely(early_has(old)))
                return realloc_early(old, size, at, function);
        /* With size 0 the allocator decides: NULL means that the block is gone. */
        set_moving(size ? address : 0);
        ring_put(size ? WEIR_EVENT_MOVE : WEIR_EVENT_FREE, address, function, 0);
        block = next.realloc(old, size);
        if (likely(block))
                put_alloc(block, size, at, function);
        else if (size)
                ring_put(WEIR_EVENT_RESTORE, address, 0, 0);
        set_moving(0);
        return block;
}

WEIR_EXPORT void *realloc(void *old, size_t size)
{
        void *block;

        if (unlikely(!guard_enter_below_new()))
                return unlikely(early_has(old)) ? early_realloc(old, size) : next.realloc(old, size);
        block = realloc_from(old, size, frame_state_of_caller(), WEIR_FN_REALLOC);
        guard_leave();
        return block;
}

WEIR_EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
        size_t bytes;
        void *block;

        /* On overflow the real function is left to fail its own way. */
        if (__builtin_mul_overflow(count, size, &bytes) || unlikely(!guard_enter_below_new()))
                return next.reallocarray(old, count, size);
        block = realloc_from(old, bytes, frame_state_of_caller(), WEIR_FN_REALLOCARRAY);
        guard_leave();
        return block;
}

WEIR_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
        int result;

        if (unlikely(!guard_enter())) {
                result = next.posix_memalign(block, alignment, size);
                if (result == 0)
                        (void)nested(*block, size, frame_state_of_caller(), WEIR_FN_POSIX_MEMALIGN);
                return result;
        }
        result = next.posix_memalign(block, alignment, size);
        if (likely(result == 0))
                put_alloc(*block, size, frame_state_of_caller(), WEIR_FN_POSIX_MEMALIGN);
        guard_leave();
        return result;
}

#define ALIGNED_HOOK(name, FUNCTION)                                                                                   \
        WEIR_EXPORT void *name(size_t alignment, size_t size)                                                          \
        {                                                                                                              \
                void *block;                                                                                           \
                                                                                                                       \
                if (unlikely(!guard_enter()))                                                                          \
                        return nested(next.name(alignment, size), size, frame_state_of_caller(), WEIR_FN_##FUNCTION);  \
                block = next.name(alignment, size);                                                                    \
                put_alloc(block, size, frame_state_of_caller(), WEIR_FN_##FUNCTION);                                   \
                guard_leave();                                                                                         \
                return block;                                                                                          \
        }

ALIGNED_HOOK(aligned_alloc, ALIGNED_ALLOC)
ALIGNED_HOOK(memalign, MEMALIGN)

#define PAGE_HOOK(name, FUNCTION)                                                                                      \
        WEIR_EXPORT void *name(size_t size)                                                                            \
        {                                                                                                              \
                void *block;                                                                                           \
                                                                                                                       \
                if (unlikely(!guard_enter()))                                                                          \
                        return next.name(size);                                                                        \
                block = next.name(size);                                                                               \
                put_alloc(block, size, frame_state_of_caller(), WEIR_FN_##FUNCTION);                                   \
                guard_leave();                                                                                         \
                return block;                                                                                          \
        }

PAGE_HOOK(valloc, VALLOC)
PAGE_HOOK(pvalloc, PVALLOC)

/* True when `block` was the shim's own, and is released now. */
static __attribute__((noinline, cold)) bool free_early(void *block)
{
        bool recording = guard_enter();

        early_free(block);
        if (recording)
                guard_leave();
        return true;
}

static inline bool free_was_early(void *block)
{
        return unlikely(early_has(block)) && free_early(block);
}

static inline void put_free(const void *block, enum weir_function function)
{
        if (unlikely(thread_local_state.depth == GUARD_BELOW_NEW) && new_take_pending(block))
                return;
        ring_put(WEIR_EVENT_FREE, (uintptr_t)block, function, 0);
}

WEIR_EXPORT void free(void *block)
{
        if (unlikely(!block) || free_was_early(block))
                return;
        if (unlikely(!guard_enter_below_new())) {
                next.free(block);
                return;
        }
        put_free(block, WEIR_FN_FREE);
        next.free(block);
        guard_leave();
}

WEIR_EXPORT void cfree(void *block)
{
        if (!block || free_was_early(block))
                return;
        if (!guard_enter_below_new()) {
                next.cfree(block);
                return;
        }
        put_free(block, WEIR_FN_CFREE);
        next.cfree(block);
        guard_leave();
}

WEIR_EXPORT void free_sized(void *block, size_t size)
{
        if (!block || free_was_early(block))
                return;
        if (!guard_enter_below_new()) {
                next.free_sized(block, size);
                return;
        }
        put_free(block, WEIR_FN_FREE_SIZED);
        next.free_sized(block, size);
        guard_leave();
}

WEIR_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
        if (!block || free_was_early(block))
                return;
        if (!guard_enter_below_new()) {
                next.free_aligned_sized(block, alignment, size);
                return;
        }
        put_free(block, WEIR_FN_FREE_ALIGNED_SIZED);
        next.free_aligned_sized(block, alignment, size);
        guard_leave();
}

/* No event: hooked because the real one does not know early blocks. */
WEIR_EXPORT size_t malloc_usable_size(void *block)
{
        if (unlikely(early_has(block)))
                return early_size(block);
        return next.malloc_usable_size(block);
}
