#include "symbols.h"

#include "../mem.h"
#include "debug_search.h"
#include "demangle.h"
#include "modules.h"
#include "rtti.h"

#include <stdlib.h>
#include <string.h>

enum { OPEN_FILES = 96, PROGRESS_STEP = 64 };

struct symbols *symbols_create(const struct symbols_options *options, struct error *e)
{
        static const struct symbols_options defaults;
        struct symbols *symbols = mem_alloc(1, sizeof *symbols);

        if (!options)
                options = &defaults;
        if (!symbols)
                goto fail;
        if (options->debug_path) {
                symbols->debug_path = mem_string(options->debug_path);
                if (!symbols->debug_path)
                        goto fail;
        }
        symbols->open_limit = options->open_files ? options->open_files : OPEN_FILES;
        symbols->callbacks = (Dwfl_Callbacks){
                .find_elf = dwfl_build_id_find_elf,
                .find_debuginfo = symbols->debug_path ? dwfl_standard_find_debuginfo : debug_search,
                .debuginfo_path = symbols->debug_path ? &symbols->debug_path : NULL,
        };
        if (options->no_debuginfod)
                (void)unsetenv("DEBUGINFOD_URLS");
        return symbols;
fail:
        symbols_destroy(symbols);
        (void)error_no_memory(e, "preparing for symbols");
        return NULL;
}

void symbols_destroy(struct symbols *symbols)
{
        if (!symbols)
                return;
        for (size_t i = 0; i < symbols->module_count; i++)
                module_destroy(symbols->modules[i]);
        mem_free(symbols->modules);
        strings_deinit(&symbols->strings);
        mem_free(symbols->debug_path);
        mem_free(symbols);
}

struct symbol_module *symbols_module(struct symbols *symbols, const struct symbol_file *file)
{
        return module_find(symbols, file);
}

/* Keeps a text of mem_alloc in the context and frees it; NULL for NULL. */
static const char *keep(struct symbols *symbols, char *text)
{
        const char *kept = strings_add(&symbols->strings, text);

        mem_free(text);
        return kept;
}

/* Names a frame: by its linkage name if that is mangled, else by its name in
 * the source, else by its linkage name as it is.  Each may be NULL. */
static void set_names(struct symbols *symbols, struct symbol_frame *frame, const char *linkage_name, const char *name)
{
        const char *demangled = linkage_name ? keep(symbols, demangle(linkage_name)) : NULL;
        const char *plain = name ? name : linkage_name;

        frame->function = demangled ? demangled : strings_add(&symbols->strings, plain);
        if (linkage_name && frame->function && strcmp(frame->function, linkage_name))
                frame->linkage_name = strings_add(&symbols->strings, linkage_name);
}

static bool is_mangled(const char *name)
{
        return !strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2) || !strncmp(name, "_D", 2);
}

/* The linkage name of a function: that of the debug information, else of the
 * symbol where only that tells the scope.  Inlined functions have no symbol. */
static const char *linkage_name_of(const struct dwarf_frame *frame, const struct elf_symbol *symbol)
{
        if (frame->linkage_name || !symbol || frame->inlined)
                return frame->linkage_name;
        return !frame->name || is_mangled(symbol->name) ? symbol->name : NULL;
}

/* What the debug information and the symbols of the file say. */
static int look_up(struct symbols *symbols, struct debug_file *file, uint64_t address, struct symbol_frame **out,
                   size_t *count)
{
        const struct elf_table *table = debug_file_table(file);
        const struct elf_symbol *symbol = table ? elf_symbol_at(&table->functions, address) : NULL;
        struct dwarf_index *dwarf = debug_file_dwarf(file);
        struct dwarf_frame found[DWARF_FRAMES_MAX];
        struct symbol_frame *frames;

        *count = 0;
        if (dwarf && dwarf_index_frames(dwarf, address, found, count))
                return -1;
        if (!*count)
                found[(*count)++] = (struct dwarf_frame){ 0 };
        frames = mem_alloc(*count, sizeof *frames);
        if (!frames)
                return -1;
        for (size_t i = 0; i < *count; i++) {
                set_names(symbols, &frames[i], linkage_name_of(&found[i], symbol), found[i].name);
                frames[i].file = strings_add(&symbols->strings, found[i].file);
                frames[i].directory = strings_add(&symbols->strings, found[i].directory);
                frames[i].line = frames[i].file ? found[i].line : 0;
                frames[i].inlined = found[i].inlined;
        }
        *out = frames;
        return 0;
}

static const struct frame_cache_entry *find(struct symbols *symbols, struct symbol_module *module, uint64_t address,
                                            struct error *e)
{
        const struct frame_cache_entry *entry = frame_cache_find(&module->cache, address);
        struct symbol_frame *frames = NULL;
        struct debug_file *file;
        struct error why = { 0 };
        size_t count = 1;

        module_asked(symbols, module);
        if (entry)
                return entry;
        file = module_file(symbols, module, &why);
        if (why.code)
                goto fail;
        if (file ? look_up(symbols, file, address, &frames, &count) : !(frames = mem_alloc(1, sizeof *frames)))
                goto fail;
        entry = frame_cache_add(&module->cache, address, frames, count);
        if (entry)
                return entry;
fail:
        (void)error_no_memory(e, "looking up symbols");
        return NULL;
}

int symbols_frames(struct symbols *symbols, struct symbol_module *module, uint64_t address, bool exact,
                   const struct symbol_frame **frames, size_t *count, struct error *e)
{
        static const struct symbol_frame nothing;
        const struct frame_cache_entry *entry;

        *frames = &nothing;
        *count = 1;
        if (!module)
                return 0;
        entry = find(symbols, module, address - (exact || !address ? 0 : 1), e);
        if (!entry)
                return -1;
        *frames = entry->frames;
        *count = entry->count;
        return 0;
}

void symbols_foresee(struct symbols *symbols, bool foreseeing)
{
        symbols->foreseeing = foreseeing;
}

static int compare_places(const void *left, const void *right)
{
        const struct symbol_place *a = left, *b = right;

        if (a->module != b->module)
                return !b->module || (a->module && a->module->ordinal < b->module->ordinal) ? -1 : 1;
        if (a->address != b->address)
                return a->address < b->address ? -1 : 1;
        return (int)a->exact - (int)b->exact;
}

int symbols_prepare(struct symbols *symbols, const struct symbol_place *places, size_t count,
                    symbols_progress *progress, void *context, struct error *e)
{
        struct symbol_place *sorted = mem_alloc(count, sizeof *sorted);
        const struct symbol_frame *frames;
        size_t frame_count;
        int status = 0;

        if (!sorted)
                return error_no_memory(e, "looking up symbols");
        if (count)
                memcpy(sorted, places, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_places);
        for (size_t i = 0; i < count && !status; i++) {
                if (progress && !(i % PROGRESS_STEP))
                        progress(context, i, count);
                status = symbols_frames(symbols, sorted[i].module, sorted[i].address, sorted[i].exact, &frames,
                                        &frame_count, e);
        }
        if (progress && !status)
                progress(context, count, count);
        mem_free(sorted);
        return status;
}

/* The data symbol at an address, or NULL. */
static const struct elf_symbol *data_symbol(struct debug_file *file, uint64_t address)
{
        const struct elf_table *table = debug_file_table(file);

        return table ? elf_symbol_at(&table->variables, address) : NULL;
}

/* The variable at the address: known from before, or of the file. */
static bool find_variable(struct symbols *symbols, struct symbol_module *module, uint64_t address,
                          struct variable *variable)
{
        struct debug_file *file = symbols->closed ? NULL : module_file(symbols, module, NULL);
        const struct elf_symbol *symbol = file ? data_symbol(file, address) : NULL;
        const struct variable *known = symbols->closed ? variables_find(&module->variables, address) : NULL;
        struct symbol_frame names = { 0 };
        uint64_t offset;

        if (known)
                *variable = *known;
        if (!symbol)
                return known;
        set_names(symbols, &names, symbol->name, NULL);
        offset = address - symbol->start;
        *variable = (struct variable){
                .start = symbol->start,
                .extent = symbol->size > offset ? symbol->size : offset + 1,
                .size = symbol->size,
                .name = names.function,
        };
        /* Without memory it is not remembered, that is all. */
        if (variable->name)
                (void)variables_add(&module->variables, variable);
        return variable->name;
}

bool symbols_variable(struct symbols *symbols, struct symbol_module *module, uint64_t address,
                      struct symbol_variable *variable)
{
        struct variable found;

        if (!module || !find_variable(symbols, module, address, &found))
                return false;
        *variable = (struct symbol_variable){
                .name = found.name,
                .offset = address - found.start,
                .size = found.size,
        };
        return true;
}

static const char *class_of_file(struct symbols *symbols, struct symbol_module *module, uint64_t address)
{
        struct debug_file *file = module_file(symbols, module, NULL);
        const struct elf_symbol *symbol = file ? data_symbol(file, address) : NULL;
        struct elf_image *image;
        char *name = NULL;

        if (!file)
                return NULL;
        if (symbol && address - symbol->start >= 16)
                name = rtti_class_of_vtable_symbol(symbol->name);
        image = name ? NULL : debug_file_image(file);
        if (image)
                name = rtti_class(image, address);
        return keep(symbols, name);
}

bool symbols_have_lines(struct symbols *symbols, struct symbol_module *module)
{
        struct debug_file *file = module ? module_file(symbols, module, NULL) : NULL;

        return file && debug_file_dwarf(file);
}

const char *symbols_class(struct symbols *symbols, struct symbol_module *module, uint64_t address)
{
        const struct frame_cache_entry *known = module ? frame_cache_find(&module->classes, address) : NULL;
        struct symbol_frame *frame;
        const char *name;

        if (!module || known)
                return known ? known->frames[0].function : NULL;
        name = class_of_file(symbols, module, address);
        frame = mem_alloc(1, sizeof *frame);
        if (frame) {
                frame->function = name;
                (void)frame_cache_add(&module->classes, address, frame, 1);
        }
        return name;
}

void symbols_each_message(const struct symbols *symbols, void (*each)(void *context, const char *message),
                          void *context)
{
        for (size_t i = 0; i < symbols->module_count; i++) {
                if (symbols->modules[i]->message && !symbols->modules[i]->foreseen)
                        each(context, symbols->modules[i]->message);
        }
}
