/*
 * hooks_cxx.c: operator new and delete in every form, defined under their
 * mangled names.  Compiled with -fexceptions: the real operator new throws
 * through these functions, and the cleanup lowers the guard as it passes.
 */
#include "early.h"
#include "frame.h"
#include "guard.h"
#include "hooks_cxx.h"
#include "next.h"
#include "recall.h"
#include "ring.h"
#include "unwind.h"

static void put_pending(struct thread *thread, struct frame_state at, enum weir_function function)
{
        void *block = thread->pending;

        thread->pending = NULL;
        if (block)
                ring_put_slow(WEIR_EVENT_ALLOC, (uintptr_t)block, thread->pending_size,
                         unwind_stack(thread->unwind, at, function));
}

void new_pending(void *block, size_t size, struct frame_state at, enum weir_function function)
{
        struct thread *thread = thread_local_state.self;

        if (unlikely(thread->pending))
                put_pending(thread, at, function);
        thread->pending_size = size;
        thread->pending = block;
}

bool new_take_pending(const void *block)
{
        struct thread *thread = thread_local_state.self;

        if (thread->pending != block)
                return false;
        thread->pending = NULL;
        return true;
}

static inline void lower(const uintptr_t *raised)
{
        if (*raised)
                guard_leave(*raised);
}

/* operator delete calls free. */
GUARD_INLINE uintptr_t delete_begin(void)
{
        return likely(guard_raise(GUARD_CALLS)) ? GUARD_OPEN : guard_enter_slow(frame_state_of_caller());
}

/* operator new on its way out, by return or by exception. */
struct new_call {
        void *block; /* NULL: it threw, or it is a nothrow form that failed */
        size_t size;
        struct frame_state at;
        enum weir_function function;
        uintptr_t before; /* as guard_enter says */
};

GUARD_INLINE uintptr_t new_begin(void)
{
        uintptr_t before;

        if (likely(guard_raise(GUARD_NEW)))
                return GUARD_OPEN;
        before = guard_enter_slow(frame_state_of_caller());
        if (before)
                thread_local_state.guard |= GUARD_NEW;
        return before;
}

static inline void new_end(const struct new_call *call)
{
        struct thread *thread = thread_local_state.self;

        if (unlikely(!call->before))
                return;
        if (likely(thread->pending == call->block))
                thread->pending = NULL;
        else
                put_pending(thread, call->at, WEIR_FN_MALLOC);
        if (likely(call->block))
                ring_put(call->before, WEIR_EVENT_ALLOC, (uintptr_t)call->block, call->size,
                         recall_stack(thread->unwind, call->at.pc, call->at.sp, &call->at.fp, call->function));
        guard_leave(call->before);
}

#define NEW_HOOK(name, FUNCTION, parameters, arguments)                                                                \
        WEIR_EXPORT void *name parameters                                                                              \
        {                                                                                                              \
                __attribute__((cleanup(new_end))) struct new_call call = {                                             \
                        NULL, size, frame_state_of_caller(), WEIR_FN_##FUNCTION, new_begin(),                          \
                };                                                                                                     \
                                                                                                                       \
                call.block = next.name arguments;                                                                      \
                return call.block;                                                                                     \
        }

#define DELETE_HOOK(name, FUNCTION, parameters, arguments)                                                             \
        WEIR_EXPORT void name parameters                                                                               \
        {                                                                                                              \
                __attribute__((cleanup(lower))) uintptr_t recording = delete_begin();                                  \
                                                                                                                       \
                if (likely(recording && block))                                                                        \
                        ring_put(recording, WEIR_EVENT_FREE, (uintptr_t)block, WEIR_FN_##FUNCTION, 0);                 \
                next.name arguments;                                                                                   \
        }

NEW_HOOK(_Znwm, NEW, (size_t size), (size))
NEW_HOOK(_ZnwmRKSt9nothrow_t, NEW, (size_t size, const struct nothrow *n), (size, n))
NEW_HOOK(_ZnwmSt11align_val_t, NEW, (size_t size, size_t alignment), (size, alignment))
NEW_HOOK(_ZnwmSt11align_val_tRKSt9nothrow_t, NEW, (size_t size, size_t alignment, const struct nothrow *n),
         (size, alignment, n))
NEW_HOOK(_Znam, NEW_ARRAY, (size_t size), (size))
NEW_HOOK(_ZnamRKSt9nothrow_t, NEW_ARRAY, (size_t size, const struct nothrow *n), (size, n))
NEW_HOOK(_ZnamSt11align_val_t, NEW_ARRAY, (size_t size, size_t alignment), (size, alignment))
NEW_HOOK(_ZnamSt11align_val_tRKSt9nothrow_t, NEW_ARRAY, (size_t size, size_t alignment, const struct nothrow *n),
         (size, alignment, n))

DELETE_HOOK(_ZdlPv, DELETE, (void *block), (block))
DELETE_HOOK(_ZdlPvm, DELETE, (void *block, size_t size), (block, size))
DELETE_HOOK(_ZdlPvRKSt9nothrow_t, DELETE, (void *block, const struct nothrow *n), (block, n))
DELETE_HOOK(_ZdlPvSt11align_val_t, DELETE, (void *block, size_t alignment), (block, alignment))
DELETE_HOOK(_ZdlPvmSt11align_val_t, DELETE, (void *block, size_t size, size_t alignment), (block, size, alignment))
DELETE_HOOK(_ZdlPvSt11align_val_tRKSt9nothrow_t, DELETE, (void *block, size_t alignment, const struct nothrow *n),
            (block, alignment, n))
DELETE_HOOK(_ZdaPv, DELETE_ARRAY, (void *block), (block))
DELETE_HOOK(_ZdaPvm, DELETE_ARRAY, (void *block, size_t size), (block, size))
DELETE_HOOK(_ZdaPvRKSt9nothrow_t, DELETE_ARRAY, (void *block, const struct nothrow *n), (block, n))
DELETE_HOOK(_ZdaPvSt11align_val_t, DELETE_ARRAY, (void *block, size_t alignment), (block, alignment))
DELETE_HOOK(_ZdaPvmSt11align_val_t, DELETE_ARRAY, (void *block, size_t size, size_t alignment),
            (block, size, alignment))
DELETE_HOOK(_ZdaPvSt11align_val_tRKSt9nothrow_t, DELETE_ARRAY,
            (void *block, size_t alignment, const struct nothrow *n), (block, alignment, n))
