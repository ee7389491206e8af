/* The stacks of a process: in its channel while that is there, then those that were kept. */
#include "process.h"

#include "../mem.h"

#include <stdlib.h>

enum { FRAMES_MAX = 1 << 16 /* of one stack, as expanded */ };

/* The node of the channel, read once: it may be scribbled over at any time. */
static struct weir_node raw_node(const struct process *process, uint32_t index)
{
        const uint8_t *base = (const uint8_t *)process->control;
        const volatile struct weir_node *there =
                (const volatile struct weir_node *)(base + weir_nodes_offset(&process->layout)) + index;

        return (struct weir_node){ there->frame_bits, there->parent_bits };
}

static struct process_node channel_node(const struct process *process, uint32_t index)
{
        const uint8_t *base = (const uint8_t *)process->control;
        const struct weir_node node = raw_node(process, index);
        uint32_t frame = weir_node_frame(node);
        const volatile struct weir_frame *known =
                (const volatile struct weir_frame *)(base + weir_frames_offset(&process->layout)) +
                (frame < weir_frame_count(&process->layout) ? frame : 0);

        return (struct process_node){ known->pc_module, weir_node_parent(node), known->detail };
}

static int by_index(const void *key, const void *element)
{
        uint32_t index = *(const uint32_t *)key, other = ((const struct process_kept_node *)element)->index;

        return index < other ? -1 : index > other;
}

/* The node, as a copy that no longer changes; false when there is none. */
static bool node_at(const struct process *process, uint32_t index, struct process_node *node)
{
        const struct process_kept_node *kept;

        if (!index || index >= process->layout.nodes)
                return false;
        if (process->control) {
                *node = channel_node(process, index);
                return true;
        }
        kept = process->node_count ? bsearch(&index, process->nodes, process->node_count, sizeof *kept, by_index)
                                   : NULL;
        if (kept)
                *node = kept->node;
        return kept;
}

static struct process_frame frame_of(const struct process_node *node)
{
        return (struct process_frame){
                .pc = node->pc_module & ((UINT64_C(1) << 48) - 1),
                .module = (uint16_t)(node->pc_module >> 48),
                .exact = node->detail >> 8 & WEIR_FRAME_EXACT,
        };
}

static enum weir_function function_of(const struct process_node *node)
{
        unsigned function = node->detail & 0xff;

        return function < WEIR_FN_COUNT ? (enum weir_function)function : WEIR_FN_NONE;
}

enum weir_function process_stack_function(const struct process *process, uint32_t stack)
{
        struct process_node node;

        return node_at(process, stack, &node) ? function_of(&node) : WEIR_FN_NONE;
}

struct process_frame process_kept_frame(const struct process *process, size_t index)
{
        return frame_of(&process->nodes[index].node);
}

static int expand(const struct process *process, uint32_t stack, struct process_stack *out)
{
        size_t capacity = 0;
        struct process_node node;

        for (uint32_t index = stack; node_at(process, index, &node);) {
                if (out->count == FRAMES_MAX) {
                        out->truncated = true;
                        break;
                }
                if (mem_grow(&out->frames, &capacity, out->count + 1, sizeof *out->frames))
                        return -1;
                if (!out->count)
                        out->function = function_of(&node);
                out->frames[out->count++] = frame_of(&node);
                out->truncated = node.detail >> 8 & WEIR_FRAME_TRUNCATED;
                if (node.parent >= index) /* parents come first: anything else was scribbled */
                        break;
                index = node.parent;
        }
        return 0;
}

int process_stack(struct process *process, uint32_t stack, struct process_stack *out, struct error *e)
{
        int result;

        *out = (struct process_stack){ 0 };
        (void)pthread_mutex_lock(&process->lock);
        result = expand(process, stack, out);
        (void)pthread_mutex_unlock(&process->lock);
        if (!result)
                return 0;
        mem_free(out->frames);
        *out = (struct process_stack){ 0 };
        return error_no_memory(e, "reading a stack");
}

/* Marks the nodes of one stack; returns how many are new. */
struct keeper {
        struct process *process;
        uint64_t *marks;
        uint32_t nodes; /* of the table, that may be in use */
        size_t count;
};

static void keep_stack(struct keeper *keeper, uint32_t stack)
{
        for (uint32_t index = stack, parent; index && index < keeper->nodes; index = parent) {
                if (keeper->marks[index / 64] >> index % 64 & 1)
                        return;
                keeper->marks[index / 64] |= UINT64_C(1) << index % 64;
                keeper->count++;
                parent = weir_node_parent(raw_node(keeper->process, index));
                if (parent >= index)
                        return;
        }
}

static void keep_entry(void *context, const struct live_entry *entry)
{
        keep_stack(context, entry->stack);
}

static void keep_marked(struct process *process, const struct keeper *keeper)
{
        struct process_kept_node *nodes = mem_alloc(keeper->count, sizeof *nodes);
        size_t used = 0;

        if (!nodes) {
                process->unkept = true;
                return;
        }
        for (uint32_t word = 0; word <= keeper->nodes / 64; word++)
                for (uint64_t bits = keeper->marks[word]; bits; bits &= bits - 1) {
                        uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);

                        nodes[used++] = (struct process_kept_node){ index, channel_node(process, index) };
                }
        mem_free(process->nodes);
        process->nodes = nodes;
        process->node_count = used;
}

void process_keep_stacks(struct process *process)
{
        struct keeper keeper = { .process = process };
        const struct live_mapping *mapping;
        struct live_place place = { 0 };

        (void)pthread_mutex_lock(&process->lock);
        if (process->control) {
                keeper.nodes = atomic_load(&process->control->next_node);
                if (keeper.nodes > process->layout.nodes)
                        keeper.nodes = process->layout.nodes;
                keeper.marks = mem_alloc(keeper.nodes / 64 + 1, sizeof *keeper.marks);
        }
        if (keeper.marks) {
                for (size_t i = 0; process->checked && i < process->node_count; i++)
                        keep_stack(&keeper, process->nodes[i].index);
                live_each(&process->live, keep_entry, &keeper);
                while ((mapping = live_mappings_next(&process->live.mappings, &place)))
                        keep_stack(&keeper, mapping->stack);
                keep_marked(process, &keeper);
        } else if (process->control) {
                process->unkept = true;
        }
        mem_free(keeper.marks);
        (void)pthread_mutex_unlock(&process->lock);
}
