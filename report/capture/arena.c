#include "arena.h"

#include "../mem.h"
#include "memory.h"

#include <string.h>

enum {
        /* struct malloc_state since glibc 2.26, in bytes. */
        ARENA_BINS = 0x70,
        ARENA_BIN_PAIRS = 127,
        ARENA_NEXT = 0x870,
        ARENA_SIZE = 0x898,
        BIN_BACK = 16,    /* a bin points at a chunk header that it overlaps */
        EMPTY_LEAST = 16, /* so many empty bins are no chance */
        ARENAS_MAX = 4096,
        DATA_MAX = 1 << 20,
};

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

bool arena_is_allocator(const char *path)
{
        static const char *const names[] = { "libjemalloc", "libtcmalloc", "libmimalloc", "librpmalloc",
                                             "libsnmalloc", "libhoard",    "libscudo" };
        const char *base = base_name(path);

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (strncmp(base, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

bool arena_is_libc(const char *path)
{
        const char *base = base_name(path);

        return strncmp(base, "libc.so", 7) == 0 || strncmp(base, "libc-2", 6) == 0;
}

bool arena_is_loader(const char *path)
{
        const char *base = base_name(path);

        return strncmp(base, "ld-linux", 8) == 0 || strncmp(base, "ld-2", 4) == 0 || strncmp(base, "ld.so", 5) == 0;
}

/* Word `i` of the data at `start` begins an empty bin. */
static bool is_empty_bin(const uint64_t *words, size_t i, uint64_t start)
{
        uint64_t self = start + i * sizeof *words - BIN_BACK;

        return words[i] == self && words[i + 1] == self;
}

static size_t count_empty(const uint64_t *words, size_t first, size_t count, uint64_t start)
{
        size_t empty = 0;

        for (size_t i = 0; i < ARENA_BIN_PAIRS && first + 2 * i + 1 < count; i++)
                empty += is_empty_bin(words, first + 2 * i, start);
        return empty;
}

/* The arenas are a ring, of which each names the next. */
static bool ring_closes(const struct memory *memory, uint64_t arena)
{
        uint64_t at = arena;

        for (int i = 0; i < ARENAS_MAX; i++) {
                at = memory_word(memory, at + ARENA_NEXT);
                if (at == arena)
                        return true;
                if (!at || at % 16)
                        return false;
        }
        return false;
}

/* The arena whose bins hold the empty one at word `found`. */
static uint64_t find_start(const struct memory *memory, const uint64_t *words, size_t count, size_t found,
                           uint64_t start)
{
        for (size_t pair = 0; pair < ARENA_BIN_PAIRS && found >= 2 * pair + ARENA_BINS / sizeof *words; pair++) {
                size_t first = found - 2 * pair;
                uint64_t arena = start + first * sizeof *words - ARENA_BINS;

                if (count_empty(words, first, count, start) >= EMPTY_LEAST && ring_closes(memory, arena))
                        return arena;
        }
        return 0;
}

struct range arena_find(const struct memory *memory, uint64_t start, uint64_t end)
{
        struct range none = { end, end };
        size_t size = end - start < DATA_MAX ? end - start : DATA_MAX, count;
        uint64_t *words, arena = 0;

        start = (start + 7) & ~UINT64_C(7);
        words = start < end ? mem_alloc(size / sizeof *words, sizeof *words) : NULL;
        if (!words)
                return none;
        count = memory->read(memory->context, start, words, size / sizeof *words * sizeof *words) / sizeof *words;
        for (size_t i = 0; i + 1 < count && !arena; i++)
                if (is_empty_bin(words, i, start))
                        arena = find_start(memory, words, count, i, start);
        mem_free(words);
        if (!arena)
                return none;
        return (struct range){ arena, arena + ARENA_SIZE < end ? arena + ARENA_SIZE : end };
}
