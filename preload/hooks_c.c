/*
 * hooks_c.c: the C allocation functions.  Each is written the same way:
 *
 *      entered = guard_enter()
 *      if (!entered)                    nested, or not traced
 *              return next.f(...);
 *      allocate, then record            nobody else can know the address yet
 *      record, then release             afterwards the address may be another's
 *      guard_leave(entered);
 *
 * malloc and free do so for the common case alone, and leave the others to a
 * function that is not inlined: they then need few registers.
 */
#include "early.h"
#include "guard.h"
#include "hooks_cxx.h"
#include "next.h"
#include "raw.h"
#include "recall.h"
#include "ring.h"
#include "unwind.h"

#include <errno.h>

/* Records the block that the hook `at` was called for got. */
static inline void put_alloc(uintptr_t entered, const void *block, size_t size, struct frame_state at,
                             enum weir_function function)
{
        if (likely(block))
                ring_put(entered, WEIR_EVENT_ALLOC, (uintptr_t)block, size,
                         unwind_stack(thread_local_state.self->unwind, at, function));
}

/* A hook that allocates was not the outermost one.  Below operator new the
 * block is most likely what it returns, and recorded as that. */
static inline void *nested(void *block, size_t size, struct frame_state at, enum weir_function function)
{
        if (guard_is(GUARD_NEW) && block)
                new_pending(block, size, at, function);
        return block;
}

static __attribute__((noinline)) void *malloc_slow(size_t size, struct frame_state at)
{
        uintptr_t entered = guard_is_near(thread_local_state.guard, at.sp) ? 0 : guard_enter_slow(at);
        void *block = next.malloc(size);

        if (!entered)
                return nested(block, size, at, WEIR_FN_MALLOC);
        put_alloc(entered, block, size, at, WEIR_FN_MALLOC);
        guard_leave(entered);
        return block;
}

WEIR_EXPORT void *malloc(size_t size)
{
        struct frame_state at;
        void *block;

        if (unlikely(!guard_raise(0)))
                return malloc_slow(size, frame_state_of_caller());
        block = next.malloc(size);
        at = frame_state_of_caller();
        if (likely(block))
                ring_put_plain(WEIR_EVENT_ALLOC, (uintptr_t)block, size,
                               recall_stack(thread_local_state.self->unwind, at.pc, at.sp, frame_fp_of_caller(),
                                            WEIR_FN_MALLOC));
        guard_lower();
        return block;
}

WEIR_EXPORT void *calloc(size_t count, size_t size)
{
        uintptr_t entered = guard_enter_below_new();
        void *block = next.calloc(count, size);

        if (unlikely(!entered))
                return block;
        /* The product cannot overflow where the real calloc succeeded. */
        put_alloc(entered, block, count * size, frame_state_of_caller(), WEIR_FN_CALLOC);
        guard_leave(entered);
        return block;
}

/* realloc of a block that the shim itself serves. */
static __attribute__((noinline, cold)) void *realloc_early(uintptr_t entered, void *old, size_t size,
                                                           struct frame_state at, enum weir_function function)
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
        put_alloc(entered, block, size, at, function);
        return block;
}

/* Between the MOVE and what follows it; see struct weir_thread. */
static inline void set_moving(uintptr_t address)
{
        atomic_store_explicit(thread_local_state.self->moving, address, memory_order_release);
}

static inline void *realloc_from(uintptr_t entered, void *old, size_t size, struct frame_state at,
                                 enum weir_function function)
{
        uintptr_t address = (uintptr_t)old, outer; /* `old` itself is void after the call */
        void *block;

        if (!old) {
                block = next.realloc(NULL, size);
                put_alloc(entered, block, size, at, function);
                return block;
        }
        if (unlikely(entered != GUARD_OPEN) && early_has(old))
                return realloc_early(entered, old, size, at, function);
        /* A signal handler may have interrupted another realloc. */
        outer = atomic_load_explicit(thread_local_state.self->moving, memory_order_relaxed);
        /* With size 0 the allocator decides: NULL means that the block is gone. */
        set_moving(size ? address : outer);
        ring_put(entered, size ? WEIR_EVENT_MOVE : WEIR_EVENT_FREE, address, function, 0);
        block = next.realloc(old, size);
        if (likely(block))
                put_alloc(entered, block, size, at, function);
        else if (size)
                ring_put(entered, WEIR_EVENT_RESTORE, address, 0, 0);
        set_moving(outer);
        return block;
}

WEIR_EXPORT void *realloc(void *old, size_t size)
{
        uintptr_t entered = guard_enter_below_new();
        void *block;

        if (unlikely(!entered))
                return unlikely(early_has(old)) ? early_realloc(old, size) : next.realloc(old, size);
        block = realloc_from(entered, old, size, frame_state_of_caller(), WEIR_FN_REALLOC);
        guard_leave(entered);
        return block;
}

WEIR_EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
        uintptr_t entered;
        size_t bytes;
        void *block;

        /* On overflow the real function is left to fail its own way. */
        if (__builtin_mul_overflow(count, size, &bytes))
                return next.reallocarray(old, count, size);
        entered = guard_enter_below_new();
        if (unlikely(!entered))
                return next.reallocarray(old, count, size);
        block = realloc_from(entered, old, bytes, frame_state_of_caller(), WEIR_FN_REALLOCARRAY);
        guard_leave(entered);
        return block;
}

WEIR_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
        uintptr_t entered = guard_enter();
        int result = next.posix_memalign(block, alignment, size);

        if (unlikely(!entered)) {
                if (result == 0)
                        (void)nested(*block, size, frame_state_of_caller(), WEIR_FN_POSIX_MEMALIGN);
                return result;
        }
        if (likely(result == 0))
                put_alloc(entered, *block, size, frame_state_of_caller(), WEIR_FN_POSIX_MEMALIGN);
        guard_leave(entered);
        return result;
}

#define ALIGNED_HOOK(name, FUNCTION)                                                             \
        WEIR_EXPORT void *name(size_t alignment, size_t size)                                    \
        {                                                                                        \
                uintptr_t entered = guard_enter();                                               \
                void *block = next.name(alignment, size);                                        \
                                                                                                 \
                if (unlikely(!entered))                                                          \
                        return nested(block, size, frame_state_of_caller(), WEIR_FN_##FUNCTION); \
                put_alloc(entered, block, size, frame_state_of_caller(), WEIR_FN_##FUNCTION);    \
                guard_leave(entered);                                                            \
                return block;                                                                    \
        }

ALIGNED_HOOK(aligned_alloc, ALIGNED_ALLOC)
ALIGNED_HOOK(memalign, MEMALIGN)

#define PAGE_HOOK(name, FUNCTION)                                                             \
        WEIR_EXPORT void *name(size_t size)                                                   \
        {                                                                                     \
                uintptr_t entered = guard_enter();                                            \
                void *block = next.name(size);                                                \
                                                                                              \
                if (unlikely(!entered))                                                       \
                        return block;                                                         \
                put_alloc(entered, block, size, frame_state_of_caller(), WEIR_FN_##FUNCTION); \
                guard_leave(entered);                                                         \
                return block;                                                                 \
        }

PAGE_HOOK(valloc, VALLOC)
PAGE_HOOK(pvalloc, PVALLOC)

/* True when `block` was the shim's own, and is released now. */
static __attribute__((noinline, cold)) bool free_early(void *block)
{
        uintptr_t entered = guard_enter();

        early_free(block);
        if (entered)
                guard_leave(entered);
        return true;
}

static inline bool free_was_early(void *block)
{
        return unlikely(early_has(block)) && free_early(block);
}

static inline void put_free(uintptr_t entered, const void *block, enum weir_function function)
{
        if (unlikely(guard_is(GUARD_BELOW_NEW)) && new_take_pending(block))
                return;
        ring_put(entered, WEIR_EVENT_FREE, (uintptr_t)block, function, 0);
}

#define RELEASE_HOOK(name, FUNCTION, real, parameters, arguments)     \
        void name parameters                                          \
        {                                                             \
                uintptr_t entered;                                    \
                                                                      \
                if (unlikely(!block) || free_was_early(block))        \
                        return;                                       \
                entered = guard_enter_below_new();                    \
                if (likely(entered))                                  \
                        put_free(entered, block, WEIR_FN_##FUNCTION); \
                next.real arguments;                                  \
                if (likely(entered))                                  \
                        guard_leave(entered);                         \
        }

WEIR_EXPORT RELEASE_HOOK(cfree, CFREE, cfree, (void *block), (block)) WEIR_EXPORT
        RELEASE_HOOK(free_sized, FREE_SIZED, free_sized, (void *block, size_t size), (block, size)) WEIR_EXPORT
        RELEASE_HOOK(free_aligned_sized, FREE_ALIGNED_SIZED, free_aligned_sized,
                     (void *block, size_t alignment, size_t size), (block, alignment, size)) static
        __attribute__((noinline)) RELEASE_HOOK(free_slow, FREE, free, (void *block), (block))

                WEIR_EXPORT void free(void *block)
{
        if (unlikely(!block))
                return;
        if (unlikely(!guard_raise(0))) {
                free_slow(block);
                return;
        }
        ring_put_plain(WEIR_EVENT_FREE, (uintptr_t)block, WEIR_FN_FREE, 0);
        next.free(block);
        guard_lower();
}

/* No event: hooked because the real one does not know early blocks. */
WEIR_EXPORT size_t malloc_usable_size(void *block)
{
        if (unlikely(early_has(block)))
                return early_size(block);
        return next.malloc_usable_size(block);
}
