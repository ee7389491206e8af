#include "look.h"

#include "../capture/capture.h"
#include "../graph/graph.h"
#include "../graph/group.h"
#include "../mem.h"
#include "ahead.h"
#include "check.h"
#include "findings.h"
#include "keep.h"
#include "store.h"

#include <time.h>

void look_forget(void *context, struct process *process)
{
        (void)context;
        findings_destroy(process->findings);
        process->findings = NULL;
}

/* ---- what the snapshot needs from the collector ---------------------------- */

struct look {
        struct process *process;
        unsigned tries; /* left, to find it at a moment when nothing is half done */
        bool again;     /* this was not such a moment */
        struct range *own;
        struct capture_thread *threads;
};

static void look_deinit(struct look *look)
{
        mem_free(look->own);
        mem_free(look->threads);
}

static int own_ranges(struct look *look, struct capture_request *request, struct error *e)
{
        struct process_range *ranges;
        size_t count;

        if (process_own_ranges(look->process, &ranges, &count, e))
                return -1;
        look->own = mem_alloc(count, sizeof *look->own);
        for (size_t i = 0; look->own && i < count; i++)
                look->own[i] = (struct range){ .start = ranges[i].start, .end = ranges[i].end };
        mem_free(ranges);
        request->own = look->own;
        request->own_count = count;
        return look->own ? 0 : error_no_memory(e, "listing the allocator's mappings");
}

static int thread_table(struct look *look, struct capture_request *request, struct error *e)
{
        struct process_thread *threads;
        size_t count;

        if (process_threads(look->process, &threads, &count, e))
                return -1;
        look->threads = mem_alloc(count, sizeof *look->threads);
        for (size_t i = 0; look->threads && i < count; i++)
                look->threads[i] = (struct capture_thread){
                        .tid = threads[i].tid,
                        .ordinal = threads[i].ordinal,
                        .stack_low = threads[i].stack_low,
                        .stack_high = threads[i].stack_high,
                        .thread_pointer = threads[i].thread_pointer,
                };
        mem_free(threads);
        request->threads = look->threads;
        request->thread_count = count;
        request->roots = look->process->annotations.roots;
        request->root_count = look->process->annotations.root_count;
        return look->threads ? 0 : error_no_memory(e, "listing threads");
}

/* All threads stand still: now the live table can be made exact. */
static int heap_of_process(void *context, struct capture_request *request, struct error *e)
{
        struct look *look = context;

        look->again = look->tries && process_moving(look->process);
        if (look->again)
                return error_set(e, ERROR_REFUSED, "a thread is inside realloc");
        if (process_settle(look->process, true, e) || own_ranges(look, request, e) || thread_table(look, request, e))
                return -1;
        return process_blocks(look->process, &request->blocks, &request->block_count, e);
}

static const char *name_of_moment(const struct process *process)
{
        if (process->look == PROCESS_LOOK_REQUEST)
                return "request";
        switch (process->asked_how) {
        case WEIR_END_EXEC:
                return "exec";
        case WEIR_END_SIGNAL:
                return "signal";
        case WEIR_END_CHECK:
        case WEIR_END_LAST_CHECK:
                return "check";
        default:
                return "exit";
        }
}

/* ---- looking ---------------------------------------------------------------- */

/* What the graph says while it is there. */
static int keep_findings(struct process *process, const struct graph *graph, const struct groups *groups,
                         struct keep *keep, const struct look_options *options, struct error *e)
{
        const struct keep_options wanted = { .symbols = options->symbols, .limit = options->limit };
        struct findings *findings = findings_of_groups(groups, graph, e);

        process->findings = findings;
        if (!findings)
                return -1;
        findings->pause_ns = graph->snapshot->pause_ns;
        findings->edges = graph->scan.edge_count;
        if (options->store && store_wanted(options->store) && keep_names(keep, graph, process, options->symbols, e))
                return -1;
        if (!options->retained)
                return 0;
        if (options->ahead)
                ahead_end(options->ahead);
        findings->retained_memory = report_create();
        if (findings->retained_memory)
                findings->retained = report_array(findings->retained_memory, 1, sizeof *findings->retained);
        if (!findings->retained)
                return error_no_memory(e, "telling what keeps what");
        return keep_find(keep, graph, process, &wanted, findings->retained_memory, findings->retained, e);
}

/* Everything that reads the process's own memory is done before it goes on. */
static int analyse_groups(struct process *process, struct snapshot *snapshot, const struct graph *graph,
                          const struct look_options *options, struct error *e)
{
        const struct group_options wanted = { .reachable = options->reachable, .examples = 3, .references = 8 };
        struct groups groups;
        struct keep keep = { 0 };
        int status = -1;

        if (groups_build(&groups, graph, &wanted, e))
                return -1;
        if ((options->retained || (options->store && store_wanted(options->store))) &&
            keep_prepare(&keep, graph, options->retained, options->limit, e)) {
                status = -1;
        } else {
                if (options->store)
                        store_memory(options->store, process, snapshot);
                snapshot_resume(snapshot);
                if (options->store)
                        store_snapshot(options->store, process, snapshot);
                status = keep_findings(process, graph, &groups, &keep, options, e);
                if (status)
                        look_forget(NULL, process);
        }
        keep_deinit(&keep);
        groups_release(&groups);
        return status;
}

static int analyse(struct process *process, struct snapshot *snapshot, const struct look_options *options,
                   struct error *e)
{
        struct graph graph;
        int status;

        /* Pages must be read for the capture in any case: so the process goes on at once. */
        if (options->store && store_wanted(options->store))
                (void)snapshot_copy(snapshot);
        if (options->store)
                store_watch(options->store, snapshot);
        if (graph_analyse(&graph, snapshot, e))
                return -1;
        status = analyse_groups(process, snapshot, &graph, options, e);
        graph_release(&graph);
        return status;
}

/* Holds the process, at a good moment if there is one. */
static int hold(struct look *look, struct capture_request *request, struct snapshot *snapshot, struct error *e)
{
        const struct timespec pause = { .tv_nsec = 500000 };

        for (look->tries = 100;; look->tries--) {
                if (!snapshot_take(snapshot, request, e))
                        return 0;
                if (!look->again)
                        return -1;
                (void)nanosleep(&pause, NULL);
        }
}

static int look_alive(struct process *process, const struct look_options *options, struct error *e)
{
        struct look look = { .process = process };
        struct capture_request request = {
                .pid = process->pid,
                .inner_pid = process->inner_pid,
                .at = name_of_moment(process),
                .session_ns = options->session_ns,
                .end_tid = process->end_tid,
                .end_sp = process->end_sp,
                .end_signal = process->asked_how == WEIR_END_SIGNAL,
                .tls_static_size = process->tls_static_size,
                .pthread_size = process->pthread_size,
                .shim_start = process->shim_start,
                .shim_end = process->shim_end,
                .after_stop = heap_of_process,
                .context = &look,
        };
        struct snapshot snapshot = { 0 };
        int status = hold(&look, &request, &snapshot, e);

        look_deinit(&look);
        if (status)
                mem_free(request.blocks);
        else
                status = analyse(process, &snapshot, options, e);
        if (options->store)
                store_unwatch(options->store);
        snapshot_release(&snapshot);
        return status;
}

/* Sites and sizes are all there is to say. */
static int look_dead(struct process *process, const struct look_options *options, struct error *e)
{
        struct findings *findings;
        struct block *blocks;
        size_t count;

        if (process_settle(process, process->look == PROCESS_LOOK_DEAD, e) ||
            process_blocks(process, &blocks, &count, e))
                return -1;
        if (options->store)
                store_blocks(options->store, process, blocks, count);
        findings = findings_of_blocks(blocks, count, e);
        mem_free(blocks);
        process->findings = findings;
        return findings ? 0 : -1;
}

/* Nothing that this process allocated is live, so there is nothing to ask. */
static bool nothing_live(struct process *process, struct error *e)
{
        return process->look == PROCESS_LOOK_ENDING && process->asked_how == WEIR_END_EXEC &&
               !process_settle(process, false, e) && !process->totals.live_blocks && !process->totals.mapped_blocks;
}

/* The program waits for an answer. */
static void answer(struct process *process, const struct look_options *options)
{
        struct suppressions rules = { 0 };
        struct error e = { 0 };

        process->check = (struct process_check){ .failed = true };
        if (options->ahead)
                ahead_end(options->ahead); /* one thread at a time reads files of symbols */
        if ((options->rules && options->rules(options, &rules, &e)) || check_count(process, &rules, &e))
                process_tell(process, false, "a leak check that it asked for failed: %s", e.text);
        suppressions_deinit(&rules);
}

static int look_at(struct process *process, const struct look_options *options, struct error *e)
{
        struct error why = { 0 };

        look_forget(NULL, process);
        if (options->store)
                store_begin(options->store, process);
        if (process->look == PROCESS_LOOK_DEAD || nothing_live(process, e))
                return look_dead(process, options, e);
        if (!look_alive(process, options, &why))
                return 0;
        if (why.code == ERROR_NO_MEMORY) {
                *e = why;
                return -1;
        }
        process_tell(process, true, "its heap could not be looked at: %s", why.text);
        return look_dead(process, options, e);
}

/* The names of a process that ends are needed next; those of others may have to
 * wait for more to come, and a store keeps what was asked for. */
static void look_ahead(struct process *process, const struct look_options *options)
{
        bool ends = process->asked_how == WEIR_END_EXIT || process->asked_how == WEIR_END_SIGNAL;

        if (options->ahead && process->look == PROCESS_LOOK_ENDING && ends &&
            !(options->store && store_wanted(options->store)))
                ahead_begin(options->ahead, options->symbols, process);
}

int look_at_process(void *context, struct process *process, struct error *e)
{
        const struct look_options *options = context;
        int status = look_at(process, options, e);

        if (process->asked_how >= WEIR_END_CHECK && process->look == PROCESS_LOOK_ENDING)
                answer(process, options);
        if (!status)
                look_ahead(process, options);
        return status;
}

/* ---- looking again --------------------------------------------------------- */

static int look_again(struct process *process, struct capture_heap *heap, const struct look_options *options,
                      struct error *e)
{
        if (heap->taken)
                return analyse(process, &heap->snapshot, options, e);
        process->findings = findings_of_blocks(heap->snapshot.blocks, heap->snapshot.block_count, e);
        return process->findings ? 0 : -1;
}

int look_at_capture(struct capture_file *file, const struct look_options *options, struct error *e)
{
        for (struct process *p = capture_file_run(file)->processes; p; p = p->next) {
                struct capture_heap *heap = capture_file_heap(file, p);

                look_forget(NULL, p);
                if (heap && look_again(p, heap, options, e))
                        return -1;
                if (capture_file_damaged(file, e))
                        return -1;
        }
        return 0;
}
