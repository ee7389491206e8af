#include "unwind_help.h"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#include "../../preload/note.h"
#include "../../preload/process.h"
#include "../../preload/unwind.h"

enum { NODES = 1 << 22, FRAMES = 1 << 16 };

static struct weir_control *control;
static struct weir_node *nodes;
static struct weir_frame *frames;
static _Thread_local struct unwind_thread *thread;
static _Atomic uint64_t checked, differed;
static _Atomic uint32_t modules;
static int bend;

const char *process_single = &__libc_single_threaded;

/* The shim's notes, as this test's double of them. */
void note_send(enum weir_note_kind kind, uint64_t a, const struct note_piece *pieces, size_t count)
{
        (void)a, (void)pieces, (void)count;
        if (kind == WEIR_NOTE_MODULE)
                atomic_fetch_add(&modules, 1);
}

static void *map(size_t bytes)
{
        return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static void begin(bool check)
{
        struct unwind_process process = { .node_capacity = NODES, .frame_capacity = FRAMES, .check = check };

        process.control = control = map(sizeof *control);
        process.nodes = nodes = map(NODES * sizeof *nodes);
        process.frames = frames = map(FRAMES * sizeof *frames);
        unwind_load();
        if (!unwind_process_init(&process))
                abort();
        scene_thread();
}

void scene_begin(void)
{
        begin(false);
}

void scene_begin_checking(void)
{
        begin(true);
}

uint64_t scene_mode_checked(void)
{
        return control->counters.checked;
}

uint64_t scene_mode_differed(void)
{
        return control->counters.mismatches;
}

void scene_thread(void)
{
        pthread_attr_t attributes;
        void *low;
        size_t bytes;

        thread = map(unwind_thread_bytes());
        if (pthread_getattr_np(pthread_self(), &attributes) != 0)
                abort();
        pthread_attr_getstack(&attributes, &low, &bytes);
        pthread_attr_destroy(&attributes);
        unwind_thread_init(thread, (uintptr_t)low, (uintptr_t)low + bytes);
}

void scene_thread_end(void)
{
        unwind_thread_release(thread);
        munmap(thread, unwind_thread_bytes());
        thread = NULL;
}

struct unwind_thread *scene_nobody(void)
{
        static struct unwind_thread *nobody;

        if (!nobody)
                nobody = map(unwind_thread_bytes());
        return nobody;
}

__attribute__((noinline)) uint32_t scene_ask(void)
{
        return unwind_stack(thread, frame_state_of_caller(), WEIR_FN_MALLOC);
}

void scene_forget(void)
{
        unw_flush_cache(unw_local_addr_space, 0, 0);
}

void scene_bend(int on)
{
        bend = on;
}

/* Compares the stack `id` with the cursor, which stands in scene_stack. */
static bool same(unw_cursor_t *cursor, uint32_t id)
{
        uint32_t depth = 0;

        while (unw_step(cursor) > 0) {
                unw_word_t pc;

                unw_get_reg(cursor, UNW_REG_IP, &pc);
                if (bend && ++depth == 2)
                        pc++;
                if (id == 0 || ((frames[weir_node_frame(nodes[id])].pc_module ^ pc) & 0xffffffffffff))
                        return false;
                id = weir_node_parent(nodes[id]);
        }
        return id == 0;
}

__attribute__((noinline)) uint32_t scene_stack(void)
{
        uint32_t id = unwind_stack(thread, frame_state_of_caller(), WEIR_FN_MALLOC);
        unw_context_t context;
        unw_cursor_t cursor;

        unw_getcontext(&context);
        unw_init_local(&cursor, &context);
        atomic_fetch_add(&checked, 1);
        if (!same(&cursor, id))
                atomic_fetch_add(&differed, 1);
        return id;
}

uint64_t scene_checked(void)
{
        return checked;
}

uint64_t scene_differed(void)
{
        return differed;
}

uint64_t scene_fallbacks(void)
{
        return control->counters.unwind_fallbacks;
}

uint64_t scene_truncated(void)
{
        return control->counters.truncated;
}

uint32_t scene_nodes(void)
{
        return control->next_node;
}

uint32_t scene_modules(void)
{
        return modules;
}

uint32_t scene_depth(uint32_t id)
{
        uint32_t depth = 0;

        for (; id; id = weir_node_parent(nodes[id]))
                depth++;
        return depth;
}
