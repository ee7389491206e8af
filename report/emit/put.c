#include "put.h"

#include "escape.h"
#include "utf8.h"

#include <assert.h>
#include <string.h>

enum {
        KEY_SHORT = 64,
        PIECE = 2 * PUT_DEPTH_MAX + KEY_SHORT + 64, /* a new line, a key, a number and what separates them */
};

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
        putc_unlocked('"', out);
        while (*text) {
                size_t plain = plain_length(text), length;

                if (plain) {
                        (void)fwrite_unlocked(text, 1, plain, out);
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
        putc_unlocked('"', out);
}

/* ---- structure ------------------------------------------------------------ */

/* What is written at once: what precedes a value, and the value if it is short. */
struct piece {
        char text[PIECE];
        size_t length;
};

static void add(struct piece *piece, const char *text, size_t length)
{
        memcpy(piece->text + piece->length, text, length);
        piece->length += length;
}

static void add_char(struct piece *piece, char c)
{
        piece->text[piece->length++] = c;
}

static void add_digits(struct piece *piece, uint64_t value, unsigned base)
{
        char digits[20];
        size_t at = sizeof digits;

        do
                digits[--at] = "0123456789abcdef"[value % base];
        while (value /= base);
        add(piece, digits + at, sizeof digits - at);
}

static void write_piece(const struct put *j, struct piece *piece)
{
        (void)fwrite_unlocked(piece->text, 1, piece->length, j->out);
        piece->length = 0;
}

static void add_line(struct piece *piece, const struct put *j)
{
        add_char(piece, '\n');
        memset(piece->text + piece->length, ' ', 2 * j->depth);
        piece->length += 2 * j->depth;
}

static void add_key(struct piece *piece, const struct put *j, const char *key)
{
        size_t length = plain_length(key);

        if (key[length] || length > KEY_SHORT) {
                write_piece(j, piece);
                print_text(j->out, key);
        } else {
                add_char(piece, '"');
                add(piece, key, length);
                add_char(piece, '"');
        }
        add(piece, ": ", 2);
}

/* What precedes a value: comma, new line, key. */
static struct piece begin(struct put *j, const char *key)
{
        struct piece piece;

        piece.length = 0;
        if (j->depth) {
                bool lines = j->levels[j->depth - 1].lines, any = j->levels[j->depth - 1].any;

                if (any)
                        add(&piece, ", ", lines ? 1 : 2);
                if (lines)
                        add_line(&piece, j);
                j->levels[j->depth - 1].any = true;
        }
        if (key)
                add_key(&piece, j, key);
        return piece;
}

static void open_level(struct put *j, const char *key, enum put_layout layout, char open, char close)
{
        bool outer_inline = j->depth && !j->levels[j->depth - 1].lines;
        struct piece piece;

        assert(j->depth < PUT_DEPTH_MAX);
        piece = begin(j, key);
        add_char(&piece, open);
        write_piece(j, &piece);
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
        struct piece piece;

        assert(j->depth > 0);
        piece.length = 0;
        j->depth--;
        if (j->levels[j->depth].lines && j->levels[j->depth].any)
                add_line(&piece, j);
        add_char(&piece, j->levels[j->depth].close);
        if (!j->depth)
                add_char(&piece, '\n');
        write_piece(j, &piece);
}

/* ---- values --------------------------------------------------------------- */

/* A value of a few characters. */
static void put_short(struct put *j, const char *key, const char *text)
{
        struct piece piece = begin(j, key);

        add(&piece, text, strlen(text));
        write_piece(j, &piece);
}

void put_text(struct put *j, const char *key, const char *text)
{
        struct piece piece;

        if (!text) {
                put_short(j, key, "null");
                return;
        }
        piece = begin(j, key);
        write_piece(j, &piece);
        print_text(j->out, text);
}

void put_open_text(struct put *j, const char *key)
{
        put_short(j, key, "\"");
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
        struct piece piece = begin(j, key);

        add_digits(&piece, value > INT64_MAX ? (uint64_t)INT64_MAX : value, 10);
        write_piece(j, &piece);
}

void put_signed(struct put *j, const char *key, int64_t value)
{
        struct piece piece = begin(j, key);

        if (value < 0)
                add_char(&piece, '-');
        add_digits(&piece, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        write_piece(j, &piece);
}

void put_bool(struct put *j, const char *key, bool value)
{
        put_short(j, key, value ? "true" : "false");
}

void put_null(struct put *j, const char *key)
{
        put_text(j, key, NULL);
}

void put_address(struct put *j, const char *key, uint64_t value)
{
        struct piece piece = begin(j, key);

        add(&piece, "\"0x", 3);
        add_digits(&piece, value, 16);
        add_char(&piece, '"');
        write_piece(j, &piece);
}
