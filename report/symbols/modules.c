#include "modules.h"

#include "../mem.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* Where its path begins, if it matters. */
static const char *directory_of(const struct symbol_file *file)
{
        return file->path && file->path[0] == '/' ? NULL : file->directory;
}

static bool same_file(const struct symbol_file *a, const struct symbol_file *b)
{
        return a->build_id_length == b->build_id_length && same_text(a->path, b->path) &&
               (!a->build_id_length || !memcmp(a->build_id, b->build_id, a->build_id_length)) &&
               same_text(directory_of(a), directory_of(b)) && a->inode == b->inode && a->modified_ns == b->modified_ns;
}

static int fill(struct symbols *symbols, struct symbol_module *module, const struct symbol_file *file)
{
        module->wanted = *file;
        module->wanted.path = strings_add(&symbols->strings, file->path ? file->path : "");
        module->wanted.directory = strings_add(&symbols->strings, directory_of(file));
        module->build_id = mem_alloc(file->build_id_length, 1);
        if (!module->wanted.path || (directory_of(file) && !module->wanted.directory) || !module->build_id)
                return -1;
        if (file->build_id_length)
                memcpy(module->build_id, file->build_id, file->build_id_length);
        module->wanted.build_id = module->build_id;
        return 0;
}

/* The module at an index is mentioned, if it was not before. */
static struct symbol_module *mention(struct symbols *symbols, size_t at)
{
        struct symbol_module *module = symbols->modules[at];

        if (!symbols->foreseeing && at >= symbols->mentioned) {
                symbols->modules[at] = symbols->modules[symbols->mentioned];
                symbols->modules[symbols->mentioned] = module;
                module->ordinal = symbols->mentioned++;
        }
        return module;
}

struct symbol_module *module_find(struct symbols *symbols, const struct symbol_file *file)
{
        struct symbol_module *module;

        for (size_t i = 0; i < symbols->module_count; i++) {
                if (same_file(&symbols->modules[i]->wanted, file))
                        return mention(symbols, i);
        }
        if (mem_grow(&symbols->modules, &symbols->module_capacity, symbols->module_count + 1, sizeof *symbols->modules))
                return NULL;
        module = mem_alloc(1, sizeof *module);
        if (!module)
                return NULL;
        if (fill(symbols, module, file)) {
                module_destroy(module);
                return NULL;
        }
        module->ordinal = symbols->module_count;
        symbols->modules[symbols->module_count++] = module;
        return mention(symbols, symbols->module_count - 1);
}

void module_destroy(struct symbol_module *module)
{
        if (!module)
                return;
        debug_file_close(&module->file);
        frame_cache_deinit(&module->cache);
        frame_cache_deinit(&module->classes);
        frame_cache_deinit(&module->types);
        mem_free(module->variables.list);
        mem_free(module->build_id);
        mem_free(module->message);
        mem_free(module);
}

/* Closes the file that nobody asked about for the longest time. */
static void close_oldest(struct symbols *symbols)
{
        struct symbol_module *oldest = NULL;

        for (size_t i = 0; i < symbols->module_count; i++) {
                struct symbol_module *module = symbols->modules[i];

                if (module->state == MODULE_OPEN && (!oldest || module->used < oldest->used))
                        oldest = module;
        }
        if (!oldest)
                return;
        debug_file_close(&oldest->file);
        oldest->state = MODULE_CLOSED;
        symbols->open_count--;
}

static bool is_file(const char *path)
{
        return path[0] && path[0] != '[' && strncmp(path, "linux-vdso.so", 13) && strncmp(path, "linux-gate.so", 13);
}

static void open_module(struct symbols *symbols, struct symbol_module *module, struct error *e)
{
        struct error why = { 0 };

        if (!is_file(module->wanted.path)) {
                module->state = MODULE_USELESS;
                return;
        }
        module->foreseen = symbols->foreseeing;
        while (symbols->open_count >= symbols->open_limit)
                close_oldest(symbols);
        if (!debug_file_open(&module->file, &module->wanted, &symbols->callbacks, &why)) {
                module->state = MODULE_OPEN;
                symbols->open_count++;
                return;
        }
        if (why.code != ERROR_NO_MEMORY)
                module->message = mem_string(why.text);
        if (module->message)
                module->state = MODULE_USELESS;
        else
                (void)error_no_memory(e, "opening a module");
}

struct debug_file *module_file(struct symbols *symbols, struct symbol_module *module, struct error *e)
{
        module->used = ++symbols->clock;
        module_asked(symbols, module);
        if (module->state == MODULE_CLOSED && !symbols->closed)
                open_module(symbols, module, e);
        return module->state == MODULE_OPEN ? &module->file : NULL;
}
