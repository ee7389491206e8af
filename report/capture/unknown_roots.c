#include "extents.h"
#include "root_list.h"

#include <string.h>

#define PAGE UINT64_C(4096)
/* Where glibc aligns the heaps of its arenas: HEAP_MAX_SIZE on 64-bit machines. */
#define ARENA_ALIGN (UINT64_C(64) << 20)

enum {
        TAIL = 8192, /* a descriptor begins at most this far below the end of its stack */
        DESCRIPTOR_ALIGN = 64,
};

static bool starts(const char *name, const char *with)
{
        return strncmp(name, with, strlen(with)) == 0;
}

/* The head of a heap of glibc's arenas: { its arena, the previous heap, bytes
 * in use, bytes made accessible }. */
static bool is_arena(const struct root_builder *builder, struct range gap)
{
        uint64_t words[4];

        if (gap.start % ARENA_ALIGN || !memory_read_all(builder->from->memory, gap.start, words, sizeof words))
                return false;
        return words[0] && words[0] % 16 == 0 && words[2] && words[2] <= words[3] && words[3] <= ARENA_ALIGN &&
               words[3] % PAGE == 0 && words[1] % ARENA_ALIGN == 0;
}

/* The descriptor of a thread that ended, at the top of the stack that glibc
 * keeps for the next one; 0 = there is none. */
static uint64_t find_descriptor(const struct root_builder *builder, struct range gap)
{
        uint64_t words[TAIL / sizeof(uint64_t)];
        uint64_t start = gap.end - gap.start > TAIL ? gap.end - TAIL : gap.start;
        size_t count, step = DESCRIPTOR_ALIGN / sizeof(uint64_t);
        const struct memory *memory = builder->from->memory;

        count = memory->read(memory->context, start, words, gap.end - start) / sizeof *words;
        for (size_t i = 0; i + 2 < count; i += step)
                if (words[i] == start + i * sizeof *words && words[i + 2] == words[i])
                        return words[i];
        return 0;
}

/* Cuts the stack of a thread that ended off the end of `gap`.  Its DTV, which
 * glibc keeps with the stack, is in use for all that.  1 = cut, 0 = there is
 * none, -1 without memory. */
static int cut_dead_stack(struct root_builder *builder, const struct map *map, struct range *gap)
{
        const struct capture_request *request = builder->from->request;
        uint64_t descriptor = find_descriptor(builder, *gap), low, high;

        if (!descriptor)
                return 0;
        if (dtv_root(builder, descriptor, "finished thread", 0))
                return -1;
        if (!place_noted_stack(builder->from->memory, descriptor, request->pthread_size, &low, &high))
                low = map->start;
        gap->end = low > gap->start ? low : gap->start;
        return 1;
}

/* Every stack in `gap` that ends at its end; glibc's guard page is not
 * writable, so that more than one is rare. */
static int cut_dead_stacks(struct root_builder *builder, const struct map *map, struct range *gap)
{
        int cut = 1;

        while (cut > 0 && gap->start < gap->end)
                cut = cut_dead_stack(builder, map, gap);
        return cut < 0 ? -1 : 0;
}

/* A thread that ended, as the thread table knows it: its stack, if it is still
 * there, is no root. */
static int take_finished(struct root_builder *builder)
{
        const struct capture_request *request = builder->from->request;
        const struct memory *memory = builder->from->memory;

        for (size_t i = 0; i < request->thread_count; i++) {
                const struct capture_thread *thread = &request->threads[i];
                const struct map *map = maps_find(builder->from->maps, thread->thread_pointer);
                struct range gap = ranges_gap(&builder->taken, thread->thread_pointer, thread->thread_pointer + 1);
                uint64_t low, high;

                if (!map || !map->write || gap.start == gap.end ||
                    !place_is_descriptor(memory, thread->thread_pointer) ||
                    !place_noted_stack(memory, thread->thread_pointer, request->pthread_size, &low, &high))
                        continue;
                if (dtv_root(builder, thread->thread_pointer, "finished thread", 0) ||
                    ranges_add(&builder->taken, low, high))
                        return -1;
                ranges_sort(&builder->taken);
        }
        return 0;
}

bool unknown_is_allocators(const struct root_builder *builder, const struct map *map)
{
        for (struct range gap = ranges_gap(&builder->taken, map->start, map->end); gap.start < gap.end;
             gap = ranges_gap(&builder->taken, gap.end, map->end))
                if (extents_any(builder->extents, gap.start, gap.end) || is_arena(builder, gap))
                        return true;
        return starts(map->name, "[anon: glibc: malloc");
}

/* The pages around what the loader surely wrote, up to the first block and from
 * the last one on: the allocator may have moved in next to the loader's early
 * memory, and the kernel makes one mapping of it. */
static int add_early_memory(struct root_builder *builder, struct range gap)
{
        struct loader *loader = builder->from->loader;
        struct range span = { loader_above(loader, gap.start, gap.end), gap.start };

        for (uint64_t at = span.start; at < gap.end; at = loader_above(loader, at + 1, gap.end))
                span.end = at + LOADER_DESCRIPTION;
        span.start &= ~(PAGE - 1);
        span.end = (span.end + PAGE - 1) & ~(PAGE - 1);
        return root_list_memory(builder, ROOT_GLOBAL, span.start > gap.start ? span.start : gap.start,
                                span.end < gap.end ? span.end : gap.end, "ld.so", 0);
}

/* What the loader keeps among blocks, in memory from malloc that weir did not
 * see allocated: each description as far as the next block. */
static int add_descriptions(struct root_builder *builder, struct range gap)
{
        struct loader *loader = builder->from->loader;

        for (uint64_t at = loader_above(loader, gap.start, gap.end); at < gap.end;
             at = loader_above(loader, at + 1, gap.end)) {
                uint64_t end = at + LOADER_DESCRIPTION < gap.end ? at + LOADER_DESCRIPTION : gap.end;
                uint64_t block = extents_above(builder->extents, at);

                if (!extents_find(builder->extents, at) &&
                    root_list_memory(builder, ROOT_GLOBAL, at, block < end ? block : end, "ld.so", 0))
                        return -1;
        }
        return 0;
}

static int add_loader_memory(struct root_builder *builder, struct range gap)
{
        if (extents_any(builder->extents, gap.start, gap.end))
                return add_descriptions(builder, gap);
        return add_early_memory(builder, gap);
}

static int add_gap(struct root_builder *builder, const struct map *map, struct range gap, bool allocators)
{
        const char *name = map->name[0] ? map->name : "memory of unknown use";

        if (loader_within(builder->from->loader, gap.start, gap.end))
                return add_loader_memory(builder, gap);
        if (allocators)
                return 0;
        if (map->class == MAP_CLASS_ANONYMOUS && cut_dead_stacks(builder, map, &gap))
                return -1;
        return root_list_memory(builder, ROOT_UNKNOWN, gap.start, gap.end, name, 0);
}

static int add_mapping(struct root_builder *builder, const struct map *map)
{
        bool allocators;

        if (!map->read || !map->write || (map->class != MAP_CLASS_ANONYMOUS && map->class != MAP_CLASS_FILE))
                return 0;
        allocators = unknown_is_allocators(builder, map);
        for (struct range gap = ranges_gap(&builder->taken, map->start, map->end); gap.start < gap.end;
             gap = ranges_gap(&builder->taken, gap.end, map->end))
                if (add_gap(builder, map, gap, allocators))
                        return -1;
        return 0;
}

int unknown_roots(struct root_builder *builder)
{
        const struct maps *maps = builder->from->maps;

        if (take_finished(builder) || shim_memory(builder))
                return -1;
        for (size_t i = 0; i < maps->count; i++)
                if (add_mapping(builder, &maps->list[i]))
                        return -1;
        return 0;
}
