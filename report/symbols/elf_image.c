#include "elf_image.h"

#include "../mem.h"

#include <stdlib.h>
#include <string.h>

/* The tables that the dynamic section names. */
struct dynamic {
        uint64_t rela, rela_size;
};

static int add_segment(struct elf_image *image, const GElf_Phdr *header, const uint8_t *file, size_t file_size)
{
        uint64_t end;

        if (header->p_type != PT_LOAD || !header->p_filesz || header->p_offset > file_size ||
            header->p_filesz > file_size - header->p_offset ||
            __builtin_add_overflow(header->p_vaddr, header->p_filesz, &end))
                return 0;
        if (mem_grow(&image->segments, &image->segment_capacity, image->segment_count + 1, sizeof *image->segments))
                return -1;
        image->segments[image->segment_count++] = (struct elf_segment){
                .start = header->p_vaddr,
                .end = end,
                .data = file + header->p_offset,
        };
        return 0;
}

/* Adds the segments; says where the dynamic section is. */
static int read_segments(struct elf_image *image, Elf *elf, GElf_Phdr *dynamic)
{
        size_t count, file_size = 0;
        const uint8_t *file = (const uint8_t *)elf_rawfile(elf, &file_size);
        GElf_Phdr header;

        if (!file || elf_getphdrnum(elf, &count))
                return 0;
        for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &header); i++) {
                if (header.p_type == PT_DYNAMIC)
                        *dynamic = header;
                if (add_segment(image, &header, file, file_size))
                        return -1;
        }
        return 0;
}

static const struct elf_segment *segment_of(const struct elf_image *image, uint64_t address)
{
        for (size_t i = 0; i < image->segment_count; i++) {
                if (address >= image->segments[i].start && address < image->segments[i].end)
                        return &image->segments[i];
        }
        return NULL;
}

const void *elf_image_bytes(const struct elf_image *image, uint64_t address, size_t size)
{
        const struct elf_segment *segment = segment_of(image, address);

        return segment && size <= segment->end - address ? segment->data + (address - segment->start) : NULL;
}

const char *elf_image_string(const struct elf_image *image, uint64_t address)
{
        const struct elf_segment *segment = segment_of(image, address);
        const char *text = segment ? (const char *)segment->data + (address - segment->start) : NULL;

        return text && memchr(text, 0, segment->end - address) ? text : NULL;
}

static bool raw_word(const struct elf_image *image, uint64_t address, uint64_t *value)
{
        const void *bytes = elf_image_bytes(image, address, sizeof *value);

        if (bytes)
                memcpy(value, bytes, sizeof *value);
        return bytes != NULL;
}

static void read_dynamic(struct elf_image *image, const GElf_Phdr *header, struct dynamic *dynamic)
{
        uint64_t tag, value;

        for (uint64_t at = 0; at + 16 <= header->p_filesz; at += 16) {
                if (!raw_word(image, header->p_vaddr + at, &tag) ||
                    !raw_word(image, header->p_vaddr + at + 8, &value) || tag == DT_NULL)
                        return;
                if (tag == DT_RELA)
                        dynamic->rela = value;
                else if (tag == DT_RELASZ)
                        dynamic->rela_size = value;
                else if (tag == DT_SYMTAB)
                        image->symbols = value;
                else if (tag == DT_STRTAB)
                        image->strings = value;
                else if (tag == DT_STRSZ)
                        image->strings_size = value;
        }
}

static int add_relocation(struct elf_image *image, uint64_t place, uint64_t value, uint32_t symbol)
{
        if (mem_grow(&image->relocations, &image->relocation_capacity, image->relocation_count + 1,
                     sizeof *image->relocations))
                return -1;
        image->relocations[image->relocation_count++] = (struct elf_relocation){ place, value, symbol };
        return 0;
}

/* The two types of relocation that put an address into a word of data. */
struct relocation_types {
        uint32_t symbol, relative;
};

static struct relocation_types types_of(Elf *elf)
{
        GElf_Ehdr header;

        if (gelf_getehdr(elf, &header) && header.e_machine == EM_AARCH64)
                return (struct relocation_types){ R_AARCH64_ABS64, R_AARCH64_RELATIVE };
        return (struct relocation_types){ R_X86_64_64, R_X86_64_RELATIVE };
}

static int read_rela(struct elf_image *image, const struct dynamic *dynamic, struct relocation_types type)
{
        for (uint64_t at = 0; at + sizeof(Elf64_Rela) <= dynamic->rela_size; at += sizeof(Elf64_Rela)) {
                const void *bytes = elf_image_bytes(image, dynamic->rela + at, sizeof(Elf64_Rela));
                Elf64_Rela rela;
                uint32_t symbol = 0;

                if (!bytes)
                        break;
                memcpy(&rela, bytes, sizeof rela);
                if (ELF64_R_TYPE(rela.r_info) == type.symbol)
                        symbol = (uint32_t)ELF64_R_SYM(rela.r_info);
                else if (ELF64_R_TYPE(rela.r_info) != type.relative)
                        continue;
                if (add_relocation(image, rela.r_offset, (uint64_t)rela.r_addend, symbol))
                        return -1;
        }
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct elf_relocation *a = left, *b = right;

        return a->place < b->place ? -1 : a->place > b->place;
}

/* DT_RELR needs no entry here: it adds the bias to words that hold ELF
 * addresses already. */
int elf_image_read(struct elf_image *image, Elf *elf)
{
        GElf_Phdr header = { 0 };
        struct dynamic dynamic = { 0 };

        *image = (struct elf_image){ 0 };
        if (!elf || gelf_getclass(elf) != ELFCLASS64)
                return 0;
        if (read_segments(image, elf, &header))
                goto fail;
        read_dynamic(image, &header, &dynamic);
        if (read_rela(image, &dynamic, types_of(elf)))
                goto fail;
        if (image->relocation_count)
                qsort(image->relocations, image->relocation_count, sizeof *image->relocations, compare);
        return 0;
fail:
        elf_image_deinit(image);
        return -1;
}

void elf_image_deinit(struct elf_image *image)
{
        mem_free(image->segments);
        mem_free(image->relocations);
        *image = (struct elf_image){ 0 };
}

static const struct elf_relocation *relocation_at(const struct elf_image *image, uint64_t place)
{
        const struct elf_relocation wanted = { .place = place };

        return image->relocation_count ? bsearch(&wanted, image->relocations, image->relocation_count,
                                                 sizeof *image->relocations, compare)
                                       : NULL;
}

static bool resolve(const struct elf_image *image, const struct elf_relocation *relocation, struct elf_word *word)
{
        const void *bytes = elf_image_bytes(image, image->symbols + (uint64_t)relocation->symbol * sizeof(Elf64_Sym),
                                            sizeof(Elf64_Sym));
        Elf64_Sym symbol;

        if (!image->symbols || !bytes)
                return false;
        memcpy(&symbol, bytes, sizeof symbol);
        word->value = symbol.st_shndx == SHN_UNDEF ? 0 : symbol.st_value + relocation->value;
        if (symbol.st_name < image->strings_size)
                word->symbol = elf_image_string(image, image->strings + symbol.st_name);
        return true;
}

bool elf_image_word(const struct elf_image *image, uint64_t address, struct elf_word *word)
{
        const struct elf_relocation *relocation = relocation_at(image, address);

        *word = (struct elf_word){ 0 };
        if (relocation && relocation->symbol)
                return resolve(image, relocation, word);
        if (relocation) {
                word->value = relocation->value;
                return true;
        }
        return raw_word(image, address, &word->value);
}
