#include "elf_table.h"

#include "../mem.h"

#include <stdlib.h>
#include <string.h>

static uint8_t binding_rank(const GElf_Sym *symbol)
{
        switch (GELF_ST_BIND(symbol->st_info)) {
        case STB_GLOBAL:
        case STB_GNU_UNIQUE:
                return 3;
        case STB_WEAK:
                return 2;
        default:
                return 1;
        }
}

static uint8_t rank_of(const GElf_Sym *symbol, const char *name)
{
        unsigned rank = binding_rank(symbol);

        if (GELF_ST_TYPE(symbol->st_info) != STT_NOTYPE)
                rank += 4;
        /* Of two aliases, the one that programs call. */
        return (uint8_t)(rank * 2 + (name[0] != '_'));
}

static bool is_code(const GElf_Sym *symbol, const GElf_Shdr *section)
{
        switch (GELF_ST_TYPE(symbol->st_info)) {
        case STT_FUNC:
        case STT_GNU_IFUNC:
                return true;
        case STT_NOTYPE:
                return section->sh_flags & SHF_EXECINSTR;
        default:
                return false;
        }
}

static bool is_symbol(const GElf_Sym *symbol, const char *name, GElf_Word index)
{
        unsigned type = GELF_ST_TYPE(symbol->st_info);

        if (!name || !name[0] || index == SHN_UNDEF || index == SHN_ABS || index == SHN_COMMON)
                return false;
        if (type == STT_NOTYPE && (name[0] == '$' || !strncmp(name, ".L", 2)))
                return false;
        return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE || type == STT_OBJECT ||
               type == STT_COMMON;
}

static int add(struct elf_symbols *symbols, const struct elf_symbol *symbol)
{
        if (mem_grow(&symbols->list, &symbols->capacity, symbols->count + 1, sizeof *symbols->list))
                return -1;
        symbols->list[symbols->count++] = *symbol;
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct elf_symbol *a = left, *b = right;

        if (a->start != b->start)
                return a->start < b->start ? -1 : 1;
        if (a->size != b->size)
                return a->size > b->size ? -1 : 1;
        if (a->rank != b->rank)
                return a->rank > b->rank ? -1 : 1;
        return strcmp(a->name, b->name);
}

/* ---- order ------------------------------------------------------------- */

enum {
        DIGIT_BITS = 11,
        DIGITS = 3,
        START_BITS = DIGIT_BITS * DIGITS, /* of starts less the least one, */
        INDEX_BITS = 64 - START_BITS,     /* and of indices, in a key */
};

/* Puts `from` into `to` by one digit of the starts; equals keep their order. */
static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
        size_t place[1 << DIGIT_BITS] = { 0 }, sum = 0;

        for (size_t i = 0; i < count; i++)
                place[from[i] >> shift & ((1 << DIGIT_BITS) - 1)]++;
        for (size_t digit = 0; digit < 1 << DIGIT_BITS; digit++) {
                size_t here = place[digit];

                place[digit] = sum;
                sum += here;
        }
        for (size_t i = 0; i < count; i++)
                to[place[from[i] >> shift & ((1 << DIGIT_BITS) - 1)]++] = from[i];
}

/* Sorts those of equal start among themselves. */
static void sort_equals(struct elf_symbol *list, size_t count)
{
        for (size_t i = 0, end; i < count; i = end) {
                for (end = i + 1; end < count && list[end].start == list[i].start;)
                        end++;
                if (end - i > 1)
                        qsort(list + i, end - i, sizeof *list, compare);
        }
}

static void take_in_order(struct elf_symbols *symbols, struct elf_symbol *list, const uint64_t *keys)
{
        for (size_t i = 0; i < symbols->count; i++)
                list[i] = symbols->list[keys[i] & ((UINT64_C(1) << INDEX_BITS) - 1)];
        sort_equals(list, symbols->count);
        mem_free(symbols->list);
        symbols->list = list;
        symbols->capacity = symbols->count;
}

/* Symbols that lie within 8 GiB, as nearly all do; false where they do not, and
 * without memory. */
static bool sort_near(struct elf_symbols *symbols)
{
        size_t count = symbols->count;
        uint64_t least = UINT64_MAX, most = 0;
        uint64_t *keys, *spare;
        struct elf_symbol *list;

        for (size_t i = 0; i < count; i++) {
                least = symbols->list[i].start < least ? symbols->list[i].start : least;
                most = symbols->list[i].start > most ? symbols->list[i].start : most;
        }
        if ((most - least) >> START_BITS || count >> INDEX_BITS)
                return false;
        keys = mem_alloc(2 * count, sizeof *keys);
        list = mem_alloc(count, sizeof *list);
        if (keys && list) {
                spare = keys + count;
                for (size_t i = 0; i < count; i++)
                        keys[i] = (symbols->list[i].start - least) << INDEX_BITS | i;
                sort_by_digit(keys, spare, count, INDEX_BITS);
                sort_by_digit(spare, keys, count, INDEX_BITS + DIGIT_BITS);
                sort_by_digit(keys, spare, count, INDEX_BITS + 2 * DIGIT_BITS);
                take_in_order(symbols, list, spare);
                list = NULL;
        }
        mem_free(keys);
        if (!keys || list) {
                mem_free(list);
                return false;
        }
        return true;
}

static int settle(struct elf_symbols *symbols)
{
        uint64_t reach = 0;

        if (!symbols->count)
                return 0;
        if (!sort_near(symbols))
                qsort(symbols->list, symbols->count, sizeof *symbols->list, compare);
        symbols->reach = mem_alloc(symbols->count, sizeof *symbols->reach);
        if (!symbols->reach)
                return -1;
        for (size_t i = 0; i < symbols->count; i++) {
                uint64_t end = symbols->list[i].start + symbols->list[i].size;

                reach = end > reach ? end : reach;
                symbols->reach[i] = reach;
        }
        return 0;
}

/* The section that was asked for last: most symbols are in that of the one
 * before. */
struct last_section {
        Elf *elf;
        GElf_Word index;
        GElf_Shdr header;
};

static const GElf_Shdr *section_of(struct last_section *last, Elf *elf, GElf_Word index)
{
        Elf_Scn *section;

        if (elf && last->elf == elf && last->index == index)
                return &last->header;
        *last = (struct last_section){ .elf = elf, .index = index };
        section = elf ? elf_getscn(elf, index) : NULL;
        if (section)
                (void)gelf_getshdr(section, &last->header);
        return &last->header;
}

static int read_one(struct elf_table *table, Dwfl_Module *module, int index, struct last_section *last)
{
        GElf_Sym raw;
        GElf_Addr address;
        GElf_Word number;
        Elf *elf = NULL;
        Dwarf_Addr bias;
        const char *name = dwfl_module_getsym_info(module, index, &raw, &address, &number, &elf, &bias);
        struct elf_symbol symbol = { .start = address, .name = name };
        const GElf_Shdr *section;
        uint64_t end;

        if (!is_symbol(&raw, name, name ? number : SHN_UNDEF))
                return 0;
        section = section_of(last, elf, number);
        symbol.size = __builtin_add_overflow(address, raw.st_size, &end) ? 0 : raw.st_size;
        symbol.limit = section->sh_addr + section->sh_size + (address - raw.st_value);
        symbol.rank = rank_of(&raw, name);
        return add(is_code(&raw, section) ? &table->functions : &table->variables, &symbol);
}

int elf_table_read(struct elf_table *table, Dwfl_Module *module)
{
        struct last_section last = { 0 };
        int count = dwfl_module_getsymtab(module);

        *table = (struct elf_table){ 0 };
        for (int i = 1; i < count; i++) {
                if (read_one(table, module, i, &last))
                        goto fail;
        }
        if (settle(&table->functions) || settle(&table->variables))
                goto fail;
        return 0;
fail:
        elf_table_deinit(table);
        return -1;
}

static void deinit(struct elf_symbols *symbols)
{
        mem_free(symbols->list);
        mem_free(symbols->reach);
        *symbols = (struct elf_symbols){ 0 };
}

void elf_table_deinit(struct elf_table *table)
{
        deinit(&table->functions);
        deinit(&table->variables);
}

/* Number of symbols that start at or before the address. */
static size_t starting_before(const struct elf_symbols *symbols, uint64_t address)
{
        size_t low = 0, high = symbols->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (symbols->list[middle].start <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool same_range(const struct elf_symbol *a, const struct elf_symbol *b)
{
        return a->start == b->start && a->size == b->size;
}

const struct elf_symbol *elf_symbol_at(const struct elf_symbols *symbols, uint64_t address)
{
        const struct elf_symbol *list = symbols->list, *label = NULL;

        for (size_t i = starting_before(symbols, address); i-- > 0;) {
                if (address - list[i].start < list[i].size) {
                        while (i && same_range(&list[i - 1], &list[i]))
                                i--;
                        return &list[i];
                }
                if (!list[i].size && (!label || same_range(&list[i], label)) && address < list[i].limit)
                        label = &list[i];
                /* Nothing from here down ends behind the address. */
                if (symbols->reach[i] <= address)
                        return label && symbols->reach[i] <= label->start ? label : NULL;
        }
        return NULL;
}
