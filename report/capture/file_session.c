/* The session in a capture file. */
#include "file_section.h"

#include "../mem.h"
#include "fields.h"

static const struct fields_number run_numbers[] = {
        FIELDS_NUMBER(collector_result, refused),
        FIELDS_NUMBER(collector_result, duration_ns),
        FIELDS_NUMBER(collector_result, started_s, .is_signed = true),
        FIELDS_NUMBER(collector_result, command_ended, .most = 1),
        FIELDS_NUMBER(collector_result, command_status, .is_signed = true),
        FIELDS_NUMBER(collector_result, command_pid, .is_signed = true),
};

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

        for (; packed < run->left_out_count && entries.size < FIELDS_LIST_MOST; packed++) {
                pack_string(&entries, run->left_out[packed].name);
                pack_varint(&entries, run->left_out[packed].count);
        }
        fields_pack_list(pack, &entries, packed);
}

void session_pack(struct pack *pack, char *const *command, const struct collector_result *run)
{
        struct pack entries = { 0 };
        size_t packed = 0;

        pack_string(pack, WEIR_VERSION);
        pack_varint(pack, command != NULL);
        fields_pack_strings(pack, command, count_words(command));
        fields_pack_numbers(pack, run, run_numbers, FIELDS_COUNT(run_numbers));
        for (; packed < run->untraced_count && entries.size < FIELDS_LIST_MOST; packed++) {
                pack_signed(&entries, run->untraced[packed].pid);
                pack_string(&entries, run->untraced[packed].exe);
                pack_string(&entries, run->untraced[packed].reason);
        }
        fields_pack_list(pack, &entries, packed);
        pack_left_out(pack, run);
}

static int read_untraced(struct bytes *b, struct collector_result *run)
{
        for (uint64_t left = fields_read_count(b, 3); left && b->ok; left--) {
                struct collector_untraced untraced = { .pid = (int32_t)fields_read_signed(b) };

                if (mem_grow(&run->untraced, &run->untraced_capacity, run->untraced_count + 1, sizeof *run->untraced) ||
                    fields_read_string(b, &untraced.exe) || fields_read_string(b, &untraced.reason)) {
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
        for (uint64_t left = bytes_left(b) ? fields_read_count(b, 2) : 0; left && b->ok; left--) {
                struct collector_left_out entry = { 0 };

                if (mem_grow(&run->left_out, &run->left_out_capacity, run->left_out_count + 1, sizeof *run->left_out) ||
                    fields_read_string(b, &entry.name)) {
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

int session_read(struct bytes *b, struct stored_session *session, struct collector_result *run)
{
        char *written_by = NULL; /* which weir: for people */
        bool has_command;
        size_t count;

        if (fields_replace_string(b, &written_by))
                return -1;
        mem_free(written_by);
        has_command = bytes_varint(b);
        if (fields_read_strings(b, &session->command, &count, 1))
                return -1;
        if (!has_command) {
                for (size_t i = 0; i < count; i++)
                        mem_free(session->command[i]);
                mem_free(session->command);
                session->command = NULL;
        }
        fields_read_numbers(b, run, run_numbers, FIELDS_COUNT(run_numbers));
        return read_untraced(b, run) || read_left_out(b, run) ? -1 : 0;
}
