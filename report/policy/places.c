#include "places.h"

#include "../mem.h"
#include "findings.h"
#include "naming.h"

struct places {
        struct symbols *symbols;
        struct symbol_place *list;
        size_t count, capacity;
};

static int add_frame(struct places *places, const struct process *process, const struct process_frame *frame)
{
        const struct process_module *module = frame->module ? process_module(process, frame->module) : NULL;
        struct symbol_place place = { .exact = frame->exact };

        if (!module || !frame->pc)
                return 0;
        place.module = name_module(places->symbols, process, module);
        place.address = frame->pc - module->bias;
        if (!place.module || mem_grow(&places->list, &places->capacity, places->count + 1, sizeof *places->list))
                return -1;
        places->list[places->count++] = place;
        return 0;
}

static int add_stack(struct places *places, struct process *process, uint32_t stack)
{
        struct process_stack frames;
        int status = 0;

        if (process_stack(process, stack, &frames, NULL))
                return -1;
        for (size_t i = 0; i < frames.count && !status; i++)
                status = add_frame(places, process, &frames.frames[i]);
        mem_free(frames.frames);
        return status;
}

static int add_steps(struct places *places, struct process *process, const struct finding_step *steps, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (add_stack(places, process, steps[i].block.stack))
                        return -1;
        return 0;
}

static int add_finding(struct places *places, struct process *process, const struct finding *finding)
{
        const struct finding_cycle *cycle = finding->cycle;

        if (add_stack(places, process, finding->stack))
                return -1;
        if (!cycle)
                return 0;
        return add_steps(places, process, cycle->path, cycle->path_count) ||
                               add_steps(places, process, cycle->break_at, cycle->break_at_count)
                       ? -1
                       : 0;
}

static int add_process(struct places *places, struct process *process)
{
        const struct findings *findings = process->findings;

        for (size_t i = 0; findings && i < findings->count; i++)
                if (add_finding(places, process, &findings->list[i]))
                        return -1;
        return 0;
}

static int add_kept(struct places *places, const struct process *process)
{
        for (size_t i = 0; i < process->node_count; i++) {
                const struct process_frame frame = process_kept_frame(process, i);

                if (add_frame(places, process, &frame))
                        return -1;
        }
        return 0;
}

int places_prepare(const struct collector_result *run, struct symbols *symbols, bool all, symbols_progress *progress,
                   void *context, struct error *e)
{
        struct places places = { .symbols = symbols };
        int status = 0;

        for (struct process *p = run->processes; p && !status; p = p->next)
                status = add_process(&places, p) || (all && add_kept(&places, p)) ? -1 : 0;
        if (status)
                (void)error_no_memory(e, "naming stacks");
        else
                status = symbols_prepare(symbols, places.list, places.count, progress, context, e);
        mem_free(places.list);
        return status;
}
