#include "format.h"

#include "json_write.h"
#include "kinds.h"
#include "text.h"
#include "writers.h"

#include <string.h>

static void write_json(const struct report *report, const struct format_options *options, FILE *out)
{
        (void)options;
        json_write(report, out);
}

const struct format formats[] = {
        { "text", "for people", text_write },
        { "json", "everything; see weir --print-schema", write_json },
        { "sarif", "SARIF 2.1.0, for code scanning", sarif_write, .single = true },
        { "junit", "JUnit XML: a test for each leak, and the gate", junit_write, .single = true },
        { "tap", "the same tests as TAP", tap_write, .single = true },
        { "github", "annotations of GitHub Actions, and its step summary", github_write },
        { "gitlab", "GitLab Code Quality", gitlab_write, .single = true },
        { "markdown", "a table, its stacks folded", markdown_write },
        { "gcc", "a compiler's warnings, for editors", gcc_write },
        { "valgrind", "memcheck's leak records and summary", valgrind_write },
        { "valgrind-xml", "memcheck's XML, protocol 4", valgrind_xml_write, .single = true },
        { NULL, NULL, NULL },
};

struct format_options format_defaults(void)
{
        return (struct format_options){
                .kinds = KINDS_ALL & ~(1u << KIND_REACHABLE) & ~(1u << KIND_INDIRECT),
                .limit = FORMAT_LIMIT,
        };
}

const struct format *format_find(const char *name)
{
        for (const struct format *format = formats; format->name; format++)
                if (!strcmp(format->name, name))
                        return format;
        return NULL;
}
