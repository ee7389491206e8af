#include "suite.h"

#include "commands/printing.h"
#include "mem.h"
#include "sample_report.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[200];
static struct output output;
static struct error e;

static void set_up(const char *name)
{
        strcpy(directory, "/tmp/weir-output-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
        snprintf(path, sizeof path, "%s/%s", directory, name);
        memset(&e, 0, sizeof e);
}

static void tear_down(void)
{
        char command[100];

        snprintf(command, sizeof command, "rm -rf %s", directory);
        ck_assert_int_eq(system(command), 0);
}

/* NULL: any contents. */
static void expect_file(const char *name, const char *contents)
{
        char file_path[200], text[100] = "";
        FILE *file;

        snprintf(file_path, sizeof file_path, "%s/%s", directory, name);
        file = fopen(file_path, "r");
        ck_assert_msg(file != NULL, "%s is not there", file_path);
        (void)!fread(text, 1, sizeof text - 1, file);
        fclose(file);
        if (contents)
                ck_assert_str_eq(text, contents);
}

START_TEST(an_earlier_report_is_gone_at_once)
{
        FILE *old;

        set_up("report");
        old = fopen(path, "w");
        fputs("old", old);
        fclose(old);
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        expect_file("report", "old");
        ck_assert_int_eq(output_claim(&output, &e), 0);
        expect_file("report", "");
        fputs("new", output_stream(&output, 7, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        expect_file("report", "new");
        output_deinit(&output);
        tear_down();
}
END_TEST

static void write_old(void)
{
        FILE *old = fopen(path, "w");

        ck_assert_int_gt(fputs("old", old), 0);
        fclose(old);
}

START_TEST(a_claimed_file_without_a_report_goes_again)
{
        set_up("report");
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        ck_assert_int_eq(output_claim(&output, &e), 0);
        expect_file("report", "");
        output_deinit(&output);
        ck_assert_int_eq(access(path, F_OK), -1);
        write_old();
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        ck_assert_int_eq(output_claim(&output, &e), 0);
        output_deinit(&output);
        expect_file("report", "");
        tear_down();
}
END_TEST

START_TEST(names_take_the_process_id)
{
        set_up("a%p-%%p-%p.json");
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        fputs("x", output_stream(&output, 1234567, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        expect_file("a1234567-%p-1234567.json", "x");
        output_deinit(&output);
        tear_down();
}
END_TEST

START_TEST(a_percent_sign_alone_is_itself)
{
        set_up("100%");
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        ck_assert_ptr_nonnull(output_stream(&output, 1, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        expect_file("100%", "");
        output_deinit(&output);
        tear_down();
}
END_TEST

START_TEST(what_cannot_be_written_fails_before_anything_runs)
{
        static const char *const paths[] = { "/no/such/directory/r", "/no/such/directory/%p", "/tmp" };

        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
                ck_assert_int_eq(output_init(&output, paths[i], stderr, &e), -1);
                ck_assert_int_eq(e.code, ERROR_FAILED);
                ck_assert_ptr_nonnull(strstr(e.text, paths[i]));
                output_deinit(&output);
        }
}
END_TEST

START_TEST(a_full_disk_is_an_error_that_names_the_file)
{
        ck_assert_int_eq(output_init(&output, "/dev/full", stderr, &e), 0);
        fputs("text", output_stream(&output, 1, &e));
        ck_assert_int_eq(output_finish(&output, &e), -1);
        ck_assert_str_eq(e.text, "cannot write the report to /dev/full: No space left on device");
        output_deinit(&output);
}
END_TEST

/* How many names the directory has. */
static int names(void)
{
        DIR *open = opendir(directory);
        int count = -2;

        ck_assert_ptr_nonnull(open);
        while (readdir(open))
                count++;
        closedir(open);
        return count;
}

START_TEST(half_a_report_is_never_seen)
{
        set_up("report");
        write_old();
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        fputs("new", output_stream(&output, 1, &e));
        fflush(output.stream);
        expect_file("report", "old");
        output_deinit(&output);
        expect_file("report", "old");
        ck_assert_int_eq(names(), 1);
        tear_down();
}
END_TEST

START_TEST(what_does_not_fit_is_taken_back)
{
        struct rlimit before, small;

        set_up("report");
        write_old();
        signal(SIGXFSZ, SIG_IGN);
        ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
        small = (struct rlimit){ 1000, before.rlim_max };
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        fprintf(output_stream(&output, 1, &e), "%5000d", 1);
        ck_assert_int_eq(output_finish(&output, &e), -1);
        setrlimit(RLIMIT_FSIZE, &before);
        ck_assert_ptr_nonnull(strstr(e.text, path));
        ck_assert_ptr_nonnull(strstr(e.text, "File too large"));
        expect_file("report", "old");
        ck_assert_int_eq(names(), 1);
        output_deinit(&output);
        tear_down();
}
END_TEST

START_TEST(links_and_modes_stay)
{
        struct stat status;
        char link[300];

        set_up("report");
        write_old();
        ck_assert_int_eq(chmod(path, 0640), 0);
        snprintf(link, sizeof link, "%s/link", directory);
        ck_assert_int_eq(symlink("report", link), 0);
        ck_assert_int_eq(output_init(&output, link, stderr, &e), 0);
        fputs("new", output_stream(&output, 1, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        expect_file("report", "new");
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(status.st_mode & 07777, 0640);
        ck_assert_int_eq(lstat(link, &status), 0);
        ck_assert(S_ISLNK(status.st_mode));
        output_deinit(&output);
        tear_down();
}
END_TEST

START_TEST(what_is_open_goes_on_where_it_is)
{
        char name[64];
        int fd;

        set_up("report");
        write_old();
        fd = open(path, O_WRONLY);
        ck_assert_int_eq(lseek(fd, 3, SEEK_SET), 3);
        snprintf(name, sizeof name, "/dev/fd/%d", fd);
        ck_assert_int_eq(output_init(&output, name, stderr, &e), 0);
        ck_assert_int_eq(output_claim(&output, &e), 0);
        fputs("new", output_stream(&output, 1, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        expect_file("report", "oldnew");
        ck_assert_int_eq(write(fd, "!", 1), 1);
        expect_file("report", "oldnew!");
        output_deinit(&output);
        close(fd);
        ck_assert_int_eq(output_init(&output, name, stderr, &e), -1);
        ck_assert_ptr_nonnull(strstr(e.text, name));
        output_deinit(&output);
        tear_down();
}
END_TEST

START_TEST(pipes_are_written_to)
{
        char text[4] = "";
        int fd;

        set_up("fifo");
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        fd = open(path, O_RDONLY | O_NONBLOCK);
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        fputs("new", output_stream(&output, 1, &e));
        ck_assert_int_eq(output_finish(&output, &e), 0);
        ck_assert_int_eq(read(fd, text, 3), 3);
        ck_assert_str_eq(text, "new");
        output_deinit(&output);
        close(fd);
        tear_down();
}
END_TEST

/* However little memory there is, it ends in an error or in both files. */
START_TEST(forms_without_memory)
{
        struct report *report = sample_report();
        struct shared_output options = { .formats = { .count = 2 } };
        int result = -1;

        set_up("report");
        options.report = path;
        options.formats.items[0] = "gitlab";
        options.formats.items[1] = mem_format("junit=%s-%%p", path);
        for (size_t nth = 1; result; nth++) {
                struct printing printing;

                mem_fail_after(nth);
                e.code = ERROR_NONE;
                result = printing_open(&printing, &options, stderr, &e) || printing_claim(&printing, &e) ||
                         printing_report(&printing, report, 77, &e) || printing_finish(&printing, &e);
                mem_fail_after(0);
                ck_assert_int_eq(e.code, result ? ERROR_NO_MEMORY : ERROR_NONE);
                printing_close(&printing);
                ck_assert_int_le(names(), 2);
        }
        expect_file("report-77", NULL);
        expect_file("report", NULL);
        ck_assert_int_eq(names(), 2);
        mem_free((void *)options.formats.items[1]);
        report_destroy(report);
        tear_down();
}
END_TEST

START_TEST(the_fallback_stays_open)
{
        FILE *fallback = tmpfile();

        ck_assert_int_eq(output_init(&output, NULL, fallback, &e), 0);
        ck_assert_ptr_eq(output_stream(&output, 1, &e), fallback);
        fputs("one", fallback);
        ck_assert_int_eq(output_finish(&output, &e), 0);
        output_deinit(&output);
        ck_assert_int_gt(fprintf(fallback, "two"), 0);
        fclose(fallback);
}
END_TEST

START_TEST(without_memory_there_is_an_error_and_nothing_more)
{
        set_up("report-%p");
        mem_fail_after(1);
        ck_assert_int_eq(output_init(&output, path, stderr, &e), -1);
        mem_fail_after(0);
        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
        output_deinit(&output);
        ck_assert_int_eq(output_init(&output, path, stderr, &e), 0);
        mem_fail_after(1);
        ck_assert_ptr_null(output_stream(&output, 1, &e));
        mem_fail_after(0);
        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
        output_deinit(&output);
        tear_down();
}
END_TEST

SUITE_MAIN("output", a_claimed_file_without_a_report_goes_again, an_earlier_report_is_gone_at_once,
           names_take_the_process_id, a_percent_sign_alone_is_itself, what_cannot_be_written_fails_before_anything_runs,
           a_full_disk_is_an_error_that_names_the_file, half_a_report_is_never_seen, what_does_not_fit_is_taken_back,
           links_and_modes_stay, what_is_open_goes_on_where_it_is, pipes_are_written_to, forms_without_memory,
           the_fallback_stays_open, without_memory_there_is_an_error_and_nothing_more)
