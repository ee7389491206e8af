#include "places.h"

#include "../mem.h"
#include "machine.h"
#include "memory.h"
#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        DESCRIPTOR_LEAST = 1024, /* glibc's has 2304 bytes in 2.31, 2368 in 2.36 */
        DESCRIPTOR_ASSUMED = 4096,
        DESCRIPTOR_MAX = 16384,
        DTV_ENTRY = 16,
        DTV_MODULES = 4096, /* that are looked at */
        TLS_SURPLUS = 4096, /* glibc keeps 1664 bytes by default, more by tunables */
        TLS_MOST = 1 << 20,
        DESCRIPTOR_SELF = 16, /* the second word that points at itself */
        STACK_LEAST = 16384,
};
#define STACK_MOST (UINT64_C(1) << 40)
#define PAGE       UINT64_C(4096)

uint32_t place_descriptor_size(uint32_t pthread_size)
{
        return pthread_size && pthread_size <= DESCRIPTOR_MAX ? pthread_size : DESCRIPTOR_ASSUMED;
}

uint64_t place_static_tls(const struct place *place, const struct memory *memory, uint32_t known)
{
        uint64_t thread_pointer = place->thread_pointer;
        uint64_t dtv = memory_word(memory, thread_pointer + MACHINE_DTV), reach = 0;
        uint64_t modules = memory_word(memory, dtv - DTV_ENTRY);

        if (known)
                return known;
        /* Entry 0 is a generation; a module's is its address and what to free. */
        for (uint64_t i = 1; dtv > DTV_ENTRY && i <= modules && i <= DTV_MODULES; i++) {
                uint64_t entry[2], away;

                if (!memory_read_all(memory, dtv + i * DTV_ENTRY, entry, sizeof entry))
                        break;
                away = MACHINE_TLS_ABOVE ? entry[0] - thread_pointer : thread_pointer - entry[0];
                if (!entry[1] && away < TLS_MOST && away > reach)
                        reach = away;
        }
        if (MACHINE_TLS_ABOVE && reach)
                reach += TLS_SURPLUS; /* where the furthest begins; its size is not known here */
        return reach + (place->first ? TLS_SURPLUS : 0);
}

bool place_is_descriptor(const struct memory *memory, uint64_t address)
{
        return address && memory_word(memory, address) == address &&
               memory_word(memory, address + DESCRIPTOR_SELF) == address;
}

bool place_noted_stack(const struct memory *memory, uint64_t thread_pointer, uint32_t pthread_size, uint64_t *low,
                       uint64_t *high)
{
        uint64_t words[DESCRIPTOR_MAX / sizeof(uint64_t)];
        size_t size = place_descriptor_size(pthread_size), count;

        count = memory->read(memory->context, machine_descriptor(thread_pointer, size), words, size) / sizeof *words;
        for (size_t i = 0; i + 1 < count; i++) {
                uint64_t end;

                if (!words[i] || words[i] >= thread_pointer || words[i + 1] < STACK_LEAST || words[i + 1] > STACK_MOST)
                        continue;
                end = words[i] + words[i + 1];
                if (end < thread_pointer + (MACHINE_TLS_ABOVE ? 0 : DESCRIPTOR_LEAST) || end - thread_pointer > DESCRIPTOR_MAX)
                        continue;
                *low = words[i];
                *high = end;
                return true;
        }
        return false;
}

/* ---- the thread table -------------------------------------------------- */

static int by_tid(const void *a, const void *b)
{
        const struct capture_thread *left = *(const struct capture_thread *const *)a;
        const struct capture_thread *right = *(const struct capture_thread *const *)b;

        if (left->tid != right->tid)
                return left->tid < right->tid ? -1 : 1;
        return left < right ? -1 : left > right;
}

static const struct capture_thread **sort_table(const struct capture_request *request)
{
        const struct capture_thread **table = mem_alloc(request->thread_count, sizeof *table);

        for (size_t i = 0; table && i < request->thread_count; i++)
                table[i] = &request->threads[i];
        if (table)
                qsort(table, request->thread_count, sizeof *table, by_tid);
        return table;
}

/* The last entry of the tid, or NULL. */
static const struct capture_thread *find_entry(const struct capture_thread **table, size_t count, pid_t tid)
{
        size_t low = 0, high = count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (table[middle]->tid <= tid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low && table[low - 1]->tid == tid ? table[low - 1] : NULL;
}

/* ---- stacks ------------------------------------------------------------ */

static void first_stack(struct place *place, const struct maps *maps)
{
        for (size_t i = 0; i < maps->count; i++) {
                if (maps->list[i].class != MAP_CLASS_STACK)
                        continue;
                place->stack_low = maps->list[i].start;
                place->stack_high = maps->list[i].end;
                return;
        }
}

/* Without better knowledge: what is mapped around the descriptor, up to the
 * end of its page. */
static void guess_stack(struct place *place, const struct maps *maps, uint32_t descriptor)
{
        const struct map *map = maps_find(maps, place->thread_pointer);
        uint64_t end = (place->thread_pointer + descriptor + PAGE - 1) & ~(PAGE - 1);

        if (!map || !map->write)
                return;
        place->stack_low = map->start;
        place->stack_high = end < map->end ? end : map->end;
}

static bool entry_makes_sense(const struct capture_thread *entry, const struct maps *maps)
{
        const struct map *map;

        if (!entry || !entry->stack_high || entry->stack_low >= entry->stack_high ||
            entry->stack_high - entry->stack_low > STACK_MOST)
                return false;
        map = maps_find(maps, entry->stack_high - 1);
        return map && map->write;
}

static void find_stack(struct place *place, const struct capture_thread *entry, const struct capture_request *request,
                       const struct maps *maps, const struct memory *memory)
{
        if (place->first)
                first_stack(place, maps);
        else if (place->thread_pointer && place_noted_stack(memory, place->thread_pointer, request->pthread_size,
                                                            &place->stack_low, &place->stack_high))
                ;
        else if (entry_makes_sense(entry, maps)) {
                place->stack_low = entry->stack_low;
                place->stack_high = entry->stack_high;
        } else if (place->thread_pointer)
                guess_stack(place, maps, place_descriptor_size(request->pthread_size));
}

/* A thread made by clone without a thread pointer of its own runs with its
 * maker's, whose stack is not its own. */
static void drop_borrowed(struct place *places, size_t count)
{
        for (size_t i = 1; i < count; i++)
                for (size_t j = 0; j < i && places[i].thread_pointer; j++)
                        if (places[j].thread_pointer == places[i].thread_pointer)
                                places[i].thread_pointer = 0;
}

int places_find(struct place **places, const struct stop *stop, const struct capture_request *request,
                const struct maps *maps, const struct memory *memory, struct error *e)
{
        const struct capture_thread **table = sort_table(request);
        struct place *list = mem_alloc(stop->count, sizeof *list);
        bool translate = request->inner_pid && request->inner_pid != request->pid;
        const struct capture_thread **entries = mem_alloc(stop->count, sizeof *entries);

        if (!table || !list || !entries) {
                mem_free(table);
                mem_free(list);
                mem_free(entries);
                return error_no_memory(e, "looking for stacks");
        }
        for (size_t i = 0; i < stop->count; i++) {
                const struct held *held = &stop->threads[i];
                struct place *place = &list[i];
                pid_t tid = held->tid;

                if (translate)
                        tid = (pid_t)proc_status(request->pid, tid, "NSpid", -1, tid);
                entries[i] = find_entry(table, request->thread_count, tid);
                place->held = held;
                place->first = held->tid == request->pid;
                place->ending = request->end_tid && request->end_sp && tid == request->end_tid;
                place->sp = held->registers.sp;
                place->thread_pointer = held->registers.thread_pointer;
                if (held->state != HELD_STOPPED && entries[i])
                        place->thread_pointer = entries[i]->thread_pointer;
                if (entries[i])
                        (void)snprintf(place->name, sizeof place->name, "thread %u", entries[i]->ordinal + 1);
                else
                        (void)snprintf(place->name, sizeof place->name, place->first ? "thread 1" : "thread id %d",
                                       (int)tid);
        }
        drop_borrowed(list, stop->count);
        for (size_t i = 0; i < stop->count; i++)
                find_stack(&list[i], entries[i], request, maps, memory);
        mem_free(table);
        mem_free(entries);
        *places = list;
        return 0;
}
