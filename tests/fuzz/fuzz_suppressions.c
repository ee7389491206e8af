/* A file of suppressions, and its rules against a stack. */
#include "fuzz.h"

#include "policy/suppress.h"

#include <stdlib.h>

static void match(struct suppressions *s)
{
        struct report_frame stack[] = {
                { .function = "malloc" },
                { .function = "list_push", .module = "/srv/app", .file = "/srv/list.c", .line = 42, .inlined = true },
                { .function = "ns::f()", .linkage_name = "_ZN2ns1fEv", .module = "/usr/lib/libfoo.so.1" },
                { .offset = 1 },
        };
        struct report_leak leak = { .type = "Node", .stack = stack, .stack_count = 4, .bytes = 10, .blocks = 1 };

        (void)suppressions_find(s, &leak);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct suppressions s = { .today = 20261121 };
        struct error e = { 0 };

        if (!suppressions_parse(&s, (const char *)data, size, "input", &e))
                match(&s);
        else if (e.code != ERROR_BAD_INPUT)
                abort();
        suppressions_deinit(&s);
        return 0;
}
