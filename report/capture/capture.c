#include "capture.h"

#include "../clock.h"
#include "../mem.h"
#include "copy.h"
#include "image.h"
#include "loader.h"
#include "maps.h"
#include "memory.h"
#include "places.h"
#include "roots.h"
#include "stack_frames.h"
#include "stop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(2000000000)

/* What a snapshot that was taken here owns. */
struct capture {
        struct stop stop;
        struct maps maps;
        struct process_memory memory;
        bool has_memory;
        pid_t through; /* a thread whose /proc shows the memory: the first thread's does not once it ended */
        struct images images;
        struct loader loader;
        struct place *places;
        struct root_list roots;
        struct copy copy;
        size_t limit_capacity;
};

/* Adds to `limits` something that could not be looked at. */
static int __attribute__((format(printf, 3, 4)))
add_limit(struct snapshot *snapshot, struct error *e, const char *format, ...)
{
        struct capture *capture = snapshot->owner;
        char text[400];
        va_list args;

        if (mem_grow(&snapshot->limits, &capture->limit_capacity, snapshot->limit_count + 1, sizeof *snapshot->limits))
                return error_no_memory(e, "taking a snapshot");
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        snapshot->limits[snapshot->limit_count] = mem_string(text);
        if (!snapshot->limits[snapshot->limit_count])
                return error_no_memory(e, "taking a snapshot");
        snapshot->limit_count++;
        return 0;
}

/* Threads that did not stop, told one by one. */
static int tell_threads(struct snapshot *snapshot, const struct stop *stop, struct error *e)
{
        for (size_t i = 0; i < stop->count; i++) {
                const struct held *held = &stop->threads[i];

                if (held->state == HELD_STOPPED || stop->standing)
                        snapshot->threads++;
                else if (held->state == HELD_ASLEEP &&
                         add_limit(snapshot, e,
                                   "thread %d waits in the kernel and could not be stopped: what only its "
                                   "registers hold is not known",
                                   (int)held->tid))
                        return -1;
                else if (held->state == HELD_RUNNING &&
                         add_limit(snapshot, e,
                                   "thread %d could not be stopped: its stack and registers are not known and "
                                   "memory may have changed while it was read",
                                   (int)held->tid))
                        return -1;
        }
        return 0;
}

/* Of the thread that ends the process only that counts which the caller of
 * exit may still hold. */
static void cut_registers(struct capture *capture, const struct capture_request *request)
{
        for (size_t i = 0; i < capture->stop.count; i++)
                if (capture->places[i].ending && !request->end_signal && capture->stop.threads[i].registers.words)
                        registers_keep_callers(&capture->stop.threads[i].registers);
}

static int find_roots(struct capture *capture, const struct capture_request *request, const struct memory *memory,
                      struct error *e)
{
        struct root_source source = {
                .request = request,
                .maps = &capture->maps,
                .images = &capture->images,
                .loader = &capture->loader,
                .stop = &capture->stop,
                .memory = memory,
                .present = &capture->memory.present,
        };

        if (images_read(&capture->images, &capture->maps, memory, e) ||
            loader_read(&capture->loader, capture->through, &capture->images, memory, e) ||
            places_find(&capture->places, &capture->stop, request, &capture->maps, memory, e))
                return -1;
        cut_registers(capture, request);
        source.places = capture->places;
        return roots_build(&capture->roots, &source, e);
}

static uint64_t bytes_of_blocks(const struct block *blocks, size_t count)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < count; i++)
                bytes += blocks[i].flags & BLOCK_MAPPING ? 0 : blocks[i].size;
        return bytes;
}

/* A process that asked for its last snapshot stands still without ptrace, if it
 * has one thread: what that holds in registers is on its stack. */
static int hold(struct snapshot *snapshot, const struct capture_request *request, struct error *e)
{
        struct capture *capture = snapshot->owner;
        uint64_t patience_ns = request->patience_ns ? request->patience_ns : PATIENCE_NS;
        struct error refused = { 0 };

        if (!stop_begin(&capture->stop, request->pid, patience_ns, &refused))
                return 0;
        if (refused.code == ERROR_REFUSED && request->end_tid && request->end_sp &&
            !stop_standing(&capture->stop, request->pid, e)) {
                snapshot->method = "standing";
                /* The first of the limits, until it turns out to be none. */
                return add_limit(snapshot, e,
                                 "it ran while it was looked at, for nothing could hold it still "
                                 "(%s)",
                                 refused.text);
        }
        *e = refused;
        return -1;
}

/* A handler of the program's that ran meanwhile may have changed anything;
 * most likely none did. */
static void check_standing(struct snapshot *snapshot)
{
        const struct capture *capture = snapshot->owner;

        if (!capture->stop.standing || !stop_still_stands(&capture->stop))
                return;
        mem_free(snapshot->limits[0]);
        snapshot->limit_count--;
        memmove(snapshot->limits, snapshot->limits + 1, snapshot->limit_count * sizeof *snapshot->limits);
}

static int fill(struct snapshot *snapshot, struct capture_request *request, struct error *e)
{
        struct capture *capture = snapshot->owner;

        if (hold(snapshot, request, e))
                return -1;
        snapshot->at_ns = capture->stop.begin_ns - request->session_ns;
        capture->through = capture->stop.threads[0].tid;
        if (request->after_stop && request->after_stop(request->context, request, e))
                return -1;
        if (process_memory_init(&capture->memory, capture->through, e))
                return -1;
        capture->has_memory = true;
        snapshot->memory = process_memory_reader(&capture->memory);
        if (maps_read(&capture->maps, capture->through, e) || tell_threads(snapshot, &capture->stop, e) ||
            find_roots(capture, request, &snapshot->memory, e) ||
            images_segments(&capture->images, &capture->maps, &snapshot->segments, &snapshot->segment_count, e) ||
            stack_frames_find(snapshot, capture->places, capture->stop.count, request, capture->through, e))
                return -1;
        snapshot->roots = capture->roots.list;
        snapshot->root_count = capture->roots.count;
        snapshot->roots_bytes = roots_bytes(&capture->roots);
        snapshot->heap_bytes = bytes_of_blocks(request->blocks, request->block_count);
        snapshot->pause_ns = clock_ns() - capture->stop.begin_ns;
        return 0;
}

int snapshot_take(struct snapshot *snapshot, struct capture_request *request, struct error *e)
{
        struct snapshot taken = { .at = request->at, .method = "ptrace" };

        taken.owner = mem_alloc(1, sizeof(struct capture));
        if (!taken.owner)
                return error_no_memory(e, "taking a snapshot");
        if (fill(&taken, request, e)) {
                snapshot_release(&taken);
                return -1;
        }
        taken.blocks = request->blocks;
        taken.block_count = request->block_count;
        *snapshot = taken;
        return 0;
}

static size_t read_nothing(void *context, uint64_t address, void *buffer, size_t size)
{
        (void)context;
        (void)address;
        (void)buffer;
        (void)size;
        return 0;
}

void snapshot_resume(struct snapshot *snapshot)
{
        struct capture *capture = snapshot->owner;

        if (!capture || capture->stop.end_ns || !capture->stop.begin_ns)
                return;
        check_standing(snapshot);
        stop_end(&capture->stop);
        snapshot->pause_ns = capture->stop.end_ns - capture->stop.begin_ns;
        snapshot->memory = (struct memory){ .read = read_nothing };
}

/* A copy may take a quarter of the memory that is free. */
bool snapshot_copy(struct snapshot *snapshot)
{
        struct capture *capture = snapshot->owner;
        long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
        uint64_t most = pages > 0 && size > 0 ? (uint64_t)pages / 4 * (uint64_t)size : 0;

        if (!capture || copy_take(&capture->copy, snapshot, most)) {
                if (capture)
                        copy_deinit(&capture->copy);
                return false;
        }
        snapshot_resume(snapshot);
        snapshot->memory = copy_reader(&capture->copy);
        return true;
}

void snapshot_release(struct snapshot *snapshot)
{
        struct capture *capture = snapshot->owner;

        if (!capture)
                return;
        stop_deinit(&capture->stop);
        roots_deinit(&capture->roots);
        loader_deinit(&capture->loader);
        images_deinit(&capture->images);
        maps_deinit(&capture->maps);
        if (capture->has_memory)
                process_memory_deinit(&capture->memory);
        mem_free(capture->places);
        copy_deinit(&capture->copy);
        mem_free(capture);
        for (size_t i = 0; i < snapshot->limit_count; i++)
                mem_free(snapshot->limits[i]);
        mem_free(snapshot->limits);
        mem_free(snapshot->segments);
        mem_free(snapshot->frames);
        mem_free(snapshot->blocks);
        *snapshot = (struct snapshot){ 0 };
}
