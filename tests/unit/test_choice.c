#include "suite.h"

#include "collect/choice.h"

#include <stdio.h>
#include <string.h>

static struct weir_choice written;

static bool has(const char *list, const char *pattern)
{
        for (; *list; list += strlen(list) + 1)
                if (!strcmp(list, pattern))
                        return true;
        return false;
}

static void write(const struct choice *choice)
{
        struct error e = { 0 };

        memset(&written, 'x', sizeof written);
        ck_assert_msg(!choice_write(choice, &written, &e), "%s", e.text);
}

START_TEST(tools_are_left_out_unless_said_otherwise)
{
        write(&(struct choice){ 0 });
        ck_assert(!*written.only);
        ck_assert(has(written.tools, "/usr/bin/gcc*"));
        ck_assert(has(written.tools, "/bin/sh"));
        ck_assert(has(written.skip, "/usr/local/bin/make"));
        ck_assert(!has(written.tools, "/usr/bin/make"));
        ck_assert(!has(written.tools, "/usr/bin/python3"));
        write(&(struct choice){ .all = true });
        ck_assert(!*written.only && !*written.skip && !*written.tools);
}
END_TEST

START_TEST(patterns_are_kept_as_they_are)
{
        static const char *const only[] = { "test_*", "/srv/?/app" }, *const skip[] = { "slow" };

        write(&(struct choice){ .skip = skip, .skip_count = 1 });
        ck_assert_str_eq(written.skip, "slow");
        ck_assert(has(written.skip, "/usr/bin/ctest"));
        ck_assert(*written.tools);
        write(&(struct choice){ .only = only, .only_count = 2, .skip = skip, .skip_count = 1 });
        ck_assert(has(written.only, "test_*") && has(written.only, "/srv/?/app"));
        ck_assert_str_eq(written.skip, "slow");
        ck_assert(!written.skip[5] && !*written.tools);
}
END_TEST

START_TEST(too_long_patterns_are_refused)
{
        static char text[sizeof written.only];
        const char *only = text;
        struct error e = { 0 };

        memset(text, 'a', sizeof text - 1);
        ck_assert_int_eq(choice_write(&(struct choice){ .only = &only, .only_count = 1 }, &written, &e), -1);
        ck_assert_int_eq(e.code, ERROR_USAGE);
        text[sizeof text - 2] = '\0'; /* with its NUL and that of the list it fits to the byte */
        write(&(struct choice){ .only = &only, .only_count = 1 });
        ck_assert_uint_eq(strlen(written.only), sizeof written.only - 2);
}
END_TEST

SUITE_MAIN("choice", tools_are_left_out_unless_said_otherwise, patterns_are_kept_as_they_are,
           too_long_patterns_are_refused)
