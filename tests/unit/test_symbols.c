#include "symbols_help.h"
#include "suite.h"

#include "mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct symbol_frame *first(struct symbols *symbols, struct symbol_module *module, uint64_t address)
{
        const struct symbol_frame *frames;
        size_t count;

        ck_assert_int_eq(symbols_frames(symbols, module, address, true, &frames, &count, NULL), 0);
        ck_assert_uint_ge(count, 1);
        return frames;
}

START_TEST(frames_are_those_of_addr2line)
{
        static const char *const options[] = {
                "-O2 -gdwarf-5",
                "-O2 -gdwarf-4",
                "-O0 -gdwarf-5",
                "-O2 -gdwarf-5 -gz=zlib",
                "-O2 -gdwarf-4 -no-pie",
                "-O2 -gdwarf-5 -flto",
                "-O3 -gdwarf-5 -ffunction-sections -Wl,--gc-sections",
        };

        workshop_open();
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
                shell("gcc %s main.c -o main", options[i]);
                ck_assert_uint_gt(agree("main", "main"), 30);
        }
        shell("g++ -O2 -gdwarf-5 plus.cpp -o plus");
        ck_assert_uint_gt(agree("plus", "plus"), 200);
        shell("g++ -O1 -gdwarf-4 plus.cpp -o plus");
        ck_assert_uint_gt(agree("plus", "plus"), 200);
        workshop_close();
}
END_TEST

/* Of compressed debug information only the units that are asked for are read,
 * unless they refer to others, as dwz makes them. */
START_TEST(compressed_debug_information_is_read_in_part)
{
        static const char *const options[] = {
                "-O2 -gdwarf-5", "-O1 -gdwarf-4", "-O2 -gdwarf-4 -fdebug-types-section"
        };

        struct symbols *symbols = symbols_create(NULL, NULL);
        const struct symbol_frame *frame;

        workshop_open();
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
                shell("g++ %s -gz=zlib plus.cpp -o plus && readelf -t plus | grep -q ZLIB", options[i]);
                ck_assert_uint_gt(agree("plus", "plus"), 200);
        }
        shell("g++ -O2 -gdwarf-4 plus.cpp -o plus && dwz plus && objcopy --compress-debug-sections=zlib plus");
        ck_assert_uint_gt(agree("plus", "plus"), 200);
        shell("g++ -O2 -g plus.cpp -o whole && cp whole main && objcopy --only-keep-debug"
              " --compress-debug-sections=zlib whole main.debug && strip main &&"
              " objcopy --add-gnu-debuglink=main.debug main");
        ck_assert_uint_gt(agree("main", "whole"), 200);
        /* Nothing but this was asked for, so it comes from the part. */
        frame = first(symbols, module_of(symbols, "main"), address_of("whole", "main") + 1);
        ck_assert_str_eq(frame->function, "main");
        ck_assert_str_eq(frame->file, workshop_path("plus.cpp"));
        ck_assert_uint_gt(frame->line, 0);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(debug_files_beside_the_program_are_found)
{
        workshop_open();
        shell("gcc -O2 -g main.c -o whole && objcopy --only-keep-debug whole main.debug && cp whole main");
        shell("strip main && objcopy --add-gnu-debuglink=main.debug main");
        ck_assert_uint_gt(agree("main", "whole"), 30);
        shell("mkdir .debug && mv main.debug .debug/");
        ck_assert_uint_gt(agree("main", "whole"), 30);
        workshop_close();
}
END_TEST

START_TEST(debug_files_are_found_by_build_id)
{
        struct symbols_options options = { 0 };
        struct symbols *symbols;

        workshop_open();
        shell("gcc -O2 -g main.c -o whole && cp whole main && strip main");
        shell("id=$(readelf -n whole | sed -n 's/.*Build ID: //p') && mkdir -p usr/.build-id/$(echo $id | cut -c1-2) &&"
              " objcopy --only-keep-debug whole usr/.build-id/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-).debug");
        options.debug_path = workshop_path("usr");
        symbols = symbols_create(&options, NULL);
        ck_assert_pstr_eq(first(symbols, module_of(symbols, "main"), address_of("whole", "outer"))->file,
                          workshop_path("main.c"));
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

/* The names go to a file of their own, .gnu_debugaltlink. */
START_TEST(debug_information_that_dwz_shares_is_found)
{
        workshop_open();
        shell("g++ -O2 -gdwarf-4 plus.cpp -o whole && cp whole one && cp whole two && dwz -m common one two");
        shell("readelf -S one | grep -q gnu_debugaltlink");
        ck_assert_uint_gt(agree("one", "whole"), 200);
        workshop_close();
}
END_TEST

START_TEST(small_debug_information_is_read)
{
        struct symbols *symbols = symbols_create(NULL, NULL);

        workshop_open();
        shell("gcc -O2 main.c -o whole && cp whole main && nm whole --format=posix --defined-only |"
              " awk '$2 == \"T\" || $2 == \"t\" { print $1 }' | sort > keep && objcopy -S --remove-section "
              ".gnu_debuglink"
              " --keep-symbols=keep whole mini && strip main && xz -f mini &&"
              " objcopy --add-section .gnu_debugdata=mini.xz main");
        ck_assert_pstr_eq(first(symbols, module_of(symbols, "main"), address_of("whole", "sum") + 1)->function, "sum");
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(without_symbols_there_is_no_name)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_module *module;
        const struct symbol_frame *frame;

        workshop_open();
        shell("gcc -O2 -shared -fPIC so.c -o whole.so && cp whole.so bare.so && strip bare.so");
        module = module_of(symbols, "bare.so");
        frame = first(symbols, module, address_of("whole.so", "exported_function") + 4);
        ck_assert_pstr_eq(frame->function, "exported_function");
        ck_assert_ptr_null(frame->file);
        ck_assert_ptr_null(first(symbols, module, address_of("whole.so", "hidden_function"))->function);
        ck_assert_ptr_null(first(symbols, module, UINT64_C(0x7fffffffffff))->function);
        ck_assert_ptr_null(first(symbols, module, UINT64_MAX)->function);
        ck_assert_ptr_null(first(symbols, module, 0)->function);
        ck_assert_ptr_null(first(symbols, NULL, 16)->function);
        ck_assert_uint_eq(messages_of(symbols).count, 0);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(a_return_address_belongs_to_the_call)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        const struct symbol_frame *frames, *again;
        struct symbol_module *module;
        uint64_t start;
        size_t count;

        workshop_open();
        shell("gcc -O2 -g main.c -o main");
        module = module_of(symbols, "main");
        start = address_of("main", "outer");
        ck_assert_pstr_ne(first(symbols, module, start - 1)->function, "outer");
        ck_assert_int_eq(symbols_frames(symbols, module, start + 1, false, &frames, &count, NULL), 0);
        ck_assert_pstr_eq(frames[count - 1].function, "outer");
        ck_assert_int_eq(symbols_frames(symbols, module, start, true, &again, &count, NULL), 0);
        ck_assert_ptr_eq(frames, again);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(a_module_is_known_by_path_and_build_id)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        const uint8_t one[20] = { 1 }, two[20] = { 2 };
        struct symbol_file file = { .path = "/nowhere", .build_id = one, .build_id_length = sizeof one };
        struct symbol_module *module = symbols_module(symbols, &file);

        ck_assert_ptr_nonnull(module);
        ck_assert_ptr_eq(symbols_module(symbols, &file), module);
        file.build_id = two;
        ck_assert_ptr_ne(symbols_module(symbols, &file), module);
        symbols_destroy(symbols);
}
END_TEST

START_TEST(another_build_gives_no_names)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        uint8_t id[32];
        struct symbol_file file = { .build_id = id };
        uint64_t address;

        workshop_open();
        shell("gcc -O2 -g -Wl,--build-id main.c -o main");
        file.path = workshop_path("main");
        file.build_id_length = build_id_of("main", id, sizeof id);
        ck_assert_uint_eq(file.build_id_length, 20);
        address = address_of("main", "outer");
        ck_assert_pstr_eq(first(symbols, symbols_module(symbols, &file), address)[0].file, workshop_path("main.c"));
        ck_assert_uint_eq(messages_of(symbols).count, 0);
        id[3] ^= 1;
        ck_assert_ptr_null(first(symbols, symbols_module(symbols, &file), address)->function);
        ck_assert_ptr_null(first(symbols, symbols_module(symbols, &file), address + 1)->function);
        ck_assert_uint_eq(messages_of(symbols).count, 1);
        ck_assert_ptr_nonnull(strstr(messages_of(symbols).last, "main changed since the run (build-id "));
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(without_a_build_id_the_file_itself_is_compared)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_file file = { 0 };
        struct stat status;
        uint64_t address;

        workshop_open();
        shell("gcc -O2 -g -Wl,--build-id=none main.c -o main");
        file.path = workshop_path("main");
        ck_assert_int_eq(stat(file.path, &status), 0);
        file.inode = status.st_ino;
        file.modified_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
        address = address_of("main", "main");
        ck_assert_pstr_eq(first(symbols, symbols_module(symbols, &file), address)->function, "main");
        ck_assert_uint_eq(messages_of(symbols).count, 0);
        file.modified_ns--;
        ck_assert_ptr_null(first(symbols, symbols_module(symbols, &file), address)->function);
        ck_assert_uint_eq(messages_of(symbols).count, 1);
        ck_assert_ptr_nonnull(strstr(messages_of(symbols).last, "main changed since the run"));
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(what_is_no_file_is_told_once)
{
        static const char *const names[] = { "gone", "text", "empty", "pipe", "directory", "main.c/x" };
        struct symbols *symbols = symbols_create(NULL, NULL);
        const struct symbol_file vdso = { .path = "[vdso]" }, none = { .path = "" };

        workshop_open();
        shell("echo text > text && : > empty && mkfifo pipe && mkdir directory");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                struct symbol_module *module = module_of(symbols, names[i]);

                ck_assert_ptr_null(first(symbols, module, 4096)->function);
                ck_assert_ptr_null(first(symbols, module, 4097)->function);
                ck_assert_ptr_null(symbols_class(symbols, module, 4096));
                ck_assert_uint_eq(messages_of(symbols).count, i + 1);
                ck_assert_ptr_nonnull(strstr(messages_of(symbols).last, names[i]));
        }
        ck_assert_ptr_null(first(symbols, symbols_module(symbols, &vdso), 4096)->function);
        ck_assert_ptr_null(first(symbols, symbols_module(symbols, &none), 4096)->function);
        ck_assert_uint_eq(messages_of(symbols).count, sizeof names / sizeof names[0]);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(what_was_foreseen_changes_no_message)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_module *early, *late;
        uint64_t address;

        workshop_open();
        shell("gcc -O2 -g main.c -o main");
        address = address_of("main", "main");
        symbols_foresee(symbols, true);
        early = module_of(symbols, "early");
        ck_assert_ptr_null(first(symbols, early, 4096)->function);
        ck_assert_ptr_null(first(symbols, module_of(symbols, "never"), 4096)->function);
        ck_assert_pstr_eq(first(symbols, module_of(symbols, "main"), address)->function, "main");
        symbols_foresee(symbols, false);
        ck_assert_uint_eq(messages_of(symbols).count, 0);
        late = module_of(symbols, "late");
        ck_assert_ptr_null(first(symbols, late, 4096)->function);
        ck_assert_uint_eq(messages_of(symbols).count, 1);
        ck_assert_ptr_eq(module_of(symbols, "early"), early);
        ck_assert_ptr_null(first(symbols, early, 4096)->function);
        ck_assert_uint_eq(messages_of(symbols).count, 2);
        ck_assert_ptr_nonnull(strstr(messages_of(symbols).last, "early"));
        ck_assert_pstr_eq(first(symbols, module_of(symbols, "main"), address)->function, "main");
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(a_relative_path_begins_in_its_directory)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_file file = { .path = "./main" };

        workshop_open();
        shell("gcc -O2 -g main.c -o main");
        file.directory = workshop_path("");
        ck_assert_pstr_eq(first(symbols, symbols_module(symbols, &file), address_of("main", "main"))->function, "main");
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(variables_have_names)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_variable variable;
        struct symbol_module *module;
        uint64_t numbers;

        workshop_open();
        shell("gcc -O2 main.c -o main && g++ plus.cpp -o plus");
        module = module_of(symbols, "main");
        numbers = address_of("main", "numbers");
        ck_assert(symbols_variable(symbols, module, numbers + 12, &variable));
        ck_assert_str_eq(variable.name, "numbers");
        ck_assert_uint_eq(variable.offset, 12);
        ck_assert_uint_eq(variable.size, 64);
        ck_assert(symbols_variable(symbols, module, address_of("main", "local"), &variable));
        ck_assert_str_eq(variable.name, "local");
        ck_assert(!symbols_variable(symbols, module, address_of("main", "outer"), &variable));
        ck_assert(!symbols_variable(symbols, NULL, numbers, &variable));
        ck_assert(symbols_variable(symbols, module_of(symbols, "plus"), address_of("plus", "bases") + 8, &variable));
        ck_assert_str_eq(variable.name, "bases");
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

static const struct {
        const char *symbol, *name;
} classes[] = {
        { "_ZTVN12_GLOBAL__N_16HiddenE", "(anonymous namespace)::Hidden" },
        { "_ZTVN2ns7DerivedIiEE", "ns::Derived<int>" },
        { "_ZTVN2ns4BaseE", "ns::Base" },
};

/* `name`: the file to ask about; plus has the symbols. */
static void check_classes(const char *name)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_module *module = module_of(symbols, name);
        uint64_t address;

        for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
                address = address_of("plus", classes[i].symbol) + 16;
                ck_assert_pstr_eq(symbols_class(symbols, module, address), classes[i].name);
        }
        /* The second base's part of a vtable: (2 + 4 functions) words on. */
        address = address_of("plus", "_ZTVN2ns7DerivedIiEE") + 8 * (2 + 4 + 2);
        ck_assert_pstr_eq(symbols_class(symbols, module, address), "ns::Derived<int>");
        ck_assert_ptr_null(symbols_class(symbols, module, address_of("plus", "main")));
        ck_assert_ptr_null(symbols_class(symbols, module, address_of("plus", "bases")));
        ck_assert_ptr_null(symbols_class(symbols, module, 8));
        ck_assert_ptr_null(symbols_class(symbols, module, UINT64_MAX - 7));
        ck_assert_ptr_null(symbols_class(symbols, NULL, address));
        symbols_destroy(symbols);
}

START_TEST(classes_are_known_by_their_vtables)
{
        static const char *const options[] = { "-O0", "-O0 -no-pie", "-O0 -static-libstdc++", "-O0 -rdynamic" };

        workshop_open();
        for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
                shell("g++ %s plus.cpp -o plus && cp plus bare && strip bare", options[i]);
                check_classes("plus");
                check_classes("bare");
        }
        workshop_close();
}
END_TEST

START_TEST(files_are_closed_to_open_others)
{
        const struct symbols_options options = { .open_files = 1 };
        struct symbols *symbols = symbols_create(&options, NULL);
        static const char *const names[] = { "one", "two", "three" };

        workshop_open();
        shell("gcc -O2 -g main.c -o one && cp one two && cp one three");
        for (uint64_t i = 0; i < 12; i++) {
                uint64_t address = address_of("one", "outer") + i / 3;

                ck_assert_pstr_eq(first(symbols, module_of(symbols, names[i % 3]), address)[0].file,
                                  workshop_path("main.c"));
        }
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

struct steps {
        size_t calls, last, total;
};

static void step(void *context, size_t done, size_t total)
{
        struct steps *steps = context;

        ck_assert_uint_ge(done, steps->last);
        ck_assert_uint_le(done, total);
        *steps = (struct steps){ steps->calls + 1, done, total };
}

START_TEST(many_addresses_at_once_show_progress)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_place places[300];
        struct steps steps = { 0 };

        workshop_open();
        shell("gcc -O2 -g main.c -o one && cp one two");
        for (size_t i = 0; i < 300; i++)
                places[i] = (struct symbol_place){ i % 3 ? module_of(symbols, i % 3 == 1 ? "one" : "two") : NULL,
                                                   4096 + i, false };
        ck_assert_int_eq(symbols_prepare(symbols, places, 300, step, &steps, NULL), 0);
        ck_assert_uint_gt(steps.calls, 2);
        ck_assert_uint_eq(steps.last, 300);
        ck_assert_int_eq(symbols_prepare(symbols, NULL, 0, NULL, NULL, NULL), 0);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

/* Asks everything at many addresses; nothing may crash. */
static void ask_everything(const char *name)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_module *module = module_of(symbols, name);
        struct symbol_variable variable;
        struct symbol_field field;

        for (uint64_t address = 0x1000; address < 0x5000; address += 24) {
                (void)first(symbols, module, address);
                (void)symbols_class(symbols, module, address);
                (void)symbols_variable(symbols, module, address, &variable);
                for (size_t what = 0; what < 3; what++) {
                        const struct symbol_type type = { .what = what, .module = module, .address = address & ~7ull };

                        (void)symbols_type_size(symbols, &type);
                        (void)symbols_field(symbols, &type, what == 1, address & 0x78, &field);
                }
        }
        symbols_destroy(symbols);
}

static void damage(const char *from, const char *to, unsigned *seed, long cut)
{
        FILE *file;
        long size;

        shell("cp %s %s", from, to);
        file = fopen(workshop_path(to), "r+");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
        size = ftell(file);
        for (int i = 0; i < 40 && !cut; i++) {
                long where = rand_r(seed) % (i < 8 ? 4096 : size);

                ck_assert_int_eq(fseek(file, where, SEEK_SET), 0);
                (void)putc(rand_r(seed), file);
        }
        (void)fclose(file);
        if (cut)
                ck_assert_int_eq(truncate(workshop_path(to), size * cut / 24), 0);
}

START_TEST(damaged_files_do_no_harm)
{
        unsigned seed = 7;

        workshop_open();
        shell("g++ -O1 -gdwarf-5 plus.cpp -o plus && cp plus bare && strip bare && gcc -O2 -g main.c -o main");
        for (long i = 0; i < 48; i++) {
                damage(i & 1 ? "main" : "plus", "damaged", &seed, i % 24);
                ask_everything("damaged");
        }
        for (long i = 0; i < 60; i++) {
                damage(i & 1 ? "main" : "bare", "damaged", &seed, 0);
                ask_everything("damaged");
        }
        workshop_close();
}
END_TEST

START_TEST(failing_memory_is_an_error_and_no_more)
{
        struct symbol_type type = { .what = SYMBOL_CLASS };
        struct symbol_field field;
        uint64_t address;
        bool done = false;

        workshop_open();
        shell("g++ -O1 -g plus.cpp -o plus");
        address = address_of("plus", "main") + 8;
        type.address = address_of("plus", "_ZTVN2ns7DerivedIiEE") + 16;
        for (size_t nth = 1; !done; nth += 1 + nth / 8) {
                struct error e = { 0 };
                struct symbols *symbols = symbols_create(NULL, &e);
                struct symbol_module *module = module_of(symbols, "plus");
                const struct symbol_frame *frames;
                size_t count;

                mem_fail_after(nth);
                done = !symbols_frames(symbols, module, address, false, &frames, &count, &e) && frames[0].function;
                (void)symbols_class(symbols, module, address);
                type.module = module;
                (void)symbols_field(symbols, &type, false, 24, &field);
                mem_fail_after(0);
                ck_assert(done || !e.code || e.code == ERROR_NO_MEMORY);
                symbols_destroy(symbols);
        }
        workshop_close();
}
END_TEST

SUITE_MAIN("symbols", frames_are_those_of_addr2line, compressed_debug_information_is_read_in_part,
           debug_files_beside_the_program_are_found, debug_files_are_found_by_build_id,
           debug_information_that_dwz_shares_is_found, small_debug_information_is_read,
           without_symbols_there_is_no_name, a_return_address_belongs_to_the_call,
           a_module_is_known_by_path_and_build_id, another_build_gives_no_names,
           without_a_build_id_the_file_itself_is_compared, what_is_no_file_is_told_once,
           what_was_foreseen_changes_no_message, a_relative_path_begins_in_its_directory, variables_have_names,
           classes_are_known_by_their_vtables, files_are_closed_to_open_others, many_addresses_at_once_show_progress,
           damaged_files_do_no_harm, failing_memory_is_an_error_and_no_more)
