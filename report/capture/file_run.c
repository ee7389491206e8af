/* The run in a capture file: the session, the processes, their stacks and
 * modules. */
#include "file_section.h"

#include "../mem.h"

#include <string.h>

enum { LIST_BYTES = 1 << 20 }; /* a list in a section is cut here: no report shows that much */

/* ---- numbers of struct process and struct collector_result --------------- */

struct number {
        size_t offset;
        uint8_t size; /* 1, 4, 8 bytes */
        bool is_signed;
        uint64_t most; /* greatest value that makes sense; 0 = any */
};

#define NUMBER(type, field, ...)                                                                               \
        {                                                                                                      \
                .offset = offsetof(struct type, field), .size = sizeof(((struct type *)0)->field), __VA_ARGS__ \
        }

static const struct number process_numbers[] = {
        NUMBER(process, pid, .is_signed = true),
        NUMBER(process, ppid, .is_signed = true),
        NUMBER(process, inner_pid, .is_signed = true),
        NUMBER(process, forked, .most = 1),
        NUMBER(process, parent_slot),
        NUMBER(process, fork_sequence),
        NUMBER(process, start_ns),
        NUMBER(process, end_ns),
        NUMBER(process, state, .most = PROCESS_OVER),
        NUMBER(process, end_how, .most = END_RUNNING),
        NUMBER(process, end_status, .is_signed = true),
        NUMBER(process, end_known, .most = 1),
        NUMBER(process, tls_static_size),
        NUMBER(process, pthread_size),
        NUMBER(process, shim_start),
        NUMBER(process, shim_end),
        NUMBER(process, look, .most = PROCESS_LOOK_DEAD),
        NUMBER(process, asked_how, .most = WEIR_END_EXEC),
        NUMBER(process, asked_status, .is_signed = true),
        NUMBER(process, end_tid, .is_signed = true),
        NUMBER(process, end_sp),
        NUMBER(process, settled, .most = 1),
        NUMBER(process, lost_allocations),
        NUMBER(process, lost_releases),
        NUMBER(process, lost_mappings),
        NUMBER(process, lost_notes),
        NUMBER(process, lost_stacks),
        NUMBER(process, lost_threads),
        NUMBER(process, uncommitted),
        NUMBER(process, garbage),
        NUMBER(process, early_blocks),
        NUMBER(process, waits),
        NUMBER(process, unwind_fallbacks),
        NUMBER(process, truncated_stacks),
        NUMBER(process, checked_stacks),
        NUMBER(process, mismatched_stacks),
        NUMBER(process, thread_count),
        NUMBER(process, quiet_count),
        NUMBER(process, live.no_memory, .most = 1),
        NUMBER(process, totals.events),
        NUMBER(process, totals.allocations),
        NUMBER(process, totals.frees),
        NUMBER(process, totals.allocated_bytes),
        NUMBER(process, totals.live_blocks),
        NUMBER(process, totals.live_bytes),
        NUMBER(process, totals.peak_bytes),
        NUMBER(process, totals.inherited_blocks),
        NUMBER(process, totals.inherited_bytes),
        NUMBER(process, totals.inherited_frees),
        NUMBER(process, totals.unknown_frees),
        NUMBER(process, totals.reused),
        NUMBER(process, totals.restores_lost),
        NUMBER(process, totals.mapped_blocks),
        NUMBER(process, totals.mapped_bytes),
};

static const struct number run_numbers[] = {
        NUMBER(collector_result, refused),
        NUMBER(collector_result, duration_ns),
        NUMBER(collector_result, started_s, .is_signed = true),
        NUMBER(collector_result, command_ended, .most = 1),
        NUMBER(collector_result, command_status, .is_signed = true),
        NUMBER(collector_result, command_pid, .is_signed = true),
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void pack_numbers(struct pack *pack, const void *object, const struct number *numbers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const char *from = (const char *)object + numbers[i].offset;
                uint64_t value = 0;

                memcpy(&value, from, numbers[i].size);
                if (!numbers[i].is_signed)
                        pack_varint(pack, value);
                else
                        pack_signed(pack, numbers[i].size == 4 ? (int32_t)value : (int64_t)value);
        }
}

int64_t run_read_signed(struct bytes *b)
{
        uint64_t value = bytes_varint(b);

        return (int64_t)(value >> 1 ^ -(value & 1));
}

static bool fits(const struct number *number, uint64_t value)
{
        unsigned bits = 8 * number->size;

        if (number->is_signed)
                return bits == 64 || (int64_t)value == (int32_t)value;
        return (bits == 64 || value >> bits == 0) && (!number->most || value <= number->most);
}

static void read_numbers(struct bytes *b, void *object, const struct number *numbers, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint64_t value = numbers[i].is_signed ? (uint64_t)run_read_signed(b) : bytes_varint(b);

                if (!fits(&numbers[i], value))
                        bytes_fail(b);
                if (b->ok)
                        memcpy((char *)object + numbers[i].offset, &value, numbers[i].size);
        }
}

/* ---- strings and lists --------------------------------------------------- */

int run_read_string(struct bytes *b, char **text)
{
        uint64_t size = bytes_varint(b);
        const char *from = size <= SIZE_MAX ? bytes_take(b, (size_t)size) : NULL;

        *text = NULL;
        if (b->ok && memchr(from, 0, size))
                bytes_fail(b);
        if (!b->ok)
                return 0;
        *text = mem_alloc((size_t)size + 1, 1);
        if (!*text)
                return -1;
        memcpy(*text, from, size);
        return 0;
}

/* A string in place of the one that is there. */
static int replace_string(struct bytes *b, char **text)
{
        char *fresh;

        if (run_read_string(b, &fresh))
                return -1;
        if (!fresh)
                return 0;
        mem_free(*text);
        *text = fresh;
        return 0;
}

/* A number of entries, each of at least `least` bytes, that is not more than
 * what is left can hold. */
static uint64_t read_count(struct bytes *b, size_t least)
{
        uint64_t count = bytes_varint(b);

        if (count > bytes_left(b) / least)
                bytes_fail(b);
        return b->ok ? count : 0;
}

/* Writes a list whose end is cut when it grows too long. */
static void pack_list(struct pack *pack, struct pack *entries, uint64_t count)
{
        pack_varint(pack, count);
        pack_bytes(pack, entries->data, entries->size);
        pack->bad |= entries->bad;
        pack_deinit(entries);
}

static void pack_strings(struct pack *pack, char *const *list, size_t count)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < count && entries.size < LIST_BYTES; packed++)
                pack_string(&entries, list[packed]);
        pack_list(pack, &entries, packed);
}

/* `extra` more pointers, NULL, at the end.  The list is whole or bad. */
static int read_strings(struct bytes *b, char ***list, size_t *count, size_t extra)
{
        uint64_t wanted = read_count(b, 1);

        *count = 0;
        *list = mem_alloc(wanted + extra, sizeof **list);
        if (!*list)
                return -1;
        for (; *count < wanted && b->ok; ++*count)
                if (run_read_string(b, &(*list)[*count]))
                        return -1;
        if (!b->ok && *count)
                --*count; /* the last one is NULL */
        return 0;
}

/* ---- processes ----------------------------------------------------------- */

static void pack_messages(struct pack *pack, const struct process *process)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < process->message_count && entries.size < LIST_BYTES; packed++) {
                pack_varint(&entries, process->messages[packed].incomplete);
                pack_string(&entries, process->messages[packed].text);
        }
        pack_list(pack, &entries, packed);
}

static void pack_execs(struct pack *pack, const struct process *process)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < process->exec_count && entries.size < LIST_BYTES; packed++) {
                pack_signed(&entries, process->execs[packed].pid);
                pack_varint(&entries, process->execs[packed].since_ns);
                pack_string(&entries, process->execs[packed].file);
        }
        pack_list(pack, &entries, packed);
}

void run_pack_process(struct pack *pack, const struct process *process)
{
        pack_numbers(pack, process, process_numbers, COUNT(process_numbers));
        pack_string(pack, process->exe);
        pack_string(pack, process->cwd);
        pack_blob(pack, process->build_id, process->build_id_length);
        pack_varint(pack, process->end_exec != NULL);
        pack_string(pack, process->end_exec);
        pack_strings(pack, process->argv, process->argv_count);
        pack_messages(pack, process);
        pack_execs(pack, process);
        pack_string(pack, process->annotations.suppressions.text);
}

static void read_build_id(struct bytes *b, uint8_t *id, size_t *length)
{
        uint64_t size = bytes_varint(b);
        const void *from;

        if (size > WEIR_BUILD_ID_MAX)
                bytes_fail(b);
        from = bytes_take(b, b->ok ? (size_t)size : 0);
        if (!from)
                return;
        memcpy(id, from, (size_t)size);
        *length = (size_t)size;
}

static int read_messages(struct bytes *b, struct process *process)
{
        for (uint64_t left = read_count(b, 2); left && b->ok; left--) {
                struct process_message message = { .incomplete = bytes_varint(b) != 0 };

                if (run_read_string(b, &message.text))
                        return -1;
                if (!message.text)
                        return 0;
                if (mem_grow(&process->messages, &process->message_capacity, process->message_count + 1,
                             sizeof *process->messages)) {
                        mem_free(message.text);
                        return -1;
                }
                process->messages[process->message_count++] = message;
        }
        return 0;
}

static int read_execs(struct bytes *b, struct process *process)
{
        for (uint64_t left = read_count(b, 3); left && b->ok; left--) {
                struct process_exec exec = { .pid = (int32_t)run_read_signed(b), .since_ns = bytes_varint(b) };

                if (run_read_string(b, &exec.file))
                        return -1;
                if (!exec.file)
                        return 0;
                if (mem_grow(&process->execs, &process->exec_capacity, process->exec_count + 1,
                             sizeof *process->execs)) {
                        mem_free(exec.file);
                        return -1;
                }
                process->execs[process->exec_count++] = exec;
        }
        return 0;
}

static int read_suppressions(struct bytes *b, struct annotations_text *to)
{
        char *text = NULL;

        if (run_read_string(b, &text))
                return -1;
        if (!text || !*text) {
                mem_free(text);
                return 0;
        }
        *to = (struct annotations_text){ .text = text, .length = strlen(text), .capacity = strlen(text) + 1 };
        return 0;
}

int run_read_process(struct bytes *b, struct process *process)
{
        read_numbers(b, process, process_numbers, COUNT(process_numbers));
        if (replace_string(b, &process->exe) || replace_string(b, &process->cwd))
                return -1;
        read_build_id(b, process->build_id, &process->build_id_length);
        if (bytes_varint(b)) {
                if (replace_string(b, &process->end_exec))
                        return -1;
        } else if (bytes_varint(b)) {
                bytes_fail(b);
        }
        if (read_strings(b, &process->argv, &process->argv_count, 0) || read_messages(b, process))
                return -1;
        return read_execs(b, process) || read_suppressions(b, &process->annotations.suppressions) ? -1 : 0;
}

/* ---- modules and stacks -------------------------------------------------- */

int run_write_modules(struct capture_writer *writer, const struct process *process, struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_MODULES, .process = process->ordinal };
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < process->module_count && !result; i++) {
                const struct process_module *module = &process->modules[i];

                pack_varint(&table.rows, module->id);
                pack_varint(&table.rows, module->start);
                pack_varint(&table.rows, module->end);
                pack_varint(&table.rows, module->bias);
                pack_blob(&table.rows, module->build_id, module->build_id_length);
                pack_string(&table.rows, module->path);
                result = table_next(&table, &fresh, e);
        }
        return table_end(&table, result, e);
}

int run_read_modules(struct bytes *b, struct process *process)
{
        for (uint64_t left = read_count(b, 6); left && b->ok; left--) {
                struct process_module module = { 0 };
                uint64_t id = bytes_varint(b);

                module.id = (uint16_t)id;
                module.start = bytes_varint(b);
                module.end = bytes_varint(b);
                module.bias = bytes_varint(b);
                read_build_id(b, module.build_id, &module.build_id_length);
                if (!id || id > UINT16_MAX || module.start > module.end)
                        bytes_fail(b);
                if (run_read_string(b, &module.path))
                        return -1;
                if (!module.path)
                        return 0;
                if (mem_grow(&process->modules, &process->module_capacity, process->module_count + 1,
                             sizeof *process->modules)) {
                        mem_free(module.path);
                        return -1;
                }
                process->modules[process->module_count++] = module;
        }
        return 0;
}

int run_write_nodes(struct capture_writer *writer, const struct process *process, struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_NODES, .process = process->ordinal };
        uint32_t before = 0;
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < process->node_count && !result; i++) {
                const struct process_kept_node *kept = &process->nodes[i];

                pack_varint(&table.rows, kept->index - before);
                pack_varint(&table.rows, kept->node.pc_module);
                pack_varint(&table.rows, kept->node.parent);
                pack_varint(&table.rows, kept->node.detail);
                before = kept->index;
                result = table_next(&table, &fresh, e);
                if (fresh)
                        before = 0;
        }
        return table_end(&table, result, e);
}

int run_read_nodes(struct bytes *b, struct process *process, size_t *capacity)
{
        uint64_t index = 0;

        for (uint64_t left = read_count(b, 4); left && b->ok; left--) {
                uint64_t more = bytes_varint(b), pc_module = bytes_varint(b);
                uint64_t parent = bytes_varint(b), detail = bytes_varint(b);

                if (!more || more > UINT32_MAX - index || parent >= index + more || detail > UINT32_MAX ||
                    (process->node_count && index + more <= process->nodes[process->node_count - 1].index))
                        bytes_fail(b);
                if (!b->ok)
                        return 0;
                index += more;
                if (mem_grow(&process->nodes, capacity, process->node_count + 1, sizeof *process->nodes))
                        return -1;
                process->nodes[process->node_count++] =
                        (struct process_kept_node){ (uint32_t)index,
                                                    { pc_module, (uint32_t)parent, (uint32_t)detail } };
        }
        return 0;
}

/* ---- the session --------------------------------------------------------- */

static size_t count_words(char *const *words)
{
        size_t count = 0;

        while (words && words[count])
                count++;
        return count;
}

static void pack_left_out(struct pack *pack, const struct collector_result *run)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < run->left_out_count && entries.size < LIST_BYTES; packed++) {
                pack_string(&entries, run->left_out[packed].name);
                pack_varint(&entries, run->left_out[packed].count);
        }
        pack_list(pack, &entries, packed);
}

void run_pack_session(struct pack *pack, char *const *command, const struct collector_result *run)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        pack_string(pack, WEIR_VERSION);
        pack_varint(pack, command != NULL);
        pack_strings(pack, command, count_words(command));
        pack_numbers(pack, run, run_numbers, COUNT(run_numbers));
        for (; packed < run->untraced_count && entries.size < LIST_BYTES; packed++) {
                pack_signed(&entries, run->untraced[packed].pid);
                pack_string(&entries, run->untraced[packed].exe);
                pack_string(&entries, run->untraced[packed].reason);
        }
        pack_list(pack, &entries, packed);
        pack_left_out(pack, run);
}

static int read_untraced(struct bytes *b, struct collector_result *run)
{
        for (uint64_t left = read_count(b, 3); left && b->ok; left--) {
                struct collector_untraced untraced = { .pid = (int32_t)run_read_signed(b) };

                if (mem_grow(&run->untraced, &run->untraced_capacity, run->untraced_count + 1, sizeof *run->untraced) ||
                    run_read_string(b, &untraced.exe) || run_read_string(b, &untraced.reason)) {
                        mem_free(untraced.exe);
                        return -1;
                }
                if (!b->ok) {
                        mem_free(untraced.exe);
                        return 0;
                }
                run->untraced[run->untraced_count++] = untraced;
        }
        return 0;
}

/* Captures of weir 0.1 end before it. */
static int read_left_out(struct bytes *b, struct collector_result *run)
{
        for (uint64_t left = bytes_left(b) ? read_count(b, 2) : 0; left && b->ok; left--) {
                struct collector_left_out entry = { 0 };

                if (mem_grow(&run->left_out, &run->left_out_capacity, run->left_out_count + 1, sizeof *run->left_out) ||
                    run_read_string(b, &entry.name)) {
                        mem_free(entry.name);
                        return -1;
                }
                entry.count = bytes_varint(b);
                if (!b->ok) {
                        mem_free(entry.name);
                        return 0;
                }
                run->left_out[run->left_out_count++] = entry;
        }
        return 0;
}

int run_read_session(struct bytes *b, struct stored_session *session, struct collector_result *run)
{
        bool has_command;
        size_t count;

        if (replace_string(b, &session->weir))
                return -1;
        has_command = bytes_varint(b);
        if (read_strings(b, &session->command, &count, 1))
                return -1;
        if (!has_command) {
                for (size_t i = 0; i < count; i++)
                        mem_free(session->command[i]);
                mem_free(session->command);
                session->command = NULL;
        }
        read_numbers(b, run, run_numbers, COUNT(run_numbers));
        return read_untraced(b, run) || read_left_out(b, run) ? -1 : 0;
}
