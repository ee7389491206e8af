#include "fields.h"

#include "../mem.h"

#include <string.h>

/* ---- numbers ------------------------------------------------------------- */

void fields_pack_numbers(struct pack *pack, const void *object, const struct fields_number *numbers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const char *from = (const char *)object + numbers[i].offset;
                uint64_t value = 0;

                memcpy(&value, from, numbers[i].size);
                if (!numbers[i].is_signed)
                        pack_varint(pack, value);
                else
                        pack_signed(pack, numbers[i].size == 4 ? (int32_t)value : (int64_t)value);
        }
}

int64_t fields_read_signed(struct bytes *b)
{
        uint64_t value = bytes_varint(b);

        return (int64_t)(value >> 1 ^ -(value & 1));
}

static bool fits(const struct fields_number *number, uint64_t value)
{
        unsigned bits = 8 * number->size;

        if (number->is_signed)
                return bits == 64 || (int64_t)value == (int32_t)value;
        return (bits == 64 || value >> bits == 0) && (!number->most || value <= number->most);
}

void fields_read_numbers(struct bytes *b, void *object, const struct fields_number *numbers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint64_t value = numbers[i].is_signed ? (uint64_t)fields_read_signed(b) : bytes_varint(b);

                if (!fits(&numbers[i], value))
                        bytes_fail(b);
                if (b->ok)
                        memcpy((char *)object + numbers[i].offset, &value, numbers[i].size);
        }
}

/* ---- strings and lists --------------------------------------------------- */

int fields_read_string(struct bytes *b, char **text)
{
        uint64_t size = bytes_varint(b);
        const char *from = size <= SIZE_MAX ? bytes_take(b, (size_t)size) : NULL;

        *text = NULL;
        if (b->ok && memchr(from, 0, size))
                bytes_fail(b);
        if (!b->ok)
                return 0;
        *text = mem_alloc((size_t)size + 1, 1);
        if (!*text)
                return -1;
        memcpy(*text, from, size);
        return 0;
}

int fields_replace_string(struct bytes *b, char **text)
{
        char *fresh;

        if (fields_read_string(b, &fresh))
                return -1;
        if (!fresh)
                return 0;
        mem_free(*text);
        *text = fresh;
        return 0;
}

uint64_t fields_read_count(struct bytes *b, size_t least)
{
        uint64_t count = bytes_varint(b);

        if (count > bytes_left(b) / least)
                bytes_fail(b);
        return b->ok ? count : 0;
}

void fields_pack_list(struct pack *pack, struct pack *entries, uint64_t count)
{
        pack_varint(pack, count);
        pack_bytes(pack, entries->data, entries->size);
        pack->bad |= entries->bad;
        pack_deinit(entries);
}

void fields_pack_strings(struct pack *pack, char *const *list, size_t count)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < count && entries.size < FIELDS_LIST_MOST; packed++)
                pack_string(&entries, list[packed]);
        fields_pack_list(pack, &entries, packed);
}

int fields_read_strings(struct bytes *b, char ***list, size_t *count, size_t extra)
{
        uint64_t wanted = fields_read_count(b, 1);

        *count = 0;
        *list = mem_alloc(wanted + extra, sizeof **list);
        if (!*list)
                return -1;
        for (; *count < wanted && b->ok; ++*count)
                if (fields_read_string(b, &(*list)[*count]))
                        return -1;
        if (!b->ok && *count)
                --*count; /* the last one is NULL */
        return 0;
}
