#include "ahead.h"

#include "../mem.h"
#include "../share.h"
#include "findings.h"
#include "naming.h"

enum { PLACES = 256 }; /* the rest is for who makes the report */

static void add_frame(struct ahead *ahead, const struct process *process, const struct process_frame *frame)
{
        const struct process_module *module = frame->module ? process_module(process, frame->module) : NULL;
        struct symbol_place place = { .exact = frame->exact };

        if (!module || !frame->pc)
                return;
        place.module = name_module(ahead->symbols, process, module);
        place.address = frame->pc - module->bias;
        for (size_t i = 0; i < ahead->count; i++)
                if (ahead->places[i].module == place.module && ahead->places[i].address == place.address)
                        return;
        if (place.module && !mem_grow(&ahead->places, &ahead->capacity, ahead->count + 1, sizeof *ahead->places))
                ahead->places[ahead->count++] = place;
}

static void add_stack(struct ahead *ahead, struct process *process, uint32_t stack)
{
        struct process_stack frames;

        if (process_stack(process, stack, &frames, NULL))
                return;
        for (size_t i = 0; i < frames.count && ahead->count < PLACES; i++)
                add_frame(ahead, process, &frames.frames[i]);
        mem_free(frames.frames);
}

/* What fails here fails again, and is told, when it is really asked for. */
static void *look_up(void *argument)
{
        struct ahead *ahead = argument;

        for (size_t i = 0; i < ahead->count && !atomic_load(&ahead->stop); i++) {
                const struct symbol_place *place = &ahead->places[i];
                const struct symbol_frame *frames;
                size_t count;

                (void)symbols_frames(ahead->symbols, place->module, place->address, place->exact, &frames, &count,
                                     NULL);
        }
        atomic_store(&ahead->done, true);
        return NULL;
}

void ahead_begin(struct ahead *ahead, struct symbols *symbols, struct process *process)
{
        const struct findings *findings = process->findings;

        if (!findings || !findings->count || share_parts(1, 1) < 2 || (ahead->running && !atomic_load(&ahead->done)))
                return;
        ahead_end(ahead);
        ahead->symbols = symbols;
        atomic_store(&ahead->stop, false);
        atomic_store(&ahead->done, false);
        symbols_foresee(symbols, true);
        for (size_t i = 0; i < findings->count && ahead->count < PLACES; i++)
                add_stack(ahead, process, findings->list[i].stack);
        ahead->running = ahead->count && !share_thread(&ahead->thread, look_up, ahead);
        if (!ahead->running)
                ahead_end(ahead);
}

void ahead_end(struct ahead *ahead)
{
        if (ahead->running) {
                atomic_store(&ahead->stop, true);
                (void)pthread_join(ahead->thread, NULL);
                ahead->running = false;
        }
        if (ahead->symbols)
                symbols_foresee(ahead->symbols, false);
        mem_free(ahead->places);
        ahead->places = NULL;
        ahead->count = ahead->capacity = 0;
        ahead->symbols = NULL;
}
