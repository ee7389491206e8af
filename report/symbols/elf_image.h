/*
 * elf_image.h: what a module's data holds at run time, read from its file:
 * the loaded segments, with the relocations the loader would do (x86-64 and AArch64).
 */
#ifndef WEIR_ELF_IMAGE_H
#define WEIR_ELF_IMAGE_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_segment {
        uint64_t start, end; /* ELF addresses of what the file has, [start, end) */
        const uint8_t *data; /* in the file */
};

struct elf_relocation {
        uint64_t place;
        uint64_t value;  /* address, or addend where a symbol is named */
        uint32_t symbol; /* index in the dynamic symbols; 0 = none */
};

struct elf_image {
        struct elf_segment *segments;
        size_t segment_count, segment_capacity;
        struct elf_relocation *relocations; /* ascending by place */
        size_t relocation_count, relocation_capacity;
        uint64_t symbols, strings, strings_size; /* ELF addresses of the dynamic tables; 0 = none */
};

/* A word of memory: an address in the module, or one that a symbol has. */
struct elf_word {
        uint64_t value;     /* an ELF address when symbol is NULL or defined here */
        const char *symbol; /* the name it is relocated against; NULL = none */
};

/* The image must not outlive `elf` (NULL gives an empty one).  0, or -1
 * without memory. */
int elf_image_read(struct elf_image *image, Elf *elf);
void elf_image_deinit(struct elf_image *image);

/* `size` bytes as the file has them, or NULL. */
const void *elf_image_bytes(const struct elf_image *image, uint64_t address, size_t size);

/* A string with its NUL, or NULL. */
const char *elf_image_string(const struct elf_image *image, uint64_t address);

/* The word at an address, relocated; false when the file has none there. */
bool elf_image_word(const struct elf_image *image, uint64_t address, struct elf_word *word);

#endif
