/*
 * hooks_map.c: memory that the program maps itself.  What an allocator maps
 * below one of the hooks is MAP_OWN: neither a block nor a root.
 */
#include "frame.h"
#include "guard.h"
#include "next.h"
#include "raw.h"
#include "ring.h"
#include "unwind.h"

#include <stdarg.h>

static uint64_t round_up(uint64_t bytes)
{
        return weir_pages(bytes);
}

static void put_map(void *at, size_t bytes, struct frame_state caller, enum weir_function function)
{
        if (at != MAP_FAILED)
                ring_put_slow(WEIR_EVENT_MAP, (uintptr_t)at, round_up(bytes),
                         unwind_stack(thread_local_state.self->unwind, caller, function));
}

static void put_unmap(void *at, size_t bytes)
{
        if (bytes)
                ring_put_slow(WEIR_EVENT_UNMAP, (uintptr_t)at, round_up(bytes), 0);
}

/* A nested mapping or its end; only where the outer hook could record. */
static void put_nested(unsigned kind, void *at, size_t bytes)
{
        if (at != MAP_FAILED && bytes && thread_local_state.self && guard_is_nested())
                ring_put_slow(kind, (uintptr_t)at, round_up(bytes), 0);
}

static void *map(__typeof__(&mmap) real, void *at, size_t bytes, int protection, int flags, int descriptor,
                 off_t offset, struct frame_state caller)
{
        uintptr_t entered = guard_enter();
        void *p;

        if (!entered) {
                p = real(at, bytes, protection, flags, descriptor, offset);
                put_nested(WEIR_EVENT_MAP_OWN, p, bytes);
                return p;
        }
        /* What was there is gone within the call. */
        if (flags & MAP_FIXED && (flags & MAP_FIXED_NOREPLACE) != MAP_FIXED_NOREPLACE)
                put_unmap(at, bytes);
        p = real(at, bytes, protection, flags, descriptor, offset);
        put_map(p, bytes, caller, WEIR_FN_MMAP);
        guard_leave(entered);
        return p;
}

WEIR_EXPORT void *mmap(void *at, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
        return map(next.mmap, at, bytes, protection, flags, descriptor, offset, frame_state_of_caller());
}

WEIR_EXPORT void *mmap64(void *at, size_t bytes, int protection, int flags, int descriptor, off64_t offset)
{
        return map(next.mmap64, at, bytes, protection, flags, descriptor, offset, frame_state_of_caller());
}

/* Whether there can be such a range: the kernel says EINVAL of any other. */
static bool is_range(const void *at, size_t bytes)
{
        uint64_t end = UINT64_C(1) << WEIR_ADDRESS_BITS, start = (uintptr_t)at;

        return !(start & (WEIR_PAGE - 1)) && bytes && start < end && bytes <= end - start;
}

/* When the kernel had no room to split a mapping, the range is there still.
 * What it was part of is forgotten by then, so it counts from here on. */
WEIR_EXPORT int munmap(void *at, size_t bytes)
{
        uintptr_t entered = guard_enter();
        bool range = is_range(at, bytes);
        int result;

        if (range && entered)
                put_unmap(at, bytes);
        else if (range)
                put_nested(WEIR_EVENT_UNMAP, at, bytes);
        result = next.munmap(at, bytes);
        if (unlikely(result && range) && entered)
                put_map(at, bytes, frame_state_of_caller(), WEIR_FN_MUNMAP);
        else if (unlikely(result && range))
                put_nested(WEIR_EVENT_MAP_OWN, at, bytes);
        if (entered)
                guard_leave(entered);
        return result;
}

static void *remap(void *old, size_t old_bytes, size_t bytes, int flags, void *at, struct frame_state caller)
{
        uintptr_t entered = guard_enter();
        void *p;

        if (!entered) {
                p = next.mremap(old, old_bytes, bytes, flags, at);
                if (p != MAP_FAILED) {
                        put_nested(WEIR_EVENT_UNMAP, old, old_bytes);
                        put_nested(WEIR_EVENT_MAP_OWN, p, bytes);
                }
                return p;
        }
        put_unmap(old, old_bytes);
        if (flags & MREMAP_FIXED)
                put_unmap(at, bytes);
        p = next.mremap(old, old_bytes, bytes, flags, at);
        if (p == MAP_FAILED)
                put_map(old, old_bytes, caller, WEIR_FN_MREMAP);
        else
                put_map(p, bytes, caller, WEIR_FN_MREMAP);
        guard_leave(entered);
        return p;
}

WEIR_EXPORT void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
        void *at = NULL;
        va_list rest;

        if (flags & MREMAP_FIXED) {
                va_start(rest, flags);
                at = va_arg(rest, void *);
                va_end(rest);
        }
        return remap(old, old_bytes, bytes, flags, at, frame_state_of_caller());
}
