#include "image_file.h"

#include "../mem.h"
#include "file_section.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { CACHE = 64 }; /* unpacked sections kept */
#define ADDRESS_END (UINT64_C(1) << 63)
#define NO_CHUNK    SIZE_MAX

/* A packed section. */
struct chunk {
        uint64_t at; /* of the frame, in the source */
        uint32_t packed, raw;
        uint32_t slot; /* 1 + where it is in the cache; 0 = it is not */
};

struct run {
        uint64_t start, end;
        uint64_t offset; /* in the unpacked chunk */
        size_t chunk;    /* NO_CHUNK: zeroes */
};

/* A place in the cache.  While it has readers it is not given to another
 * chunk. */
struct slot {
        size_t chunk; /* NO_CHUNK = none */
        uint64_t used;
        unsigned readers;
        bool ready;    /* false: one of the readers is unpacking it */
        bool good;     /* when ready: `data` has it */
        uint8_t *data; /* used again for the next chunk */
        size_t capacity;
};

/* What a thread needs to unpack. */
struct unpacker {
        struct unpacker *next;
        ZSTD_DCtx *zstd;
        uint8_t *packed;
        size_t capacity;
};

struct image_file {
        struct file_source *source;
        struct chunk *chunks;
        size_t chunk_count, chunk_capacity;
        struct run *runs; /* ascending */
        size_t run_count, run_capacity;

        pthread_mutex_t lock;  /* of all that follows, and of source->damaged */
        pthread_cond_t change; /* a slot is ready, or has no readers */
        struct slot slots[CACHE];
        uint64_t clock;
        struct unpacker *idle;
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
        (void)pthread_mutex_init(&image->lock, NULL);
        (void)pthread_cond_init(&image->change, NULL);
        for (size_t i = 0; i < CACHE; i++)
                image->slots[i].chunk = NO_CHUNK;
        return image;
}

static void destroy_unpacker(struct unpacker *unpacker)
{
        (void)ZSTD_freeDCtx(unpacker->zstd);
        mem_free(unpacker->packed);
        mem_free(unpacker);
}

void image_file_destroy(struct image_file *image)
{
        if (!image)
                return;
        for (size_t i = 0; i < CACHE; i++)
                mem_free(image->slots[i].data);
        while (image->idle) {
                struct unpacker *unpacker = image->idle;

                image->idle = unpacker->next;
                destroy_unpacker(unpacker);
        }
        (void)pthread_cond_destroy(&image->change);
        (void)pthread_mutex_destroy(&image->lock);
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
        image->chunks[image->chunk_count++] = (struct chunk){ at, packed, raw, 0 };
        return 0;
}

/* ---- reading memory ------------------------------------------------------ */

/* With the lock held. */
static void set_damaged(struct image_file *image, const struct chunk *chunk, const char *why)
{
        if (!image->source->damaged)
                (void)error_set(&image->source->error, ERROR_BAD_INPUT, "%s is damaged: the memory at byte %llu: %s",
                                image->source->name, (unsigned long long)chunk->at, why);
        image->source->damaged = true;
}

static struct unpacker *new_unpacker(void)
{
        struct unpacker *unpacker = mem_alloc(1, sizeof *unpacker);

        if (!unpacker)
                return NULL;
        unpacker->zstd = ZSTD_createDCtx();
        if (unpacker->zstd)
                return unpacker;
        mem_free(unpacker);
        return NULL;
}

/* False with `*why`. */
static bool unpack(const struct image_file *image, struct unpacker *unpacker, const struct chunk *chunk,
                   struct slot *slot, const char **why)
{
        size_t got;

        *why = "out of memory";
        if (!unpacker || mem_grow(&slot->data, &slot->capacity, chunk->raw, 1) ||
            mem_grow(&unpacker->packed, &unpacker->capacity, chunk->packed, 1))
                return false;
        *why = "cannot be read";
        if (!file_source_read(image->source, chunk->at, unpacker->packed, chunk->packed))
                return false;
        got = ZSTD_decompressDCtx(unpacker->zstd, slot->data, chunk->raw, unpacker->packed, chunk->packed);
        *why = ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is too short";
        return !ZSTD_isError(got) && got == chunk->raw;
}

/* The slot that waits longest for a reader; NULL when all have one.  With the
 * lock held, as are the two that follow. */
static struct slot *oldest_slot(struct image_file *image)
{
        struct slot *oldest = NULL;

        for (size_t i = 0; i < CACHE; i++)
                if (!image->slots[i].readers && (!oldest || image->slots[i].used < oldest->used))
                        oldest = &image->slots[i];
        return oldest;
}

/* Unpacks the chunk into the slot.  The lock is given up meanwhile. */
static void fill_slot(struct image_file *image, struct slot *slot, size_t index)
{
        struct chunk *chunk = &image->chunks[index];
        struct unpacker *unpacker = image->idle;
        const char *why;

        if (slot->chunk != NO_CHUNK)
                image->chunks[slot->chunk].slot = 0;
        slot->ready = false;
        slot->chunk = index;
        chunk->slot = 1 + (uint32_t)(slot - image->slots);
        if (unpacker)
                image->idle = unpacker->next;
        (void)pthread_mutex_unlock(&image->lock);
        if (!unpacker)
                unpacker = new_unpacker();
        slot->good = unpack(image, unpacker, chunk, slot, &why);
        (void)pthread_mutex_lock(&image->lock);
        if (unpacker) {
                unpacker->next = image->idle;
                image->idle = unpacker;
        }
        if (!slot->good)
                set_damaged(image, chunk, why);
        slot->ready = true;
        (void)pthread_cond_broadcast(&image->change);
}

static void leave_slot(struct image_file *image, struct slot *slot)
{
        if (!--slot->readers)
                (void)pthread_cond_broadcast(&image->change);
}

/* The slot with the unpacked chunk, to be given back with release; or NULL. */
static struct slot *fetch(struct image_file *image, size_t index)
{
        struct slot *slot = NULL;

        (void)pthread_mutex_lock(&image->lock);
        while (!slot) {
                slot = image->chunks[index].slot ? &image->slots[image->chunks[index].slot - 1] : oldest_slot(image);
                if (!slot)
                        (void)pthread_cond_wait(&image->change, &image->lock);
        }
        slot->readers++;
        slot->used = ++image->clock;
        if (slot->chunk != index)
                fill_slot(image, slot, index);
        while (!slot->ready)
                (void)pthread_cond_wait(&image->change, &image->lock);
        if (!slot->good) {
                leave_slot(image, slot);
                slot = NULL;
        }
        (void)pthread_mutex_unlock(&image->lock);
        return slot;
}

static void release(struct image_file *image, struct slot *slot)
{
        (void)pthread_mutex_lock(&image->lock);
        leave_slot(image, slot);
        (void)pthread_mutex_unlock(&image->lock);
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
                struct slot *slot;

                if (at < run->start)
                        break;
                if (want > size - done)
                        want = size - done;
                slot = run->chunk == NO_CHUNK ? NULL : fetch(image, run->chunk);
                if (run->chunk != NO_CHUNK && !slot)
                        break;
                if (slot) {
                        memcpy((char *)buffer + done, slot->data + run->offset + (at - run->start), want);
                        release(image, slot);
                } else {
                        memset((char *)buffer + done, 0, want);
                }
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
        return (struct memory){ read_image, next_image, image, true };
}
