#include "process.h"

#include "../clock.h"
#include "../mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        MESSAGES_MAX = 256,
        SETTLE_ROUNDS = 64, /* of draining, while producers that waited for room finish */
};

/* ---- life ---------------------------------------------------------------- */

static int check_control(const struct weir_control *control, size_t size, struct weir_layout *layout, struct error *e)
{
        if (control->magic != WEIR_CHANNEL_MAGIC || control->version != WEIR_CHANNEL_VERSION)
                return error_set(e, ERROR_BAD_INPUT, "a process reported with a channel that is not of this weir");
        *layout = control->layout; /* checked and used only as this copy */
        if (!weir_layout_valid(layout) || weir_channel_size(layout) > size)
                return error_set(e, ERROR_BAD_INPUT, "a process reported with a channel of impossible sizes");
        return 0;
}

/* A string of the control page that may lack its NUL. */
static char *control_text(const char *text)
{
        return mem_format("%.*s", WEIR_PATH_MAX - 1, text);
}

struct process *process_create(void *channel, size_t size, uint64_t start_ns, struct error *e)
{
        struct weir_control *control = channel;
        struct weir_layout layout;
        struct process *process;

        if (check_control(control, size, &layout, e))
                return NULL;
        process = mem_alloc(1, sizeof *process);
        if (!process) {
                (void)error_no_memory(e, "following a process");
                return NULL;
        }
        (void)pthread_mutex_init(&process->lock, NULL);
        process->control = control;
        process->channel_size = size;
        process->layout = layout;
        process->pidfd = -1;
        process->slot = control->slot;
        process->inner_pid = process->pid = control->pid;
        process->ppid = control->ppid;
        process->parent_slot = control->parent_slot;
        process->fork_sequence = control->fork_sequence;
        process->forked = process->parent_slot != 0;
        process->left_out = control->left_out;
        process->start_ns = start_ns;
        process->end_how = END_RUNNING;
        process->tls_static_size = control->tls_static_size;
        process->pthread_size = control->pthread_size;
        process->shim_start = control->shim_start;
        process->shim_end = control->shim_end;
        process->exe = mem_string("");
        process->cwd = control_text(control->cwd);
        if (!process->exe || !process->cwd) {
                process_destroy(process);
                (void)error_no_memory(e, "following a process");
                return NULL;
        }
        return process;
}

static void free_lists(struct process *process)
{
        for (size_t i = 0; i < process->argv_count; i++)
                mem_free(process->argv[i]);
        for (size_t i = 0; i < process->module_count; i++)
                mem_free(process->modules[i].path);
        for (size_t i = 0; i < process->message_count; i++)
                mem_free(process->messages[i].text);
        for (size_t i = 0; i < process->exec_count; i++)
                mem_free(process->execs[i].file);
        mem_free(process->argv);
        mem_free(process->modules);
        mem_free(process->messages);
        mem_free(process->execs);
}

void process_destroy(struct process *process)
{
        if (!process)
                return;
        drain_drop_clones(process, UINT64_MAX);
        mem_free(process->clones);
        live_deinit(&process->live);
        annotations_deinit(&process->annotations);
        free_lists(process);
        mem_free(process->nodes);
        mem_free(process->exe);
        mem_free(process->cwd);
        mem_free(process->end_exec);
        (void)pthread_mutex_destroy(&process->lock);
        mem_free(process);
}

void process_tell(struct process *process, bool incomplete, const char *format, ...)
{
        char text[WEIR_PATH_MAX + 256];
        va_list args;
        char *copy;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        for (size_t i = 0; i < process->message_count; i++)
                if (!strcmp(process->messages[i].text, text))
                        return;
        copy = mem_string(text);
        if (!copy || process->message_count == MESSAGES_MAX ||
            mem_grow(&process->messages, &process->message_capacity, process->message_count + 1,
                     sizeof *process->messages)) {
                mem_free(copy);
                process->lost_notes += incomplete;
                return;
        }
        process->messages[process->message_count++] = (struct process_message){ incomplete, copy };
}

/* ---- the end ------------------------------------------------------------- */

static const struct weir_thread *thread_table(const struct process *process)
{
        return (const void *)((const uint8_t *)process->control + weir_threads_offset(&process->layout));
}

/* The thread's own number, where `ordinal` is its second one. */
static bool quiet_thread(const struct process *process, uint32_t ordinal, uint32_t *own)
{
        uint32_t flags = ordinal < process->thread_count ? thread_table(process)[ordinal].flags : 0;

        *own = flags & WEIR_THREAD_QUIET ? flags >> 8 : ordinal;
        return flags & WEIR_THREAD_QUIET;
}

/* Whether the program wants no leak of it told, by what it looks for now. */
static bool is_turned_off(const struct process *process)
{
        bool checks = process->asked_how == WEIR_END_CHECK || process->asked_how == WEIR_END_LAST_CHECK;

        return atomic_load(&process->control->turned_off) ||
               annotations_detect_nothing(&process->annotations, checks || process->checked);
}

static void copy_counters(struct process *process)
{
        const struct weir_control *control = process->control;
        uint32_t threads = atomic_load(&control->next_thread);

        process->lost_allocations = atomic_load(&control->lost.allocations);
        process->lost_releases = atomic_load(&control->lost.releases);
        process->lost_mappings = atomic_load(&control->lost.mappings);
        process->lost_stacks = atomic_load(&control->lost.stacks);
        process->lost_threads = atomic_load(&control->lost.threads);
        process->early_blocks = atomic_load(&control->counters.early_blocks);
        process->waits = atomic_load(&control->counters.waits);
        process->unwind_fallbacks = atomic_load(&control->counters.unwind_fallbacks);
        process->truncated_stacks = atomic_load(&control->counters.truncated);
        process->checked_stacks = atomic_load(&control->counters.checked);
        process->mismatched_stacks = atomic_load(&control->counters.mismatches);
        process->turned_off = is_turned_off(process);
        process->thread_count = threads < process->layout.threads ? threads : process->layout.threads;
        process->quiet_count = 0;
        for (uint32_t i = 0; i < process->thread_count; i++)
                process->quiet_count += quiet_thread(process, i, &(uint32_t){ 0 });
}

void process_detach(struct process *process)
{
        (void)pthread_mutex_lock(&process->lock);
        if (process->control)
                copy_counters(process);
        process->control = NULL;
        (void)pthread_mutex_unlock(&process->lock);
        if (process->unkept)
                process_tell(process, true, "out of memory: its stacks could not be kept");
}

void process_forget_blocks(struct process *process)
{
        (void)pthread_mutex_lock(&process->lock);
        live_deinit(&process->live);
        (void)pthread_mutex_unlock(&process->lock);
}

int process_settle(struct process *process, bool stopped, struct error *e)
{
        bool memory;

        (void)pthread_mutex_lock(&process->lock);
        for (unsigned i = 0; i < SETTLE_ROUNDS && drain_run(process, clock_session_ns(), false); i++)
                ;
        if (stopped)
                (void)drain_run(process, clock_session_ns(), true);
        if (process->control)
                copy_counters(process);
        process->totals = process->live.totals;
        process->settled = true;
        memory = !process->live.no_memory;
        (void)pthread_mutex_unlock(&process->lock);
        return memory ? 0 : error_no_memory(e, "following the blocks of a process");
}

static void mark_operators(const struct process *process, struct block *blocks, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                enum weir_function function = process_stack_function(process, blocks[i].stack);

                if (function == WEIR_FN_NEW_ARRAY)
                        blocks[i].flags |= BLOCK_ARRAY;
                else if (function == WEIR_FN_NEW)
                        blocks[i].flags |= BLOCK_NEW;
        }
}

/* What the program does not want told. */
static void mark_ignored(const struct process *process, struct block *blocks, size_t count)
{
        for (size_t i = 0; process->control && i < count; i++)
                if (quiet_thread(process, blocks[i].thread, &blocks[i].thread) || process->turned_off)
                        blocks[i].flags |= BLOCK_IGNORED;
}

/* Puts a block where it belongs among `*count` sorted ones, unless one of them
 * has its place. */
static int insert_block(struct block **blocks, size_t *count, struct block block)
{
        size_t at = *count, capacity = *count;

        while (at && (*blocks)[at - 1].address > block.address)
                at--;
        if (at < *count && (*blocks)[at].address - block.address < block.size)
                return 0;
        if (at && !((*blocks)[at - 1].flags & BLOCK_MAPPING) &&
            block.address - (*blocks)[at - 1].address < (*blocks)[at - 1].size)
                return 0;
        if (mem_grow(blocks, &capacity, *count + 1, sizeof **blocks))
                return -1;
        memmove(*blocks + at + 1, *blocks + at, (*count - at) * sizeof **blocks);
        (*blocks)[at] = block;
        (*count)++;
        return 0;
}

bool process_moving(struct process *process)
{
        bool moving = false;

        (void)pthread_mutex_lock(&process->lock);
        if (process->control)
                copy_counters(process);
        for (uint32_t i = 0; process->control && i < process->thread_count && !moving; i++) {
                const struct weir_thread *thread = &thread_table(process)[i];

                moving = atomic_load_explicit(&thread->moving, memory_order_acquire) &&
                         atomic_load_explicit(&thread->tid, memory_order_acquire) != process->end_tid;
        }
        (void)pthread_mutex_unlock(&process->lock);
        return moving;
}

/* Threads that stand still inside realloc: the old block is the one that the
 * program knows. */
static int add_moving(const struct process *process, struct block **blocks, size_t *count)
{
        const struct weir_thread *table;

        if (!process->control)
                return 0;
        table = thread_table(process);
        for (uint32_t i = 0; i < process->thread_count; i++) {
                uint64_t address = atomic_load_explicit(&table[i].moving, memory_order_acquire);
                const struct live_entry *entry = address ? live_moved(&process->live, address, i) : NULL;

                if (!entry || live_find(&process->live, address, NULL))
                        continue;
                if (insert_block(blocks, count,
                                 (struct block){ .address = address,
                                                 .size = entry->size,
                                                 .time_ns = entry->time_ns,
                                                 .stack = entry->stack,
                                                 .thread = i,
                                                 .flags = live_entry_flags(entry) }))
                        return -1;
        }
        return 0;
}

int process_blocks(struct process *process, struct block **blocks, size_t *count, struct error *e)
{
        int result;

        (void)pthread_mutex_lock(&process->lock);
        result = live_blocks(&process->live, blocks, count, e);
        if (!result && add_moving(process, blocks, count)) {
                mem_free(*blocks);
                result = error_no_memory(e, "listing the live blocks");
        }
        if (!result) {
                mark_operators(process, *blocks, *count);
                mark_ignored(process, *blocks, *count);
        }
        (void)pthread_mutex_unlock(&process->lock);
        return result;
}

static struct process_thread thread_of(const struct weir_thread *from, uint32_t ordinal)
{
        return (struct process_thread){
                .ordinal = ordinal,
                .tid = atomic_load_explicit(&from->tid, memory_order_acquire),
                .stack_low = from->stack_low,
                .stack_high = from->stack_high,
                .thread_pointer = from->thread_pointer,
        };
}

int process_threads(struct process *process, struct process_thread **threads, size_t *count, struct error *e)
{
        const struct weir_thread *table;
        size_t used = 0;

        (void)pthread_mutex_lock(&process->lock);
        if (process->control)
                copy_counters(process);
        *threads = mem_alloc(process->control ? process->thread_count : 0, sizeof **threads);
        if (*threads && process->control) {
                table = thread_table(process);
                for (uint32_t i = 0; i < process->thread_count; i++) {
                        if (table[i].flags & WEIR_THREAD_QUIET)
                                continue;
                        (*threads)[used] = thread_of(&table[i], i);
                        used += (*threads)[used].tid != 0;
                }
        }
        (void)pthread_mutex_unlock(&process->lock);
        *count = used;
        return *threads ? 0 : error_no_memory(e, "listing threads");
}

int process_own_ranges(struct process *process, struct process_range **ranges, size_t *count, struct error *e)
{
        const struct live_mapping *mapping;
        struct live_place place = { 0 };
        size_t used = 0;

        (void)pthread_mutex_lock(&process->lock);
        *ranges = mem_alloc(process->live.mappings.count, sizeof **ranges);
        while (*ranges && (mapping = live_mappings_next(&process->live.mappings, &place)))
                if (mapping->own)
                        (*ranges)[used++] = (struct process_range){ mapping->start, mapping->end };
        (void)pthread_mutex_unlock(&process->lock);
        *count = used;
        return *ranges ? 0 : error_no_memory(e, "listing mappings");
}
