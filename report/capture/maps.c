#include "maps.h"

#include "../mem.h"
#include "proc.h"

#include <string.h>

/* A cursor in one line, [at, end). */
struct line {
        const char *at, *end;
        bool ok;
};

static void expect(struct line *line, char c)
{
        if (line->ok && line->at < line->end && *line->at == c)
                line->at++;
        else
                line->ok = false;
}

static int digit(char c, unsigned base)
{
        int value = -1;

        if (c >= '0' && c <= '9')
                value = c - '0';
        else if (c >= 'a' && c <= 'f')
                value = c - 'a' + 10;
        return value >= 0 && (unsigned)value < base ? value : -1;
}

static uint64_t number(struct line *line, unsigned base)
{
        const char *start = line->at;
        uint64_t value = 0;

        for (; line->ok && line->at < line->end; line->at++) {
                int d = digit(*line->at, base);

                if (d < 0)
                        break;
                if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, d, &value))
                        line->ok = false;
        }
        if (line->at == start)
                line->ok = false;
        return value;
}

static bool permission(struct line *line, char set)
{
        bool is_set = line->ok && line->at < line->end && *line->at == set;

        if (is_set)
                line->at++;
        else
                expect(line, '-');
        return is_set;
}

static bool shared(struct line *line)
{
        bool is_shared = line->ok && line->at < line->end && *line->at == 's';

        if (is_shared)
                line->at++;
        else
                expect(line, 'p');
        return is_shared;
}

static bool starts(const char *name, const char *with)
{
        return strncmp(name, with, strlen(with)) == 0;
}

static bool is_device(const char *name)
{
        return starts(name, "/dev/") && !starts(name, "/dev/zero") && !starts(name, "/dev/shm/");
}

static enum map_class classify(const struct map *map)
{
        const char *name = map->name;

        if (starts(name, "/memfd:weir") || starts(name, "[anon:weir"))
                return MAP_CLASS_WEIR;
        if (name[0] == '/')
                return is_device(name) ? MAP_CLASS_DEVICE : MAP_CLASS_FILE;
        if (strcmp(name, "[heap]") == 0)
                return MAP_CLASS_HEAP;
        if (strcmp(name, "[stack]") == 0)
                return MAP_CLASS_STACK;
        /* "[stack:TID]" is how Linux before 4.5 names whatever a thread runs on. */
        if (starts(name, "[anon:") || starts(name, "[anon_shmem:") || starts(name, "[stack:"))
                return MAP_CLASS_ANONYMOUS;
        /* "anon_inode:[perf_event]" and the like are devices by another name. */
        if (name[0] && name[0] != '[')
                return MAP_CLASS_DEVICE;
        if (name[0])
                return MAP_CLASS_KERNEL;
        return map->inode ? MAP_CLASS_FILE : MAP_CLASS_ANONYMOUS;
}

/* One line without its newline; `end` may be written to: it ends the name. */
static bool parse_line(struct map *map, const char *start, char *end)
{
        struct line line = { start, end, true };

        map->start = number(&line, 16);
        expect(&line, '-');
        map->end = number(&line, 16);
        expect(&line, ' ');
        map->read = permission(&line, 'r');
        map->write = permission(&line, 'w');
        map->execute = permission(&line, 'x');
        map->shared = shared(&line);
        expect(&line, ' ');
        map->offset = number(&line, 16);
        expect(&line, ' ');
        map->major = (uint32_t)number(&line, 16);
        expect(&line, ':');
        map->minor = (uint32_t)number(&line, 16);
        expect(&line, ' ');
        map->inode = number(&line, 10);
        if (line.ok && line.at < line.end)
                expect(&line, ' ');
        while (line.ok && line.at < line.end && *line.at == ' ')
                line.at++;
        *end = 0;
        map->name = line.at;
        map->class = line.ok ? classify(map) : MAP_CLASS_ANONYMOUS;
        return line.ok && map->start < map->end;
}

static int add_line(struct maps *maps, size_t *capacity, char *start, char *end, struct error *e)
{
        struct map map = { 0 };

        if (!parse_line(&map, start, end))
                return error_set(e, ERROR_BAD_INPUT, "the list of mappings makes no sense in line %zu",
                                 maps->count + 1);
        if (maps->count && map.start < maps->list[maps->count - 1].end)
                return error_set(e, ERROR_BAD_INPUT, "the list of mappings is out of order in line %zu",
                                 maps->count + 1);
        if (mem_grow(&maps->list, capacity, maps->count + 1, sizeof *maps->list))
                return error_no_memory(e, "reading the list of mappings");
        maps->list[maps->count++] = map;
        return 0;
}

/* Takes over `text`, which has room for a NUL after its `size` bytes. */
static int parse_own(struct maps *maps, char *text, size_t size, struct error *e)
{
        struct maps parsed = { .text = text };
        char *at = text, *end = text + size;
        size_t capacity = 0;

        if (memchr(text, 0, size)) {
                mem_free(text);
                return error_set(e, ERROR_BAD_INPUT, "the list of mappings has a zero byte in it");
        }
        while (at < end) {
                char *newline = memchr(at, '\n', (size_t)(end - at));
                char *stop = newline ? newline : end;

                if (add_line(&parsed, &capacity, at, stop, e)) {
                        maps_deinit(&parsed);
                        return -1;
                }
                at = stop + 1;
        }
        *maps = parsed;
        return 0;
}

int maps_parse(struct maps *maps, const char *text, size_t size, struct error *e)
{
        char *copy = mem_alloc(size + 1, 1);

        if (!copy)
                return error_no_memory(e, "reading the list of mappings");
        memcpy(copy, text, size);
        return parse_own(maps, copy, size, e);
}

int maps_read(struct maps *maps, pid_t pid, struct error *e)
{
        size_t size;
        char *text = proc_read(pid, 0, "maps", &size, e);

        if (!text)
                return -1;
        if (parse_own(maps, text, size, e))
                return error_prefix(e, "process %d", (int)pid);
        return 0;
}

void maps_deinit(struct maps *maps)
{
        mem_free(maps->list);
        mem_free(maps->text);
        *maps = (struct maps){ 0 };
}

size_t maps_lower(const struct maps *maps, uint64_t address)
{
        size_t low = 0, high = maps->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (maps->list[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const struct map *maps_find(const struct maps *maps, uint64_t address)
{
        size_t at = maps_lower(maps, address);

        return at < maps->count && maps->list[at].start <= address ? &maps->list[at] : NULL;
}

bool map_same_file(const struct map *a, const struct map *b)
{
        return a->inode && a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}
