/*
 * file_section.h: sections of a capture file, in and out, and what their
 * tables hold.  Private to the capture file; file.h has the format.
 */
#ifndef WEIR_FILE_SECTION_H
#define WEIR_FILE_SECTION_H

#include "../bytes.h"
#include "file.h"
#include "filter.h"
#include "pack.h"

#include <stdint.h>

struct section_header {
        uint32_t kind, process, packed, raw, prefix, check;
};

enum { SECTION_HEADER_SIZE = 24, FILE_HEADER_SIZE = 16, IMAGE_RUN_SIZE = 16 };

/* Continues the FNV-1a hash; begin with SECTION_HASH. */
#define SECTION_HASH UINT32_C(0x811c9dc5)
static inline uint32_t section_hash(uint32_t hash, const uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT32_C(0x01000193);
        return hash;
}

/* Name of a kind, for errors: "blocks". */
const char *section_name(uint32_t kind);

/* True when so many packed bytes may unpack to so many. */
static inline bool section_ratio_holds(uint64_t packed, uint64_t raw)
{
        return raw <= packed * CAPTURE_RATIO + CAPTURE_RATIO_FREE;
}

/* ---- out --------------------------------------------------------------- */

/* Whole sections that wait to be written.  Each thread has its own. */
struct section_packer {
        struct ZSTD_CCtx_s *zstd;
        struct pack packed;
        uint64_t count;
};

/* 0, or -1 without memory; section_packer_deinit must follow in both cases. */
int section_packer_init(struct section_packer *packer);
void section_packer_deinit(struct section_packer *packer);

/* Adds one section; `prefix` goes before the frame as it is. */
int section_pack(struct section_packer *packer, uint32_t kind, uint32_t process, const struct pack *prefix,
                 const void *raw, size_t size, struct error *e);

/* Writes what waits; one thread at a time. */
int writer_put(struct capture_writer *writer, struct section_packer *packer, struct error *e);

/* Writes one section. */
int section_write(struct capture_writer *writer, uint32_t kind, uint32_t process, const struct pack *prefix,
                  const void *raw, size_t size, struct error *e);

/* A table that becomes as many sections as it needs.  Add the entry to `rows`,
 * then call table_next. */
struct table_writer {
        struct capture_writer *writer;
        uint32_t kind, process;
        uint64_t count;
        struct pack rows;
};

/* 0, with `*fresh` set when the next entry is the first of a section; or -1. */
int table_next(struct table_writer *table, bool *fresh, struct error *e);
/* Writes what is left unless `result` says that it failed before; releases the
 * table. */
int table_end(struct table_writer *table, int result, struct error *e);

/* ---- the run: file_session.c, file_process.c ------------------------------ */

struct stored_session {
        char **command; /* NULL-terminated; NULL = bare */
};

/* The raw content of a whole section; without memory the pack is bad. */
void session_pack(struct pack *pack, char *const *command, const struct collector_result *run);
void process_pack(struct pack *pack, const struct process *process);

/* Each writes a table.  0, or -1 with the error set. */
int process_write_modules(struct capture_writer *writer, const struct process *process, struct error *e);
int process_write_nodes(struct capture_writer *writer, const struct process *process, struct error *e);

/* Each reads a whole section.  They leave the cursor bad where the content
 * makes no sense; -1 without memory. */
int session_read(struct bytes *b, struct stored_session *session, struct collector_result *run);
int process_read(struct bytes *b, struct process *process);
int process_read_modules(struct bytes *b, struct process *process);
int process_read_nodes(struct bytes *b, struct process *process, size_t *capacity);

/* ---- names: file_names.c -------------------------------------------------- */

/* Reads a whole section, as above, and tells `symbols` its answers. */
int names_read(struct bytes *b, struct symbols *symbols);

/* ---- heaps: file_heap.c -------------------------------------------------- */

/* What the reader has of one process. */
struct stored {
        struct process *process;
        struct capture_heap heap;
        bool has_blocks, has_snapshot;
        size_t block_capacity, root_capacity, segment_capacity, frame_capacity, node_capacity;
        char **names;    /* of roots and segments */
        size_t name_count, name_capacity;
        uint64_t **words;/* of registers */
        size_t word_count, word_capacity;
        struct image_file *image;
};

/* Each writes a table.  0, or -1 with the error set. */
int heap_write_blocks(struct capture_writer *writer, uint32_t process, const struct block *blocks, size_t count,
                      struct error *e);
/* `filter`, in this and in image_write, may be NULL: everything is kept. */
int heap_write_roots(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                     const struct filter *filter, struct error *e);
int heap_write_segments(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                        struct error *e);
int heap_write_frames(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                      struct error *e);
/* As session_pack. */
void heap_pack_snapshot(struct pack *pack, const struct snapshot *snapshot);

/* Each reads a whole section, as above. */
int heap_read_blocks(struct bytes *b, struct stored *stored);
int heap_read_roots(struct bytes *b, struct stored *stored);
int heap_read_segments(struct bytes *b, struct stored *stored);
int heap_read_frames(struct bytes *b, struct stored *stored);
int heap_read_snapshot(struct bytes *b, struct stored *stored);
/* Releases all but the process. */
void heap_forget(struct stored *stored);

/* ---- memory: file_image.c, file_watch.c (out), image_file.c (in) ----------------------- */

/* Module pages that were looked at. */
struct watch {
        struct memory real;
        const struct snapshot *snapshot;
        uint64_t **pages; /* a bitmap for each segment */
};

/* Writes the pages under blocks, roots and what `watch` saw, by all processors.
 * 0, or -1 with the error set. */
int image_write(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                const struct watch *watch, const struct filter *filter, struct error *e);

/* The writer's, for capture_writer_watch; it lives as long as the writer. */
struct watch *writer_watch(struct capture_writer *writer);
/* Was capture_writer_filter called? */
bool writer_filters(const struct capture_writer *writer);

#endif
