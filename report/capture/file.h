/*
 * file.h: the capture file: what one run found, with the heap of each process
 * as it stood at its snapshot, so that everything after the snapshot can be
 * done again elsewhere.
 *
 *     reading                                      writing
 *     file = capture_file_open(path, &e);          writer = capture_writer_create(path, &e);
 *     run = capture_file_run(file);                snapshot_copy(&snapshot);
 *     for (p = run->processes; p; p = p->next) {   capture_writer_watch(writer, &snapshot);
 *             heap = capture_file_heap(file, p);   graph_analyse, groups_build
 *             graph_analyse(..., &heap->snapshot); capture_writer_memory(writer, process, &snapshot, &e);
 *     }                                            snapshot_resume(&snapshot);
 *     capture_file_close(file);                    capture_writer_snapshot(writer, process, &snapshot, &e);
 *                                                  ... capture_writer_finish(writer, command, &run, &e);
 *
 * FORMAT, version 1.  Integers are little-endian; "v" is an unsigned LEB128
 * number, "z" a signed one in zigzag form, "s" a v length and so many bytes.
 *
 *     file     = "WEIRCAP1" u32 version u32 zero, sections; END is the last
 *     section  = u32 kind, u32 process, u32 packed, u32 raw, u32 prefix, u32 check, payload
 *
 * `process` is the ordinal of the process that the section belongs to, or
 * 0xffffffff.  The payload has `packed` bytes: `prefix` bytes as they are, then
 * a zstd frame with a checksum that unpacks to `raw` bytes, perhaps followed by
 * skippable frames of zeroes.  `check` is the 32-bit FNV-1a hash of the five
 * words before it and of the prefix.
 * raw <= 16 * packed + 4096 always (that is what the zeroes are for), so that
 * no reader is made to unpack more than the file's size justifies.  raw is at
 * most 4 MiB and packed 8 MiB; a longer table is several sections of the same
 * kind, each of which can be decoded without the others.
 *
 *     kind      raw content
 *  1  SESSION   s weir_version, v there is a command, v count, count * s its arguments, v or z refused, duration_ns,
 *               z started_s, v command_ended, z command_status, z command_pid (struct collector_result), v count of
 *               untraced programs, each: z pid, s exe, s reason
 *  2  PROCESS   v or z the numbers of struct process in the order of the table in file_process.c, s exe, s cwd, s build_id,
 *               v there is an end_exec, s end_exec, v count, count * s argv, v count of messages, each: v incomplete,
 *               s text; v count of execs, each: z pid, v since_ns, s file,
 *               s the program's own suppressions
 *  3  MODULES   v count, each: v id, v start, v end, v bias, s build_id, s path
 *  4  NODES     v count, each: v index (difference to the one before), v pc_module, v parent, v detail
 *  5  BLOCKS    v count, each: v address (difference to the start of the one before), v size,
 *               z time_ns (difference), v stack, v thread, v flags
 *  6  ROOTS     v count, each: v kind, v start, v end - start, s name, v thread, v word_count, word_count * u64
 *  7  SEGMENTS  v count, each: v start, v end - start, v bias, v writable | executable << 1, s path
 *  8  IMAGE     pages of memory.  The prefix is u32 count, u32 zero and `count` runs:
 *               u64 address, u32 pages (of 4096 bytes), u32 zero (1: all zeroes, nothing in the frame); `raw` is
 *               the bytes of the other runs, one after another.  Runs ascend within a process.
 *  9  SNAPSHOT  s at, s method, v at_ns, v pause_ns, v threads, v roots_bytes, v heap_bytes, v count, count * s limit;
 *               after all other sections of that heap; without one the blocks are known and nothing else
 * 10  FORGET    empty: sections 5 to 9 and 13 of that process so far are void (the exec they were made for failed)
 * 12  NAMES     v count, each a row: v 0 and a module: s path, v there is a directory, s directory, s build_id, v there is
 *               a message, s message; or v 1 + n and an answer about the last module of the section: n is what was
 *               asked (0: the functions at an address, 1: a class, 2: a variable, 3: a type), v address, v extent, v count, each:
 *               u32 (1: function, 2: linkage name, 4: file, 8: directory are there; 16: inlined), u32 line, s ... of
 *               those that are there.  See symbols/answers.h.  A file with such sections needs no other for names.
 * 13  FRAMES    v count, each: v low (difference to the end of the one before), v high - low, v pc, v exact (struct
 *               stack_frame), ascending; none where no stack was walked
 * 11  END       u64 number of sections before it
 *
 * The image holds every page on which a block, a root or a word of a module
 * that the analysis looked at lies, as far as the process ever wrote it.
 *
 * EDGES.  An edge is stored as the word that it is: at its own address in IMAGE,
 * or among the words of ROOTS.  Its source is the block or root around that
 * address, its offset what lies between, its target the block that the word
 * leads to; its strength follows from these.  Pages and registers are filtered
 * (see filter.h) unless all contents are asked for: of the program's data the
 * words that lead to a block are left, and the little that tells how strong they
 * are; all else is 0xff, or zero where it was.  So the image is the table of
 * edges, and there is no other that could say something else; a weir that
 * tells strengths better finds what it needs.  Pages of modules that are not
 * writable are never filtered.
 *
 * Raise the version whenever a reader would misread a file; new kinds of
 * sections may be added, readers pass over those they do not know.
 */
#ifndef WEIR_CAPTURE_FILE_H
#define WEIR_CAPTURE_FILE_H

#include "../collect/collector.h"
#include "../error.h"
#include "../symbols/symbols.h"
#include "snapshot.h"

enum {
        CAPTURE_FILE_VERSION = 1,
        CAPTURE_RAW_MAX = 4 << 20,
        CAPTURE_PACKED_MAX = 8 << 20,
        CAPTURE_RATIO = 16,
        CAPTURE_RATIO_FREE = 4096,
        CAPTURE_PAGE = 4096,
};
#define CAPTURE_FILE_MAGIC "WEIRCAP1"
#define CAPTURE_NO_PROCESS UINT32_MAX

enum capture_section {
        SECTION_SESSION = 1,
        SECTION_PROCESS,
        SECTION_MODULES,
        SECTION_NODES,
        SECTION_BLOCKS,
        SECTION_ROOTS,
        SECTION_SEGMENTS,
        SECTION_IMAGE,
        SECTION_SNAPSHOT,
        SECTION_FORGET,
        SECTION_END,
        SECTION_NAMES,
        SECTION_FRAMES,
        SECTION_KINDS
};

/* ---- writing: on any thread, one at a time ----------------------------- */

struct capture_writer;

/* Creates or empties the file.  NULL with the error set. */
struct capture_writer *capture_writer_create(const char *path, struct error *e);

/* From now on leaves out the program's data; see filter.h. */
void capture_writer_filter(struct capture_writer *writer);

/* From here on the snapshot's memory remembers which pages of modules are
 * looked at; call before the analysis.  The memory it had before is put back
 * by capture_writer_memory.  0, or -1 without memory. */
int capture_writer_watch(struct capture_writer *writer, struct snapshot *snapshot, struct error *e);

/* Stops watching without writing anything: the analysis failed. */
void capture_writer_unwatch(struct capture_writer *writer);

/* Writes blocks, roots, segments and memory; a process whose memory was not
 * copied is held so long. */
int capture_writer_memory(struct capture_writer *writer, const struct process *process, struct snapshot *snapshot,
                          struct error *e);

/* Then, once it goes on and pause_ns is known, what is told of the snapshot. */
int capture_writer_snapshot(struct capture_writer *writer, const struct process *process,
                            const struct snapshot *snapshot, struct error *e);

/* What `symbols` was asked and said so far: readers ask no files. */
int capture_writer_names(struct capture_writer *writer, struct symbols *symbols, struct error *e);

/* The blocks of a process that could not be looked at. */
int capture_writer_blocks(struct capture_writer *writer, const struct process *process, const struct block *blocks,
                          size_t count, struct error *e);

/* The process's heap as written so far is void. */
int capture_writer_forget(struct capture_writer *writer, const struct process *process, struct error *e);

/* Writes the run: every process with its stacks and modules.  `command` ends
 * with NULL or is NULL.  Call after process_keep_stacks.  The file is whole
 * only when this returned 0. */
int capture_writer_finish(struct capture_writer *writer, char *const *command, const struct collector_result *run,
                          struct error *e);

/* Closes and releases; a file that was not finished is removed if it is a
 * regular file.  NULL is allowed. */
void capture_writer_destroy(struct capture_writer *writer);

/* ---- reading ----------------------------------------------------------- */

struct capture_file;

struct capture_heap {
        bool taken; /* false: only blocks and block_count of `snapshot` mean anything */
        struct snapshot snapshot; /* its memory reads the file */
};

/* Reads everything but the memory, which is read when it is asked for.  NULL
 * with ERROR_BAD_INPUT that names the file, the section and the byte,
 * ERROR_NO_MEMORY, or ERROR_FAILED when it cannot be read. */
struct capture_file *capture_file_open(const char *path, struct error *e);

/* The same from bytes in memory, which must outlive it; `name` for errors. */
struct capture_file *capture_file_open_bytes(const char *name, const void *data, size_t size, struct error *e);

/* NULL is allowed. */
void capture_file_close(struct capture_file *file);

/* The run, as collector_run left it; processes have no channel and no
 * findings.  Owned by the file. */
struct collector_result *capture_file_run(struct capture_file *file);

/* The command with its NULL, or NULL for a bare session. */
char *const *capture_file_command(const struct capture_file *file);

/* What says the names that the file has; NULL when it has none, and the
 * program's files must be asked.  Owned by the file. */
struct symbols *capture_file_symbols(const struct capture_file *file);

/* The heap of one of the run's processes; NULL when nothing is known of it. */
struct capture_heap *capture_file_heap(struct capture_file *file, const struct process *process);

/* True when memory of the image turned out to be damaged while it was read:
 * what was derived from it is worthless.  The error says where. */
bool capture_file_damaged(const struct capture_file *file, struct error *e);

#endif
