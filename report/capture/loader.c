#include "loader.h"

#include "../mem.h"
#include "memory.h"
#include "proc.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>

enum {
        DYNAMIC_MAX = 4096,  /* entries of a dynamic section */
        MODULES_MAX = 65536, /* also ends a list that runs in a circle */
        NAMESPACES_MAX = 64,
};

/* The address of the program's own headers, from the auxiliary vector. */
static uint64_t program_headers(pid_t pid)
{
        Elf64_auxv_t vector[64];
        ssize_t got = proc_read_some(pid, 0, "auxv", (char *)vector, sizeof vector);

        for (size_t i = 0; got > 0 && (i + 1) * sizeof *vector <= (size_t)got; i++)
                if (vector[i].a_type == AT_PHDR)
                        return vector[i].a_un.a_val;
        return 0;
}

static uint64_t find_debug(const struct image *program, const struct memory *memory)
{
        for (size_t i = 0; program && program->dynamic && i < DYNAMIC_MAX; i++) {
                Elf64_Dyn entry;

                if (!memory_read_all(memory, program->dynamic + i * sizeof entry, &entry, sizeof entry) ||
                    entry.d_tag == DT_NULL)
                        break;
                if (entry.d_tag == DT_DEBUG)
                        return entry.d_un.d_ptr;
        }
        return 0;
}

int loader_add(struct loader *loader, uint64_t address, struct error *e)
{
        if (!address)
                return 0;
        if (mem_grow(&loader->list, &loader->capacity, loader->count + 1, sizeof *loader->list))
                return error_no_memory(e, "reading the loader's list of modules");
        loader->list[loader->count++] = address;
        loader->sorted = false;
        return 0;
}

static int follow(struct loader *loader, uint64_t map, const struct memory *memory, struct error *e)
{
        for (size_t i = 0; map && i < MODULES_MAX; i++) {
                if (loader_add(loader, map, e) ||
                    loader_add(loader, memory_word(memory, map + offsetof(struct link_map, l_name)), e))
                        return -1;
                map = memory_word(memory, map + offsetof(struct link_map, l_next));
        }
        return 0;
}

int loader_read(struct loader *loader, pid_t pid, const struct images *images, const struct memory *memory,
                struct error *e)
{
        uint64_t debug = find_debug(images_find(images, program_headers(pid)), memory);

        *loader = (struct loader){ 0 };
        for (size_t i = 0; debug && i < NAMESPACES_MAX; i++) {
                uint64_t version = memory_word(memory, debug + offsetof(struct r_debug, r_version));

                if (follow(loader, memory_word(memory, debug + offsetof(struct r_debug, r_map)), memory, e)) {
                        loader_deinit(loader);
                        return -1;
                }
                /* From version 2 on the next namespace follows the structure. */
                debug = (uint32_t)version >= 2 ? memory_word(memory, debug + sizeof(struct r_debug)) : 0;
        }
        return 0;
}

void loader_deinit(struct loader *loader)
{
        mem_free(loader->list);
        *loader = (struct loader){ 0 };
}

static int by_address(const void *a, const void *b)
{
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

/* Index of the first address that is not below `address`. */
static size_t lower_bound(struct loader *loader, uint64_t address)
{
        size_t low = 0, high = loader->count;

        if (!loader->sorted && loader->count)
                qsort(loader->list, loader->count, sizeof *loader->list, by_address);
        loader->sorted = true;
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (loader->list[middle] < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

bool loader_within(struct loader *loader, uint64_t start, uint64_t end)
{
        return loader_above(loader, start, end) < end;
}

uint64_t loader_above(struct loader *loader, uint64_t start, uint64_t end)
{
        size_t first = lower_bound(loader, start);

        return first < loader->count && loader->list[first] < end ? loader->list[first] : end;
}
