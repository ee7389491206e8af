#include "dwarf_index.h"

#include "../mem.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 64 };

static int ranges_add(struct dwarf_ranges *ranges, uint64_t start, uint64_t end, size_t owner)
{
        if (start >= end)
                return 0;
        if (mem_grow(&ranges->list, &ranges->capacity, ranges->count + 1, sizeof *ranges->list))
                return -1;
        ranges->list[ranges->count++] = (struct dwarf_range){ .start = start, .end = end, .owner = owner };
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct dwarf_range *a = left, *b = right;

        if (a->start != b->start)
                return a->start < b->start ? -1 : 1;
        if (a->end != b->end)
                return a->end > b->end ? -1 : 1;
        return a->owner < b->owner ? -1 : a->owner > b->owner;
}

static void ranges_settle(struct dwarf_ranges *ranges)
{
        uint64_t reach = 0;

        if (ranges->count)
                qsort(ranges->list, ranges->count, sizeof *ranges->list, compare);
        for (size_t i = 0; i < ranges->count; i++) {
                reach = ranges->list[i].end > reach ? ranges->list[i].end : reach;
                ranges->list[i].reach = reach;
        }
}

/* The innermost range that contains the address, or NULL. */
static const struct dwarf_range *ranges_find(const struct dwarf_ranges *ranges, uint64_t address)
{
        size_t low = 0, high = ranges->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (ranges->list[middle].start <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        while (low-- > 0 && ranges->list[low].reach > address) {
                if (address < ranges->list[low].end)
                        return &ranges->list[low];
        }
        return NULL;
}

/* Adds the code of a DIE; one at address 0 was discarded by the linker. */
static int add_code(struct dwarf_ranges *ranges, Dwarf_Die *die, size_t owner)
{
        Dwarf_Addr base, start, end;
        ptrdiff_t next = 0;

        while ((next = dwarf_ranges(die, next, &base, &start, &end)) > 0) {
                if (start && ranges_add(ranges, start, end, owner))
                        return -1;
        }
        return 0;
}

static int add_unit(struct dwarf_index *index, Dwarf_Die *die, Dwarf_Die *split)
{
        if (mem_grow(&index->units, &index->unit_capacity, index->unit_count + 1, sizeof *index->units))
                return -1;
        index->units[index->unit_count] =
                (struct dwarf_unit){ .die = *die, .code = split->addr ? *split : *die, .read = true };
        return add_code(&index->ranges, die, index->unit_count++);
}

static void units_deinit(struct dwarf_index *index)
{
        for (size_t i = 0; i < index->unit_count; i++) {
                mem_free(index->units[i].functions.list);
                mem_free(index->units[i].function_dies);
        }
        mem_free(index->units);
        mem_free(index->ranges.list);
        index->units = NULL;
        index->ranges = (struct dwarf_ranges){ 0 };
        index->unit_count = index->unit_capacity = 0;
}

static int read_whole(struct dwarf_index *index)
{
        Dwarf_CU *unit = NULL;
        Dwarf_Die die, split;
        uint8_t type;

        units_deinit(index);
        index->dwarf = dwfl_module_getdwarf(index->module, &index->bias);
        if (!index->dwarf)
                return 0;
        while (dwarf_get_units(index->dwarf, unit, &unit, NULL, &type, &die, &split) == 0) {
                if ((type == DW_UT_compile || type == DW_UT_skeleton) && add_unit(index, &die, &split))
                        return -1;
        }
        ranges_settle(&index->ranges);
        return 0;
}

/* The ranges of one unit come together. */
static int read_lean(struct dwarf_index *index)
{
        size_t count;
        const struct dwarf_lean_range *ranges = dwarf_lean_ranges(index->lean, &count);

        for (size_t i = 0; i < count; i++) {
                if (!index->unit_count || index->units[index->unit_count - 1].offset != ranges[i].offset) {
                        if (mem_grow(&index->units, &index->unit_capacity, index->unit_count + 1, sizeof *index->units))
                                return -1;
                        index->units[index->unit_count++] = (struct dwarf_unit){ .offset = ranges[i].offset };
                }
                if (ranges_add(&index->ranges, ranges[i].start, ranges[i].end, index->unit_count - 1))
                        return -1;
        }
        ranges_settle(&index->ranges);
        return 0;
}

int dwarf_index_read(struct dwarf_index *index, Dwfl_Module *module)
{
        *index = (struct dwarf_index){ .module = module, .lean = dwarf_lean_open(module) };
        if (!(index->lean ? read_lean(index) : read_whole(index)))
                return 0;
        dwarf_index_deinit(index);
        return -1;
}

void dwarf_index_deinit(struct dwarf_index *index)
{
        units_deinit(index);
        dwarf_variables_deinit(&index->variables);
        dwarf_lean_close(index->lean);
        *index = (struct dwarf_index){ 0 };
}

/* Whether the linker made the code there: no unit has it.  (libdwfl's own way to
 * a section reads all debug information first.) */
static bool is_linkage(Dwfl_Module *module, uint64_t address)
{
        GElf_Addr bias;
        Elf *elf = dwfl_module_getelf(module, &bias);
        Elf_Scn *section = NULL;
        GElf_Shdr header;
        size_t names;

        if (!elf || elf_getshdrstrndx(elf, &names))
                return false;
        while ((section = elf_nextscn(elf, section))) {
                const char *name;

                if (!gelf_getshdr(section, &header) || address - header.sh_addr >= header.sh_size)
                        continue;
                name = elf_strptr(elf, names, header.sh_name);
                if (name && !strncmp(name, ".plt", 4))
                        return true;
        }
        return false;
}

/* The unit that has the address, ready to be walked; NULL when none has it.
 * What a lean file does not know is asked of the whole one: what was read before
 * stays as it is, and is let go with the index. */
static int find_unit(struct dwarf_index *index, uint64_t place, struct dwarf_unit **unit)
{
        const struct dwarf_range *range = ranges_find(&index->ranges, place);

        if (!index->dwarf && index->lean) {
                *unit = range ? &index->units[range->owner] : NULL;
                if (*unit && !(*unit)->read) {
                        (*unit)->read = dwarf_lean_unit(index->lean, (*unit)->offset, &(*unit)->die);
                        (*unit)->code = (*unit)->die;
                }
                if (*unit ? (*unit)->read : !dwarf_lean_may_miss(index->lean, place))
                        return 0;
                if (!range && is_linkage(index->module, place + index->bias))
                        return 0;
                if (read_whole(index))
                        return -1;
                range = ranges_find(&index->ranges, place);
        }
        *unit = range ? &index->units[range->owner] : NULL;
        return 0;
}

static int add_function(struct dwarf_unit *unit, Dwarf_Die *die)
{
        size_t before = unit->functions.count;

        if (add_code(&unit->functions, die, unit->function_count))
                return -1;
        if (unit->functions.count == before)
                return 0;
        if (mem_grow(&unit->function_dies, &unit->function_capacity, unit->function_count + 1,
                     sizeof *unit->function_dies))
                return -1;
        unit->function_dies[unit->function_count++] = *die;
        return 0;
}

/* May functions be defined inside? */
static bool may_hold_functions(int tag)
{
        switch (tag) {
        case DW_TAG_subprogram:
        case DW_TAG_lexical_block:
        case DW_TAG_inlined_subroutine:
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
        case DW_TAG_enumeration_type:
                return true;
        default:
                return false;
        }
}

/* Collects the functions among the children of `parent`, at any depth. */
static int collect(struct dwarf_unit *unit, Dwarf_Die *parent, int depth)
{
        Dwarf_Die child;

        if (depth > DEEPEST || dwarf_child(parent, &child) != 0)
                return 0;
        do {
                int tag = dwarf_tag(&child);

                if (tag == DW_TAG_subprogram && add_function(unit, &child))
                        return -1;
                if (may_hold_functions(tag) && collect(unit, &child, depth + 1))
                        return -1;
        } while (dwarf_siblingof(&child, &child) == 0);
        return 0;
}

static int walk(struct dwarf_unit *unit)
{
        if (unit->walked)
                return 0;
        if (collect(unit, &unit->code, 0)) {
                mem_free(unit->functions.list);
                mem_free(unit->function_dies);
                unit->functions = (struct dwarf_ranges){ 0 };
                unit->function_dies = NULL;
                unit->function_count = unit->function_capacity = 0;
                return -1;
        }
        ranges_settle(&unit->functions);
        unit->walked = true;
        return 0;
}

/* The functions at an address, outermost first. */
struct chain {
        Dwarf_Die dies[DWARF_FRAMES_MAX];
        size_t count;
};

static bool is_scope(int tag)
{
        return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
               tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt;
}

/* A block without addresses of its own (its parts have them) may hold the
 * address as well. */
static bool may_contain(Dwarf_Die *die, uint64_t address)
{
        int found = dwarf_haspc(die, address);

        if (found > 0 || dwarf_tag(die) == DW_TAG_inlined_subroutine)
                return found > 0;
        return !dwarf_hasattr(die, DW_AT_ranges) && !dwarf_hasattr(die, DW_AT_low_pc);
}

/* Follows the inlined functions below `die`; true once one was found. */
static bool descend(struct chain *chain, Dwarf_Die *die, uint64_t address, int depth)
{
        Dwarf_Die child;

        if (depth > DEEPEST * 4 || dwarf_child(die, &child) != 0)
                return false;
        do {
                int tag = dwarf_tag(&child);
                bool inlined = tag == DW_TAG_inlined_subroutine;

                if (!is_scope(tag) || !may_contain(&child, address) || chain->count == DWARF_FRAMES_MAX)
                        continue;
                if (inlined)
                        chain->dies[chain->count++] = child;
                if (descend(chain, &child, address, depth + 1) || inlined)
                        return true;
        } while (dwarf_siblingof(&child, &child) == 0);
        return false;
}

/* A string attribute of the DIE or what it is an instance of. */
static const char *string_of(Dwarf_Die *die, unsigned name)
{
        Dwarf_Attribute attribute;

        return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
        Dwarf_Attribute attribute;
        Dwarf_Word value;

        return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) ? 0 : value;
}

/* Where the compiler ran: names of files may begin there. */
static void place_directory(struct dwarf_frame *frame, Dwarf_Die *unit)
{
        Dwarf_Attribute attribute;

        if (frame->file && *frame->file != '/')
                frame->directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

static void name_frame(struct dwarf_frame *frame, Dwarf_Die *die)
{
        frame->linkage_name = string_of(die, DW_AT_linkage_name);
        if (!frame->linkage_name)
                frame->linkage_name = string_of(die, DW_AT_MIPS_linkage_name);
        frame->name = string_of(die, DW_AT_name);
}

/* Where the address itself is from. */
static void place_line(struct dwarf_frame *frame, Dwarf_Die *unit, uint64_t address)
{
        Dwarf_Line *line = dwarf_getsrc_die(unit, address);
        int number = 0;

        if (!line)
                return;
        frame->file = dwarf_linesrc(line, NULL, NULL);
        if (!dwarf_lineno(line, &number) && number > 0)
                frame->line = (uint32_t)number;
        place_directory(frame, unit);
}

/* Where an inlined function was called. */
static void place_call(struct dwarf_frame *frame, Dwarf_Die *inlined, Dwarf_Die *unit)
{
        uint64_t file = number_of(inlined, DW_AT_call_file), line = number_of(inlined, DW_AT_call_line);
        Dwarf_Files *files;
        size_t count;

        frame->line = line > UINT32_MAX ? 0 : (uint32_t)line;
        if (!dwarf_hasattr(inlined, DW_AT_call_file) || dwarf_getsrcfiles(unit, &files, &count) || file >= count)
                return;
        frame->file = dwarf_filesrc(files, (size_t)file, NULL, NULL);
        place_directory(frame, unit);
}

static void fill(struct dwarf_frame *frames, struct chain *chain, struct dwarf_unit *unit, uint64_t address)
{
        for (size_t i = 0; i < chain->count; i++) {
                Dwarf_Die *die = &chain->dies[chain->count - 1 - i];

                frames[i] = (struct dwarf_frame){ .inlined = i + 1 < chain->count };
                name_frame(&frames[i], die);
                if (i)
                        place_call(&frames[i], &chain->dies[chain->count - i], &unit->die);
                else
                        place_line(&frames[i], &unit->die, address);
        }
}

/* The functions at an address of the debug information, and the unit they are
 * in; none, and NULL, where it has none.  -1 without memory. */
static int find_chain(struct dwarf_index *index, uint64_t place, struct chain *chain, struct dwarf_unit **unit)
{
        const struct dwarf_range *range;

        chain->count = 0;
        if (find_unit(index, place, unit))
                return -1;
        if (!*unit)
                return 0;
        if (walk(*unit))
                return -1;
        range = ranges_find(&(*unit)->functions, place);
        if (range) {
                chain->dies[chain->count++] = (*unit)->function_dies[range->owner];
                (void)descend(chain, &chain->dies[0], place, 0);
        }
        return 0;
}

int dwarf_index_frames(struct dwarf_index *index, uint64_t address, struct dwarf_frame *frames, size_t *count)
{
        uint64_t place = address - index->bias;
        struct dwarf_unit *unit;
        struct chain chain;

        *count = 0;
        if (find_chain(index, place, &chain, &unit))
                return -1;
        if (!unit)
                return 0;
        if (!chain.count) {
                frames[0] = (struct dwarf_frame){ 0 };
                place_line(&frames[0], &unit->die, place);
                *count = frames[0].file ? 1 : 0;
                return 0;
        }
        fill(frames, &chain, unit, place);
        *count = chain.count;
        return 0;
}

bool dwarf_index_function(struct dwarf_index *index, uint64_t address, size_t frame, Dwarf_Die *function)
{
        struct dwarf_unit *unit;
        struct chain chain;

        if (find_chain(index, address - index->bias, &chain, &unit) || frame >= chain.count)
                return false;
        *function = chain.dies[chain.count - 1 - frame];
        return true;
}
