#include "command.h"

#include "doctor.h"
#include "emit/ink.h"
#include "shared.h"

#include <stdio.h>
#include <unistd.h>

struct doctor_options {
        struct shared_output output; /* of which --color counts */
};

static const struct option_spec specs[] = {
        { "color", 0, OPTION_CHOICE, "auto|always|never", "colour (NO_COLOR is honoured)",
          offsetof(struct doctor_options, output.color) },
};

static const struct option_group groups[] = { { "Output", specs, 1, 0 } };

enum { LIMITED = 1 }; /* exit status */

static void print_finding(const struct ink *ink, const struct doctor_finding *finding)
{
        static const struct {
                const char *mark;
                enum ink_style style;
        } marks[] = {
                [DOCTOR_GOOD] = { "ok  ", INK_GREEN },
                [DOCTOR_NOTE] = { "note", INK_YELLOW },
                [DOCTOR_BAD] = { "BAD ", INK_RED },
        };

        ink_print(ink, marks[finding->grade].style, "%s", marks[finding->grade].mark);
        ink_print(ink, INK_PLAIN, "  %-11s  ", finding->topic);
        ink_text(ink, INK_PLAIN, finding->text, 0);
        fputc('\n', ink->out);
        if (!finding->cure)
                return;
        ink_print(ink, INK_DIM, "                   -> %s", finding->cure);
        fputc('\n', ink->out);
}

static int print_all(const struct doctor *doctor, const struct ink *ink)
{
        static const char *const verdicts[] = {
                [DOCTOR_GOOD] = "weir works here",
                [DOCTOR_NOTE] = "weir works here; the notes say how it could tell more",
                [DOCTOR_BAD] = "weir is limited here",
        };
        enum doctor_grade worst = doctor_worst(doctor);

        for (size_t i = 0; i < doctor->count; i++)
                print_finding(ink, &doctor->list[i]);
        fprintf(ink->out, "weir: %s\n", verdicts[worst]);
        return worst == DOCTOR_BAD ? LIMITED : 0;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct doctor_options *doctor_options = options;
        const struct ink ink = { .out = stdout, .color = shared_color(&doctor_options->output, STDOUT_FILENO) };
        struct doctor doctor = { 0 };
        int status = doctor_machine(&doctor, e);

        for (int i = 0; i < argc && !status; i++)
                status = doctor_program(&doctor, argv[i], e);
        if (!status)
                status = print_all(&doctor, &ink);
        doctor_deinit(&doctor);
        if (status >= 0 && (fflush(stdout) || ferror(stdout)))
                return error_set(e, ERROR_FAILED, "standard output cannot be written");
        return status;
}

const struct command command_doctor = {
        .name = "doctor",
        .arguments = "[PROGRAM...]",
        .summary = "say what on this machine, or in a program, limits weir",
        .description = "Examines what tracing needs (the kernel, ptrace, debug information), and each\n"
                       "PROGRAM, and says how to lift what is in the way.  Exit status 1 when weir is\n"
                       "limited.\n",
        .groups = groups,
        .group_count = 1,
        .options_size = sizeof(struct doctor_options),
        .run = run,
};
