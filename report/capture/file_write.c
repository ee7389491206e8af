#include "file_section.h"

#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLE_RAW = 1 << 20 }; /* a table's section is written when it has this much */

struct capture_writer {
        char *path;
        int fd;
        bool finished, filter;
        uint64_t sections;
        struct section_packer packer;
        struct watch watch;
};

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

int writer_put(struct capture_writer *writer, struct section_packer *packer, struct error *e)
{
        if (write_all(writer, packer->packed.data, packer->packed.size, e))
                return -1;
        writer->sections += packer->count;
        packer->packed.size = 0;
        packer->count = 0;
        return 0;
}

int section_write(struct capture_writer *writer, uint32_t kind, uint32_t process, const struct pack *prefix,
                  const void *raw, size_t size, struct error *e)
{
        return section_pack(&writer->packer, kind, process, prefix, raw, size, e) ||
                               writer_put(writer, &writer->packer, e)
                       ? -1
                       : 0;
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
        writer->fd = -1;
        if (!writer->path || section_packer_init(&writer->packer)) {
                (void)error_no_memory(e, "writing the capture file");
                capture_writer_destroy(writer);
                return NULL;
        }
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
        section_packer_deinit(&writer->packer);
        mem_free(writer->path);
        mem_free(writer);
}
