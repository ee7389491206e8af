/* Sections of a capture file, packed. */
#include "file_section.h"

#include "../mem.h"

#include <zstd.h>

enum { LEVEL = 1 }; /* of compression: of a heap that is too large for a copy the process waits for it */
#define SKIPPABLE UINT32_C(0x184d2a50)

static const char *const names[SECTION_KINDS] = {
        [SECTION_SESSION] = "session",   [SECTION_PROCESS] = "process", [SECTION_MODULES] = "modules",
        [SECTION_NODES] = "stacks",      [SECTION_BLOCKS] = "blocks",   [SECTION_ROOTS] = "roots",
        [SECTION_SEGMENTS] = "segments", [SECTION_IMAGE] = "memory",    [SECTION_SNAPSHOT] = "snapshot",
        [SECTION_FORGET] = "forget",     [SECTION_END] = "end",         [SECTION_NAMES] = "names",
        [SECTION_FRAMES] = "frames",
};

const char *section_name(uint32_t kind)
{
        return kind && kind < SECTION_KINDS ? names[kind] : "unknown";
}

int section_packer_init(struct section_packer *packer)
{
        *packer = (struct section_packer){ .zstd = ZSTD_createCCtx() };
        if (!packer->zstd)
                return -1;
        (void)ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL);
        (void)ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1);
        return 0;
}

void section_packer_deinit(struct section_packer *packer)
{
        (void)ZSTD_freeCCtx(packer->zstd);
        pack_deinit(&packer->packed);
        *packer = (struct section_packer){ 0 };
}

static int compress(struct section_packer *packer, const void *raw, size_t size, struct error *e)
{
        struct pack *packed = &packer->packed;
        size_t bound = ZSTD_compressBound(size), got;

        if (packed->bad || mem_grow(&packed->data, &packed->capacity, packed->size + bound, 1))
                return error_no_memory(e, "writing the capture file");
        got = ZSTD_compress2(packer->zstd, packed->data + packed->size, bound, raw, size);
        if (ZSTD_isError(got))
                return error_set(e, ERROR_FAILED, "the capture file cannot be compressed: %s", ZSTD_getErrorName(got));
        packed->size += got;
        return 0;
}

/* What compresses too well is filled up, so that readers can refuse whatever
 * unpacks to more than its size justifies.  The content begins at `start`. */
static void fill_up(struct pack *packed, size_t start, size_t raw)
{
        static const uint8_t zeroes[4096];

        while (!packed->bad && !section_ratio_holds(packed->size - start, raw)) {
                size_t missing = (raw - CAPTURE_RATIO_FREE) / CAPTURE_RATIO - (packed->size - start) + 1;
                size_t size = missing < sizeof zeroes ? missing : sizeof zeroes;

                pack_u32(packed, SKIPPABLE);
                pack_u32(packed, (uint32_t)size);
                pack_bytes(packed, zeroes, size);
        }
}

static void set_u32(uint8_t *at, uint32_t value)
{
        for (unsigned i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> (8 * i));
}

/* The check word of a section that begins at `section`. */
static uint32_t check_of(const uint8_t *section, size_t prefix)
{
        uint32_t hash = section_hash(SECTION_HASH, section, SECTION_HEADER_SIZE - 4);

        return section_hash(hash, section + SECTION_HEADER_SIZE, prefix);
}

int section_pack(struct section_packer *packer, uint32_t kind, uint32_t process, const struct pack *prefix,
                 const void *raw, size_t size, struct error *e)
{
        struct pack *packed = &packer->packed;
        size_t start = packed->size, content = start + SECTION_HEADER_SIZE;
        uint8_t *header;

        if (size > CAPTURE_RAW_MAX)
                return error_set(e, ERROR_FAILED, "the capture file: a %s of %zu bytes is too long", section_name(kind),
                                 size);
        pack_u32(packed, kind);
        pack_u32(packed, process);
        pack_u64(packed, 0); /* known below, like the check */
        pack_u64(packed, prefix ? prefix->size : 0);
        if (prefix)
                pack_bytes(packed, prefix->data, prefix->size);
        if (compress(packer, raw, size, e))
                return -1;
        fill_up(packed, content, size);
        if (packed->bad)
                return error_no_memory(e, "writing the capture file");
        header = packed->data + start;
        set_u32(header + 8, (uint32_t)(packed->size - content));
        set_u32(header + 12, (uint32_t)size);
        set_u32(header + 20, check_of(header, prefix ? prefix->size : 0));
        packer->count++;
        return 0;
}
