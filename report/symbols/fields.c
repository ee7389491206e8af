#include "../mem.h"
#include "demangle.h"
#include "dwarf_made.h"
#include "dwarf_type.h"
#include "modules.h"
#include "symbols.h"
#include "type_name.h"

#include <string.h>

enum { VIRTUAL_FUNCTIONS = 64 }; /* of a vtable that are looked at */

/* The linkage name of a function, as its debug information or its symbol has
 * it. */
static const char *linkage_name(struct debug_file *file, uint64_t address)
{
        const struct elf_table *table = debug_file_table(file);
        const struct elf_symbol *symbol = table ? elf_symbol_at(&table->functions, address) : NULL;
        struct dwarf_frame frames[DWARF_FRAMES_MAX];
        size_t count;

        if (dwarf_index_frames(&file->dwarf, address, frames, &count))
                return NULL;
        if (count && frames[count - 1].linkage_name)
                return frames[count - 1].linkage_name;
        return symbol && symbol->start == address ? symbol->name : NULL;
}

/* Is it a member of this class itself? */
static bool is_member_of(const char *linkage_name, const char *class_name)
{
        char *name = linkage_name ? demangle(linkage_name) : NULL;
        size_t length = strlen(class_name), at;
        bool member = false;

        if (name && !strncmp(name, class_name, length) && !strncmp(name + length, "::", 2)) {
                struct name_part rest = name_of_function(name + length + 2);

                for (at = 0; at + 1 < rest.length && strncmp(rest.text + at, "::", 2); at++)
                        ;
                member = at + 1 >= rest.length;
        }
        mem_free(name);
        return member;
}

/* A class by one of its virtual functions that it does not have from a base:
 * the destructor, if nothing else, is always one.  Behind the end of the table
 * there are none. */
static bool class_type(struct debug_file *file, const char *class_name, uint64_t vtable, Dwarf_Die *type)
{
        const struct elf_image *image = debug_file_image(file);
        Dwarf_Die function;

        for (size_t i = 0; image && i < VIRTUAL_FUNCTIONS; i++) {
                struct elf_word word;

                if (!elf_image_word(image, vtable + 8 * i, &word))
                        return false;
                if (word.value && is_member_of(linkage_name(file, word.value), class_name))
                        return dwarf_index_function(&file->dwarf, word.value, 0, &function) &&
                               dwarf_type_of_member(&function, type);
        }
        return false;
}

/* The open file with the debug information of a type; NULL where there is none. */
static struct debug_file *file_of(struct symbols *symbols, const struct symbol_type *wanted)
{
        struct debug_file *file = wanted->module ? module_file(symbols, wanted->module, NULL) : NULL;

        return file && debug_file_dwarf(file) ? file : NULL;
}

static bool find_function(struct debug_file *file, const struct symbol_type *wanted, Dwarf_Die *function)
{
        uint64_t address = wanted->address - (wanted->exact || !wanted->address ? 0 : 1);

        return dwarf_index_function(&file->dwarf, address, wanted->frame, function);
}

/* The file's code, if calls in it can be told. */
static const struct elf_image *code_of(struct debug_file *file)
{
        GElf_Addr bias;
        Elf *elf = dwfl_module_getelf(file->module, &bias);
        GElf_Ehdr header;

        return elf && gelf_getehdr(elf, &header) && header.e_machine == EM_X86_64 ? debug_file_image(file) : NULL;
}

static bool find_made(struct symbols *symbols, const struct symbol_type *wanted, struct debug_file *file,
                      Dwarf_Die *type, Dwarf_Die *named)
{
        struct dwarf_making making = { .address = wanted->address, .size = wanted->size };
        const struct symbol_frame *frames;
        size_t count;

        if (wanted->exact || symbols_frames(symbols, wanted->module, wanted->address, false, &frames, &count, NULL) ||
            wanted->frame >= count || !find_function(file, wanted, &making.function))
                return false;
        making.index = &file->dwarf;
        making.code = code_of(file);
        making.line = frames[wanted->frame].line;
        return dwarf_made_type(&making, type, named);
}

static bool find_type(struct symbols *symbols, const struct symbol_type *wanted, Dwarf_Die *type)
{
        bool of_class = wanted->what == SYMBOL_CLASS || wanted->what == SYMBOL_COUNTED;
        const char *class_name = of_class ? symbols_class(symbols, wanted->module, wanted->address) : NULL;
        struct debug_file *file = file_of(symbols, wanted);
        Dwarf_Die function, named;

        if (!file)
                return false;
        if (wanted->what == SYMBOL_MADE)
                return find_made(symbols, wanted, file, type, &named);
        if (wanted->what == SYMBOL_VARIABLE)
                return dwarf_variables_find(&file->dwarf, wanted->address, &function) &&
                       dwarf_type_declared(&function, type);
        if (wanted->what == SYMBOL_ARGUMENT)
                return find_function(file, wanted, &function) && dwarf_type_argument(&function, type);
        return class_name && class_type(file, class_name, wanted->address, type) &&
               (wanted->what == SYMBOL_CLASS || dwarf_type_pointed(type));
}

/* ---- what was asked before ------------------------------------------------------ */

/* A number for the question; other questions have others, as good as surely. */
static uint64_t number_of(const struct symbol_type *type, bool field, bool array, uint64_t offset)
{
        const uint64_t words[] = { type->what, type->address, type->exact, type->frame, field, array, offset };
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        if (type->size)
                hash = (hash ^ type->size) * UINT64_C(0xc4ceb9fe1a85ec53);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
                hash = (hash ^ words[i]) * UINT64_C(0xff51afd7ed558ccd);
                hash ^= hash >> 32;
        }
        return hash;
}

static const struct symbol_frame *known(const struct symbol_type *type, uint64_t number)
{
        const struct frame_cache_entry *entry = type->module ? frame_cache_find(&type->module->types, number) : NULL;

        return entry ? entry->frames : NULL;
}

/* Without memory it is asked again, that is all. */
static void remember(const struct symbol_type *type, uint64_t number, const struct symbol_frame *answer)
{
        struct symbol_frame *frame = type->module ? mem_alloc(1, sizeof *frame) : NULL;

        if (!frame)
                return;
        *frame = *answer;
        (void)frame_cache_add(&type->module->types, number, frame, 1);
}

/* ---- types and their members ------------------------------------------------------ */

uint64_t symbols_type_size(struct symbols *symbols, const struct symbol_type *type)
{
        uint64_t number = number_of(type, false, false, 0), size;
        const struct symbol_frame *before = known(type, number);
        Dwarf_Die die;

        if (before)
                return before->line;
        size = find_type(symbols, type, &die) ? dwarf_type_size(&die) : 0;
        if (size > UINT32_MAX)
                return size;
        remember(type, number, &(struct symbol_frame){ .line = (uint32_t)size });
        return size;
}

/* The text in the context's memory, and freed. */
static const char *keep(struct symbols *symbols, char *text)
{
        const char *kept = strings_add(&symbols->strings, text);

        mem_free(text);
        return kept;
}

const char *symbols_made(struct symbols *symbols, const struct symbol_type *type, bool *for_others)
{
        uint64_t number = number_of(type, false, true, UINT64_MAX);
        const struct symbol_frame *before = known(type, number);
        struct symbol_frame answer = { 0 };
        struct debug_file *file = before ? NULL : file_of(symbols, type);
        Dwarf_Die function, found, named;
        char *name;

        if (before)
                answer = *before;
        if (file && find_function(file, type, &function)) {
                answer.line = dwarf_made_for_others(&function);
                name = find_made(symbols, type, file, &found, &named) ? dwarf_type_used_name(&found, &named) : NULL;
                if (name)
                        name_shorten(name);
                answer.function = keep(symbols, name);
        }
        if (!before)
                remember(type, number, &answer);
        *for_others = answer.line;
        return answer.function;
}

static void find_field(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                       struct symbol_field *field)
{
        struct dwarf_field found;
        char *name;
        Dwarf_Die die;

        if (!find_type(symbols, type, &die) || !dwarf_type_field(&die, array, offset, &found))
                return;
        field->path = keep(symbols, found.path);
        name = dwarf_type_is_class(&found.type) ? dwarf_type_name(&found.type) : NULL;
        if (name)
                name_shorten(name);
        field->type = keep(symbols, name);
}

bool symbols_field(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                   struct symbol_field *field)
{
        uint64_t number = number_of(type, true, array, offset);
        const struct symbol_frame *before = known(type, number);

        *field = (struct symbol_field){ 0 };
        if (before) {
                *field = (struct symbol_field){ .path = before->function, .type = before->file };
        } else {
                find_field(symbols, type, array, offset, field);
                remember(type, number, &(struct symbol_frame){ .function = field->path, .file = field->type });
        }
        return field->path != NULL;
}

static const char *find_pointed(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                                uint64_t size)
{
        Dwarf_Die die, named, target;
        struct dwarf_field found = { 0 };
        char *name;

        if (!find_type(symbols, type, &die))
                return NULL;
        found.type = die;
        if (array || offset || !dwarf_type_target(&die, &named)) {
                if (!dwarf_type_field(&die, array, offset, &found))
                        return NULL;
                mem_free(found.path);
        }
        if (found.of_union || !dwarf_type_target(&found.type, &named) || !dwarf_type_stripped(&named, &target) ||
            !dwarf_type_is_class(&target) || dwarf_type_size(&target) != size)
                return NULL;
        name = dwarf_type_used_name(&target, &named);
        if (name)
                name_shorten(name);
        return keep(symbols, name);
}

const char *symbols_pointed(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                            uint64_t size)
{
        uint64_t number = (number_of(type, true, array, offset) ^ size) * UINT64_C(0x9e3779b97f4a7c15);
        const struct symbol_frame *before = known(type, number);
        struct symbol_frame answer = { 0 };

        if (before)
                return before->function;
        answer.function = size ? find_pointed(symbols, type, array, offset, size) : NULL;
        remember(type, number, &answer);
        return answer.function;
}
