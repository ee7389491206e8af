/*
 * unwind_none.c: the unwinder's interface without an unwinder: each stack is
 * its innermost frame.
 */
#include "unwind.h"

static struct unwind_process process;

size_t unwind_thread_bytes(void)
{
        return 64;
}

void unwind_thread_init(struct unwind_thread *thread, uintptr_t low, uintptr_t high)
{
        (void)thread;
        (void)low;
        (void)high;
}

void unwind_thread_release(struct unwind_thread *thread)
{
        (void)thread;
}

void unwind_load(void)
{
}

bool unwind_process_init(const struct unwind_process *p)
{
        process = *p;
        return true;
}

uint32_t unwind_stack(struct unwind_thread *thread, struct frame_state at, enum weir_function function)
{
        uint64_t pc = at.pc & ((UINT64_C(1) << 48) - 1);
        uint32_t used = process.control->next_node, i = 1;

        (void)thread;
        for (; i < used && i < 4096; i++)
                if (process.nodes[i].pc_module == pc && (process.nodes[i].detail & 255) == function)
                        return i;
        i = atomic_fetch_add(&process.control->next_node, 1);
        if (i >= process.node_capacity)
                return 0;
        process.nodes[i].detail = function | WEIR_FRAME_TRUNCATED << 8;
        process.nodes[i].pc_module = pc;
        return i;
}

void unwind_unload_begin(void)
{
}

void unwind_unload_end(void)
{
}
