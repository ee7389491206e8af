#include "symbols_help.h"

#include "mem.h"
#include "symbols/demangle.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[64];

static const char main_c[] = "#include <stdlib.h>\n"
                             "int numbers[16], zero;\n"
                             "static int local[4] = { 1, 2, 3, 4 };\n"
                             "static inline void *inner(int n)\n"
                             "{\n"
                             "        return malloc(n + local[n & 3]);\n"
                             "}\n"
                             "static inline void *middle(int n)\n"
                             "{\n"
                             "        void *p = inner(n + 1);\n"
                             "        if (n > 3)\n"
                             "                free(inner(n * 2));\n"
                             "        return p;\n"
                             "}\n"
                             "__attribute__((noinline)) void *outer(int n)\n"
                             "{\n"
                             "        return middle(n + 2);\n"
                             "}\n"
                             "__attribute__((noinline)) static int sum(int n)\n"
                             "{\n"
                             "        int total = 0;\n"
                             "        for (int i = 0; i < n; i++)\n"
                             "                total += numbers[i & 15] * i;\n"
                             "        return total;\n"
                             "}\n"
                             "int main(int argc, char **argv)\n"
                             "{\n"
                             "        (void)argv;\n"
                             "        return outer(argc) == NULL || sum(argc) > zero + local[argc & 3];\n"
                             "}\n";

static const char plus_cpp[] =
        "#include <map>\n"
        "#include <string>\n"
        "#include <vector>\n"
        "namespace ns {\n"
        "struct Base { virtual ~Base() {} virtual int f() { return 1; } };\n"
        "struct Second { virtual ~Second() {} virtual int g() { return 2; } int two; };\n"
        "template <class T> struct Derived : Base, Second {\n"
        "        T member;\n"
        "        std::vector<T> list;\n"
        "        int f() override { std::map<std::string, T> m; list.push_back(member); m[\"a\"] = member;\n"
        "                return (int)(list.size() + m.size()); }\n"
        "        int g() override { return 4; }\n"
        "};\n"
        "}\n"
        "namespace {\n"
        "struct Hidden : ns::Base { int f() override { return 3; } struct Inner { int x, y; } inner; Inner many[3]; "
        "};\n"
        "}\n"
        "ns::Base *bases[2];\n"
        "int main(int argc, char **)\n"
        "{\n"
        "        auto make = [](int n) { return std::string(n, 'x'); };\n"
        "        bases[0] = new ns::Derived<int>;\n"
        "        bases[1] = new Hidden;\n"
        "        return bases[argc & 1]->f() + (int)make(argc).size();\n"
        "}\n";

static const char so_c[] =
        "#include <stdlib.h>\n"
        "__attribute__((noinline)) static void *hidden_function(int n) { return malloc(n + 1); }\n"
        "void *exported_function(int n) { void *p = hidden_function(n); return n > 4 ? p : hidden_function(n + 3); }\n"
        "int exported_variable[8] = { 1 };\n";

const char *workshop_path(const char *name)
{
        static char paths[8][256];
        static unsigned next;
        char *path = paths[next++ % 8];

        (void)snprintf(path, sizeof paths[0], "%s/%s", directory, name);
        return path;
}

static void write_file(const char *name, const char *text)
{
        FILE *file = fopen(workshop_path(name), "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
}

void workshop_open(void)
{
        strcpy(directory, "/tmp/weir-symbols-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        write_file("main.c", main_c);
        write_file("plus.cpp", plus_cpp);
        write_file("so.c", so_c);
}

void workshop_close(void)
{
        char command[128];

        (void)snprintf(command, sizeof command, "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

static char *in_directory(const char *format, va_list args)
{
        char command[2048];

        ck_assert_int_lt(vsnprintf(command, sizeof command, format, args), (int)sizeof command);
        return mem_format("cd %s && (%s)", directory, command);
}

void shell(const char *format, ...)
{
        va_list args;
        char *command;

        va_start(args, format);
        command = in_directory(format, args);
        va_end(args);
        ck_assert_msg(system(command) == 0, "%s", command);
        mem_free(command);
}

/* What a command prints first, without its newline. */
static void first_line(char *line, int size, const char *format, va_list args)
{
        char *command = in_directory(format, args);
        FILE *pipe = popen(command, "r");

        ck_assert_ptr_nonnull(pipe);
        if (!fgets(line, size, pipe))
                line[0] = '\0';
        line[strcspn(line, "\n")] = '\0';
        (void)pclose(pipe);
        mem_free(command);
}

uint64_t shell_number(const char *format, ...)
{
        char line[256];
        va_list args;

        va_start(args, format);
        first_line(line, sizeof line, format, args);
        va_end(args);
        ck_assert_msg(line[0], "%s", format);
        return strtoull(line, NULL, 16);
}

static void ask(char *line, int size, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        first_line(line, size, format, args);
        va_end(args);
}

size_t build_id_of(const char *name, uint8_t *bytes, size_t size)
{
        char line[256];
        size_t count = 0;
        unsigned byte;

        ask(line, sizeof line, "readelf -n %s | sed -n 's/.*Build ID: //p'", name);
        for (const char *c = line; count < size && sscanf(c, "%2x", &byte) == 1; c += 2)
                bytes[count++] = (uint8_t)byte;
        return count;
}

uint64_t address_of(const char *name, const char *symbol)
{
        return shell_number("{ nm %s; nm -D %s; } 2>/dev/null | awk '$3 == \"%s\" { print $1 }'", name, name, symbol);
}

struct symbol_module *module_of(struct symbols *symbols, const char *name)
{
        const struct symbol_file file = { .path = workshop_path(name) };
        struct symbol_module *module = symbols_module(symbols, &file);

        ck_assert_ptr_nonnull(module);
        return module;
}

static void get_line(FILE *file, char *line, int size)
{
        ck_assert_ptr_nonnull(fgets(line, size, file));
        line[strcspn(line, "\n")] = '\0';
}

/* "file:12 (discriminator 3)" -> "file", 12; "" for what is not in a file. */
static uint32_t split(char *place)
{
        char *colon = strrchr(place, ':');
        uint32_t line;

        ck_assert_ptr_nonnull(colon);
        *colon = '\0';
        line = (uint32_t)strtoul(colon + 1, NULL, 10);
        if (!strcmp(place, "??") || strstr(place, "<artificial>") || !line)
                place[0] = '\0';
        return line;
}

static bool begins_address(FILE *file)
{
        int c = getc(file), d = getc(file);
        bool yes = c == EOF || (c == '0' && d == 'x');

        /* At most two characters back, which glibc can do after a seek. */
        if (c != EOF)
                ck_assert_int_eq(fseek(file, d == EOF ? -1 : -2, SEEK_CUR), 0);
        return yes;
}

static const char *linkage(const struct symbol_frame *frame)
{
        return frame->linkage_name ? frame->linkage_name : frame->function ? frame->function : "??";
}

/* Is this the function that addr2line says?  Constructors and destructors have
 * several linkage names for one thing.  It gives an inlined C++ function that
 * has no linkage name that of the symbol at the address; and the padding after
 * a function that function's. */
static bool same_function(const struct symbol_frame *frame, const char *expected)
{
        char *demangled;
        bool same;

        if (!strcmp(linkage(frame), expected) || (frame->inlined ? !frame->linkage_name : !frame->function))
                return true;
        demangled = demangle(expected);
        same = demangled && frame->function && !strcmp(frame->function, demangled);
        mem_free(demangled);
        return same;
}

static void compare_frames(FILE *expected, const struct symbol_frame *frames, size_t count, uint64_t address)
{
        char function[4096], place[4096];
        size_t i = 0;

        do {
                uint32_t line;

                get_line(expected, function, sizeof function);
                get_line(expected, place, sizeof place);
                line = split(place);
                ck_assert_msg(i < count, "%#lx: only %zu frames, not %s", (unsigned long)address, count, function);
                ck_assert_msg(same_function(&frames[i], function), "%#lx: %s, not %s", (unsigned long)address,
                              linkage(&frames[i]), function);
                if (place[0] && frames[i].function) {
                        ck_assert_uint_eq(frames[i].line, line);
                        ck_assert_str_eq(frames[i].file, place);
                }
                ck_assert_int_eq(frames[i].inlined, i + 1 < count);
                i++;
        } while (!begins_address(expected));
        ck_assert_uint_eq(i, count);
}

size_t agree(const char *name, const char *reference)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_module *module = module_of(symbols, name);
        const struct symbol_frame *frames;
        char line[64];
        size_t count, compared = 0;
        FILE *expected;

        shell("objdump -d --no-show-raw-insn -j .text %s | grep -oE '^ +[0-9a-f]+:' | tr -d ' :' > addresses",
              reference);
        shell("addr2line -afi -e %s < addresses > expected", reference);
        expected = fopen(workshop_path("expected"), "r");
        ck_assert_ptr_nonnull(expected);
        while (fgets(line, sizeof line, expected)) {
                uint64_t address = strtoull(line, NULL, 16);

                ck_assert_int_eq(symbols_frames(symbols, module, address, true, &frames, &count, NULL), 0);
                compare_frames(expected, frames, count, address);
                compared++;
        }
        (void)fclose(expected);
        symbols_destroy(symbols);
        return compared;
}

static void count_message(void *context, const char *message)
{
        struct messages *messages = context;

        messages->count++;
        (void)snprintf(messages->last, sizeof messages->last, "%s", message);
}

struct messages messages_of(const struct symbols *symbols)
{
        struct messages messages = { 0 };

        symbols_each_message(symbols, count_message, &messages);
        return messages;
}
