#include "strings.h"

#include "../mem.h"

#include <stdint.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

static uint64_t hash(const char *text)
{
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        return h ^ (h >> 29);
}

/* The slot that holds the text, or the free one where it belongs. */
static char **find(char **slots, size_t capacity, const char *text)
{
        size_t i = (size_t)hash(text) & (capacity - 1);

        while (slots[i] && strcmp(slots[i], text))
                i = (i + 1) & (capacity - 1);
        return &slots[i];
}

/* Keeps a quarter of the slots free. */
static int make_room(struct strings *s)
{
        size_t capacity = s->capacity ? s->capacity * 2 : FIRST_CAPACITY;
        char **slots;

        if (s->capacity && s->count + 1 <= s->capacity / 4 * 3)
                return 0;
        slots = mem_alloc(capacity, sizeof *slots);
        if (!slots)
                return -1;
        for (size_t i = 0; i < s->capacity; i++) {
                if (s->slots[i])
                        *find(slots, capacity, s->slots[i]) = s->slots[i];
        }
        mem_free(s->slots);
        s->slots = slots;
        s->capacity = capacity;
        return 0;
}

const char *strings_add(struct strings *strings, const char *text)
{
        char **slot;

        if (!text || make_room(strings))
                return NULL;
        slot = find(strings->slots, strings->capacity, text);
        if (!*slot) {
                *slot = mem_string(text);
                strings->count += *slot != NULL;
        }
        return *slot;
}

void strings_deinit(struct strings *strings)
{
        for (size_t i = 0; i < strings->capacity; i++)
                mem_free(strings->slots[i]);
        mem_free(strings->slots);
        *strings = (struct strings){ 0 };
}
