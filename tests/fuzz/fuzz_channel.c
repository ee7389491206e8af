/* A channel as a target may leave it: the control page, then the rest. */
#include "fuzz.h"

#include "collect/process.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* What the input changes: it begins with the fields that lead the decoder,
 * and is laid over the parts of the channel that hold anything. */
struct plan {
        uint64_t complete; /* records of ring 0 */
        uint64_t tails[WEIR_RINGS];
        uint64_t notes_head;
        uint32_t stacks[4];
        uint8_t parallel, rounds;
        uint8_t pad[6];
};

static const struct weir_layout layout = {
        .threads = 256,
        .notes_bytes = 32768,
        .ring0_records = 256,
        .ring_records = 256,
        .nodes = 256,
};

static void lay(uint8_t *channel, uint64_t at, uint64_t room, const uint8_t **data, size_t *size)
{
        size_t length = *size < room ? *size : (size_t)room;

        memcpy(channel + at, *data, length);
        *data += length;
        *size -= length;
}

static void lead(struct weir_control *control, const struct plan *plan)
{
        control->magic = WEIR_CHANNEL_MAGIC;
        control->version = WEIR_CHANNEL_VERSION;
        control->layout = layout;
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                atomic_store(&control->rings[ring].tail, plan->tails[ring]);
        atomic_store(&control->notes_head, plan->notes_head);
        atomic_store(&control->parallel, plan->parallel);
}

/* The tags of ring 0 are made right, or no record would ever be read. */
static void complete(uint8_t *channel, const struct plan *plan)
{
        struct weir_event *events = (struct weir_event *)(void *)(channel + weir_ring_offset(&layout, 0));

        for (uint64_t i = 0; i < layout.ring0_records && i < plan->complete; i++) {
                uint64_t head = atomic_load(&events[i].head);

                atomic_store(&events[i].head, (head & ~(uint64_t)WEIR_TAG_MASK) | weir_tag(i));
        }
}

static void use(struct process *process, const struct plan *plan)
{
        struct process_stack stack;
        struct block *blocks;
        size_t count;

        for (unsigned i = 0; i < plan->rounds % 4u; i++)
                (void)drain_run(process, i, false);
        (void)process_settle(process, true, NULL);
        if (process->totals.allocations - process->totals.frees - process->totals.reused != process->totals.live_blocks)
                abort();
        if (!process_blocks(process, &blocks, &count, NULL))
                mem_free(blocks);
        process_keep_stacks(process);
        for (unsigned i = 0; i < 4; i++)
                if (!process_stack(process, plan->stacks[i], &stack, NULL))
                        mem_free(stack.frames);
        process_detach(process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *channel = calloc(1, weir_channel_size(&layout));
        struct process *process;
        struct plan plan = { 0 };

        memcpy(&plan, data, size < sizeof plan ? size : sizeof plan);
        data += size < sizeof plan ? size : sizeof plan;
        size -= size < sizeof plan ? size : sizeof plan;
        lay(channel, weir_ring_offset(&layout, 0), 4096, &data, &size);
        lay(channel, weir_notes_offset(&layout), 4096, &data, &size);
        lay(channel, weir_nodes_offset(&layout), 4096, &data, &size);
        lay(channel, 0, WEIR_CONTROL_SIZE, &data, &size);
        lead((struct weir_control *)(void *)channel, &plan);
        complete(channel, &plan);
        process = process_create(channel, weir_channel_size(&layout), 0, NULL);
        if (!process)
                abort();
        use(process, &plan);
        process_destroy(process);
        free(channel);
        return 0;
}
