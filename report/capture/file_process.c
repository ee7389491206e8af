/* Processes in a capture file, with their modules and stacks. */
#include "file_section.h"

#include "../mem.h"
#include "fields.h"

#include <string.h>

static const struct fields_number process_numbers[] = {
        FIELDS_NUMBER(process, pid, .is_signed = true),
        FIELDS_NUMBER(process, ppid, .is_signed = true),
        FIELDS_NUMBER(process, inner_pid, .is_signed = true),
        FIELDS_NUMBER(process, forked, .most = 1),
        FIELDS_NUMBER(process, parent_slot),
        FIELDS_NUMBER(process, fork_sequence),
        FIELDS_NUMBER(process, start_ns),
        FIELDS_NUMBER(process, end_ns),
        FIELDS_NUMBER(process, state, .most = PROCESS_OVER),
        FIELDS_NUMBER(process, end_how, .most = END_RUNNING),
        FIELDS_NUMBER(process, end_status, .is_signed = true),
        FIELDS_NUMBER(process, end_known, .most = 1),
        FIELDS_NUMBER(process, tls_static_size),
        FIELDS_NUMBER(process, pthread_size),
        FIELDS_NUMBER(process, shim_start),
        FIELDS_NUMBER(process, shim_end),
        FIELDS_NUMBER(process, look, .most = PROCESS_LOOK_DEAD),
        FIELDS_NUMBER(process, asked_how, .most = WEIR_END_EXEC),
        FIELDS_NUMBER(process, asked_status, .is_signed = true),
        FIELDS_NUMBER(process, end_tid, .is_signed = true),
        FIELDS_NUMBER(process, end_sp),
        FIELDS_NUMBER(process, settled, .most = 1),
        FIELDS_NUMBER(process, lost_allocations),
        FIELDS_NUMBER(process, lost_releases),
        FIELDS_NUMBER(process, lost_mappings),
        FIELDS_NUMBER(process, lost_notes),
        FIELDS_NUMBER(process, lost_stacks),
        FIELDS_NUMBER(process, lost_threads),
        FIELDS_NUMBER(process, uncommitted),
        FIELDS_NUMBER(process, garbage),
        FIELDS_NUMBER(process, early_blocks),
        FIELDS_NUMBER(process, waits),
        FIELDS_NUMBER(process, unwind_fallbacks),
        FIELDS_NUMBER(process, truncated_stacks),
        FIELDS_NUMBER(process, checked_stacks),
        FIELDS_NUMBER(process, mismatched_stacks),
        FIELDS_NUMBER(process, thread_count),
        FIELDS_NUMBER(process, quiet_count),
        FIELDS_NUMBER(process, live.no_memory, .most = 1),
        FIELDS_NUMBER(process, totals.events),
        FIELDS_NUMBER(process, totals.allocations),
        FIELDS_NUMBER(process, totals.frees),
        FIELDS_NUMBER(process, totals.allocated_bytes),
        FIELDS_NUMBER(process, totals.live_blocks),
        FIELDS_NUMBER(process, totals.live_bytes),
        FIELDS_NUMBER(process, totals.peak_bytes),
        FIELDS_NUMBER(process, totals.inherited_blocks),
        FIELDS_NUMBER(process, totals.inherited_bytes),
        FIELDS_NUMBER(process, totals.inherited_frees),
        FIELDS_NUMBER(process, totals.unknown_frees),
        FIELDS_NUMBER(process, totals.reused),
        FIELDS_NUMBER(process, totals.restores_lost),
        FIELDS_NUMBER(process, totals.mapped_blocks),
        FIELDS_NUMBER(process, totals.mapped_bytes),
};

/* ---- processes ----------------------------------------------------------- */

static void pack_messages(struct pack *pack, const struct process *process)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < process->message_count && entries.size < FIELDS_LIST_MOST; packed++) {
                pack_varint(&entries, process->messages[packed].incomplete);
                pack_string(&entries, process->messages[packed].text);
        }
        fields_pack_list(pack, &entries, packed);
}

static void pack_execs(struct pack *pack, const struct process *process)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        for (; packed < process->exec_count && entries.size < FIELDS_LIST_MOST; packed++) {
                pack_signed(&entries, process->execs[packed].pid);
                pack_varint(&entries, process->execs[packed].since_ns);
                pack_string(&entries, process->execs[packed].file);
        }
        fields_pack_list(pack, &entries, packed);
}

void process_pack(struct pack *pack, const struct process *process)
{
        fields_pack_numbers(pack, process, process_numbers, FIELDS_COUNT(process_numbers));
        pack_string(pack, process->exe);
        pack_string(pack, process->cwd);
        pack_blob(pack, process->build_id, process->build_id_length);
        pack_varint(pack, process->end_exec != NULL);
        pack_string(pack, process->end_exec);
        fields_pack_strings(pack, process->argv, process->argv_count);
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
        for (uint64_t left = fields_read_count(b, 2); left && b->ok; left--) {
                struct process_message message = { .incomplete = bytes_varint(b) != 0 };

                if (fields_read_string(b, &message.text))
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
        for (uint64_t left = fields_read_count(b, 3); left && b->ok; left--) {
                struct process_exec exec = { .pid = (int32_t)fields_read_signed(b), .since_ns = bytes_varint(b) };

                if (fields_read_string(b, &exec.file))
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

        if (fields_read_string(b, &text))
                return -1;
        if (!text || !*text) {
                mem_free(text);
                return 0;
        }
        *to = (struct annotations_text){ .text = text, .length = strlen(text), .capacity = strlen(text) + 1 };
        return 0;
}

int process_read(struct bytes *b, struct process *process)
{
        fields_read_numbers(b, process, process_numbers, FIELDS_COUNT(process_numbers));
        if (fields_replace_string(b, &process->exe) || fields_replace_string(b, &process->cwd))
                return -1;
        read_build_id(b, process->build_id, &process->build_id_length);
        if (bytes_varint(b)) {
                if (fields_replace_string(b, &process->end_exec))
                        return -1;
        } else if (bytes_varint(b)) {
                bytes_fail(b);
        }
        if (fields_read_strings(b, &process->argv, &process->argv_count, 0) || read_messages(b, process))
                return -1;
        return read_execs(b, process) || read_suppressions(b, &process->annotations.suppressions) ? -1 : 0;
}

/* ---- modules and stacks -------------------------------------------------- */

int process_write_modules(struct capture_writer *writer, const struct process *process, struct error *e)
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

int process_read_modules(struct bytes *b, struct process *process)
{
        for (uint64_t left = fields_read_count(b, 6); left && b->ok; left--) {
                struct process_module module = { 0 };
                uint64_t id = bytes_varint(b);

                module.id = (uint16_t)id;
                module.start = bytes_varint(b);
                module.end = bytes_varint(b);
                module.bias = bytes_varint(b);
                read_build_id(b, module.build_id, &module.build_id_length);
                if (!id || id > UINT16_MAX || module.start > module.end)
                        bytes_fail(b);
                if (fields_read_string(b, &module.path))
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

int process_write_nodes(struct capture_writer *writer, const struct process *process, struct error *e)
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

int process_read_nodes(struct bytes *b, struct process *process, size_t *capacity)
{
        uint64_t index = 0;

        for (uint64_t left = fields_read_count(b, 4); left && b->ok; left--) {
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
