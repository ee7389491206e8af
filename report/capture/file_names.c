/* The names in a capture file: what the files of the run's modules say of its
 * addresses. */
#include "file_section.h"

#include "../mem.h"
#include "fields.h"
#include "../symbols/answers.h"

enum {
        ROW_MODULE,
        ROW_ANSWER,
        /* Of a frame: which texts it has. */
        HAS_FUNCTION = 1,
        HAS_LINKAGE_NAME = 2,
        HAS_FILE = 4,
        HAS_DIRECTORY = 8,
        IS_INLINED = 16,
        HAS_ALL = 31,
};

/* ---- out ---------------------------------------------------------------------- */

struct names_writer {
        struct table_writer table;
        const struct symbol_file *file; /* whose answers come */
        const char *message;
        bool told; /* it is in the section at hand */
        struct error *e;
};

static void pack_maybe(struct pack *pack, const char *text)
{
        pack_varint(pack, text != NULL);
        pack_string(pack, text ? text : "");
}

static int end_row(struct names_writer *w)
{
        bool fresh;
        int result = table_next(&w->table, &fresh, w->e);

        if (fresh)
                w->told = false;
        return result;
}

static int tell_module(struct names_writer *w)
{
        struct pack *rows = &w->table.rows;

        pack_varint(rows, ROW_MODULE);
        pack_string(rows, w->file->path);
        pack_maybe(rows, w->file->directory);
        pack_blob(rows, w->file->build_id, w->file->build_id_length);
        pack_maybe(rows, w->message);
        w->told = true;
        return end_row(w);
}

static int write_module(void *context, const struct symbol_file *file, const char *message)
{
        struct names_writer *w = context;

        w->file = file;
        w->message = message;
        return tell_module(w);
}

static void pack_frame(struct pack *rows, const struct symbol_frame *frame)
{
        uint32_t has = (frame->function ? HAS_FUNCTION : 0) | (frame->linkage_name ? HAS_LINKAGE_NAME : 0) |
                       (frame->file ? HAS_FILE : 0) | (frame->directory ? HAS_DIRECTORY : 0) |
                       (frame->inlined ? IS_INLINED : 0);

        pack_u32(rows, has);
        pack_u32(rows, frame->line);
        if (frame->function)
                pack_string(rows, frame->function);
        if (frame->linkage_name)
                pack_string(rows, frame->linkage_name);
        if (frame->file)
                pack_string(rows, frame->file);
        if (frame->directory)
                pack_string(rows, frame->directory);
}

static int write_answer(void *context, const struct symbol_answer *answer)
{
        struct names_writer *w = context;
        struct pack *rows = &w->table.rows;

        if (!w->told && tell_module(w))
                return -1;
        pack_varint(rows, ROW_ANSWER + (unsigned)answer->kind);
        pack_varint(rows, answer->address);
        pack_varint(rows, answer->extent);
        pack_varint(rows, answer->count);
        for (size_t i = 0; i < answer->count; i++)
                pack_frame(rows, &answer->frames[i]);
        return end_row(w);
}

int capture_writer_names(struct capture_writer *writer, struct symbols *symbols, struct error *e)
{
        struct names_writer w = {
                .table = { .writer = writer, .kind = SECTION_NAMES, .process = CAPTURE_NO_PROCESS }, .e = e
        };
        const struct symbol_answers_visitor visitor = { write_module, write_answer, &w };
        int result;

        *e = (struct error){ 0 };
        result = symbols_each_answer(symbols, &visitor);
        if (result && !e->code)
                (void)error_no_memory(e, "writing the capture file");
        return table_end(&w.table, result, e);
}

/* ---- in ------------------------------------------------------------------------- */

/* A reader of one section; -1 stands for no memory. */
struct names_reader {
        struct bytes *b;
        struct symbols *symbols;
        struct symbol_frame *frames;
        size_t capacity;
        char **kept; /* texts of all frames of the answer at hand */
        size_t kept_count, kept_capacity;
        bool has_module;
};

static int read_maybe(struct bytes *b, char **text)
{
        uint64_t has = bytes_varint(b);

        *text = NULL;
        if (has > 1)
                bytes_fail(b);
        if (fields_read_string(b, text))
                return -1;
        if (!has) {
                mem_free(*text);
                *text = NULL;
        }
        return 0;
}

static int read_module(struct names_reader *r)
{
        struct symbol_file file = { 0 };
        char *path = NULL, *directory = NULL, *message = NULL;
        int result = fields_read_string(r->b, &path) || read_maybe(r->b, &directory) ? -1 : 0;
        uint64_t length = result ? 0 : bytes_varint(r->b);

        if (length > WEIR_BUILD_ID_MAX)
                bytes_fail(r->b);
        file.build_id = result ? NULL : bytes_take(r->b, (size_t)length);
        file.build_id_length = (size_t)length;
        if (!result)
                result = read_maybe(r->b, &message);
        if (!result && r->b->ok) {
                file.path = path;
                file.directory = directory;
                result = symbols_teach_module(r->symbols, &file, message);
                r->has_module = true;
        }
        mem_free(path);
        mem_free(directory);
        mem_free(message);
        return result;
}

static int read_text(struct names_reader *r, bool has, const char **text)
{
        char *own;

        *text = NULL;
        if (!has)
                return 0;
        if (mem_grow(&r->kept, &r->kept_capacity, r->kept_count + 1, sizeof *r->kept) || fields_read_string(r->b, &own))
                return -1;
        *text = r->kept[r->kept_count++] = own;
        return 0;
}

static int read_frame(struct names_reader *r, struct symbol_frame *frame)
{
        uint32_t has = bytes_u32(r->b);

        *frame = (struct symbol_frame){ .line = bytes_u32(r->b), .inlined = has & IS_INLINED };
        if (has & ~(uint32_t)HAS_ALL)
                bytes_fail(r->b);
        return read_text(r, has & HAS_FUNCTION, &frame->function) ||
                               read_text(r, has & HAS_LINKAGE_NAME, &frame->linkage_name) ||
                               read_text(r, has & HAS_FILE, &frame->file) ||
                               read_text(r, has & HAS_DIRECTORY, &frame->directory)
                       ? -1
                       : 0;
}

static int read_answer(struct names_reader *r, enum answer_kind kind)
{
        struct symbol_answer answer = { .kind = kind };
        uint64_t count;
        int result = 0;

        answer.address = bytes_varint(r->b);
        answer.extent = bytes_varint(r->b);
        count = bytes_varint(r->b);
        if (!r->has_module || !count || count > bytes_left(r->b) / 8 || (kind != ANSWER_FRAMES && count != 1))
                bytes_fail(r->b);
        if (!r->b->ok)
                return 0;
        if (mem_grow(&r->frames, &r->capacity, (size_t)count, sizeof *r->frames))
                return -1;
        r->kept_count = 0;
        for (size_t i = 0; i < count && r->b->ok && !result; i++)
                result = read_frame(r, &r->frames[i]);
        answer.frames = r->frames;
        answer.count = (size_t)count;
        if (!result && r->b->ok)
                result = symbols_teach(r->symbols, &answer);
        for (size_t i = 0; i < r->kept_count; i++)
                mem_free(r->kept[i]);
        r->kept_count = 0;
        return result;
}

int names_read(struct bytes *b, struct symbols *symbols)
{
        struct names_reader r = { .b = b, .symbols = symbols };
        int result = 0;

        for (uint64_t left = bytes_varint(b); left && b->ok && !result; left--) {
                uint64_t row = bytes_varint(b);

                if (row == ROW_MODULE)
                        result = read_module(&r);
                else if (row < ROW_ANSWER + (uint64_t)ANSWER_KINDS)
                        result = read_answer(&r, (enum answer_kind)(row - ROW_ANSWER));
                else
                        bytes_fail(b);
        }
        mem_free(r.frames);
        mem_free(r.kept);
        return result;
}
