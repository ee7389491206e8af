#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "memory.h"
#include "note.h"
#include "raw.h"

enum { PATH_ROOM = 2 * WEIR_PATH_MAX };

/* ---- identity ---------------------------------------------------------- */

static bool inside(const struct module_identity *m, uintptr_t at, size_t bytes)
{
        return at >= m->start && at <= m->end && m->end - at >= bytes;
}

/* A range of the module that can be read, page by page. */
static bool readable(const struct module_identity *m, uintptr_t at, size_t bytes)
{
        if (!inside(m, at, bytes) || bytes == 0)
                return false;
        for (uintptr_t page = at & ~(uintptr_t)(WEIR_PAGE - 1); page < at + bytes; page += WEIR_PAGE)
                if (!memory_page_readable(page))
                        return false;
        return true;
}

/* Looks for the build-id in the notes at [at, at + bytes). */
static bool build_id_in(struct module_identity *m, uintptr_t at, size_t bytes, size_t align)
{
        while (bytes >= sizeof(ElfW(Nhdr))) {
                ElfW(Nhdr) note;
                size_t name, text;

                memcpy(&note, (const void *)at, sizeof note);
                name = sizeof note;
                text = name + (((size_t)note.n_namesz + align - 1) & ~(align - 1));
                if (text > bytes || note.n_descsz > bytes - text)
                        return false;
                if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
                    memcmp((const void *)(at + name), "GNU", 4) == 0 && note.n_descsz <= sizeof m->build_id) {
                        m->build_id_length = note.n_descsz;
                        memcpy(m->build_id, (const void *)(at + text), note.n_descsz);
                        return true;
                }
                text += ((size_t)note.n_descsz + align - 1) & ~(align - 1);
                if (text >= bytes)
                        return false;
                at += text;
                bytes -= text;
        }
        return false;
}

/* The program headers of a module, as they are in memory. */
struct segments_of {
        uintptr_t at;
        unsigned count;
};

/* Those of the program are told by the kernel; of a library the first page
 * holds its ELF header. */
static struct segments_of program_headers(const struct module_identity *m, bool program)
{
        struct segments_of none = { 0, 0 };
        ElfW(Ehdr) head;

        if (program)
                return (struct segments_of){ getauxval(AT_PHDR), (unsigned)getauxval(AT_PHNUM) };
        if (!readable(m, m->start, sizeof head))
                return none;
        memcpy(&head, (const void *)m->start, sizeof head);
        if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(ElfW(Phdr)) ||
            !readable(m, m->start + head.e_phoff, (size_t)head.e_phnum * sizeof(ElfW(Phdr))))
                return none;
        return (struct segments_of){ m->start + head.e_phoff, head.e_phnum };
}

static ElfW(Phdr) program_header(struct segments_of s, unsigned i)
{
        ElfW(Phdr) segment;

        memcpy(&segment, (const void *)(s.at + i * sizeof segment), sizeof segment);
        return segment;
}

static void read_build_id(struct module_identity *m, bool program)
{
        struct segments_of s = program_headers(m, program);

        for (unsigned i = 0; i < s.count; i++) {
                ElfW(Phdr) segment = program_header(s, i);

                if (segment.p_type == PT_NOTE && readable(m, m->bias + segment.p_vaddr, segment.p_memsz) &&
                    build_id_in(m, m->bias + segment.p_vaddr, segment.p_memsz, segment.p_align == 8 ? 8 : 4))
                        return;
        }
}

/* The loader's name for the program itself is "". */
static bool is_program(const struct link_map *map)
{
        return !map->l_prev && (!map->l_name || *map->l_name == '\0');
}

/* The mapped range of a module.  A program whose segments the kernel mapped
 * with gaps is found segment by segment: its range is that of all. */
static void range_of(const struct dl_find_object *object, uintptr_t *start, uintptr_t *end)
{
        uintptr_t bias = object->dlfo_link_map->l_addr;
        struct segments_of s = { 0, 0 };

        *start = (uintptr_t)object->dlfo_map_start;
        *end = (uintptr_t)object->dlfo_map_end;
        if (is_program(object->dlfo_link_map))
                s = program_headers(NULL, true);
        for (unsigned i = 0; i < s.count; i++) {
                ElfW(Phdr) segment = program_header(s, i);
                uintptr_t low = (bias + segment.p_vaddr) & ~(uintptr_t)(WEIR_PAGE - 1);
                uintptr_t high = bias + segment.p_vaddr + segment.p_memsz;

                if (segment.p_type != PT_LOAD)
                        continue;
                if (low < *start)
                        *start = low;
                if (high > *end)
                        *end = high;
        }
}

static uint64_t hash_text(const char *text)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        while (*text)
                h = (h ^ (uint8_t)*text++) * UINT64_C(0x100000001b3);
        return h;
}

static void identify(struct module_identity *m, const struct dl_find_object *object)
{
        const struct link_map *map = object->dlfo_link_map;

        memset(m, 0, sizeof *m);
        range_of(object, &m->start, &m->end);
        m->bias = map->l_addr;
        m->path_hash = hash_text(map->l_name ? map->l_name : "");
        read_build_id(m, is_program(map));
}

/* ---- announcing -------------------------------------------------------- */

/* The module's path in `room`: the loader names the program itself "", and a
 * library that was opened by a relative path by that. */
static const char *path_of(const struct link_map *map, char *room)
{
        const char *name = map->l_name ? map->l_name : "";
        long length;

        if (is_program(map)) {
                length = raw_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", room, WEIR_PATH_MAX - 1);
                room[length > 0 ? length : 0] = '\0';
                return room;
        }
        if (*name != '/' && strchr(name, '/') && raw_length(name) < WEIR_PATH_MAX) {
                length = raw_syscall(SYS_getcwd, room, WEIR_PATH_MAX, 0, 0);
                if (length > 0 && room[0] == '/') {
                        raw_append(raw_append(room + length - 1, "/"), name);
                        return room;
                }
        }
        return name;
}

static void announce(struct module_record *record, uint16_t id, const struct link_map *map)
{
        const struct module_identity *m = &record->identity;
        struct weir_note_module note = { .start = m->start, .end = m->end, .bias = m->bias, .id = id };
        char *room = raw_mmap(NULL, PATH_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const char *path = room ? path_of(map, room) : map->l_name ? map->l_name : "";
        struct note_piece pieces[2] = { { &note, sizeof note }, { path, raw_length(path) + 1 } };

        note.build_id_length = (uint16_t)m->build_id_length;
        memcpy(note.build_id, m->build_id, m->build_id_length);
        note_send(WEIR_NOTE_MODULE, 0, pieces, 2);
        if (room)
                raw_munmap(room, PATH_ROOM);
        atomic_store_explicit(&record->announced, 1, memory_order_release);
}

/* ---- the table --------------------------------------------------------- */

static uint32_t slot_of(uintptr_t start)
{
        return (uint32_t)(((uint64_t)start >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 47);
}

static bool current(struct module_record *r, uintptr_t start, uintptr_t end, const void *link_map, uint32_t generation)
{
        return atomic_load_explicit(&r->generation, memory_order_acquire) == generation + 1 &&
               r->identity.start == start && r->identity.end == end && r->link_map == link_map;
}

/* The record for which `current` holds, NULL when the module was not yet met
 * in this generation. */
static struct module_record *find_current(struct modules *modules, const struct dl_find_object *object,
                                          uint32_t generation)
{
        uintptr_t start, end;
        uint32_t slot;
        uint16_t id;

        range_of(object, &start, &end);
        slot = slot_of(start);
        for (; (id = atomic_load_explicit(&modules->slots[slot], memory_order_acquire)) != 0;
             slot = (slot + 1) & (MODULES_SLOTS - 1))
                if (current(&modules->records[id], start, end, object->dlfo_link_map, generation))
                        return &modules->records[id];
        return NULL;
}

static uint32_t take_record(struct modules *modules)
{
        uint32_t last = atomic_load_explicit(&modules->last, memory_order_relaxed);

        do
                if (last >= MODULES_MOST)
                        return 0;
        while (!atomic_compare_exchange_weak_explicit(&modules->last, &last, last + 1, memory_order_relaxed,
                                                      memory_order_relaxed));
        return last + 1;
}

/* The record with this identity, a new one when there is none.  NULL when
 * there are no more. */
static struct module_record *find_or_add(struct modules *modules, const struct module_identity *identity)
{
        uint32_t slot = slot_of(identity->start), fresh = 0;

        for (;; slot = (slot + 1) & (MODULES_SLOTS - 1)) {
                uint16_t id = atomic_load_explicit(&modules->slots[slot], memory_order_acquire);

                if (id == 0) {
                        if (fresh == 0 && (fresh = take_record(modules)) == 0)
                                return NULL;
                        modules->records[fresh].identity = *identity;
                        if (atomic_compare_exchange_strong(&modules->slots[slot], &id, (uint16_t)fresh))
                                return &modules->records[fresh];
                }
                if (memcmp(&modules->records[id].identity, identity, sizeof *identity) == 0)
                        return &modules->records[id];
        }
}

uint16_t modules_of(struct modules *modules, uintptr_t address, uint32_t generation)
{
        struct dl_find_object object;
        struct module_identity identity;
        struct module_record *record;
        uint16_t id;

        if (_dl_find_object((void *)address, &object) != 0)
                return 0;
        record = find_current(modules, &object, generation);
        if (!record) {
                identify(&identity, &object);
                record = find_or_add(modules, &identity);
                if (!record)
                        return 0;
                record->link_map = object.dlfo_link_map;
                atomic_store_explicit(&record->generation, generation + 1, memory_order_release);
        }
        id = (uint16_t)(record - modules->records);
        if (!atomic_load_explicit(&record->announced, memory_order_acquire))
                announce(record, id, object.dlfo_link_map);
        return id;
}
