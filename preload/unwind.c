#include "unwind.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "memo.h"
#include "modules.h"
#include "nodes.h"
#include "raw.h"
#include "recall.h"
#include "reference.h"
#include "walk.h"

/* ---- the process ------------------------------------------------------- */

enum { EPOCH_GENERATION = 16, EPOCH_IMAGE = 48 };

#define EPOCH_UNLOADING UINT64_C(0xffff)

union unwind_page unwind_page __attribute__((aligned(WEIR_PAGE)));

static struct unwind_state *const state = &unwind_page.state;
static struct modules *modules; /* wiped as well; large, so mapped */
static uint16_t images;         /* inherited by fork children, on purpose */

/* In the key of a memo that is to be checked, where an epoch has none: so
 * that recall.h does not answer. */
#define KEY_CHECKED UINT64_C(0x8000)

static uint32_t generation_of(uint64_t epoch)
{
        return (uint32_t)(epoch >> EPOCH_GENERATION);
}

static bool map_state(void)
{
        if (modules)
                return true;
        modules = raw_mmap(NULL, sizeof *modules, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                           -1, 0);
        if (!modules)
                return false;
        (void)raw_madvise(modules, sizeof *modules, MADV_WIPEONFORK);
        (void)raw_madvise(&unwind_page, sizeof unwind_page, MADV_WIPEONFORK);
        return true;
}

void unwind_load(void)
{
        (void)reference_load();
}

bool unwind_process_init(const struct unwind_process *process)
{
        if (!map_state())
                return false;
        if (images)
                reference_forked();
        state->process = *process;
        state->nodes = (struct nodes){
                .table = process->nodes,
                .frames = process->frames,
                .capacity = process->node_capacity,
                .frame_capacity = process->frame_capacity,
                .next = &process->control->next_node,
                .next_frame = &process->control->next_frame,
        };
        if (!nodes_init(&state->nodes))
                return false;
        images = images == UINT16_MAX ? 1 : images + 1;
        atomic_store_explicit(&state->epoch, (uint64_t)images << EPOCH_IMAGE, memory_order_release);
        return true;
}

void unwind_unload_begin(void)
{
        if (atomic_load_explicit(&state->epoch, memory_order_acquire))
                atomic_fetch_add_explicit(&state->epoch, 1, memory_order_seq_cst);
}

void unwind_unload_end(void)
{
        uint64_t epoch = atomic_load_explicit(&state->epoch, memory_order_acquire), after;

        /* A fork child's count begins at 0, also in the midst of an unload. */
        while (epoch & EPOCH_UNLOADING) {
                rules_forget();
                after = epoch - 1 + (UINT64_C(1) << EPOCH_GENERATION);
                if (after >> EPOCH_IMAGE != epoch >> EPOCH_IMAGE)
                        after = epoch - 1; /* 2^32 unloads */
                if (atomic_compare_exchange_strong(&state->epoch, &epoch, after))
                        return;
        }
}

static uint16_t module_of(void *context, uintptr_t address)
{
        uint64_t epoch = *(const uint64_t *)context;

        return modules_of(modules, address, generation_of(epoch));
}

static void count(_Atomic uint64_t *counter)
{
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- the whole stack --------------------------------------------------- */

static bool push_reference(void *context, uintptr_t pc, uint16_t flags)
{
        struct trail *trail = context;

        if (trail->count == trail->capacity && !trail_grow(trail))
                return false;
        trail->frames[trail->count++] = (struct trail_frame){ .pc = pc, .flags = (uint8_t)flags };
        return true;
}

/* Walks with libunwind what the rules could not.  When that cannot be had
 * either, the frames that the rules found stay, cut. */
static void walk_reference(struct trail *trail, struct frame_state at)
{
        struct trail fresh = { 0 };
        enum reference_result result = reference_walk(at, push_reference, &fresh);

        count(&state->process.control->counters.unwind_fallbacks);
        if (result != REFERENCE_NONE && fresh.count) {
                trail_release(trail);
                *trail = fresh;
        } else {
                trail_release(&fresh);
        }
        if (result != REFERENCE_END && trail->count)
                trail->frames[trail->count - 1].flags |= WEIR_FRAME_TRUNCATED;
}

static uint32_t intern(struct trail_frame *frames, uint32_t length, struct nodes_place outside,
                       enum weir_function function, uint64_t epoch)
{
        struct nodes_request request = {
                .frames = frames,
                .count = length,
                .outside = outside,
                .function = function,
                .module = module_of,
                .context = &epoch,
                .by_module = generation_of(epoch) != 0,
        };
        uint32_t node = nodes_intern(&state->nodes, &request);

        if (node == 0)
                count(&state->process.control->lost.stacks);
        return node;
}

/* Without the thread's memory: every frame walked, all storage fresh. */
static __attribute__((noinline)) uint32_t unwind_whole(struct window own, struct frame_state at,
                                                       enum weir_function function, uint64_t epoch)
{
        struct trail trail = { 0 };
        uint32_t node = 0;

        if (walk_all(&trail, at, own, !(epoch & EPOCH_UNLOADING)) == WALK_ODD)
                walk_reference(&trail, at);
        if (trail.count) {
                if (trail.frames[trail.count - 1].flags & WEIR_FRAME_TRUNCATED)
                        count(&state->process.control->counters.truncated);
                node = intern(trail.frames, trail.count, (struct nodes_place){ 0 }, function, epoch);
        } else {
                count(&state->process.control->lost.stacks);
        }
        trail_release(&trail);
        return node;
}

/* ---- the thread -------------------------------------------------------- */

_Static_assert(sizeof(struct unwind_thread) <= 60 * 1024, "what a thread may cost");

size_t unwind_thread_bytes(void)
{
        return (sizeof(struct unwind_thread) + 63) & ~(size_t)63;
}

/* The holder of a memo that nobody's event works on, and that nothing is in. */
enum { ABANDONED = 1 };

void unwind_thread_init(struct unwind_thread *thread, uintptr_t low, uintptr_t high)
{
        thread->memo.holder = ABANDONED;
        thread->low = low;
        thread->high = high;
}

void unwind_thread_release(struct unwind_thread *thread)
{
        memo_release(&thread->memo);
        memset(thread, 0, sizeof *thread);
}

/* An event that no leaf knows; `known` as by limbs_known.  The memo is this event's. */
static __attribute__((noinline)) uint32_t unwind_by_walk(struct unwind_thread *thread, struct frame_state at,
                                                         enum weir_function function, uint64_t epoch,
                                                         const struct limb *known)
{
        struct memo *memo = &thread->memo;
        struct memo_walk w = { .trail = memo_trail(memo), .known = known, .high = thread->high };
        struct nodes_place outside = { 0 };
        uint32_t id, last;

        if (memo_walk(&w, at) == WALK_ODD) {
                memo_end_trail(memo, &w.trail);
                return unwind_whole((struct window){ at.sp, thread->high }, at, function, epoch);
        }
        if (w.junction)
                outside = (struct nodes_place){ w.junction->node, w.junction->hash };
        limbs_mark_live(&w.trail, w.junction && w.junction->live);
        last = atomic_load_explicit(state->nodes.next, memory_order_relaxed);
        id = intern(w.trail.frames, w.trail.count, outside, function, epoch);
        if (id)
                memo_learn(memo, &w, function, id, id < last);
        memo_end_trail(memo, &w.trail);
        return id;
}

/* ---- entry ------------------------------------------------------------- */

static bool on_own_stack(const struct unwind_thread *thread, uintptr_t sp)
{
        return sp >= thread->low && sp < thread->high && sp % 8 == 0;
}

static struct window own_stack(const struct unwind_thread *thread, uintptr_t sp)
{
        return on_own_stack(thread, sp) ? (struct window){ sp, thread->high } : (struct window){ 0, 0 };
}

enum walk_result unwind_frames(const struct unwind_thread *thread, struct trail *trail, struct frame_state at)
{
        uint64_t epoch = atomic_load_explicit(&state->epoch, memory_order_acquire);

        return walk_all(trail, at, own_stack(thread, at.sp), epoch && !(epoch & EPOCH_UNLOADING));
}

static uint64_t key_of(uint64_t epoch)
{
        return state->process.check ? epoch | KEY_CHECKED : epoch;
}

/* Everything but the leaves: also when these could not be asked at all. */
static __attribute__((noinline, cold)) uint32_t unwind_slow(struct unwind_thread *thread, struct frame_state at,
                                                            enum weir_function function)
{
        uint64_t epoch, now;
        uint32_t id;

        do {
                epoch = atomic_load_explicit(&state->epoch, memory_order_acquire);
                if (epoch == 0)
                        return 0;
                if (on_own_stack(thread, at.sp) && !(epoch & EPOCH_UNLOADING) &&
                    memo_enter(&thread->memo, at.sp, key_of(epoch))) {
                        id = unwind_by_walk(thread, at, function, epoch, limbs_known(thread->memo.last, at.sp));
                        memo_end(&thread->memo, key_of(epoch));
                } else {
                        id = unwind_whole(own_stack(thread, at.sp), at, function, epoch);
                }
                /* A signal handler may have forked: this is the child then,
                 * and the id the parent's. */
                now = atomic_load_explicit(&state->epoch, memory_order_relaxed);
        } while (unlikely((now ^ epoch) >> EPOCH_IMAGE != 0));
        return id;
}

/* What the leaves of a memo that is to be checked know: recall.h never asks them. */
static uint32_t unwind_by_leaves(struct unwind_thread *thread, uint64_t key, uintptr_t sp, const uintptr_t *fp)
{
        struct memo *memo = &thread->memo;
        uint64_t epoch = atomic_load_explicit(&state->epoch, memory_order_acquire);
        const struct limb *known;
        uint32_t id;

        if (epoch == 0 || !memo_ready(memo, epoch | KEY_CHECKED))
                return 0;
        memo_begin(memo, sp);
        id = memo_recall(memo, key, sp, fp);
        if (!id && on_own_stack(thread, sp))
                id = memo_find(memo, key, sp, fp, thread->high, &known);
        memo_end(memo, epoch | KEY_CHECKED);
        return recall_epoch_is(epoch) ? id : 0;
}

__attribute__((noinline, cold)) uint32_t unwind_unready(struct unwind_thread *thread, uint64_t key, uintptr_t sp,
                                                        const uintptr_t *fp)
{
        const struct frame_state at = { .pc = leaf_pc(key), .sp = sp, .fp = *fp };
        enum weir_function function = leaf_function(key);
        uint32_t id;

        if (likely(!state->process.check))
                return unwind_slow(thread, at, function);
        id = unwind_by_leaves(thread, key, sp, fp);
        if (!id)
                id = unwind_slow(thread, at, function);
        check_stack(&state->nodes, id, at, function, &state->process.control->counters);
        return id;
}

/* Events of frames whose stacks take turns come here: all but the walk is inline.
 * Without an epoch, a memo that was ready is zeroed memory, not laid out. */
__attribute__((noinline, flatten)) uint32_t unwind_unguessed(struct unwind_thread *thread, uint64_t key, uintptr_t sp,
                                                             const uintptr_t *fp, uint64_t epoch)
{
        struct memo *memo = &thread->memo;
        bool ours = likely(epoch) && on_own_stack(thread, sp);
        const struct limb *known = NULL;
        uint32_t id = ours ? memo_find(memo, key, sp, fp, thread->high, &known) : 0;

        if (ours && unlikely(!id))
                id = unwind_by_walk(thread, (struct frame_state){ leaf_pc(key), sp, *fp }, leaf_function(key), epoch,
                                    known);
        memo_end(memo, epoch);
        if (unlikely(!ours || !recall_epoch_is(epoch)))
                return unwind_unready(thread, key, sp, fp);
        return id;
}

__attribute__((flatten)) uint32_t unwind_stack_at(struct unwind_thread *thread, uintptr_t pc, uintptr_t sp,
                                                  uintptr_t fp, enum weir_function function)
{
        return recall_stack(thread, pc, sp, &fp, function);
}
