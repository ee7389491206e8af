#include "answers.h"

#include "../mem.h"
#include "modules.h"

#include <stdlib.h>
#include <string.h>

/* ---- telling ------------------------------------------------------------------ */

static int by_address(const void *left, const void *right)
{
        const struct frame_cache_entry *a = *(const struct frame_cache_entry *const *)left;
        const struct frame_cache_entry *b = *(const struct frame_cache_entry *const *)right;

        return a->address < b->address ? -1 : a->address > b->address;
}

static int each_cached(const struct frame_cache *cache, enum answer_kind kind,
                       const struct symbol_answers_visitor *visitor)
{
        const struct frame_cache_entry **sorted = mem_alloc(cache->count, sizeof *sorted);
        size_t count = 0;
        int status = sorted ? 0 : -1;

        for (size_t i = 0; sorted && i < cache->capacity; i++)
                if (cache->slots[i].frames)
                        sorted[count++] = &cache->slots[i];
        if (count)
                qsort(sorted, count, sizeof *sorted, by_address);
        for (size_t i = 0; i < count && !status; i++) {
                const struct symbol_answer answer = { kind, sorted[i]->address, 0, sorted[i]->frames,
                                                      sorted[i]->count };

                status = visitor->answer(visitor->context, &answer);
        }
        mem_free(sorted);
        return status;
}

static int each_variable(struct variables *variables, const struct symbol_answers_visitor *visitor)
{
        int status = 0;

        variables_sort(variables);
        for (size_t i = 0; i < variables->count && !status; i++) {
                const struct symbol_frame name = { .function = variables->list[i].name };
                const struct symbol_answer answer = { ANSWER_VARIABLE, variables->list[i].start,
                                                      variables->list[i].extent, &name, 1 };

                status = visitor->answer(visitor->context, &answer);
        }
        return status;
}

int symbols_each_answer(struct symbols *symbols, const struct symbol_answers_visitor *visitor)
{
        int status = 0;

        for (size_t i = 0; i < symbols->module_count && !status; i++) {
                struct symbol_module *module = symbols->modules[i];

                status = visitor->module(visitor->context, &module->wanted, module->message);
                if (!status)
                        status = each_cached(&module->cache, ANSWER_FRAMES, visitor);
                if (!status)
                        status = each_cached(&module->classes, ANSWER_CLASS, visitor);
                if (!status)
                        status = each_variable(&module->variables, visitor);
                if (!status)
                        status = each_cached(&module->types, ANSWER_TYPE, visitor);
        }
        return status;
}

/* ---- learning ------------------------------------------------------------------- */

void symbols_close_files(struct symbols *symbols)
{
        symbols->closed = true;
}

int symbols_teach_module(struct symbols *symbols, const struct symbol_file *file, const char *message)
{
        struct symbol_module *module = symbols_module(symbols, file);

        symbols->pupil = module;
        if (!module)
                return -1;
        if (message && !module->message)
                module->message = mem_string(message);
        return message && !module->message ? -1 : 0;
}

/* A copy of the text, NULL for NULL; `*failed` without memory. */
static const char *copy(struct symbols *symbols, const char *text, bool *failed)
{
        const char *kept = strings_add(&symbols->strings, text);

        *failed |= text && !kept;
        return kept;
}

static int teach_frames(struct symbols *symbols, struct frame_cache *cache, const struct symbol_answer *answer)
{
        struct symbol_frame *frames;
        bool failed = false;

        if (frame_cache_find(cache, answer->address))
                return 0;
        frames = mem_alloc(answer->count, sizeof *frames);
        if (!frames)
                return -1;
        for (size_t i = 0; i < answer->count; i++) {
                const struct symbol_frame *from = &answer->frames[i];

                frames[i] = (struct symbol_frame){
                        .function = copy(symbols, from->function, &failed),
                        .linkage_name = copy(symbols, from->linkage_name, &failed),
                        .file = copy(symbols, from->file, &failed),
                        .directory = copy(symbols, from->directory, &failed),
                        .line = from->line,
                        .inlined = from->inlined,
                };
        }
        if (!failed)
                return frame_cache_add(cache, answer->address, frames, answer->count) ? 0 : -1;
        mem_free(frames);
        return -1;
}

static int teach_variable(struct symbols *symbols, const struct symbol_answer *answer)
{
        bool failed = false;
        const struct variable variable = {
                .start = answer->address,
                .extent = answer->extent,
                .size = answer->extent,
                .name = copy(symbols, answer->frames[0].function, &failed),
        };

        if (failed)
                return -1;
        return variable.name ? variables_add(&symbols->pupil->variables, &variable) : 0;
}

int symbols_teach(struct symbols *symbols, const struct symbol_answer *answer)
{
        switch (answer->kind) {
        case ANSWER_FRAMES:
                return teach_frames(symbols, &symbols->pupil->cache, answer);
        case ANSWER_CLASS:
                return teach_frames(symbols, &symbols->pupil->classes, answer);
        case ANSWER_TYPE:
                return teach_frames(symbols, &symbols->pupil->types, answer);
        default:
                return teach_variable(symbols, answer);
        }
}
