#include "type_name.h"

#include <string.h>

bool name_is(struct name_part part, const char *text)
{
        return part.length == strlen(text) && !memcmp(part.text, text, part.length);
}

bool name_begins(struct name_part part, const char *text)
{
        size_t length = strlen(text);

        return part.length >= length && !memcmp(part.text, text, length);
}

/* The end of what is in parentheses and the like at `at`, else `at`.  What is
 * inside may be an expression, whose '<' and '>' are no brackets. */
static size_t skip_group(struct name_part name, size_t at)
{
        static const char openers[] = "([{", closers[] = ")]}";
        const char *opener = name.text[at] ? strchr(openers, name.text[at]) : NULL;
        size_t depth = 0;

        for (size_t end = at; opener && end < name.length; end++) {
                depth += name.text[end] == *opener;
                depth -= name.text[end] == closers[opener - openers];
                if (!depth)
                        return end;
        }
        return at;
}

/* How the character changes the depth of template arguments.  The '<' and '>'
 * of operators do not. */
static int turn(struct name_part name, size_t at)
{
        static const char operator_[] = "operator";
        size_t length = sizeof operator_ - 1, start = at;

        if (name.text[at] != '<' && name.text[at] != '>')
                return 0;
        if (at && name.text[at] == '>' && name.text[at - 1] == '-')
                return 0;
        while (start && strchr("<>=-", name.text[start - 1]))
                start--;
        if (start >= length && !memcmp(name.text + start - length, operator_, length))
                return 0;
        return name.text[at] == '<' ? 1 : -1;
}

struct name_part name_argument(struct name_part name, size_t skip, size_t index)
{
        int depth = 0;

        for (size_t at = skip, start = skip; at < name.length; at++) {
                bool ends = !depth && (name.text[at] == ',' || name.text[at] == '>');

                if (ends && !index) {
                        while (at > start && name.text[at - 1] == ' ')
                                at--;
                        return (struct name_part){ name.text + start, at - start };
                }
                if (ends && name.text[at] == '>')
                        break;
                if (ends) {
                        index--;
                        start = at + 1;
                        while (start < name.length && name.text[start] == ' ')
                                start++;
                }
                depth += turn(name, at);
                at = skip_group(name, at);
        }
        return (struct name_part){ name.text + name.length, 0 };
}

struct name_part name_of_function(const char *demangled)
{
        struct name_part name = { demangled, strlen(demangled) };
        size_t start = 0;
        int depth = 0;

        for (size_t at = 0; at < name.length; at++) {
                if (!depth && at > start && name.text[at] == '(' && strncmp(name.text + at, "(anonymous", 10)) {
                        name.length = at;
                        break;
                }
                if (!depth && name.text[at] == ' ')
                        start = at + 1;
                depth += turn(name, at);
                at = skip_group(name, at);
        }
        return (struct name_part){ demangled + start, name.length - start };
}

/* ---- short names ----------------------------------------------------------- */

static void cut(char *name, size_t at, size_t length)
{
        memmove(name + at, name + at + length, strlen(name + at + length) + 1);
}

static void replace_all(char *name, const char *from, const char *to)
{
        size_t length = strlen(from), with = strlen(to);

        for (char *at = strstr(name, from); at; at = strstr(at + with, from)) {
                memcpy(at, to, with);
                cut(at, with, length - with);
        }
}

/* Where the template argument that begins at `at` ends. */
static size_t argument_end(const char *name, size_t at)
{
        struct name_part part = name_argument((struct name_part){ name, strlen(name) }, at, 0);

        return part.length ? at + part.length : at;
}

/* Takes out what is a default of the arguments before it. */
static void cut_defaults(char *name)
{
        static const char *const defaults[] = {
                ", std::allocator<", ", std::char_traits<", ", std::less<",
                ", std::equal_to<",  ", std::hash<",        ", std::default_delete<",
        };

        for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
                for (char *at = strstr(name, defaults[i]); at; at = strstr(at, defaults[i])) {
                        size_t start = (size_t)(at - name), end = argument_end(name, start + 2);
                        bool of_void = !strncmp(at + strlen(defaults[i]), "void>", 5);

                        if (end == start + 2 || of_void)
                                at++;
                        else
                                cut(name, start, end - start);
                }
        }
}

void name_shorten(char *name)
{
        replace_all(name, "std::__cxx11::", "std::");
        replace_all(name, "std::__1::", "std::");
        replace_all(name, " []", "[]");
        replace_all(name, " *", "*");
        for (char *at = strstr(name, "> >"); at; at = strstr(name, "> >"))
                cut(at, 1, 1);
        cut_defaults(name);
        replace_all(name, "std::basic_string<char>", "std::string");
        replace_all(name, "std::basic_string<wchar_t>", "std::wstring");
}
