#include "normalise.h"

#include <stdbool.h>
#include <string.h>

enum { RUST_HASH = 16 };

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Where a trailing run of ".digits" begins: the length it would leave. */
static size_t before_numbers(const char *name, size_t length)
{
        size_t at = length;

        while (at && is_digit(name[at - 1]))
                at--;
        return at > 1 && at < length && name[at - 1] == '.' ? at - 1 : length;
}

static bool ends_with(const char *name, size_t length, const char *suffix)
{
        size_t n = strlen(suffix);

        return length > n && !memcmp(name + length - n, suffix, n);
}

/* The length without one clone suffix, or `length`. */
static size_t before_clone(const char *name, size_t length)
{
        static const char *const suffixes[] = {
                ".part", ".constprop", ".isra",  ".cold", ".hot",        ".lto_priv", ".llvm",
                ".ipa",  ".local",     ".clone", ".warm", ".localalias", ".lto",      ".unlikely",
        };

        for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
                if (ends_with(name, length, suffixes[i]))
                        return length - strlen(suffixes[i]);
        }
        return length;
}

/* Without one trailing "[clone …]" and the space before. */
static size_t before_clone_note(const char *name, size_t length)
{
        static const char note[] = "[clone ";

        if (!length || name[length - 1] != ']')
                return length;
        for (size_t at = length - 1; at-- > 1;) {
                if (name[at] == '[')
                        return strncmp(name + at, note, strlen(note)) ? length : at - (name[at - 1] == ' ');
        }
        return length;
}

static size_t before_rust_hash(const char *name, size_t length)
{
        size_t at = length;

        while (at && length - at < RUST_HASH && is_hex(name[at - 1]))
                at--;
        if (length - at != RUST_HASH || at < 4 || memcmp(name + at - 3, "::h", 3))
                return length;
        return at - 3;
}

/* A symbol version or "@plt": an '@' with nothing but a name after it. */
static size_t before_version(const char *name, size_t length)
{
        const char *sign = memchr(name, '@', length);

        if (!sign || sign == name)
                return length;
        for (const char *c = sign; c < name + length; c++) {
                if (strchr(" ()<>:", *c))
                        return length;
        }
        return (size_t)(sign - name);
}

static size_t trimmed(const char *name, size_t length)
{
        for (;;) {
                size_t was = length;

                length = before_clone_note(name, length);
                length = before_version(name, length);
                length = before_rust_hash(name, length);
                length = before_clone(name, length);
                length = before_numbers(name, length);
                if (length == was)
                        return length;
        }
}

/* Takes "[abi:…]" out wherever it is. */
static void drop_tags(char *name)
{
        char *to = name;

        for (const char *from = name; *from;) {
                const char *end = strncmp(from, "[abi:", 5) ? NULL : strchr(from, ']');

                if (end)
                        from = end + 1;
                else
                        *to++ = *from++;
        }
        *to = '\0';
}

void symbol_normalise(char *name)
{
        size_t length = trimmed(name, strlen(name));

        if (length)
                name[length] = '\0';
        if (name[0] != '[')
                drop_tags(name);
}
