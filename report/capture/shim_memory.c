/* What the shim mapped for itself in the process: it holds copies of words of
 * the program's, and is no root.  Nobody keeps a list of it, but all of it is
 * held, by its start, from the shim's data or from other memory of its. */
#include "root_list.h"

#include "../mem.h"

#include <stdlib.h>

#define PAGE UINT64_C(4096)

enum { READ_WORDS = 8192 };

/* Anonymous memory that is not accounted for, of which [shim, end) turned out
 * to be the shim's. */
struct candidate {
        uint64_t start, end, shim;
};

struct search {
        struct root_builder *builder;
        struct candidate *list; /* ascending */
        size_t count, capacity;
        struct range *todo; /* to be read */
        size_t todo_count, todo_capacity;
        uint64_t words[READ_WORDS];
};

static int push(struct search *search, uint64_t start, uint64_t end)
{
        if (mem_grow(&search->todo, &search->todo_capacity, search->todo_count + 1, sizeof *search->todo))
                return -1;
        search->todo[search->todo_count++] = (struct range){ start, end };
        return 0;
}

static int add_candidates(struct search *search, const struct map *map)
{
        struct root_builder *builder = search->builder;

        if (map->class != MAP_CLASS_ANONYMOUS || !map->write || map->shared || unknown_is_allocators(builder, map))
                return 0;
        for (struct range gap = ranges_gap(&builder->taken, map->start, map->end); gap.start < gap.end;
             gap = ranges_gap(&builder->taken, gap.end, map->end)) {
                if (loader_within(builder->from->loader, gap.start, gap.end))
                        continue;
                if (mem_grow(&search->list, &search->capacity, search->count + 1, sizeof *search->list))
                        return -1;
                search->list[search->count++] = (struct candidate){ gap.start, gap.end, gap.end };
        }
        return 0;
}

static struct candidate *find(struct search *search, uint64_t address)
{
        size_t low = 0, high = search->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (search->list[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < search->count && search->list[low].start <= address ? &search->list[low] : NULL;
}

/* The shim's mappings begin on pages, and little else that it notes does. */
static int look_at(struct search *search, uint64_t word)
{
        struct candidate *candidate = word && word % PAGE == 0 ? find(search, word) : NULL;
        uint64_t end;

        if (!candidate || word >= candidate->shim)
                return 0;
        end = candidate->shim;
        candidate->shim = word;
        return push(search, word, end);
}

static int read_range(struct search *search, struct range range)
{
        const struct memory *memory = search->builder->from->memory;

        while (range.start < range.end) {
                uint64_t at = memory->next ? memory->next(memory->context, range.start, range.end) : range.start;
                uint64_t left = range.end - at;
                size_t got;

                if (at >= range.end)
                        break;
                got = memory->read(memory->context, at, search->words,
                                   left < sizeof search->words ? (size_t)left : sizeof search->words);
                for (size_t i = 0; i < got / sizeof *search->words; i++)
                        if (look_at(search, search->words[i]))
                                return -1;
                range.start = got >= sizeof *search->words ? at + got / 8 * 8 : (at / PAGE + 1) * PAGE;
        }
        return 0;
}

/* The shim's own data. */
static int begin(struct search *search)
{
        const struct root_source *from = search->builder->from;

        for (size_t i = 0; i < from->images->data_count; i++) {
                const struct image_data *data = &from->images->data[i];

                if (data->start >= from->request->shim_start && data->end <= from->request->shim_end &&
                    push(search, (data->start + 7) & ~UINT64_C(7), data->end))
                        return -1;
        }
        return 0;
}

static int run(struct search *search)
{
        const struct maps *maps = search->builder->from->maps;

        for (size_t i = 0; i < maps->count; i++)
                if (add_candidates(search, &maps->list[i]))
                        return -1;
        if (begin(search))
                return -1;
        while (search->todo_count)
                if (read_range(search, search->todo[--search->todo_count]))
                        return -1;
        for (size_t i = 0; i < search->count; i++)
                if (ranges_add(&search->builder->taken, search->list[i].shim, search->list[i].end))
                        return -1;
        ranges_sort(&search->builder->taken);
        return 0;
}

int shim_memory(struct root_builder *builder)
{
        struct search *search;
        int result;

        if (!builder->from->request->shim_start)
                return 0;
        search = mem_alloc(1, sizeof *search);
        if (!search)
                return -1;
        search->builder = builder;
        result = run(search);
        mem_free(search->list);
        mem_free(search->todo);
        mem_free(search);
        return result;
}
