#include "own_symbols.h"

#include "environment.h"
#include "raw.h"

#include <elf.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct file {
        const char *bytes;
        size_t size;
};

/* ---- where the program is ------------------------------------------------ */

static bool load_bias(uintptr_t *bias)
{
        const Elf64_Phdr *headers = (const Elf64_Phdr *)environment_auxiliary(AT_PHDR);
        size_t count = environment_auxiliary(AT_PHNUM);

        for (size_t i = 0; headers && i < count; i++)
                if (headers[i].p_type == PT_PHDR) {
                        *bias = (uintptr_t)headers - headers[i].p_vaddr;
                        return true;
                }
        return false;
}

/* ---- its file ------------------------------------------------------------ */

static struct file map_program(void)
{
        struct file file = { 0 };
        struct stat about;
        long fd = raw_openat("/proc/self/exe", O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return file;
        if (raw_syscall(SYS_fstat, fd, &about, 0, 0) == 0 && about.st_size > (off_t)sizeof(Elf64_Ehdr)) {
                file.size = (size_t)about.st_size;
                file.bytes = raw_mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, (int)fd, 0);
        }
        raw_close(fd);
        return file;
}

/* `size` bytes at `offset`, or NULL when the file does not have them. */
static const void *part(const struct file *file, uint64_t offset, uint64_t size, size_t alignment)
{
        if (offset > file->size || size > file->size - offset || offset % alignment)
                return NULL;
        return file->bytes + offset;
}

static const Elf64_Shdr *sections(const struct file *file, size_t *count)
{
        const Elf64_Ehdr *header = part(file, 0, sizeof *header, 1);

        if (!header || header->e_shentsize != sizeof(Elf64_Shdr))
                return NULL;
        *count = header->e_shnum;
        return part(file, header->e_shoff, (uint64_t)*count * sizeof(Elf64_Shdr), _Alignof(Elf64_Shdr));
}

/* ---- symbols ------------------------------------------------------------- */

static bool equal(const char *name, const char *strings, uint64_t at, uint64_t size)
{
        for (; at < size && strings[at] == *name; at++, name++)
                if (!*name)
                        return true;
        return false;
}

static void match(const Elf64_Sym *symbol, const char *strings, uint64_t size, uintptr_t bias,
                  struct own_symbol *wanted, size_t count)
{
        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_shndx == SHN_UNDEF)
                return;
        for (size_t i = 0; i < count; i++)
                if (equal(wanted[i].name, strings, symbol->st_name, size))
                        wanted[i].address = (void *)(symbol->st_value + bias);
}

static void search(const struct file *file, uintptr_t bias, struct own_symbol *wanted, size_t wanted_count)
{
        size_t count;
        const Elf64_Shdr *section = sections(file, &count);

        for (size_t i = 0; section && i < count; i++) {
                const Elf64_Shdr *names = section[i].sh_link < count ? &section[section[i].sh_link] : NULL;
                const Elf64_Sym *symbols;
                const char *strings;

                if (section[i].sh_type != SHT_SYMTAB || !names)
                        continue;
                symbols = part(file, section[i].sh_offset, section[i].sh_size, _Alignof(Elf64_Sym));
                strings = part(file, names->sh_offset, names->sh_size, 1);
                for (size_t k = 0; symbols && strings && k < section[i].sh_size / sizeof *symbols; k++)
                        match(&symbols[k], strings, names->sh_size, bias, wanted, wanted_count);
        }
}

void own_symbols_find(struct own_symbol *symbols, size_t count)
{
        uintptr_t bias;
        struct file file;

        if (!load_bias(&bias))
                return;
        file = map_program();
        if (!file.bytes)
                return;
        search(&file, bias, symbols, count);
        raw_munmap((void *)(uintptr_t)file.bytes, file.size);
}
