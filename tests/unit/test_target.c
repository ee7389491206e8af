#include "suite.h"

#include "commands/elf_facts.h"
#include "commands/target.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char found[PATH_MAX];
static struct error e;

static const char *in_directory(const char *name)
{
        static char path[PATH_MAX];

        snprintf(path, sizeof path, "%s/%s", directory, name);
        return path;
}

static void put(const char *name, mode_t mode, const void *data, size_t size)
{
        int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
        ck_assert_int_eq(fchmod(fd, mode), 0);
        close(fd);
}

/* An ELF program with an interpreter, or without one when it is NULL. */
struct program {
        Elf64_Ehdr head;
        Elf64_Phdr segment;
        char interpreter[64];
};

static struct program program_for(const char *interpreter)
{
        struct program p = { 0 };

        memcpy(p.head.e_ident, ELFMAG, SELFMAG);
        p.head.e_ident[EI_CLASS] = ELFCLASS64;
        p.head.e_ident[EI_DATA] = ELFDATA2LSB;
        p.head.e_type = ET_DYN;
        p.head.e_machine = elf_own_machine();
        p.head.e_phoff = offsetof(struct program, segment);
        p.head.e_phentsize = sizeof p.segment;
        p.head.e_phnum = 1;
        p.segment.p_type = interpreter ? PT_INTERP : PT_LOAD;
        p.segment.p_offset = offsetof(struct program, interpreter);
        if (interpreter) {
                strcpy(p.interpreter, interpreter);
                p.segment.p_filesz = strlen(interpreter) + 1;
        }
        return p;
}

static void expect(int result, enum error_code code, const char *part)
{
        ck_assert_int_eq(result, -1);
        ck_assert_msg(strstr(e.text, part) != NULL, "'%s' is not in '%s'", part, e.text);
        ck_assert_int_eq(e.code, code);
}

static void expect_check(const char *name, enum error_code code, const char *part)
{
        expect(target_check(in_directory(name), &e), code, part);
        ck_assert_msg(strstr(e.text, name) != NULL, "'%s' does not name %s", e.text, name);
}

static void set_up(void)
{
        strcpy(directory, "/tmp/weir-target-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        memset(&e, 0, sizeof e);
}

static void tear_down(void)
{
        char command[100];

        snprintf(command, sizeof command, "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

START_TEST(a_command_is_found_as_the_shell_finds_it)
{
        char path[200];

        set_up();
        put("tool", 0700, "#!/bin/sh\n", 10);
        snprintf(path, sizeof path, "/nonexistent:%s:/bin", directory);
        ck_assert_int_eq(target_find("tool", path, found, &e), 0);
        ck_assert_str_eq(found, in_directory("tool"));
        ck_assert_int_eq(target_find("sh", path, found, &e), 0);
        ck_assert_str_eq(found, "/bin/sh");
        ck_assert_int_eq(target_find("sh", NULL, found, &e), 0);
        ck_assert_int_eq(target_check(found, &e), 0);
        tear_down();
}
END_TEST

START_TEST(what_cannot_be_run_is_told_from_what_is_not_there)
{
        set_up();
        put("plain", 0600, "x", 1);
        expect(target_find("nothing", directory, found, &e), ERROR_NOT_FOUND, "nothing: command not found in PATH");
        expect(target_find("", directory, found, &e), ERROR_NOT_FOUND, "empty");
        expect(target_find("./not/there", directory, found, &e), ERROR_NOT_FOUND, "./not/there");
        expect(target_find("plain", directory, found, &e), ERROR_CANNOT_RUN, "chmod +x");
        expect(target_find(in_directory("plain"), NULL, found, &e), ERROR_CANNOT_RUN, "is not executable");
        expect(target_find(directory, NULL, found, &e), ERROR_CANNOT_RUN, "is a directory");
        tear_down();
}
END_TEST

START_TEST(scripts_are_followed_to_their_interpreter)
{
        static const char deep[] = "#!/bin/sh\n";

        set_up();
        put("good", 0700, "#! /bin/sh -e\n", 14);
        ck_assert_int_eq(target_check(in_directory("good"), &e), 0);
        put("gone", 0700, "#!/no/such/shell\n", 17);
        expect_check("gone", ERROR_CANNOT_RUN, "/no/such/shell, which does not exist");
        put("bare", 0700, "echo hello\n", 11);
        expect_check("bare", ERROR_CANNOT_RUN, "weir run -- sh ");
        put("empty", 0700, "", 0);
        expect_check("empty", ERROR_CANNOT_RUN, "neither an ELF program");
        put("nothing", 0700, "#!\n", 3);
        expect_check("nothing", ERROR_CANNOT_RUN, "neither an ELF program");
        put("endless", 0700, deep, sizeof deep - 1);
        {
                char line[100];
                int n = snprintf(line, sizeof line, "#!%s\n", in_directory("endless"));

                put("endless", 0700, line, (size_t)n);
        }
        expect_check("endless", ERROR_CANNOT_RUN, "script for a script");
        put("directory", 0700, "#!/tmp\n", 7);
        expect_check("directory", ERROR_CANNOT_RUN, "not an executable program");
        tear_down();
}
END_TEST

START_TEST(programs_that_cannot_be_traced_are_refused)
{
        struct program p = program_for("/lib64/ld-linux-x86-64.so.2");

        set_up();
        p = program_for(NULL);
        put("static", 0700, &p, sizeof p);
        expect_check("static", ERROR_UNTRACEABLE, "statically linked");
        p = program_for("/lib/ld-musl-x86_64.so.1");
        put("musl", 0700, &p, sizeof p);
        expect_check("musl", ERROR_UNTRACEABLE, "musl");
        p = program_for("/no/loader.so");
        put("loader", 0700, &p, sizeof p);
        expect_check("loader", ERROR_CANNOT_RUN, "/no/loader.so, which does not exist");
        p.head.e_machine = EM_S390;
        put("s390", 0700, &p, sizeof p);
        expect_check("s390", ERROR_UNTRACEABLE, "s390x");
        p.head.e_ident[EI_CLASS] = ELFCLASS32;
        put("narrow", 0700, &p, sizeof p);
        expect_check("narrow", ERROR_UNTRACEABLE, "32-bit program");
        put("cut", 0700, &p, 10);
        expect_check("cut", ERROR_CANNOT_RUN, "damaged ELF file");
        tear_down();
}
END_TEST

START_TEST(a_script_for_an_untraceable_program_says_so)
{
        struct program p = program_for(NULL);
        char line[100];
        int n;

        set_up();
        put("static", 0700, &p, sizeof p);
        n = snprintf(line, sizeof line, "#!%s\n", in_directory("static"));
        put("script", 0700, line, (size_t)n);
        expect_check("script", ERROR_UNTRACEABLE, "is a script: ");
        ck_assert_ptr_nonnull(strstr(e.text, "statically linked"));
        tear_down();
}
END_TEST

SUITE_MAIN("target", a_command_is_found_as_the_shell_finds_it, what_cannot_be_run_is_told_from_what_is_not_there,
           scripts_are_followed_to_their_interpreter, programs_that_cannot_be_traced_are_refused,
           a_script_for_an_untraceable_program_says_so)
