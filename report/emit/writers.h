/*
 * writers.h: the forms that other tools read; see format.h for what is common
 * to them.  Each prints all of the report that its readers have a place for;
 * write errors stay with the stream.  Paths are told from options->root;
 * options->kinds chooses the leaks.  No form has contents of blocks.
 */
#ifndef WEIR_WRITERS_H
#define WEIR_WRITERS_H

#include "format.h"

/* SARIF 2.1.0: one run; rules are the kinds, a leak is a result with its
 * allocation stack as code flow (outermost call first), a cycle as a graph.  Of more
 * than SARIF_MOST leaks, where code scanning refuses the file, suppressed and known ones
 * are left out first, then the lightest; a notification tells how many.  What is gone
 * from the baseline is no result: code scanning would take it for an alert. */
enum { SARIF_MOST = 25000 };
void sarif_write(const struct report *report, const struct format_options *options, FILE *out);

/* JUnit XML: a test case for each leak and one, "gate", for the verdict.  A
 * leak fails when it fails the gate, and is skipped when it is suppressed.  A gate on
 * incomplete evidence is an error. */
void junit_write(const struct report *report, const struct format_options *options, FILE *out);

/* The same tests as TAP 13, with YAML blocks.  A leak that is there but does
 * not fail the gate is a TODO. */
void tap_write(const struct report *report, const struct format_options *options, FILE *out);

/* GitHub's workflow commands: annotations, at most GITHUB_MOST errors and as
 * many warnings, which is what GitHub shows of a step; a notice tells how
 * many are not among them.  Without a gate nothing is an error. */
enum { GITHUB_MOST = 10 };
void github_write(const struct report *report, const struct format_options *options, FILE *out);

/* Markdown, as for GitHub's step summary: the verdict, a table of
 * options->limit leaks at most, their stacks folded. */
void markdown_write(const struct report *report, const struct format_options *options, FILE *out);

/* GitLab's Code Quality: an array of issues.  Suppressed leaks are left out. */
void gitlab_write(const struct report *report, const struct format_options *options, FILE *out);

/* A compiler's warnings, with a note for each caller. */
void gcc_write(const struct report *report, const struct format_options *options, FILE *out);

/* Valgrind's memcheck: its leak records and summary, as text and as XML of
 * protocol 4.  Cycles are definitely lost, unknown blocks possibly.  Addresses are
 * those in the module's file.  Only new leaks are records. */
void valgrind_write(const struct report *report, const struct format_options *options, FILE *out);
void valgrind_xml_write(const struct report *report, const struct format_options *options, FILE *out);

#endif
