#include "ahead.h"

#include "../mem.h"
#include "../share.h"
#include "naming.h"

#include <signal.h>
#include <stdlib.h>

enum {
        SAMPLE = 64,   /* blocks whose stacks are asked for */
        OUTERMOST = 4, /* of each stack: main, and what calls it */
        MANY = 2048,   /* live blocks: fewer are looked at before the first name is found */
};

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
        for (size_t i = frames.count > OUTERMOST ? frames.count - OUTERMOST : 0; i < frames.count; i++)
                add_frame(ahead, process, &frames.frames[i]);
        mem_free(frames.frames);
}

static void choose(struct ahead *ahead, struct process *process, const struct block *blocks, size_t count)
{
        size_t step = count / SAMPLE + 1;

        for (size_t i = 0; i < count; i += step)
                add_stack(ahead, process, blocks[i].stack);
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
        return NULL;
}

static bool asks_network(void)
{
        const char *urls = getenv("DEBUGINFOD_URLS");

        return urls && *urls;
}

/* Signals are for the thread that waits for them. */
static bool start(struct ahead *ahead)
{
        sigset_t all, before;
        bool started;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        started = !pthread_create(&ahead->thread, NULL, look_up, ahead);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return started;
}

void ahead_begin(struct ahead *ahead, struct symbols *symbols, struct process *process, const struct block *blocks,
                 size_t count)
{
        if (ahead->running || count < MANY || share_parts(1, 1) < 2 || asks_network())
                return;
        ahead->symbols = symbols;
        atomic_store(&ahead->stop, false);
        symbols_foresee(symbols, true);
        choose(ahead, process, blocks, count);
        ahead->running = ahead->count && start(ahead);
        if (!ahead->running)
                ahead_end(ahead);
}

void ahead_stop(struct ahead *ahead)
{
        atomic_store(&ahead->stop, true);
}

void ahead_end(struct ahead *ahead)
{
        if (ahead->running) {
                ahead_stop(ahead);
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
