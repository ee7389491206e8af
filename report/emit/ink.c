#include "ink.h"

#include "utf8.h"

#include <stdarg.h>
#include <string.h>

static const char *const codes[] = { "", "\033[1m", "\033[2m", "\033[1;31m", "\033[33m", "\033[32m", "\033[36m" };

static void begin(const struct ink *ink, enum ink_style style)
{
        if (ink->color)
                fputs(codes[style], ink->out);
}

static void end(const struct ink *ink, enum ink_style style)
{
        if (ink->color && style != INK_PLAIN)
                fputs("\033[0m", ink->out);
}

void ink_print(const struct ink *ink, enum ink_style style, const char *format, ...)
{
        va_list args;

        begin(ink, style);
        va_start(args, format);
        (void)vfprintf(ink->out, format, args);
        va_end(args);
        end(ink, style);
}

/* ---- foreign text --------------------------------------------------------- */

/* One character at `text` for printing: how many bytes it has there, and how
 * many columns it takes. */
static size_t character(const char *text, size_t *columns, bool *escape)
{
        size_t length = utf8_length(text);

        *escape = !length || !utf8_is_plain(text, length);
        length = length ? length : 1;
        *columns = *escape ? 4 * length : 1;
        return length;
}

static size_t columns_of(const char *text)
{
        size_t width = 0, columns;
        bool escape;

        while (*text) {
                text += character(text, &columns, &escape);
                width += columns;
        }
        return width;
}

static void print_character(FILE *out, const char *text, size_t length, bool escape)
{
        if (!escape) {
                fwrite(text, 1, length, out);
                return;
        }
        for (size_t i = 0; i < length; i++)
                fprintf(out, "\\x%02x", (unsigned char)text[i]);
}

size_t ink_width(const char *text, size_t most)
{
        size_t width = columns_of(text);

        return most && width > most ? most : width;
}

void ink_text(const struct ink *ink, enum ink_style style, const char *text, size_t most)
{
        size_t width = columns_of(text), at = 0, columns, length;
        /* Columns [from, to) are replaced by "...". */
        size_t from = width, to = width, left;
        bool escape, cut = most > 3 && width > most;

        if (cut) {
                from = (most - 3) / 2;
                to = width - (most - 3 - from);
        }
        begin(ink, style);
        for (; *text; text += length, at += columns) {
                length = character(text, &columns, &escape);
                left = at + columns;
                if (cut && left > from) {
                        fputs("...", ink->out);
                        cut = false;
                }
                if (left <= from || at >= to)
                        print_character(ink->out, text, length, escape);
        }
        end(ink, style);
}

void ink_pad(const struct ink *ink, size_t count)
{
        fprintf(ink->out, "%*s", (int)count, "");
}

/* ---- numbers -------------------------------------------------------------- */

const char *ink_grouped(uint64_t value, char buffer[INK_GROUPED])
{
        char *at = buffer + INK_GROUPED - 1;
        unsigned digits = 0;

        *at = '\0';
        do {
                if (digits && digits % 3 == 0)
                        *--at = ',';
                *--at = (char)('0' + value % 10);
                value /= 10;
                digits++;
        } while (value);
        return at;
}

void ink_number(const struct ink *ink, enum ink_style style, uint64_t value)
{
        char buffer[INK_GROUPED];

        ink_print(ink, style, "%s", ink_grouped(value, buffer));
}

void ink_count(const struct ink *ink, enum ink_style style, uint64_t count, const char *unit)
{
        char buffer[INK_GROUPED];
        bool sibilant = *unit && strchr("sx", unit[strlen(unit) - 1]);

        ink_print(ink, style, "%s %s%s", ink_grouped(count, buffer), unit, count == 1 ? "" : sibilant ? "es" : "s");
}

void ink_bytes(const struct ink *ink, enum ink_style style, uint64_t bytes)
{
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = (double)bytes / 1024;
        char buffer[INK_GROUPED];
        size_t unit = 0;

        if (bytes < 10240) {
                ink_count(ink, style, bytes, "byte");
                return;
        }
        for (; value >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
                value /= 1024;
        ink_print(ink, style, "%s bytes (%.1f %s)", ink_grouped(bytes, buffer), value, units[unit]);
}
