#include "escape.h"

#include "utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static void put_json(FILE *out, char c)
{
        if (c == '\n')
                fputs("\\n", out);
        else
                fprintf(out, "\\%c", c);
}

static void put_entity(FILE *out, char c)
{
        fprintf(out, "&#%d;", c);
}

static void put_percent(FILE *out, char c)
{
        fprintf(out, "%%%02X", (unsigned char)c);
}

static void put_backslash(FILE *out, char c)
{
        fprintf(out, "\\%c", c);
}

/* The characters that mean something in a form, and what is written instead. */
static const struct {
        const char *special;
        void (*put)(FILE *out, char c);
} forms[] = {
        [ESCAPE_PLAIN] = { "", NULL },
        [ESCAPE_JSON] = { "\"\\\n", put_json },
        [ESCAPE_XML] = { "&<>\"'", put_entity },
        [ESCAPE_COMMAND] = { "%\r\n", put_percent },
        [ESCAPE_PROPERTY] = { "%\r\n:,", put_percent },
        [ESCAPE_MARKDOWN] = { "\\`*_[]<>#|~@&\"'", put_entity },
        [ESCAPE_TAP] = { "#\\", put_backslash },
        [ESCAPE_URI] = { " !\"#$%&'()*+,:;<=>?@[\\]^`{|}", put_percent },
};

static void put(const struct escape *to, char c)
{
        if (c && strchr(forms[to->form].special, c))
                forms[to->form].put(to->out, c);
        else
                putc(c, to->out);
}

static void put_unsafe(const struct escape *to, const char *bytes, size_t count)
{
        static const char hex[] = "0123456789abcdef";

        for (size_t i = 0; i < count; i++) {
                unsigned char byte = (unsigned char)bytes[i];

                put(to, '\\');
                putc('x', to->out);
                putc(hex[byte >> 4], to->out);
                putc(hex[byte & 15], to->out);
        }
}

static void put_uri(const struct escape *to, const char *path)
{
        for (; *path; path++) {
                if ((unsigned char)*path > ' ' && (unsigned char)*path < 0x7f)
                        put(to, *path);
                else
                        put_percent(to->out, *path);
        }
}

void escape_text(const struct escape *to, const char *text)
{
        size_t length;

        if (to->form == ESCAPE_URI) {
                put_uri(to, text);
                return;
        }
        for (; *text; text += length ? length : 1) {
                length = utf8_length(text);
                if (!length || !utf8_is_plain(text, length))
                        put_unsafe(to, text, length ? length : 1);
                else if (length == 1)
                        put(to, *text);
                else
                        fwrite(text, 1, length, to->out);
        }
}

void escape_print(const struct escape *to, const char *format, ...)
{
        char text[256];
        va_list args;
        int length;

        va_start(args, format);
        length = vsnprintf(text, sizeof text, format, args);
        va_end(args);
        assert(length >= 0 && length < (int)sizeof text);
        for (int i = 0; i < length; i++)
                put(to, text[i]);
}
