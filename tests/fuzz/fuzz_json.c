/* A report read back from JSON, judged and printed. */
#include "fuzz.h"

#include "emit/format.h"
#include "emit/json_read.h"
#include "emit/utf8.h"
#include "policy/gate.h"
#include "emit/kinds.h"
#include "policy/suppress_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No form but JSON, which is read back, has a character that commands a terminal, ends
 * a line or is none, whatever the names in the report are. */
static void check_harmless(const struct format *format, const char *text)
{
        size_t length;

        for (; *text && strcmp(format->name, "json"); text += length) {
                length = utf8_length(text);
                if (!length || (*text != '\n' && !utf8_is_plain(text, length)))
                        abort();
        }
}

static void print_all(const struct report *report)
{
        struct format_options options = format_defaults();
        char *text = NULL;
        size_t size;

        options.kinds = KINDS_ALL;
        options.root = "/srv/app";
        options.root_alias = "/home";
        for (const struct format *format = formats; format->name; format++) {
                FILE *out = open_memstream(&text, &size);

                if (!out)
                        abort();
                format->write(report, &options, out);
                fclose(out);
                check_harmless(format, text);
                free(text);
        }
}

/* Rules for names of any kind. */
static void print_rules(const struct report *report)
{
        for (int form = RULE_LSAN; form <= RULE_WEIR; form++) {
                struct error e = { 0 };
                char *text = NULL;
                size_t size;
                FILE *out = open_memstream(&text, &size);

                if (!out || suppressions_write(report, KINDS_ALL, (enum rule_form)form, out, &e))
                        abort();
                fclose(out);
                free(text);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct policy policy = { .asked = true, .fail_on = KINDS_ALL };
        struct error e = { 0 };
        struct report *report = json_read_text((const char *)data, size, "input", &e);

        if (!report) {
                if (e.code != ERROR_BAD_INPUT)
                        abort();
                return 0;
        }
        if (gate_judge(report, &policy, &e))
                abort();
        print_all(report);
        print_rules(report);
        report_destroy(report);
        return 0;
}
