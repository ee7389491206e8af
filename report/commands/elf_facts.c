#include "elf_facts.h"

#include "bytes.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* A range of the file that is known to lie within it. */
struct span {
        const uint8_t *data;
        size_t size;
};

struct image {
        struct span file;
        Elf64_Ehdr head;
};

static bool span_cut(struct span whole, uint64_t offset, uint64_t size, struct span *part)
{
        if (offset > whole.size || size > whole.size - offset)
                return false;
        *part = (struct span){ whole.data + offset, (size_t)size };
        return true;
}

/* Entry `index` of a table of `entry`-byte records, of which `size` bytes are
 * wanted. */
static bool table_entry(struct span file, uint64_t offset, uint64_t entry, uint64_t index, void *to, size_t size)
{
        struct span part;
        uint64_t skip;

        if (entry < size || __builtin_mul_overflow(entry, index, &skip) || __builtin_add_overflow(offset, skip, &skip) ||
            !span_cut(file, skip, size, &part))
                return false;
        memcpy(to, part.data, size);
        return true;
}

static bool program_header(const struct image *image, size_t index, Elf64_Phdr *header)
{
        return table_entry(image->file, image->head.e_phoff, image->head.e_phentsize, index, header, sizeof *header);
}

static bool section_header(const struct image *image, uint64_t index, Elf64_Shdr *header)
{
        return table_entry(image->file, image->head.e_shoff, image->head.e_shentsize, index, header, sizeof *header);
}

static int damaged(struct error *e, const char *what)
{
        return error_set(e, ERROR_BAD_INPUT, "damaged ELF file: %s", what);
}

static int read_head(struct image *image, struct elf_facts *facts, struct error *e)
{
        struct bytes b = bytes_of(image->file.data, image->file.size);
        const uint8_t *ident = bytes_take(&b, EI_NIDENT);
        struct span head;

        if (!ident)
                return damaged(e, "its header is cut short");
        if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
                return damaged(e, "neither 32 nor 64 bits");
        facts->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
        facts->big_endian = ident[EI_DATA] == ELFDATA2MSB;
        if (facts->big_endian)
                return 0;
        facts->type = bytes_u16(&b);
        facts->machine = bytes_u16(&b);
        if (!b.ok)
                return damaged(e, "its header is cut short");
        if (facts->bits != 64)
                return 0;
        if (!span_cut(image->file, 0, sizeof image->head, &head))
                return damaged(e, "its header is cut short");
        memcpy(&image->head, head.data, sizeof image->head);
        return 0;
}

static int read_interpreter(const struct image *image, const Elf64_Phdr *header, struct elf_facts *facts,
                            struct error *e)
{
        struct span path;

        if (!span_cut(image->file, header->p_offset, header->p_filesz, &path) || !path.size ||
            path.data[path.size - 1])
                return damaged(e, "the name of its loader lies outside the file");
        facts->has_interpreter = true;
        if (path.size <= sizeof facts->interpreter)
                memcpy(facts->interpreter, path.data, path.size);
        return 0;
}

static int read_segments(const struct image *image, struct elf_facts *facts, struct error *e)
{
        for (size_t i = 0; i < image->head.e_phnum; i++) {
                Elf64_Phdr header;

                if (!program_header(image, i, &header))
                        return damaged(e, "its program headers lie outside the file");
                if (header.p_type == PT_INTERP && read_interpreter(image, &header, facts, e))
                        return -1;
        }
        return 0;
}

/* Every sanitizer's runtime has one entry that instrumented code calls first. */
static const struct {
        const char *symbol, *name;
        bool defined; /* counts only when defined here: programs may refer to it weakly */
} sanitizers[] = {
        { "__asan_init", "AddressSanitizer", false },   { "__hwasan_init", "HWAddressSanitizer", false },
        { "__tsan_init", "ThreadSanitizer", false },    { "__msan_init", "MemorySanitizer", false },
        { "__lsan_init", "LeakSanitizer", true },
        /* All that a runtime linked in statically shows of itself. */
        { "__sanitizer_malloc_hook", "a sanitizer", false },
};

static const struct {
        const char *library, *name;
} sanitizer_libraries[] = {
        { "libasan.so", "AddressSanitizer" },           { "libhwasan.so", "HWAddressSanitizer" },
        { "libtsan.so", "ThreadSanitizer" },            { "liblsan.so", "LeakSanitizer" },
        { "libclang_rt.asan", "AddressSanitizer" },     { "libclang_rt.hwasan", "HWAddressSanitizer" },
        { "libclang_rt.tsan", "ThreadSanitizer" },      { "libclang_rt.msan", "MemorySanitizer" },
};

/* The string at `offset` of a string table, or NULL. */
static const char *string_at(struct span strings, uint64_t offset)
{
        if (offset >= strings.size || !memchr(strings.data + offset, 0, strings.size - (size_t)offset))
                return NULL;
        return (const char *)strings.data + offset;
}

static void judge_symbol(const Elf64_Sym *symbol, const char *name, struct elf_facts *facts)
{
        bool defined = symbol->st_shndx != SHN_UNDEF;

        if (defined && !strcmp(name, "malloc") && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
                facts->own_malloc = true;
        if (strncmp(name, "__", 2))
                return;
        for (size_t i = 0; i < sizeof sanitizers / sizeof sanitizers[0]; i++)
                if (!facts->sanitizer && !strcmp(name, sanitizers[i].symbol) && (defined || !sanitizers[i].defined))
                        facts->sanitizer = sanitizers[i].name;
}

static void judge_needed(const char *library, struct elf_facts *facts)
{
        for (size_t i = 0; i < sizeof sanitizer_libraries / sizeof sanitizer_libraries[0]; i++)
                if (!strncmp(library, sanitizer_libraries[i].library, strlen(sanitizer_libraries[i].library)))
                        facts->sanitizer = sanitizer_libraries[i].name;
}

static void read_symbols(struct span table, struct span strings, struct elf_facts *facts)
{
        for (size_t at = 0; at + sizeof(Elf64_Sym) <= table.size; at += sizeof(Elf64_Sym)) {
                Elf64_Sym symbol;
                const char *name;

                memcpy(&symbol, table.data + at, sizeof symbol);
                name = string_at(strings, symbol.st_name);
                if (name)
                        judge_symbol(&symbol, name, facts);
        }
}

static void read_dynamic(struct span table, struct span strings, struct elf_facts *facts)
{
        for (size_t at = 0; at + sizeof(Elf64_Dyn) <= table.size; at += sizeof(Elf64_Dyn)) {
                Elf64_Dyn entry;
                const char *library;

                memcpy(&entry, table.data + at, sizeof entry);
                if (entry.d_tag == DT_NULL)
                        return;
                library = entry.d_tag == DT_NEEDED ? string_at(strings, entry.d_un.d_val) : NULL;
                if (library)
                        judge_needed(library, facts);
        }
}

/* Sections are optional in an executable: without them, or with odd ones,
 * there is nothing to learn here, and that is no error. */
static void read_sections(const struct image *image, struct elf_facts *facts)
{
        for (uint64_t i = 0; i < image->head.e_shnum; i++) {
                Elf64_Shdr section, linked;
                struct span table, strings;

                if (!section_header(image, i, &section))
                        return;
                if (section.sh_type != SHT_DYNSYM && section.sh_type != SHT_DYNAMIC)
                        continue;
                if (!span_cut(image->file, section.sh_offset, section.sh_size, &table) ||
                    !section_header(image, section.sh_link, &linked) ||
                    !span_cut(image->file, linked.sh_offset, linked.sh_size, &strings))
                        continue;
                if (section.sh_type == SHT_DYNSYM)
                        read_symbols(table, strings, facts);
                else
                        read_dynamic(table, strings, facts);
        }
}

int elf_facts_read(const void *data, size_t size, struct elf_facts *facts, struct error *e)
{
        struct image image = { .file = { data, size } };

        *facts = (struct elf_facts){ 0 };
        if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG))
                return 0;
        facts->elf = true;
        if (read_head(&image, facts, e))
                return -1;
        if (facts->bits != 64 || facts->big_endian || facts->machine != elf_own_machine())
                return 0;
        if (read_segments(&image, facts, e))
                return -1;
        read_sections(&image, facts);
        return 0;
}

const char *elf_machine_name(uint16_t machine, char *buffer, size_t size)
{
        switch (machine) {
        case EM_386:
                return "x86 (32-bit)";
        case EM_X86_64:
                return "x86-64";
        case EM_AARCH64:
                return "aarch64";
        case EM_ARM:
                return "arm";
        case EM_RISCV:
                return "riscv";
        case EM_PPC64:
                return "ppc64";
        case EM_S390:
                return "s390x";
        default:
                snprintf(buffer, size, "machine %u", machine);
                return buffer;
        }
}

uint16_t elf_own_machine(void)
{
#if defined(__x86_64__)
        return EM_X86_64;
#elif defined(__aarch64__)
        return EM_AARCH64;
#else
#error "weir has not been ported to this machine"
#endif
}
