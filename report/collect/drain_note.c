/* What the notes of a channel say about the process. */
#include "drain.h"

#include "../bytes.h"
#include "../mem.h"
#include "process.h"

#include <string.h>

enum {
        ARGV_MAX = 1024,  /* arguments kept */
        EXECS_MAX = 4096, /* programs run by children that share the memory */
};

/* The text of a note as a string of its own, cut at its NUL; NULL when empty
 * or without memory. */
static char *text_of(const void *data, size_t length)
{
        size_t used = strnlen(data, length);
        char *text = used ? mem_alloc(used + 1, 1) : NULL;

        return text ? memcpy(text, data, used) : NULL;
}

static void note_argv(struct process *process, const char *data, size_t length)
{
        size_t capacity = 0;

        for (size_t i = 0; i < process->argv_count; i++)
                mem_free(process->argv[i]);
        mem_free(process->argv);
        process->argv = NULL;
        process->argv_count = 0;
        while (length && process->argv_count < ARGV_MAX) {
                size_t used = strnlen(data, length), step = used < length ? used + 1 : used;
                char *argument = mem_alloc(used + 1, 1);

                if (!argument || mem_grow(&process->argv, &capacity, process->argv_count + 1, sizeof *process->argv)) {
                        mem_free(argument);
                        return;
                }
                process->argv[process->argv_count++] = memcpy(argument, data, used);
                data += step;
                length -= step;
        }
}

/* The note is padded to a multiple of 8 with NULs, which are no arguments:
 * at most seven empty strings at the end are taken off, one too many only if
 * the program itself was given empty arguments last. */
static size_t without_padding(const char *data, size_t length)
{
        for (unsigned i = 0; i < 7 && length > 1 && !data[length - 1] && !data[length - 2]; i++)
                length--;
        return length;
}

static void note_exe(struct process *process, const void *data, size_t length)
{
        char *exe = text_of(data, length);

        if (!exe)
                return;
        mem_free(process->exe);
        process->exe = exe;
}

/* Where the module with this id is, or would be. */
static size_t module_place(const struct process *process, uint16_t id)
{
        size_t low = 0, high = process->module_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (process->modules[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const struct process_module *process_module(const struct process *process, uint16_t id)
{
        size_t at = module_place(process, id);

        return at < process->module_count && process->modules[at].id == id ? &process->modules[at] : NULL;
}

static void module_add(struct process *process, const struct process_module *module)
{
        size_t at = module_place(process, module->id);

        if (at < process->module_count && process->modules[at].id == module->id) {
                mem_free(module->path); /* told again: an id never changes its meaning */
                return;
        }
        if (mem_grow(&process->modules, &process->module_capacity, process->module_count + 1,
                     sizeof *process->modules)) {
                mem_free(module->path);
                process->lost_notes++;
                return;
        }
        memmove(&process->modules[at + 1], &process->modules[at],
                (process->module_count - at) * sizeof *process->modules);
        process->modules[at] = *module;
        process->module_count++;
}

static void note_module(struct process *process, const void *data, size_t length)
{
        struct bytes bytes = bytes_of(data, length);
        const struct weir_note_module *note = bytes_take(&bytes, sizeof *note);
        struct weir_note_module copy;
        struct process_module module;

        if (!note) {
                process->garbage++;
                return;
        }
        memcpy(&copy, note, sizeof copy);
        if (!copy.id || copy.build_id_length > sizeof copy.build_id || copy.end < copy.start) {
                process->garbage++;
                return;
        }
        module = (struct process_module){
                .id = copy.id,
                .start = copy.start,
                .end = copy.end,
                .bias = copy.bias,
                .build_id_length = copy.build_id_length,
        };
        memcpy(module.build_id, copy.build_id, sizeof module.build_id);
        module.path = text_of((const uint8_t *)data + sizeof copy, length - sizeof copy);
        if (!module.path)
                module.path = mem_string("");
        if (module.path)
                module_add(process, &module);
        else
                process->lost_notes++;
}

static void note_exec(struct process *process, uint64_t pid, const void *data, size_t length, uint64_t now_ns)
{
        char *file = text_of(data, length);

        if (!file)
                return;
        if (process->exec_count == EXECS_MAX ||
            mem_grow(&process->execs, &process->exec_capacity, process->exec_count + 1, sizeof *process->execs)) {
                mem_free(file);
                process->lost_notes++;
                return;
        }
        process->execs[process->exec_count++] = (struct process_exec){
                .pid = pid <= INT32_MAX ? (int32_t)pid : 0,
                .after_ns = process->drain.notes_ns,
                .since_ns = now_ns,
                .file = file,
        };
}

static void note_message(struct process *process, bool incomplete, const void *data, size_t length)
{
        char *text = text_of(data, length);

        process_tell(process, incomplete, "%s", text ? text : "(an empty message)");
        mem_free(text);
}

static void note_root(struct process *process, bool is_root, const void *data, size_t length)
{
        struct weir_note_root root;

        if (length < sizeof root) {
                process->garbage++;
                return;
        }
        memcpy(&root, data, sizeof root);
        if (annotations_root(&process->annotations, root.start, root.size, is_root))
                process->lost_notes++;
}

/* Notes are padded with NULs, which are no text. */
static void note_text(struct process *process, struct annotations_text *text, const void *data, size_t length)
{
        if (annotations_text(text, data, strnlen(data, length)))
                process_tell(process, true, "it says more of its own suppressions and options than can be kept");
}

void drain_note(struct process *process, uint16_t kind, uint64_t a, const void *data, size_t length, uint64_t now_ns)
{
        switch (kind) {
        case WEIR_NOTE_ARGV:
                note_argv(process, data, without_padding(data, length));
                break;
        case WEIR_NOTE_EXE:
                note_exe(process, data, length);
                break;
        case WEIR_NOTE_MODULE:
                note_module(process, data, length);
                break;
        case WEIR_NOTE_EXEC:
                note_exec(process, a, data, length, now_ns);
                break;
        case WEIR_NOTE_MESSAGE:
                note_message(process, a == 1, data, length);
                break;
        case WEIR_NOTE_ROOT:
                note_root(process, a == 1, data, length);
                break;
        case WEIR_NOTE_SUPPRESSIONS:
                note_text(process, &process->annotations.suppressions, data, length);
                break;
        case WEIR_NOTE_OPTIONS:
                note_text(process, &process->annotations.options, data, length);
                break;
        default:
                process->garbage++;
        }
}
