/*
 * bench_symbols.c: looks up 10 000 addresses in the code of up to 100 shared
 * libraries of this machine, as a report with so many sites would, and prints
 * how long it took and how much was known.
 */
#include "symbols/symbols.h"

#include <dirent.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LIBRARIES = 100, PLACES = 10000 };

struct library {
        char path[300];
        long size;
        uint64_t start, end; /* code, ELF addresses */
};

static bool read_code(struct library *library)
{
        FILE *file = fopen(library->path, "rb");
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        bool found = false;

        if (!file)
                return false;
        if (fread(&header, sizeof header, 1, file) == 1 && !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
            header.e_machine == EM_X86_64 && !fseek(file, (long)header.e_phoff, SEEK_SET)) {
                for (int i = 0; i < header.e_phnum && !found && fread(&segment, sizeof segment, 1, file) == 1; i++)
                        found = segment.p_type == PT_LOAD && (segment.p_flags & PF_X);
        }
        (void)fclose(file);
        library->start = segment.p_vaddr;
        library->end = segment.p_vaddr + segment.p_memsz;
        return found && segment.p_memsz > 4096;
}

static int by_size(const void *left, const void *right)
{
        const struct library *a = left, *b = right;

        return a->size > b->size ? -1 : a->size < b->size;
}

/* The largest libraries of the directory. */
static size_t find_libraries(const char *directory, struct library *libraries, size_t most)
{
        DIR *handle = opendir(directory);
        struct stat status;
        size_t count = 0;

        for (struct dirent *entry; handle && count < most && (entry = readdir(handle));) {
                struct library *library = &libraries[count];

                (void)snprintf(library->path, sizeof library->path, "%s/%s", directory, entry->d_name);
                if (!strstr(entry->d_name, ".so") || lstat(library->path, &status) || !S_ISREG(status.st_mode))
                        continue;
                library->size = status.st_size;
                count += read_code(library);
        }
        if (handle)
                (void)closedir(handle);
        qsort(libraries, count, sizeof *libraries, by_size);
        return count;
}

static double seconds(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
        static struct library libraries[4000];
        static struct symbol_place places[PLACES];
        struct error e = { 0 };
        struct symbols *symbols = symbols_create(NULL, &e);
        size_t count = find_libraries("/usr/lib/x86_64-linux-gnu", libraries, 4000), named = 0, lined = 0, frames = 0;
        struct symbol_module *modules[LIBRARIES];
        unsigned seed = 1;
        double start;

        count = count < LIBRARIES ? count : LIBRARIES;
        if (!symbols || !count)
                return 1;
        for (size_t i = 0; i < count; i++)
                modules[i] = symbols_module(symbols, &(struct symbol_file){ .path = libraries[i].path });
        for (size_t i = 0; i < PLACES; i++) {
                const struct library *library = &libraries[i % count];
                uint64_t part = ((uint64_t)rand_r(&seed) << 16) ^ (uint64_t)rand_r(&seed);

                places[i].module = modules[i % count];
                places[i].address = library->start + part % (library->end - library->start);
        }
        start = seconds();
        if (symbols_prepare(symbols, places, PLACES, NULL, NULL, &e)) {
                (void)fprintf(stderr, "%s\n", e.text);
                return 1;
        }
        for (size_t i = 0; i < PLACES; i++) {
                const struct symbol_frame *found;
                size_t found_count;

                if (symbols_frames(symbols, places[i].module, places[i].address, false, &found, &found_count, &e))
                        return 1;
                named += found[0].function != NULL;
                lined += found[0].file != NULL;
                frames += found_count;
        }
        printf("symbols: %d addresses in %zu libraries: %.2f s; %zu named, %zu with a line, %zu frames\n", PLACES,
               count, seconds() - start, named, lined, frames);
        symbols_destroy(symbols);
        return 0;
}
