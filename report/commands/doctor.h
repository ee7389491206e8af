/*
 * doctor.h: what on this machine, and in one program, limits weir.
 */
#ifndef WEIR_DOCTOR_H
#define WEIR_DOCTOR_H

#include "error.h"

#include <stddef.h>

enum doctor_grade {
        DOCTOR_GOOD,
        DOCTOR_NOTE, /* works, and could tell more */
        DOCTOR_BAD,  /* limits what weir can do */
};

struct doctor_finding {
        enum doctor_grade grade;
        const char *topic; /* "ptrace", static */
        char *text;        /* what was found */
        char *cure;        /* what to do about it; NULL = nothing */
};

struct doctor {
        struct doctor_finding *list; /* in the order of the examination */
        size_t count, capacity;
};

/* Examine the machine; a program, found as the shell finds it.  Findings are
 * added.  Nothing is changed but for a child of weir's own, which is stopped and
 * read as a traced program would be.  0, or -1 without memory. */
int doctor_machine(struct doctor *doctor, struct error *e);
int doctor_program(struct doctor *doctor, const char *program, struct error *e);

/* The worst grade of all findings. */
enum doctor_grade doctor_worst(const struct doctor *doctor);

void doctor_deinit(struct doctor *doctor);

#endif
