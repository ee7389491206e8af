#include "file_section.h"

#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum {
        LEVEL = 1,           /* of compression: of a heap that is too large for a copy the process waits for it */
        TABLE_RAW = 1 << 20, /* a table's section is written when it has this much */
};
#define SKIPPABLE UINT32_C(0x184d2a50)

struct capture_writer {
        char *path;
        int fd;
        bool finished, filter;
        uint64_t sections;
        ZSTD_CCtx *zstd;
        struct pack packed; /* the section being written */
        struct watch watch;
};

static const char *const names[SECTION_KINDS] = {
        [SECTION_SESSION] = "session",   [SECTION_PROCESS] = "process", [SECTION_MODULES] = "modules",
        [SECTION_NODES] = "stacks",      [SECTION_BLOCKS] = "blocks",   [SECTION_ROOTS] = "roots",
        [SECTION_SEGMENTS] = "segments", [SECTION_IMAGE] = "memory",    [SECTION_SNAPSHOT] = "snapshot",
        [SECTION_FORGET] = "forget",     [SECTION_END] = "end",
        [SECTION_NAMES] = "names",       [SECTION_FRAMES] = "frames",
};

const char *section_name(uint32_t kind)
{
        return kind && kind < SECTION_KINDS ? names[kind] : "unknown";
}

/* ---- bytes to the file -------------------------------------------------- */

static int write_all(struct capture_writer *writer, const void *data, size_t size, struct error *e)
{
        const uint8_t *at = data;

        while (size) {
                ssize_t done = write(writer->fd, at, size);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return error_set_errno(e, ERROR_FAILED, errno, "cannot write the capture file %s",
                                               writer->path);
                at += done;
                size -= (size_t)done;
        }
        return 0;
}

static int compress(struct capture_writer *writer, const void *raw, size_t size, struct error *e)
{
        struct pack *packed = &writer->packed;
        size_t bound = ZSTD_compressBound(size), got;

        if (packed->bad || mem_grow(&packed->data, &packed->capacity, packed->size + bound, 1))
                return error_no_memory(e, "writing the capture file");
        got = ZSTD_compress2(writer->zstd, packed->data + packed->size, bound, raw, size);
        if (ZSTD_isError(got))
                return error_set(e, ERROR_FAILED, "cannot compress the capture file %s: %s", writer->path,
                                 ZSTD_getErrorName(got));
        packed->size += got;
        return 0;
}

/* What compresses too well is filled up, so that readers can refuse whatever
 * unpacks to more than its size justifies. */
static void fill_up(struct pack *packed, size_t raw)
{
        static const uint8_t zeroes[4096];

        while (!packed->bad && !section_ratio_holds(packed->size - SECTION_HEADER_SIZE, raw)) {
                size_t missing = (raw - CAPTURE_RATIO_FREE) / CAPTURE_RATIO - (packed->size - SECTION_HEADER_SIZE) + 1;
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

int section_write(struct capture_writer *writer, uint32_t kind, uint32_t process, const struct pack *prefix,
                  const void *raw, size_t size, struct error *e)
{
        struct pack *packed = &writer->packed;

        if (size > CAPTURE_RAW_MAX)
                return error_set(e, ERROR_FAILED, "the capture file %s: a %s of %zu bytes is too long", writer->path,
                                 section_name(kind), size);
        packed->size = 0;
        pack_u32(packed, kind);
        pack_u32(packed, process);
        pack_u64(packed, 0); /* known below, like the check */
        pack_u64(packed, prefix ? prefix->size : 0);
        if (prefix)
                pack_bytes(packed, prefix->data, prefix->size);
        if (compress(writer, raw, size, e))
                return -1;
        fill_up(packed, size);
        if (packed->bad)
                return error_no_memory(e, "writing the capture file");
        set_u32(packed->data + 8, (uint32_t)(packed->size - SECTION_HEADER_SIZE));
        set_u32(packed->data + 12, (uint32_t)size);
        set_u32(packed->data + 20, check_of(packed->data, prefix ? prefix->size : 0));
        if (write_all(writer, packed->data, packed->size, e))
                return -1;
        writer->sections++;
        return 0;
}

/* ---- tables ------------------------------------------------------------- */

static int table_flush(struct table_writer *table, struct error *e)
{
        struct pack raw = { 0 };
        int result = -1;

        pack_varint(&raw, table->count);
        pack_bytes(&raw, table->rows.data, table->rows.size);
        if (raw.bad || table->rows.bad)
                (void)error_no_memory(e, "writing the capture file");
        else
                result = section_write(table->writer, table->kind, table->process, NULL, raw.data, raw.size, e);
        pack_deinit(&raw);
        table->rows.size = 0;
        table->count = 0;
        return result;
}

int table_next(struct table_writer *table, bool *fresh, struct error *e)
{
        table->count++;
        *fresh = false;
        if (table->rows.size < TABLE_RAW)
                return 0;
        *fresh = true;
        return table_flush(table, e);
}

int table_end(struct table_writer *table, int result, struct error *e)
{
        if (!result && table->count)
                result = table_flush(table, e);
        pack_deinit(&table->rows);
        return result;
}

/* ---- the writer --------------------------------------------------------- */

static int begin(struct capture_writer *writer, struct error *e)
{
        struct pack head = { 0 };
        int result;

        pack_bytes(&head, CAPTURE_FILE_MAGIC, 8);
        pack_u32(&head, CAPTURE_FILE_VERSION);
        pack_u32(&head, 0);
        result = head.bad ? error_no_memory(e, "writing the capture file") : write_all(writer, head.data, head.size, e);
        pack_deinit(&head);
        return result;
}

struct capture_writer *capture_writer_create(const char *path, struct error *e)
{
        struct capture_writer *writer = mem_alloc(1, sizeof *writer);

        if (!writer) {
                (void)error_no_memory(e, "writing the capture file");
                return NULL;
        }
        writer->path = mem_string(path);
        writer->zstd = ZSTD_createCCtx();
        writer->fd = -1;
        if (!writer->path || !writer->zstd) {
                (void)error_no_memory(e, "writing the capture file");
                capture_writer_destroy(writer);
                return NULL;
        }
        (void)ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel, LEVEL);
        (void)ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1);
        writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (writer->fd < 0)
                (void)error_set_errno(e, ERROR_FAILED, errno, "cannot create the capture file %s", path);
        if (writer->fd < 0 || begin(writer, e)) {
                capture_writer_destroy(writer);
                return NULL;
        }
        return writer;
}

void capture_writer_filter(struct capture_writer *writer)
{
        writer->filter = true;
}

bool writer_filters(const struct capture_writer *writer)
{
        return writer->filter;
}

struct watch *writer_watch(struct capture_writer *writer)
{
        return &writer->watch;
}

static int write_pack(struct capture_writer *writer, uint32_t kind, uint32_t process, struct pack *pack,
                      struct error *e)
{
        int result = pack->bad ? error_no_memory(e, "writing the capture file")
                               : section_write(writer, kind, process, NULL, pack->data, pack->size, e);

        pack_deinit(pack);
        return result;
}

int capture_writer_snapshot(struct capture_writer *writer, const struct process *process,
                            const struct snapshot *snapshot, struct error *e)
{
        struct pack pack = { 0 };

        heap_pack_snapshot(&pack, snapshot);
        return write_pack(writer, SECTION_SNAPSHOT, process->ordinal, &pack, e);
}

int capture_writer_blocks(struct capture_writer *writer, const struct process *process, const struct block *blocks,
                          size_t count, struct error *e)
{
        return heap_write_blocks(writer, process->ordinal, blocks, count, e);
}

int capture_writer_forget(struct capture_writer *writer, const struct process *process, struct error *e)
{
        return section_write(writer, SECTION_FORGET, process->ordinal, NULL, "", 0, e);
}

static int write_process(struct capture_writer *writer, const struct process *process, struct error *e)
{
        struct pack pack = { 0 };

        process_pack(&pack, process);
        if (write_pack(writer, SECTION_PROCESS, process->ordinal, &pack, e))
                return -1;
        return process_write_modules(writer, process, e) || process_write_nodes(writer, process, e) ? -1 : 0;
}

int capture_writer_finish(struct capture_writer *writer, char *const *command, const struct collector_result *run,
                          struct error *e)
{
        struct pack pack = { 0 };

        for (const struct process *p = run->processes; p; p = p->next)
                if (write_process(writer, p, e))
                        return -1;
        session_pack(&pack, command, run);
        if (write_pack(writer, SECTION_SESSION, CAPTURE_NO_PROCESS, &pack, e))
                return -1;
        pack_u64(&pack, writer->sections);
        if (write_pack(writer, SECTION_END, CAPTURE_NO_PROCESS, &pack, e))
                return -1;
        if (close(writer->fd)) {
                writer->fd = -1;
                return error_set_errno(e, ERROR_FAILED, errno, "cannot write the capture file %s", writer->path);
        }
        writer->fd = -1;
        writer->finished = true;
        return 0;
}

void capture_writer_destroy(struct capture_writer *writer)
{
        struct stat st;

        if (!writer)
                return;
        if (writer->fd >= 0)
                (void)close(writer->fd);
        if (writer->path && !writer->finished && !lstat(writer->path, &st) && S_ISREG(st.st_mode))
                (void)unlink(writer->path);
        (void)ZSTD_freeCCtx(writer->zstd);
        pack_deinit(&writer->packed);
        mem_free(writer->path);
        mem_free(writer);
}
