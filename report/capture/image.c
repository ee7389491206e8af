#include "image.h"

#include "../mem.h"
#include "memory.h"

#include <elf.h>
#include <string.h>

enum { HEADERS_MAX = 256 };
#define PAGE UINT64_C(4096)

static uint64_t page_down(uint64_t address)
{
        return address & ~(PAGE - 1);
}

static bool read_headers(const struct memory *memory, uint64_t base, Elf64_Phdr *headers, size_t *count)
{
        Elf64_Ehdr elf;

        if (!memory_read_all(memory, base, &elf, sizeof elf) || memcmp(elf.e_ident, ELFMAG, SELFMAG) ||
            elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
            elf.e_phentsize != sizeof *headers || !elf.e_phnum || elf.e_phnum > HEADERS_MAX ||
            (elf.e_type != ET_DYN && elf.e_type != ET_EXEC) || elf.e_phoff > (1 << 24))
                return false;
        *count = elf.e_phnum;
        return memory_read_all(memory, base + elf.e_phoff, headers, *count * sizeof *headers);
}

/* The mapping that holds the file's part of a segment, as the segment says. */
static const struct map *segment_map(const struct maps *maps, const struct map *first, const Elf64_Phdr *load,
                                     uint64_t bias)
{
        const struct map *map = maps_find(maps, load->p_vaddr + bias);
        uint64_t page = page_down(load->p_vaddr + bias);

        if (!map || !map_same_file(map, first) || map->shared || page < map->start ||
            map->offset + (page - map->start) != page_down(load->p_offset))
                return NULL;
        return map;
}

/* A module has code that is mapped where its headers say; a file that was
 * merely mapped for reading has not. */
static bool is_loaded(const struct maps *maps, const struct map *first, const Elf64_Phdr *headers, size_t count,
                      uint64_t bias)
{
        for (size_t i = 0; i < count; i++) {
                const struct map *map;

                if (headers[i].p_type != PT_LOAD || !(headers[i].p_flags & PF_X))
                        continue;
                map = segment_map(maps, first, &headers[i], bias);
                if (map && map->execute)
                        return true;
        }
        return false;
}

static int add_data(struct images *images, size_t *capacity, const Elf64_Phdr *load, uint64_t bias, struct error *e)
{
        uint64_t start = load->p_vaddr + bias;

        if (images->data_count && start < images->data[images->data_count - 1].end)
                return 0; /* its headers contradict themselves */
        if (mem_grow(&images->data, capacity, images->data_count + 1, sizeof *images->data))
                return error_no_memory(e, "reading modules");
        images->data[images->data_count++] = (struct image_data){ start, start + load->p_memsz, images->count };
        return 0;
}

static bool sane(const Elf64_Phdr *load, uint64_t bias)
{
        uint64_t start = load->p_vaddr + bias, end;

        return !__builtin_add_overflow(start, load->p_memsz, &end) && end < UINT64_C(1) << 63 &&
               load->p_filesz <= load->p_memsz;
}

static int add_segments(struct images *images, size_t *capacity, const struct maps *maps, struct image *image,
                        const Elf64_Phdr *headers, size_t count, struct error *e)
{
        const struct map *first = &maps->list[image->first_map];

        for (size_t i = 0; i < count; i++) {
                const Elf64_Phdr *header = &headers[i];

                if (header->p_type == PT_DYNAMIC)
                        image->dynamic = header->p_vaddr + image->bias;
                if (header->p_type != PT_LOAD || !header->p_memsz || !sane(header, image->bias))
                        continue;
                if (header->p_vaddr + image->bias + header->p_memsz > image->end)
                        image->end = header->p_vaddr + image->bias + header->p_memsz;
                if (!(header->p_flags & PF_W))
                        continue;
                if (header->p_filesz && !segment_map(maps, first, header, image->bias))
                        continue;
                if (add_data(images, capacity, header, image->bias, e))
                        return -1;
        }
        return 0;
}

/* The bias, from the segment that maps the head of the file. */
static bool find_bias(const struct map *first, const Elf64_Phdr *headers, size_t count, uint64_t *bias)
{
        for (size_t i = 0; i < count; i++) {
                if (headers[i].p_type != PT_LOAD || page_down(headers[i].p_offset))
                        continue;
                *bias = first->start - page_down(headers[i].p_vaddr);
                return true;
        }
        return false;
}

int images_read(struct images *images, const struct maps *maps, const struct memory *memory, struct error *e)
{
        size_t capacity = 0, data_capacity = 0;

        *images = (struct images){ 0 };
        for (size_t i = 0; i < maps->count; i++) {
                const struct map *first = &maps->list[i];
                struct image image = { .path = first->name, .start = first->start, .end = first->end, .first_map = i };
                Elf64_Phdr headers[HEADERS_MAX];
                size_t count;

                if (first->class != MAP_CLASS_FILE || first->offset || !first->read || first->shared ||
                    (images->count && first->start < images->list[images->count - 1].end))
                        continue;
                if (!read_headers(memory, first->start, headers, &count) ||
                    !find_bias(first, headers, count, &image.bias) ||
                    !is_loaded(maps, first, headers, count, image.bias))
                        continue;
                if (mem_grow(&images->list, &capacity, images->count + 1, sizeof *images->list)) {
                        images_deinit(images);
                        return error_no_memory(e, "reading modules");
                }
                if (add_segments(images, &data_capacity, maps, &image, headers, count, e)) {
                        images_deinit(images);
                        return -1;
                }
                images->list[images->count++] = image;
        }
        return 0;
}

void images_deinit(struct images *images)
{
        mem_free(images->list);
        mem_free(images->data);
        *images = (struct images){ 0 };
}

const struct image *images_find(const struct images *images, uint64_t address)
{
        size_t low = 0, high = images->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (images->list[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < images->count && images->list[low].start <= address ? &images->list[low] : NULL;
}

/* A mapping of the module's file, or the anonymous rest of its .bss. */
static bool belongs(const struct image *image, const struct maps *maps, const struct map *map)
{
        return map_same_file(map, &maps->list[image->first_map]) || map->class == MAP_CLASS_ANONYMOUS ||
               map->class == MAP_CLASS_HEAP; /* with address randomisation off [heap] begins in the .bss */
}

int images_segments(const struct images *images, const struct maps *maps, struct segment **segments, size_t *count,
                    struct error *e)
{
        size_t capacity = 0;

        *segments = NULL;
        *count = 0;
        for (size_t i = 0; i < maps->count; i++) {
                const struct map *map = &maps->list[i];
                const struct image *image = images_find(images, map->start);

                if (!image || !belongs(image, maps, map))
                        continue;
                if (mem_grow(segments, &capacity, *count + 1, sizeof **segments)) {
                        mem_free(*segments);
                        *segments = NULL;
                        *count = 0;
                        return error_no_memory(e, "reading modules");
                }
                (*segments)[(*count)++] = (struct segment){
                        .start = map->start,
                        .end = map->end < image->end || map->class == MAP_CLASS_FILE ? map->end : image->end,
                        .bias = image->bias,
                        .writable = map->write,
                        .executable = map->execute,
                        .path = image->path,
                };
        }
        return 0;
}
