#include "put.h"

#include "escape.h"
#include "utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* ---- text ----------------------------------------------------------------- */

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that `\xHH` at `text` stands for, or -1 when it is no such thing. */
static int escaped_byte(const char *text)
{
        int high, low;

        if (text[0] != '\\' || text[1] != 'x' || (high = hex_value(text[2])) < 0 || (low = hex_value(text[3])) < 0)
                return -1;
        return high >= 8 || (high == 5 && low == 12) ? high * 16 + low : -1;
}

void put_decode(char *text)
{
        char *to = strchr(text, '\\');

        for (const char *from = to; from && *from; to++) {
                int byte = escaped_byte(from);

                *to = byte < 0 ? *from : (char)byte;
                from += byte < 0 ? 1 : 4;
        }
        if (to)
                *to = '\0';
}

static void print_ascii(FILE *out, const char *text)
{
        unsigned char c = (unsigned char)*text;
        static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
        const char *found = strchr(plain, c);

        if (c == '\\' && escaped_byte(text) >= 0)
                fputs("\\\\x5c", out);
        else if (found)
                fprintf(out, "\\%c", letters[found - plain]);
        else if (c < 0x20 || c == 0x7f)
                fprintf(out, "\\u%04x", c);
        else
                putc(c, out);
}

/* How much of the text's beginning needs no second look. */
static size_t plain_length(const char *text)
{
        size_t length = 0;

        while (text[length] >= ' ' && text[length] <= '~' && text[length] != '"' && text[length] != '\\')
                length++;
        return length;
}

static void print_text(FILE *out, const char *text)
{
        putc('"', out);
        while (*text) {
                size_t plain = plain_length(text), length;

                if (plain) {
                        fwrite(text, 1, plain, out);
                        text += plain;
                        continue;
                }
                length = utf8_length(text);
                if (length == 0)
                        fprintf(out, "\\\\x%02x", (unsigned char)*text);
                else if (length == 1)
                        print_ascii(out, text);
                else
                        fwrite(text, 1, length, out);
                text += length ? length : 1;
        }
        putc('"', out);
}

/* ---- structure ------------------------------------------------------------ */

static void new_line(struct put *j)
{
        putc('\n', j->out);
        for (unsigned i = 0; i < j->depth; i++)
                fputs("  ", j->out);
}

/* What precedes a value: comma, new line, key. */
static void begin(struct put *j, const char *key)
{
        if (j->depth) {
                bool lines = j->levels[j->depth - 1].lines, any = j->levels[j->depth - 1].any;

                if (any)
                        fputs(lines ? "," : ", ", j->out);
                if (lines)
                        new_line(j);
                j->levels[j->depth - 1].any = true;
        }
        if (key) {
                print_text(j->out, key);
                fputs(": ", j->out);
        }
}

static void open_level(struct put *j, const char *key, enum put_layout layout, char open, char close)
{
        bool outer_inline = j->depth && !j->levels[j->depth - 1].lines;

        assert(j->depth < PUT_DEPTH_MAX);
        begin(j, key);
        putc(open, j->out);
        j->levels[j->depth].close = close;
        j->levels[j->depth].lines = layout == PUT_LINES && !outer_inline;
        j->levels[j->depth].any = false;
        j->depth++;
}

void put_object(struct put *j, const char *key, enum put_layout layout)
{
        open_level(j, key, layout, '{', '}');
}

void put_array(struct put *j, const char *key, enum put_layout layout)
{
        open_level(j, key, layout, '[', ']');
}

void put_end(struct put *j)
{
        assert(j->depth > 0);
        j->depth--;
        if (j->levels[j->depth].lines && j->levels[j->depth].any)
                new_line(j);
        putc(j->levels[j->depth].close, j->out);
        if (!j->depth)
                putc('\n', j->out);
}

/* ---- values --------------------------------------------------------------- */

void put_text(struct put *j, const char *key, const char *text)
{
        begin(j, key);
        if (text)
                print_text(j->out, text);
        else
                fputs("null", j->out);
}

void put_open_text(struct put *j, const char *key)
{
        begin(j, key);
        putc('"', j->out);
}

void put_close_text(struct put *j)
{
        putc('"', j->out);
}

void put_foreign(struct put *j, const char *key, const char *text)
{
        if (!text) {
                put_null(j, key);
                return;
        }
        put_open_text(j, key);
        escape_text(&(struct escape){ j->out, ESCAPE_JSON }, text);
        put_close_text(j);
}

void put_number(struct put *j, const char *key, uint64_t value)
{
        begin(j, key);
        fprintf(j->out, "%" PRIu64, value > INT64_MAX ? (uint64_t)INT64_MAX : value);
}

void put_signed(struct put *j, const char *key, int64_t value)
{
        begin(j, key);
        fprintf(j->out, "%" PRId64, value);
}

void put_bool(struct put *j, const char *key, bool value)
{
        begin(j, key);
        fputs(value ? "true" : "false", j->out);
}

void put_null(struct put *j, const char *key)
{
        put_text(j, key, NULL);
}

void put_address(struct put *j, const char *key, uint64_t value)
{
        begin(j, key);
        fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}
