#include "pack.h"

#include "../mem.h"

#include <string.h>

void pack_bytes(struct pack *pack, const void *bytes, size_t size)
{
        if (pack->bad || !size)
                return;
        if (mem_grow(&pack->data, &pack->capacity, pack->size + size, 1)) {
                pack->bad = true;
                return;
        }
        memcpy(pack->data + pack->size, bytes, size);
        pack->size += size;
}

static void little(struct pack *pack, uint64_t value, unsigned bytes)
{
        uint8_t buffer[8];

        for (unsigned i = 0; i < bytes; i++)
                buffer[i] = (uint8_t)(value >> (8 * i));
        pack_bytes(pack, buffer, bytes);
}

void pack_u32(struct pack *pack, uint32_t value)
{
        little(pack, value, 4);
}

void pack_u64(struct pack *pack, uint64_t value)
{
        little(pack, value, 8);
}

void pack_varint(struct pack *pack, uint64_t value)
{
        uint8_t buffer[10];
        size_t size = 0;

        do {
                buffer[size++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
                value >>= 7;
        } while (value);
        pack_bytes(pack, buffer, size);
}

void pack_signed(struct pack *pack, int64_t value)
{
        pack_varint(pack, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void pack_blob(struct pack *pack, const void *bytes, size_t size)
{
        pack_varint(pack, size);
        pack_bytes(pack, bytes, size);
}

void pack_string(struct pack *pack, const char *text)
{
        pack_blob(pack, text ? text : "", text ? strlen(text) : 0);
}

void pack_deinit(struct pack *pack)
{
        mem_free(pack->data);
        *pack = (struct pack){ 0 };
}
