#include "roots.h"

#include "../mem.h"
#include "arena.h"
#include "extents.h"
#include "root_list.h"

/* Ranges up to this size are taken whole; between present pages in larger ones
 * gaps up to JOIN are read along, which is cheaper than another read. */
#define WHOLE_MAX (UINT64_C(1) << 20)
#define JOIN      (UINT64_C(1) << 16)

/* ---- the list ---------------------------------------------------------- */

const char *root_list_name(struct root_list *roots, const char *text)
{
        char *copy;

        if (mem_grow(&roots->names, &roots->name_capacity, roots->name_count + 1, sizeof *roots->names))
                return NULL;
        copy = mem_string(text);
        if (copy)
                roots->names[roots->name_count++] = copy;
        return copy;
}

static int add(struct root_list *roots, struct root root)
{
        if (mem_grow(&roots->list, &roots->capacity, roots->count + 1, sizeof *roots->list))
                return -1;
        roots->list[roots->count++] = root;
        return 0;
}

int root_list_memory(struct root_builder *builder, enum root_kind kind, uint64_t start, uint64_t end, const char *name,
                     pid_t tid)
{
        struct present *present = builder->from->present;
        struct root root = { .kind = kind, .name = name, .thread = (uint32_t)tid };

        if (start >= end)
                return 0;
        if (!present || end - start <= WHOLE_MAX) {
                root.start = start;
                root.end = end;
                return add(builder->roots, root);
        }
        for (uint64_t at = present_next(present, start, end); at < end;) {
                uint64_t next;

                root.start = at;
                do {
                        root.end = present_end(present, at, end);
                        next = present_next(present, root.end, end);
                        at = next;
                } while (next < end && next - root.end <= JOIN);
                if (add(builder->roots, root))
                        return -1;
        }
        return 0;
}

int root_list_words(struct root_list *roots, const uint64_t *words, size_t count, const char *name, pid_t tid)
{
        return add(roots, (struct root){ .kind = ROOT_REGISTER,
                                         .words = words,
                                         .word_count = count,
                                         .name = name,
                                         .thread = (uint32_t)tid });
}

/* Words of the list's own, zero until the caller fills them in; NULL without memory. */
static uint64_t *own_words(struct root_list *roots, size_t count, const char *name, pid_t tid)
{
        uint64_t *own;

        if (mem_grow(&roots->words, &roots->word_capacity, roots->word_count + 1, sizeof *roots->words))
                return NULL;
        own = mem_alloc(count, sizeof *own);
        if (!own)
                return NULL;
        roots->words[roots->word_count++] = own;
        return root_list_words(roots, own, count, name, tid) ? NULL : own;
}

int root_list_word(struct root_list *roots, uint64_t word, const char *name, pid_t tid)
{
        uint64_t *own = own_words(roots, 1, name, tid);

        if (!own)
                return -1;
        *own = word;
        return 0;
}

/* ---- globals ----------------------------------------------------------- */

/* The mapped parts of [start, end), less the shim. */
static int add_mapped(struct root_builder *builder, uint64_t start, uint64_t end, const char *name)
{
        const struct capture_request *request = builder->from->request;
        const struct maps *maps = builder->from->maps;

        if (start < request->shim_end && end > request->shim_start)
                return 0;
        for (size_t i = maps_lower(maps, start); i < maps->count && maps->list[i].start < end; i++) {
                const struct map *map = &maps->list[i];
                uint64_t low = map->start > start ? map->start : start, high = map->end < end ? map->end : end;

                if (map->read && root_list_memory(builder, ROOT_GLOBAL, low, high, name, 0))
                        return -1;
        }
        return 0;
}

/* Data of one module, less what malloc keeps there. */
static int add_data(struct root_builder *builder, uint64_t start, uint64_t end, const char *path)
{
        struct range arena = { end, end };

        if (arena_is_allocator(path))
                return 0;
        if (arena_is_libc(path))
                arena = arena_find(builder->from->memory, start, end);
        return add_mapped(builder, start, arena.start, path) || add_mapped(builder, arena.end, end, path) ? -1 : 0;
}

/* The loader keeps some of its blocks by an address inside them that it has
 * aligned: such a block is held by its start. */
static int loader_holds(struct root_builder *builder, uint64_t start, uint64_t end, const char *path)
{
        const struct memory *memory = builder->from->memory;
        uint64_t words[512];

        for (uint64_t at = (start + 7) & ~UINT64_C(7); at < end;) {
                size_t want = end - at < sizeof words ? (size_t)(end - at) : sizeof words;
                size_t got = memory->read(memory->context, at, words, want) / sizeof *words;

                for (size_t i = 0; i < got; i++) {
                        const struct block *block = extents_find(builder->extents, words[i]);

                        if (block && block->address != words[i] && !(block->flags & BLOCK_MAPPING) &&
                            root_list_word(builder->roots, block->address, path, 0))
                                return -1;
                }
                at += got ? got * sizeof *words : sizeof words;
        }
        return 0;
}

static int global_roots(struct root_builder *builder)
{
        const struct images *images = builder->from->images;

        for (size_t i = 0; i < images->data_count; i++) {
                const struct image_data *data = &images->data[i];

                if (arena_is_loader(images->list[data->image].path) &&
                    loader_holds(builder, data->start, data->end, images->list[data->image].path))
                        return -1;
                if (add_data(builder, data->start, data->end, images->list[data->image].path) ||
                    ranges_add(&builder->taken, data->start & ~UINT64_C(4095), (data->end + 4095) & ~UINT64_C(4095)))
                        return -1;
        }
        return 0;
}

/* ---- what the program says ---------------------------------------------- */

/* Blocks that it does not want told are held by their starts. */
static int ignored_roots(struct root_builder *builder)
{
        const struct capture_request *request = builder->from->request;
        size_t count = 0, used = 0;
        uint64_t *words;

        for (size_t i = 0; i < request->block_count; i++)
                count += (request->blocks[i].flags & BLOCK_IGNORED) != 0;
        if (!count)
                return 0;
        words = own_words(builder->roots, count, ROOT_IGNORED_NAME, 0);
        for (size_t i = 0; words && i < request->block_count; i++)
                if (request->blocks[i].flags & BLOCK_IGNORED)
                        words[used++] = request->blocks[i].address;
        return words ? 0 : -1;
}

static int annotated_roots(struct root_builder *builder)
{
        const struct capture_request *request = builder->from->request;

        for (size_t i = 0; i < request->root_count; i++)
                if (add_mapped(builder, request->roots[i].start, request->roots[i].end, "root region"))
                        return -1;
        return ignored_roots(builder);
}

/* What is accounted for before any thread is looked at. */
static int take_known(struct root_builder *builder)
{
        const struct capture_request *request = builder->from->request;
        const struct extents *extents = builder->extents;

        if (ranges_add(&builder->taken, request->shim_start, request->shim_end))
                return -1;
        for (size_t i = 0; i < request->own_count; i++)
                if (ranges_add(&builder->taken, request->own[i].start, request->own[i].end))
                        return -1;
        for (size_t i = 0; i < extents->mapping_count; i++) {
                const struct block *block = &extents->blocks[extents->mappings[i]];

                if (ranges_add(&builder->taken, block->address,
                               (block->address + block->size + 4095) & ~UINT64_C(4095)))
                        return -1;
        }
        return 0;
}

static int build(struct root_builder *builder)
{
        if (take_known(builder) || global_roots(builder) || annotated_roots(builder) || thread_roots(builder))
                return -1;
        ranges_sort(&builder->taken);
        return unknown_roots(builder);
}

int roots_build(struct root_list *roots, const struct root_source *source, struct error *e)
{
        struct extents extents;
        struct root_builder builder = { .from = source, .roots = roots, .extents = &extents };
        int result;

        *roots = (struct root_list){ 0 };
        if (extents_init(&extents, source->request->blocks, source->request->block_count))
                return error_no_memory(e, "looking for roots");
        result = build(&builder);
        extents_deinit(&extents);
        ranges_deinit(&builder.taken);
        if (result) {
                roots_deinit(roots);
                return error_no_memory(e, "looking for roots");
        }
        return 0;
}

void roots_deinit(struct root_list *roots)
{
        for (size_t i = 0; i < roots->name_count; i++)
                mem_free(roots->names[i]);
        for (size_t i = 0; i < roots->word_count; i++)
                mem_free(roots->words[i]);
        mem_free(roots->names);
        mem_free(roots->words);
        mem_free(roots->list);
        *roots = (struct root_list){ 0 };
}

uint64_t roots_bytes(const struct root_list *roots)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < roots->count; i++)
                bytes += roots->list[i].end - roots->list[i].start + roots->list[i].word_count * sizeof(uint64_t);
        return bytes;
}
