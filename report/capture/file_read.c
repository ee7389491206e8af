#include "file_section.h"

#include "../mem.h"
#include "../symbols/answers.h"
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

struct capture_file {
        struct file_source source;
        struct stored_session session;
        bool has_session;
        struct collector_result run;
        struct symbols *symbols; /* NULL without names */
        struct stored **stored; /* by ordinal; NULL where nothing is known */
        size_t stored_count, stored_capacity;

        /* While it is opened. */
        ZSTD_DCtx *zstd;
        struct pack packed, raw;
        char what[256]; /* "FILE: section 3 (blocks) at byte 4711" */
};

/* ---- processes ----------------------------------------------------------- */

/* Every process is described by a section, so there are no more of them than
 * sections fit into the file. */
static struct stored *find_stored(struct capture_file *file, uint32_t ordinal, struct error *e)
{
        if (ordinal >= file->source.size / SECTION_HEADER_SIZE) {
                (void)error_set(e, ERROR_BAD_INPUT, "%s is damaged: it belongs to process number %u", file->what,
                                ordinal);
                return NULL;
        }
        if (mem_grow(&file->stored, &file->stored_capacity, (size_t)ordinal + 1, sizeof *file->stored)) {
                (void)error_no_memory(e, "reading the capture file");
                return NULL;
        }
        while (file->stored_count <= ordinal)
                file->stored[file->stored_count++] = NULL;
        if (!file->stored[ordinal])
                file->stored[ordinal] = mem_alloc(1, sizeof **file->stored);
        if (!file->stored[ordinal])
                (void)error_no_memory(e, "reading the capture file");
        return file->stored[ordinal];
}

static struct process *new_process(uint32_t ordinal)
{
        struct process *process = mem_alloc(1, sizeof *process);

        if (!process)
                return NULL;
        (void)pthread_mutex_init(&process->lock, NULL);
        process->ordinal = ordinal;
        process->pidfd = -1;
        process->layout.nodes = UINT32_MAX; /* what stacks are asked for by is compared with it */
        process->exe = mem_string("");
        process->cwd = mem_string("");
        if (process->exe && process->cwd)
                return process;
        process_destroy(process);
        return NULL;
}

/* The process that stacks and modules belong to: described just before. */
static bool described(struct bytes *b, const struct stored *stored)
{
        if (!stored->process)
                bytes_fail(b);
        return stored->process != NULL;
}

/* ---- sections ------------------------------------------------------------ */

static int read_described(struct bytes *b, struct stored *stored, uint32_t kind, uint32_t ordinal)
{
        if (kind != SECTION_PROCESS)
                return !described(b, stored)     ? 0
                       : kind == SECTION_MODULES ? process_read_modules(b, stored->process)
                                                 : process_read_nodes(b, stored->process, &stored->node_capacity);
        if (stored->process) {
                bytes_fail(b);
                return 0;
        }
        stored->process = new_process(ordinal);
        return stored->process ? process_read(b, stored->process) : -1;
}

/* Content of one of the kinds that belong to a process. */
static int read_of_process(struct bytes *b, struct stored *stored, const struct section_header *header)
{
        if (stored->has_snapshot &&
            ((header->kind >= SECTION_BLOCKS && header->kind <= SECTION_IMAGE) || header->kind == SECTION_FRAMES)) {
                bytes_fail(b); /* that heap is whole */
                return 0;
        }
        switch (header->kind) {
        case SECTION_BLOCKS:
                return heap_read_blocks(b, stored);
        case SECTION_ROOTS:
                return heap_read_roots(b, stored);
        case SECTION_SEGMENTS:
                return heap_read_segments(b, stored);
        case SECTION_FRAMES:
                return heap_read_frames(b, stored);
        case SECTION_SNAPSHOT:
                return heap_read_snapshot(b, stored);
        case SECTION_FORGET:
                heap_forget(stored);
                return 0;
        default:
                return read_described(b, stored, header->kind, header->process);
        }
}

static int read_session(struct capture_file *file, struct bytes *b)
{
        if (file->has_session) {
                bytes_fail(b);
                return 0;
        }
        file->has_session = true;
        return session_read(b, &file->session, &file->run);
}

static int read_names(struct capture_file *file, struct bytes *b)
{
        if (!file->symbols) {
                file->symbols = symbols_create(NULL, NULL);
                if (!file->symbols)
                        return -1;
                symbols_close_files(file->symbols);
        }
        return names_read(b, file->symbols);
}

static int unpack(struct capture_file *file, const struct section_header *header, uint64_t at, struct error *e)
{
        size_t got;

        file->packed.size = file->raw.size = 0;
        if (mem_grow(&file->packed.data, &file->packed.capacity, header->packed + 1u, 1) ||
            mem_grow(&file->raw.data, &file->raw.capacity, header->raw + 1u, 1))
                return error_no_memory(e, "reading the capture file");
        if (!file_source_read(&file->source, at, file->packed.data, header->packed))
                return error_set(e, ERROR_BAD_INPUT, "%s cannot be read", file->what);
        got = ZSTD_decompressDCtx(file->zstd, file->raw.data, header->raw, file->packed.data, header->packed);
        if (ZSTD_isError(got))
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: %s", file->what, ZSTD_getErrorName(got));
        if (got != header->raw)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: it has %zu bytes and should have %u", file->what,
                                 got, header->raw);
        return 0;
}

/* Nothing may be left over: that, too, is damage. */
static int finish_section(const struct capture_file *file, struct bytes *b, int result, struct error *e)
{
        if (result)
                return error_no_memory(e, "reading the capture file");
        if (b->ok && bytes_left(b))
                bytes_fail(b);
        return bytes_check(b, file->what, e);
}

/* `prefix` is in file->packed, as read_header left it. */
static int read_image(struct capture_file *file, const struct section_header *header, uint64_t at, struct error *e)
{
        struct stored *stored = find_stored(file, header->process, e);
        struct bytes b = bytes_of(file->packed.data, header->prefix);
        int result = 0;

        if (!stored)
                return -1;
        if (stored->has_snapshot) {
                bytes_fail(&b); /* that heap is whole */
                return finish_section(file, &b, 0, e);
        }
        if (!stored->image)
                stored->image = image_file_create(&file->source);
        result = stored->image ? image_file_add(stored->image, &b, at + header->prefix, header->packed - header->prefix,
                                                header->raw)
                               : -1;
        return finish_section(file, &b, result, e);
}

static int read_section(struct capture_file *file, const struct section_header *header, uint64_t at, struct error *e)
{
        struct stored *stored;
        struct bytes b;

        if (header->kind == SECTION_IMAGE)
                return read_image(file, header, at, e);
        if (header->prefix)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: it has a prefix", file->what);
        if (unpack(file, header, at, e))
                return -1;
        b = bytes_of(file->raw.data, header->raw);
        if (header->kind == SECTION_SESSION)
                return finish_section(file, &b, read_session(file, &b), e);
        if (header->kind == SECTION_NAMES)
                return finish_section(file, &b, read_names(file, &b), e);
        stored = find_stored(file, header->process, e);
        return stored ? finish_section(file, &b, read_of_process(&b, stored, header), e) : -1;
}

/* ---- the file ------------------------------------------------------------ */

/* Leaves the prefix in file->packed, when the check is right. */
static int read_prefix(struct capture_file *file, const struct section_header *header, const uint8_t *raw, uint64_t at,
                       struct error *e)
{
        uint32_t hash = section_hash(SECTION_HASH, raw, SECTION_HEADER_SIZE - 4);

        if (mem_grow(&file->packed.data, &file->packed.capacity, header->prefix + 1u, 1))
                return error_no_memory(e, "reading the capture file");
        if (!file_source_read(&file->source, at, file->packed.data, header->prefix))
                return error_set(e, ERROR_BAD_INPUT, "%s cannot be read", file->what);
        if (section_hash(hash, file->packed.data, header->prefix) != header->check)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: its check is wrong", file->what);
        return 0;
}

static int read_header(struct capture_file *file, uint64_t at, uint64_t number, struct section_header *header,
                       struct error *e)
{
        uint8_t raw[SECTION_HEADER_SIZE];
        struct bytes b = bytes_of(raw, sizeof raw);

        if (!file_source_read(&file->source, at, raw, sizeof raw))
                return error_set(e, ERROR_BAD_INPUT, "%s is truncated at byte %llu: section %llu should begin there",
                                 file->source.name, (unsigned long long)at, (unsigned long long)number);
        header->kind = bytes_u32(&b);
        header->process = bytes_u32(&b);
        header->packed = bytes_u32(&b);
        header->raw = bytes_u32(&b);
        header->prefix = bytes_u32(&b);
        header->check = bytes_u32(&b);
        (void)snprintf(file->what, sizeof file->what, "%.160s: section %llu (%s) at byte %llu", file->source.name,
                       (unsigned long long)number, section_name(header->kind), (unsigned long long)at);
        if (header->raw > CAPTURE_RAW_MAX || header->packed > CAPTURE_PACKED_MAX || header->prefix > header->packed ||
            !section_ratio_holds(header->packed, header->raw))
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: its sizes make no sense", file->what);
        if (header->packed > file->source.size - at - SECTION_HEADER_SIZE)
                return error_set(e, ERROR_BAD_INPUT, "%s is truncated: %u bytes wanted, %llu left", file->what,
                                 header->packed, (unsigned long long)(file->source.size - at - SECTION_HEADER_SIZE));
        return read_prefix(file, header, raw, at + SECTION_HEADER_SIZE, e);
}

static int check_end(struct capture_file *file, const struct section_header *header, uint64_t at, uint64_t number,
                     struct error *e)
{
        struct bytes b;

        if (unpack(file, header, at, e))
                return -1;
        b = bytes_of(file->raw.data, header->raw);
        if (bytes_u64(&b) != number)
                bytes_fail(&b);
        if (finish_section(file, &b, 0, e))
                return -1;
        if (at + header->packed != file->source.size)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: something follows its end at byte %llu",
                                 file->source.name, (unsigned long long)(at + header->packed));
        return 0;
}

static int read_sections(struct capture_file *file, struct error *e)
{
        uint64_t at = FILE_HEADER_SIZE;

        for (uint64_t number = 0;; number++) {
                struct section_header header;

                if (read_header(file, at, number, &header, e))
                        return -1;
                at += SECTION_HEADER_SIZE;
                if (header.kind == SECTION_END)
                        return check_end(file, &header, at, number, e);
                if (header.kind && header.kind < SECTION_KINDS && read_section(file, &header, at, e))
                        return -1;
                at += header.packed;
        }
}

static int check_magic(struct capture_file *file, struct error *e)
{
        uint8_t raw[FILE_HEADER_SIZE];
        struct bytes b = bytes_of(raw + 8, sizeof raw - 8);
        uint32_t version;

        if (!file_source_read(&file->source, 0, raw, sizeof raw) || memcmp(raw, CAPTURE_FILE_MAGIC, 8))
                return error_set(e, ERROR_BAD_INPUT, "%s is not a capture file of weir's", file->source.name);
        version = bytes_u32(&b);
        if (version != CAPTURE_FILE_VERSION || bytes_u32(&b))
                return error_set(e, ERROR_BAD_INPUT,
                                 "%s is a capture file of version %u, and this weir reads version %d: use the weir "
                                 "that wrote it",
                                 file->source.name, version, CAPTURE_FILE_VERSION);
        return 0;
}

/* Links the processes and checks that nothing is missing. */
static int settle(struct capture_file *file, struct error *e)
{
        struct process **last = &file->run.processes;
        size_t orphan = file->stored_count;

        for (size_t i = 0; i < file->stored_count; i++) {
                struct stored *stored = file->stored[i];

                if (!stored)
                        continue;
                if (!stored->process) {
                        orphan = i;
                        continue;
                }
                *last = stored->process;
                last = &stored->process->next;
                file->run.process_count++;
                stored->heap.taken = stored->has_snapshot;
                if (!stored->image)
                        stored->image = image_file_create(&file->source);
                if (!stored->image)
                        return error_no_memory(e, "reading the capture file");
                stored->heap.snapshot.memory = image_file_memory(stored->image);
        }
        if (orphan < file->stored_count)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: process number %zu is not described",
                                 file->source.name, orphan);
        if (!file->has_session)
                return error_set(e, ERROR_BAD_INPUT, "%s is damaged: it has no session", file->source.name);
        return 0;
}

static int open_source(struct capture_file *file, struct error *e)
{
        int result = -1;

        file->zstd = ZSTD_createDCtx();
        if (!file->zstd)
                return error_no_memory(e, "reading the capture file");
        if (!check_magic(file, e) && !read_sections(file, e))
                result = 0;
        (void)ZSTD_freeDCtx(file->zstd);
        pack_deinit(&file->packed);
        pack_deinit(&file->raw);
        return result ? result : settle(file, e);
}

static struct capture_file *new_file(const char *name, struct error *e)
{
        struct capture_file *file = mem_alloc(1, sizeof *file);
        char *copy = mem_string(name);

        if (!file || !copy) {
                mem_free(file);
                mem_free(copy);
                (void)error_no_memory(e, "reading the capture file");
                return NULL;
        }
        file->source.name = copy;
        file->source.fd = -1;
        return file;
}

struct capture_file *capture_file_open_bytes(const char *name, const void *data, size_t size, struct error *e)
{
        struct capture_file *file = new_file(name, e);

        if (!file)
                return NULL;
        file->source.data = data;
        file->source.size = size;
        if (open_source(file, e)) {
                capture_file_close(file);
                return NULL;
        }
        return file;
}

struct capture_file *capture_file_open(const char *path, struct error *e)
{
        struct capture_file *file = new_file(path, e);
        struct stat st;

        if (!file)
                return NULL;
        file->source.fd = open(path, O_RDONLY | O_CLOEXEC);
        if (file->source.fd < 0 || fstat(file->source.fd, &st)) {
                (void)error_set_errno(e, ERROR_FAILED, errno, "cannot open the capture file %s", path);
        } else if (!S_ISREG(st.st_mode)) {
                (void)error_set(e, ERROR_BAD_INPUT, "%s is not a regular file", path);
        } else {
                file->source.size = (uint64_t)st.st_size;
                if (!open_source(file, e))
                        return file;
        }
        capture_file_close(file);
        return NULL;
}

void capture_file_close(struct capture_file *file)
{
        if (!file)
                return;
        for (size_t i = 0; i < file->stored_count; i++)
                if (file->stored[i]) {
                        heap_forget(file->stored[i]);
                        process_destroy(file->stored[i]->process);
                        mem_free(file->stored[i]);
                }
        file->run.processes = NULL; /* they are gone */
        collector_result_deinit(&file->run);
        for (size_t i = 0; file->session.command && file->session.command[i]; i++)
                mem_free(file->session.command[i]);
        mem_free(file->session.command);
        symbols_destroy(file->symbols);
        mem_free(file->stored);
        if (file->source.fd >= 0)
                (void)close(file->source.fd);
        mem_free((void *)file->source.name);
        mem_free(file);
}

struct collector_result *capture_file_run(struct capture_file *file)
{
        return &file->run;
}

char *const *capture_file_command(const struct capture_file *file)
{
        return file->session.command;
}

struct capture_heap *capture_file_heap(struct capture_file *file, const struct process *process)
{
        struct stored *stored = process->ordinal < file->stored_count ? file->stored[process->ordinal] : NULL;

        return stored && stored->has_blocks ? &stored->heap : NULL;
}

bool capture_file_damaged(const struct capture_file *file, struct error *e)
{
        if (file->source.damaged && e)
                *e = file->source.error;
        return file->source.damaged;
}

struct symbols *capture_file_symbols(const struct capture_file *file)
{
        return file->symbols;
}
