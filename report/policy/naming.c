#include "naming.h"

#include "../emit/frames.h"
#include "../mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The name of an allocation function as a program writes it. */
static const char *function_name(enum weir_function function)
{
        static const char *const names[WEIR_FN_COUNT] = {
                [WEIR_FN_MALLOC] = "malloc",
                [WEIR_FN_CALLOC] = "calloc",
                [WEIR_FN_REALLOC] = "realloc",
                [WEIR_FN_REALLOCARRAY] = "reallocarray",
                [WEIR_FN_POSIX_MEMALIGN] = "posix_memalign",
                [WEIR_FN_ALIGNED_ALLOC] = "aligned_alloc",
                [WEIR_FN_MEMALIGN] = "memalign",
                [WEIR_FN_VALLOC] = "valloc",
                [WEIR_FN_PVALLOC] = "pvalloc",
                [WEIR_FN_FREE] = "free",
                [WEIR_FN_CFREE] = "cfree",
                [WEIR_FN_FREE_SIZED] = "free_sized",
                [WEIR_FN_FREE_ALIGNED_SIZED] = "free_aligned_sized",
                [WEIR_FN_NEW] = "operator new",
                [WEIR_FN_NEW_ARRAY] = "operator new[]",
                [WEIR_FN_DELETE] = "operator delete",
                [WEIR_FN_DELETE_ARRAY] = "operator delete[]",
                [WEIR_FN_MMAP] = "mmap",
                [WEIR_FN_MREMAP] = "mremap",
                [WEIR_FN_MUNMAP] = "munmap",
        };

        return function < WEIR_FN_COUNT ? names[function] : NULL;
}

/* ---- modules ------------------------------------------------------------- */

struct symbol_module *name_module(struct symbols *symbols, const struct process *process,
                                  const struct process_module *module)
{
        const struct symbol_file file = {
                .path = module->path,
                .directory = *process->cwd ? process->cwd : NULL,
                .build_id = module->build_id,
                .build_id_length = module->build_id_length,
        };

        return symbols_module(symbols, &file);
}

struct symbol_module *name_module_at(struct symbols *symbols, const struct process *process, const char *path)
{
        const struct symbol_file file = { .path = path };

        for (size_t i = 0; i < process->module_count; i++)
                if (!strcmp(process->modules[i].path, path))
                        return name_module(symbols, process, &process->modules[i]);
        return symbols_module(symbols, &file);
}

static const char *build_id_of(struct report *report, const struct process_module *module)
{
        char text[2 * WEIR_BUILD_ID_MAX + 1] = "";

        for (size_t i = 0; i < module->build_id_length && i < WEIR_BUILD_ID_MAX; i++)
                (void)snprintf(text + 2 * i, 3, "%02x", module->build_id[i]);
        return report_string(report, text);
}

/* ---- stacks ---------------------------------------------------------------- */

/* Frames grow here while a stack is named. */
struct naming {
        struct report *report;
        struct report_frame *frames;
        size_t count, capacity;
};

static struct report_frame *add_frame(struct naming *n)
{
        struct report_frame *frame;

        if (mem_grow(&n->frames, &n->capacity, n->count + 1, sizeof *n->frames))
                return NULL;
        frame = &n->frames[n->count++];
        *frame = (struct report_frame){ 0 };
        return frame;
}

static int copy_text(struct report *report, const char *from, const char **to)
{
        if (!from)
                return 0;
        *to = report_string(report, from);
        return *to ? 0 : -1;
}

static int name_frame(struct naming *n, struct symbols *symbols, struct process *process,
                      const struct process_frame *from)
{
        const struct process_module *module = from->module ? process_module(process, from->module) : NULL;
        struct symbol_module *handle = module ? name_module(symbols, process, module) : NULL;
        uint64_t address = module ? from->pc - module->bias : from->pc;
        const struct symbol_frame *found;
        const char *path, *build_id;
        size_t count;

        if (module && !handle)
                return -1;
        if (symbols_frames(symbols, handle, address, from->exact, &found, &count, NULL))
                return -1;
        path = module ? report_string(n->report, module->path) : NULL;
        build_id = module && module->build_id_length ? build_id_of(n->report, module) : NULL;
        if (module && (!path || (module->build_id_length && !build_id)))
                return -1;
        for (size_t i = 0; i < count; i++) {
                struct report_frame *frame = add_frame(n);

                if (!frame)
                        return -1;
                frame->module = path;
                frame->build_id = build_id;
                frame->offset = from->exact ? address : address - 1;
                frame->line = found[i].line;
                frame->inlined = found[i].inlined;
                if (copy_text(n->report, found[i].function, &frame->function) ||
                    copy_text(n->report, found[i].linkage_name, &frame->linkage_name) ||
                    copy_text(n->report, found[i].file, &frame->file) ||
                    copy_text(n->report, found[i].directory, &frame->directory))
                        return -1;
        }
        return 0;
}

/* Frame 0: the allocation function, which is no frame of the recorded stack. */
static int name_allocator(struct naming *n, enum weir_function function)
{
        const char *name = function_name(function);
        struct report_frame *frame;

        if (!name)
                return 0;
        frame = add_frame(n);
        if (!frame)
                return -1;
        frame->function = name;
        return 0;
}

static int name_frames(struct naming *n, struct symbols *symbols, struct process *process,
                       const struct process_stack *stack)
{
        if (name_allocator(n, stack->function))
                return -1;
        for (size_t i = 0; i < stack->count; i++)
                if (name_frame(n, symbols, process, &stack->frames[i]))
                        return -1;
        return 0;
}

int name_stack(struct report *report, struct symbols *symbols, struct process *process, uint32_t stack,
               struct named_stack *out)
{
        struct naming n = { .report = report };
        struct process_stack raw;
        int status;

        *out = (struct named_stack){ 0 };
        if (process_stack(process, stack, &raw, NULL))
                return -1;
        status = name_frames(&n, symbols, process, &raw);
        mem_free(raw.frames);
        if (!status) {
                out->frames = report_array(report, n.count, sizeof *n.frames);
                out->count = n.count;
                out->truncated = raw.truncated;
                status = out->frames ? 0 : -1;
        }
        if (!status && n.count)
                memcpy(out->frames, n.frames, n.count * sizeof *n.frames);
        mem_free(n.frames);
        return status;
}

int name_site(struct report *report, const struct named_stack *stack, const char **site)
{
        const struct report_frame *frame = frames_site(stack->frames, stack->count);

        *site = NULL;
        if (!frame)
                return 0;
        if (frame->function && frame->file)
                *site = report_format(report, "%s (%s:%" PRIu32 ")", frame->function, frame->file, frame->line);
        else if (frame->function && frame->module)
                *site = report_format(report, "%s (%s+0x%" PRIx64 ")", frame->function, frame->module, frame->offset);
        else if (frame->function)
                *site = report_string(report, frame->function);
        else
                *site = report_format(report, "%s+0x%" PRIx64, frame->module ? frame->module : "?", frame->offset);
        return *site ? 0 : -1;
}

/* ---- variables ------------------------------------------------------ */

int name_global(struct report *report, struct symbols *symbols, const struct process *process,
                const struct finding_place *place, const char **name)
{
        struct symbol_module *module = name_module_at(symbols, process, place->module);
        struct symbol_variable variable;

        if (!module)
                return -1;
        if (!symbols_variable(symbols, module, place->address, &variable))
                *name = report_format(report, "global %s+0x%" PRIx64, place->module, place->address);
        else if (variable.offset)
                *name = report_format(report, "global %s (%s+0x%" PRIx64 ")", place->module, variable.name,
                                      variable.offset);
        else
                *name = report_format(report, "global %s (%s)", place->module, variable.name);
        return *name ? 0 : -1;
}

/* What was inlined shares the frame of the function that it is in. */
int name_held(struct report *report, struct symbols *symbols, const struct process *process, const char *text,
              const struct finding_place *place, const char **name)
{
        struct symbol_module *module = place->module ? name_module_at(symbols, process, place->module) : NULL;
        const struct symbol_frame *frames, *outer;
        size_t count;

        if (place->module &&
            (!module || symbols_frames(symbols, module, place->address, place->exact, &frames, &count, NULL)))
                return -1;
        outer = module ? &frames[count - 1] : NULL;
        if (!outer || !outer->function)
                *name = report_string(report, text);
        else if (outer->file)
                *name = report_format(report, "%s, in %s (%s:%" PRIu32 ")", text, outer->function, outer->file,
                                      outer->line);
        else
                *name = report_format(report, "%s, in %s (%s+0x%" PRIx64 ")", text, outer->function, place->module,
                                      place->address - !place->exact);
        return *name ? 0 : -1;
}

int name_root(struct report *report, struct symbols *symbols, struct process *process, const struct snapshot *snapshot,
              uint64_t index, uint64_t offset, const char **name)
{
        struct finding_place global = { 0 };

        if (findings_root(report, snapshot, &snapshot->roots[index], offset, name, &global))
                return -1;
        if (*name)
                return name_held(report, symbols, process, *name, &global, name);
        return name_global(report, symbols, process, &global, name);
}
