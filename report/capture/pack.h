/*
 * pack.h: bytes that grow, as a capture file wants them.  The counterpart of
 * bytes.h.  Without memory a pack becomes bad and stays so; look once.
 */
#ifndef WEIR_PACK_H
#define WEIR_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pack {
        uint8_t *data;
        size_t size, capacity;
        bool bad;
};

void pack_bytes(struct pack *pack, const void *bytes, size_t size);
void pack_u32(struct pack *pack, uint32_t value);
void pack_u64(struct pack *pack, uint64_t value);
void pack_varint(struct pack *pack, uint64_t value);
void pack_signed(struct pack *pack, int64_t value);
void pack_string(struct pack *pack, const char *text);
/* A length and so many bytes. */
void pack_blob(struct pack *pack, const void *bytes, size_t size);
void pack_deinit(struct pack *pack);

#endif
