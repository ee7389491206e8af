#include "frames.h"

#include <string.h>

const char *path_base(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* ---- function names ------------------------------------------------------- */

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
        return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool all_digits(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!is_digit(text[i]))
                        return false;
        return length > 0;
}

static bool is_clone_word(const char *word, size_t length)
{
        static const char *const words[] = { "part",       "constprop", "isra", "cold",  "lto_priv",
                                             "localalias", "llvm",      "hot",  "clone", "unlikely" };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (strlen(words[i]) == length && !memcmp(words[i], word, length))
                        return true;
        return all_digits(word, length);
}

/* Removes one `.word` at the end that a compiler added. */
static bool strip_word(const char *name, size_t *length)
{
        size_t dot = *length;

        while (dot && name[dot - 1] != '.')
                dot--;
        if (dot < 2 || !is_clone_word(name + dot, *length - dot))
                return false;
        *length = dot - 1;
        return true;
}

static bool strip_clone(const char *name, size_t *length)
{
        size_t at = *length;

        if (!at || name[at - 1] != ']')
                return false;
        while (at && name[at - 1] != '[')
                at--;
        if (at < 3 || strncmp(name + at, "clone ", 6) || name[at - 2] != ' ')
                return false;
        *length = at - 2;
        return true;
}

static bool strip_rust_hash(const char *name, size_t *length)
{
        size_t start = *length - 19;

        if (*length < 20 || memcmp(name + start, "::h", 3))
                return false;
        for (size_t i = start + 3; i < *length; i++)
                if (!is_hex(name[i]))
                        return false;
        *length = start;
        return true;
}

size_t function_plain_length(const char *function)
{
        size_t length = strlen(function);

        while (strip_word(function, &length) || strip_clone(function, &length) || strip_rust_hash(function, &length))
                continue;
        return length;
}

/* ---- modules and frames --------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
        return !strncmp(text, start, strlen(start));
}

bool module_is_libc(const char *module)
{
        const char *base = path_base(module);

        return starts_with(base, "libc.so") || starts_with(base, "libc-2.") || starts_with(base, "ld-linux") ||
               starts_with(base, "libpthread") || starts_with(base, "ld-2.") || starts_with(base, "ld-musl");
}

static bool is_libstdcxx(const char *module)
{
        const char *base = path_base(module);

        return starts_with(base, "libstdc++") || starts_with(base, "libc++");
}

static bool is_runtime(const struct report_frame *frame)
{
        return (frame->function && !strcmp(frame->function, "_start")) ||
               (frame->module && module_is_libc(frame->module));
}

size_t frames_without_runtime(const struct report_frame *stack, size_t count)
{
        size_t left = count;

        while (left && is_runtime(&stack[left - 1]))
                left--;
        return left < 2 ? count : left;
}

static bool is_own(const struct report_frame *frame)
{
        return frame->module && !module_is_libc(frame->module) && !is_libstdcxx(frame->module) &&
               !(frame->file && strstr(frame->file, "/include/c++/"));
}

const struct report_frame *frames_site(const struct report_frame *stack, size_t count)
{
        const struct report_frame *nameless = NULL;

        for (size_t i = 1; i < count; i++) {
                if (!is_own(&stack[i]))
                        continue;
                if (stack[i].line && stack[i].file)
                        return &stack[i];
                if (!nameless)
                        nameless = &stack[i];
        }
        if (nameless)
                return nameless;
        return count ? &stack[count > 1] : NULL;
}
