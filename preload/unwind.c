#include "unwind.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "modules.h"
#include "nodes.h"
#include "note.h"
#include "raw.h"
#include "reference.h"
#include "walk.h"

/* ---- the process ------------------------------------------------------- */

/* All that a fork child must not have of its parent; in memory that the
 * kernel wipes at fork, so that a child is uninitialised, not confused. */
struct state {
        struct unwind_process process;
        /* The time of everything cached; 0 = not initialised.
         *
         * bits  0..15  unloads under way: nothing cached counts while not 0
         * bits 16..47  unloads finished
         * bits 48..63  process images and fork children that lived in this
         *              memory, so that a child's epoch is not its parent's */
        _Atomic uint64_t epoch;
        struct nodes nodes;
        struct modules modules;
};

enum { EPOCH_GENERATION = 16, EPOCH_IMAGE = 48 };

#define EPOCH_UNLOADING UINT64_C(0xffff)

static struct state *state;
static uint16_t images; /* inherited by fork children, on purpose */

static uint32_t generation_of(uint64_t epoch)
{
        return (uint32_t)(epoch >> EPOCH_GENERATION);
}

static bool map_state(void)
{
        if (state)
                return true;
        state = raw_mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                         0);
        if (state)
                (void)raw_madvise(state, sizeof *state, MADV_WIPEONFORK);
        return state != NULL;
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
        if (!nodes_init(&state->nodes, process->nodes, process->node_capacity, &process->control->next_node))
                return false;
        images = images == UINT16_MAX ? 1 : images + 1;
        atomic_store_explicit(&state->epoch, (uint64_t)images << EPOCH_IMAGE, memory_order_release);
        return true;
}

void unwind_unload_begin(void)
{
        if (state && atomic_load_explicit(&state->epoch, memory_order_acquire))
                atomic_fetch_add_explicit(&state->epoch, 1, memory_order_seq_cst);
}

void unwind_unload_end(void)
{
        uint64_t epoch = state ? atomic_load_explicit(&state->epoch, memory_order_acquire) : 0, after;

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

        return modules_of(&state->modules, address, generation_of(epoch));
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
        trail->frames[trail->count++] = (struct trail_frame){ .pc = pc, .flags = flags };
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

struct unwind_thread {
        uintptr_t low, high;
};

size_t unwind_thread_bytes(void)
{
        return (sizeof(struct unwind_thread) + 63) & ~(size_t)63;
}

void unwind_thread_init(struct unwind_thread *thread, uintptr_t low, uintptr_t high)
{
        thread->low = low;
        thread->high = high;
}

void unwind_thread_release(struct unwind_thread *thread)
{
        memset(thread, 0, sizeof *thread);
}

/* ---- checking ---------------------------------------------------------- */

struct check {
        uint32_t node; /* expected to be the next frame */
        enum weir_function function;
        uint32_t depth;
        uint32_t differs; /* depth + 1 of the first difference */
        uintptr_t wanted, found;
};

static bool check_frame(void *context, uintptr_t pc, uint16_t flags)
{
        struct check *c = context;
        const struct weir_node *n = &state->process.nodes[c->node];
        uint32_t detail = (c->depth ? 0u : (uint32_t)c->function) | (uint32_t)flags << 8;
        uint32_t significant = 0xffu | WEIR_FRAME_EXACT << 8;

        if (c->node == 0 || (n->pc_module & ((UINT64_C(1) << 48) - 1)) != pc || (n->detail & significant) != detail) {
                c->differs = c->depth + 1;
                c->wanted = pc;
                c->found = c->node ? n->pc_module : 0;
                return false;
        }
        c->depth++;
        c->node = n->parent;
        return true;
}

static char *append_hex(char *to, uintptr_t number)
{
        char digits[16];
        unsigned n = 0;

        do
                digits[n++] = "0123456789abcdef"[number & 15];
        while ((number >>= 4) != 0);
        to = raw_append(to, "0x");
        while (n)
                *to++ = digits[--n];
        *to = '\0';
        return to;
}

static void tell_mismatch(const struct check *c)
{
        char text[160], *end = raw_append(text, "stack differs from libunwind's at frame ");
        struct note_piece piece = { text, 0 };

        end = raw_decimal(end, c->differs ? c->differs - 1 : c->depth);
        end = append_hex(raw_append(end, ": libunwind "), c->wanted);
        end = append_hex(raw_append(end, ", weir "), c->found);
        piece.length = (size_t)(end - text) + 1;
        note_send(WEIR_NOTE_MESSAGE, 1, &piece, 1);
}

/* Compares the stack that the table holds under `node` with the cursor's. */
static __attribute__((noinline)) void check_stack(uint32_t node, struct frame_state at, enum weir_function function)
{
        struct weir_counters *counters = &state->process.control->counters;
        struct check check = { .node = node, .function = function };
        enum reference_result result;

        if (node == 0)
                return;
        result = reference_walk(at, check_frame, &check);
        if (result == REFERENCE_NONE)
                return;
        count(&counters->checked);
        if (check.differs || (check.node != 0 && result == REFERENCE_END)) {
                if (!check.differs)
                        check.found = state->process.nodes[check.node].pc_module;
                count(&counters->mismatches);
                tell_mismatch(&check);
        }
}

/* ---- entry ------------------------------------------------------------- */

static struct window own_window(const struct unwind_thread *thread, struct frame_state at)
{
        if (thread && at.sp >= thread->low && at.sp < thread->high)
                return (struct window){ at.sp, thread->high };
        return (struct window){ 0, 0 };
}

uint32_t unwind_stack(struct unwind_thread *thread, struct frame_state at, enum weir_function function)
{
        uint64_t epoch = state ? atomic_load_explicit(&state->epoch, memory_order_acquire) : 0;
        uint32_t node;

        if (epoch == 0)
                return 0;
        node = unwind_whole(own_window(thread, at), at, function, epoch);
        if (__builtin_expect(state->process.check, 0))
                check_stack(node, at, function);
        return node;
}
