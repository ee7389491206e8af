#include "image_file.h"

#include "../mem.h"
#include "file_section.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
        CACHE = 8, /* unpacked sections kept */
};
#define ADDRESS_END (UINT64_C(1) << 63)
#define NO_CHUNK    SIZE_MAX

/* A packed section. */
struct chunk {
        uint64_t at; /* of the frame, in the source */
        uint32_t packed, raw;
};

struct run {
        uint64_t start, end;
        uint64_t offset; /* in the unpacked chunk */
        size_t chunk;    /* NO_CHUNK: zeroes */
};

struct cached {
        size_t chunk;
        uint64_t used;
        uint8_t *data;
};

struct image_file {
        struct file_source *source;
        struct chunk *chunks;
        size_t chunk_count, chunk_capacity;
        struct run *runs; /* ascending */
        size_t run_count, run_capacity;
        struct cached cache[CACHE];
        uint64_t clock;
        ZSTD_DCtx *zstd;
        uint8_t *packed; /* CAPTURE_PACKED_MAX bytes, once needed */
};

bool file_source_read(const struct file_source *source, uint64_t at, void *buffer, size_t size)
{
        size_t done = 0;

        if (at > source->size || size > source->size - at)
                return false;
        if (source->fd < 0) {
                memcpy(buffer, source->data + at, size);
                return true;
        }
        while (done < size) {
                ssize_t got = pread(source->fd, (char *)buffer + done, size - done, (off_t)(at + done));

                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return false;
                done += (size_t)got;
        }
        return true;
}

struct image_file *image_file_create(struct file_source *source)
{
        struct image_file *image = mem_alloc(1, sizeof *image);

        if (!image)
                return NULL;
        image->source = source;
        image->zstd = ZSTD_createDCtx();
        if (!image->zstd) {
                mem_free(image);
                return NULL;
        }
        return image;
}

void image_file_destroy(struct image_file *image)
{
        if (!image)
                return;
        for (size_t i = 0; i < CACHE; i++)
                mem_free(image->cache[i].data);
        (void)ZSTD_freeDCtx(image->zstd);
        mem_free(image->packed);
        mem_free(image->chunks);
        mem_free(image->runs);
        mem_free(image);
}

/* ---- reading the table --------------------------------------------------- */

static int add_run(struct image_file *image, struct bytes *b, uint64_t *offset)
{
        uint64_t start = bytes_u64(b), size = (uint64_t)bytes_u32(b) * CAPTURE_PAGE;
        uint32_t zero = bytes_u32(b);
        struct run run = { start, start + size, *offset, zero ? NO_CHUNK : image->chunk_count };

        if (zero > 1 || !size || start % CAPTURE_PAGE || start >= ADDRESS_END || size >= ADDRESS_END - start ||
            (image->run_count && start < image->runs[image->run_count - 1].end))
                bytes_fail(b);
        if (!b->ok)
                return 0;
        if (mem_grow(&image->runs, &image->run_capacity, image->run_count + 1, sizeof *image->runs))
                return -1;
        image->runs[image->run_count++] = run;
        *offset += zero ? 0 : size;
        return 0;
}

int image_file_add(struct image_file *image, struct bytes *runs, uint64_t at, uint32_t packed, uint32_t raw)
{
        uint32_t count = bytes_u32(runs);
        uint64_t offset = 0;

        if (bytes_u32(runs) || count > bytes_left(runs) / IMAGE_RUN_SIZE)
                bytes_fail(runs);
        if (mem_grow(&image->chunks, &image->chunk_capacity, image->chunk_count + 1, sizeof *image->chunks))
                return -1;
        for (uint32_t i = 0; i < count && runs->ok; i++)
                if (add_run(image, runs, &offset))
                        return -1;
        if (runs->ok && offset != raw)
                bytes_fail(runs);
        image->chunks[image->chunk_count++] = (struct chunk){ at, packed, raw };
        return 0;
}

/* ---- reading memory ------------------------------------------------------ */

static void set_damaged(struct image_file *image, const struct chunk *chunk, const char *why)
{
        if (!image->source->damaged)
                (void)error_set(&image->source->error, ERROR_BAD_INPUT, "%s is damaged: the memory at byte %llu: %s",
                                image->source->name, (unsigned long long)chunk->at, why);
        image->source->damaged = true;
}

static bool unpack(struct image_file *image, const struct chunk *chunk, uint8_t *to)
{
        size_t got;

        if (!image->packed)
                image->packed = mem_alloc(CAPTURE_PACKED_MAX, 1);
        if (!image->packed) {
                set_damaged(image, chunk, "out of memory");
                return false;
        }
        if (!file_source_read(image->source, chunk->at, image->packed, chunk->packed)) {
                set_damaged(image, chunk, "cannot be read");
                return false;
        }
        got = ZSTD_decompressDCtx(image->zstd, to, chunk->raw, image->packed, chunk->packed);
        if (!ZSTD_isError(got) && got == chunk->raw)
                return true;
        set_damaged(image, chunk, ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is too short");
        return false;
}

/* The unpacked chunk, or NULL. */
static const uint8_t *fetch(struct image_file *image, size_t index)
{
        const struct chunk *chunk = &image->chunks[index];
        struct cached *oldest = &image->cache[0];

        for (size_t i = 0; i < CACHE; i++) {
                struct cached *cached = &image->cache[i];

                if (cached->data && cached->chunk == index) {
                        cached->used = ++image->clock;
                        return cached->data;
                }
                if (!cached->data || cached->used < oldest->used)
                        oldest = cached;
                if (!oldest->data)
                        break;
        }
        mem_free(oldest->data);
        oldest->data = mem_alloc(chunk->raw, 1);
        if (!oldest->data)
                set_damaged(image, chunk, "out of memory");
        if (!oldest->data || !unpack(image, chunk, oldest->data)) {
                mem_free(oldest->data);
                oldest->data = NULL;
                return NULL;
        }
        oldest->chunk = index;
        oldest->used = ++image->clock;
        return oldest->data;
}

/* Index of the first run that ends after `address`. */
static size_t find_run(const struct image_file *image, uint64_t address)
{
        size_t low = 0, high = image->run_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (image->runs[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static size_t read_image(void *context, uint64_t address, void *buffer, size_t size)
{
        struct image_file *image = context;
        size_t done = 0;

        for (size_t i = find_run(image, address); done < size && i < image->run_count; i++) {
                const struct run *run = &image->runs[i];
                uint64_t at = address + done, want = run->end - at;
                const uint8_t *from;

                if (at < run->start)
                        break;
                if (want > size - done)
                        want = size - done;
                from = run->chunk == NO_CHUNK ? NULL : fetch(image, run->chunk);
                if (run->chunk != NO_CHUNK && !from)
                        break;
                if (from)
                        memcpy((char *)buffer + done, from + run->offset + (at - run->start), want);
                else
                        memset((char *)buffer + done, 0, want);
                done += want;
        }
        return done;
}

static uint64_t next_image(void *context, uint64_t address, uint64_t end)
{
        struct image_file *image = context;

        for (size_t i = find_run(image, address); i < image->run_count && image->runs[i].start < end; i++)
                if (image->runs[i].chunk != NO_CHUNK)
                        return image->runs[i].start > address ? image->runs[i].start : address;
        return end;
}

struct memory image_file_memory(struct image_file *image)
{
        return (struct memory){ read_image, next_image, image };
}
