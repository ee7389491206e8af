/*
 * naming.h: names for what a process has only as numbers: stacks, vtables,
 * variables.
 */
#ifndef WEIR_NAMING_H
#define WEIR_NAMING_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../symbols/symbols.h"
#include "findings.h"

/* The file of a module that stacks name; NULL without memory. */
struct symbol_module *name_module(struct symbols *symbols, const struct process *process,
                                  const struct process_module *module);

/* The file of a place; stacks may not have met it, then nothing but its path is
 * known.  NULL without memory. */
struct symbol_module *name_module_at(struct symbols *symbols, const struct process *process, const char *path);

/* A stack as the report shows it: frame 0 is the allocation function, inlined
 * frames are expanded.  Frames in the report's memory. */
struct named_stack {
        struct report_frame *frames;
        size_t count;
        bool truncated;
};

/* 0, or -1 without memory. */
int name_stack(struct report *report, struct symbols *symbols, struct process *process, uint32_t stack,
               struct named_stack *out);

/* "function (file:line)" of the frame that asked for memory: the first that is
 * no allocation function; NULL when nothing is known.  0 or -1. */
int name_site(struct report *report, const struct named_stack *stack, const char **site);

/* "global module (variable+0x8)". */
int name_global(struct report *report, struct symbols *symbols, const struct process *process,
                const struct finding_place *place, const char **name);

/* "stack of thread 3, in function (file:line)"; `text` alone when `place` is
 * none or has no name. */
int name_held(struct report *report, struct symbols *symbols, const struct process *process, const char *text,
              const struct finding_place *place, const char **name);

/* The word at `offset` of snapshot.roots[index], as a person calls it: the
 * variable, "register rbx of thread 3". */
int name_root(struct report *report, struct symbols *symbols, struct process *process, const struct snapshot *snapshot,
              uint64_t index, uint64_t offset, const char **name);

#endif
