#include "extents.h"
#include "machine.h"
#include "root_list.h"

#define PAGE UINT64_C(4096)

enum {
        DTV_ENTRY = 16,
        DTV_MAX = 1 << 20, /* entries; more is nonsense */
};

/* The end of the memory that belongs with `address`: of the block that holds
 * it, or of the mapping, cut where something known begins. */
static uint64_t container_end(const struct root_builder *builder, uint64_t address)
{
        const struct capture_request *request = builder->from->request;
        const struct block *block = extents_find(builder->extents, address);
        const struct map *map = maps_find(builder->from->maps, address);
        uint64_t end;

        if (block)
                return block->address + block->size;
        if (!map)
                return address;
        end = extents_above(builder->extents, address);
        if (map->end < end)
                end = map->end;
        for (size_t i = 0; i < request->own_count; i++)
                if (request->own[i].start > address && request->own[i].start < end)
                        end = request->own[i].start;
        return end;
}

/* The block around `address`, if any, is in use by this thread. */
static int hold_block(struct root_builder *builder, uint64_t address, const char *name, pid_t tid)
{
        const struct block *block = extents_find(builder->extents, address);

        return block ? root_list_word(builder->roots, block->address, name, tid) : 0;
}

int dtv_root(struct root_builder *builder, uint64_t thread_pointer, const char *name, pid_t tid)
{
        const struct memory *memory = builder->from->memory;
        uint64_t dtv = memory_word(memory, thread_pointer + MACHINE_DTV), start = dtv - DTV_ENTRY, entries, end;
        const struct map *map = maps_find(builder->from->maps, start);
        const struct block *block = extents_find(builder->extents, start);

        if (dtv < DTV_ENTRY || !map)
                return 0;
        if (block)
                return root_list_word(builder->roots, block->address, name, tid);
        entries = memory_word(memory, start);
        if (!entries || entries > DTV_MAX)
                return 0;
        end = start + (entries + 2) * DTV_ENTRY;
        return root_list_memory(builder, ROOT_TLS, start, end < map->end ? end : map->end, name, tid);
}

/* [*low, *high): static thread-local storage and struct pthread. */
static void tls_range(const struct root_builder *builder, const struct place *place, uint64_t *low, uint64_t *high)
{
        const struct capture_request *request = builder->from->request;
        const struct map *map = maps_find(builder->from->maps, place->thread_pointer);
        uint64_t tls, descriptor;

        *low = *high = 0;
        if (!map || !map->read)
                return;
        tls = place_static_tls(place, builder->from->memory, request->tls_static_size);
        descriptor = place_descriptor_size(request->pthread_size);
        *low = place->thread_pointer - (MACHINE_TLS_ABOVE ? descriptor : tls);
        *high = place->thread_pointer + (MACHINE_TLS_ABOVE ? tls : descriptor);
        if (place->thread_pointer < place->stack_high && place->stack_high - place->thread_pointer < 2 * PAGE)
                *high = place->stack_high; /* it is at the top of the stack */
        if (*low > place->thread_pointer || *low < map->start)
                *low = map->start;
        if (*high > map->end)
                *high = map->end;
}

static int add_stack(struct root_builder *builder, const struct place *place, uint64_t low, uint64_t high,
                     const char *name)
{
        uint64_t tls_low, tls_high;

        tls_range(builder, place, &tls_low, &tls_high);
        /* glibc puts both into one mapping; told apart for the reader's sake. */
        if (tls_low > low && tls_low < high)
                high = tls_low;
        return root_list_memory(builder, ROOT_STACK, low, high, name, place->held->tid);
}

static bool on_own_stack(const struct place *place, uint64_t sp)
{
        return sp >= place->stack_low && sp < place->stack_high;
}

/* The live part of what the thread runs on at `sp`, from `low` up. */
static int live_stack(struct root_builder *builder, const struct place *place, uint64_t sp, uint64_t low,
                      const char *name)
{
        uint64_t own_low = place->stack_low;

        if (on_own_stack(place, sp))
                return add_stack(builder, place, low > own_low ? low : own_low, place->stack_high, name);
        /* On a coroutine's stack or an alternate one: where its own stack was
         * left is not known, so all of it counts. */
        if (sp && root_list_memory(builder, ROOT_STACK, low, container_end(builder, sp), name, place->held->tid))
                return -1;
        return add_stack(builder, place, own_low, place->stack_high, name);
}

static int stack_roots(struct root_builder *builder, const struct place *place, const char *name)
{
        const struct capture_request *request = builder->from->request;
        uint64_t sp = place->sp, low = sp > MACHINE_RED_ZONE ? sp - MACHINE_RED_ZONE : sp;
        const struct map *map = maps_find(builder->from->maps, low);

        if (!map || !map->read)
                low = sp; /* the red zone reaches below the stack */
        if (!place->ending)
                return live_stack(builder, place, sp, low, name);
        if (!request->end_signal)
                return live_stack(builder, place, request->end_sp, request->end_sp, name);
        /* The handler's stack holds the registers of what it interrupted. */
        if (on_own_stack(place, sp) && on_own_stack(place, request->end_sp))
                return live_stack(builder, place, sp, low, name);
        if (root_list_memory(builder, ROOT_STACK, low, container_end(builder, sp), name, place->held->tid))
                return -1;
        return live_stack(builder, place, request->end_sp, request->end_sp, name);
}

static int tls_roots(struct root_builder *builder, const struct place *place, const char *name)
{
        uint64_t low, high;

        if (!place->thread_pointer)
                return 0;
        tls_range(builder, place, &low, &high);
        if (root_list_memory(builder, ROOT_TLS, low, high, name, place->held->tid) ||
            ranges_add(&builder->taken, low, high))
                return -1;
        return dtv_root(builder, place->thread_pointer, name, place->held->tid);
}

static int held_roots(struct root_builder *builder, const struct place *place, const char *name)
{
        const struct registers *registers = &place->held->registers;
        pid_t tid = place->held->tid;

        if (registers->words && root_list_words(builder->roots, registers->words, registers->count, name, tid))
                return -1;
        if (hold_block(builder, place->sp, name, tid) || hold_block(builder, registers->pc, name, tid))
                return -1;
        if (place->stack_high && hold_block(builder, place->stack_high - 1, name, tid))
                return -1;
        return place->thread_pointer ? hold_block(builder, place->thread_pointer, name, tid) : 0;
}

/* The program's first descriptor lies in memory that the loader mapped before
 * malloc was there, with other things of the loader's. */
static int note_loader(struct root_builder *builder, const struct place *place)
{
        struct loader *loader = builder->from->loader;
        struct error ignored;

        if (!place->first || !place->thread_pointer)
                return 0;
        return loader_add(loader, place->thread_pointer, &ignored) ||
                               loader_add(loader, memory_word(builder->from->memory, place->thread_pointer + MACHINE_DTV),
                                          &ignored)
                       ? -1
                       : 0;
}

int thread_roots(struct root_builder *builder)
{
        for (size_t i = 0; i < builder->from->stop->count; i++) {
                const struct place *place = &builder->from->places[i];
                const char *name = root_list_name(builder->roots, place->name);

                if (!name || stack_roots(builder, place, name) || tls_roots(builder, place, name) ||
                    held_roots(builder, place, name) || note_loader(builder, place))
                        return -1;
                if (ranges_add(&builder->taken, place->stack_low, place->stack_high))
                        return -1;
        }
        return 0;
}
