/*
 * held.h: what blocks without a type most likely are by what holds them: a
 * member of a block whose type is known or likely, or a global or static variable,
 * that holds exactly the start of the block and is declared to point at a class of
 * the block's size.
 *
 * What is looked at is what a report shows of one process: its examples, what
 * holds them and what they hold, and the paths of its cycles.  Where members
 * there say different things of one block, nothing is told; a variable is asked only
 * where all words are shown that hold the block.  Pointers to no type, to
 * characters and to what has another size say nothing, nor do members of unions.
 * What is told so is not asked in turn for what it holds.
 */
#ifndef WEIR_HELD_H
#define WEIR_HELD_H

#include "../emit/report.h"
#include "../graph/table.h"
#include "findings.h"
#include "typing.h"

struct held {
        struct table types; /* address of a block -> its class, in the report's memory, or 1: several */
};

void held_deinit(struct held *held);

/* Takes what the process's findings show, in place of what was there.  0, or -1
 * without memory. */
int held_learn(struct held *held, struct typing *typing, const struct findings *findings);

/* What the block at an address most likely is; NULL = unknown. */
const char *held_type(const struct held *held, uint64_t address);

/* Completes the steps of a cycle's path, in which each block holds the next. */
void held_path(const struct held *held, const struct finding_step *from, size_t count, struct report_step *to);

/* Completes a leak of one size whose examples are all told to be the same. */
void held_leak(const struct finding *from, struct report_leak *leak);

#endif
