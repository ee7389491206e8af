/*
 * typing.h: what blocks are, in words: the type of a block, the member that a
 * pointer in it is, the shared pointer that a pointer is half of.
 *
 * A type is part of a leak's fingerprint, so it is a function of two things
 * that are equal in every run: the class whose vtable is the block's first word,
 * and the functions that asked for the block.  Never of what else the heap
 * holds.  What is not certain has no type:
 *
 *     std::list<int> (node)                     from the functions: a part of a container
 *     std::shared_ptr<account> (object, counts) from the class: a control block, here with its object
 *     account                                   from the class
 *
 * A class counts only where the block's first word cannot be left from an object
 * that was there before: memory from operator new, calloc or mmap.
 *
 * Of what has no type by these, and comes from a function with debug information,
 * it may be told what it most likely is (symbols_made): by that function and the
 * block's size; else by what holds it (held.h).  That is no part of the fingerprint,
 * and never called a type.
 *
 * In a cycle a block may also be known by the control block of the shared
 * pointers that lead to it: what std::shared_ptr<raw>(new raw) counts is a raw.
 *
 * Texts are in the report's memory.
 */
#ifndef WEIR_TYPING_H
#define WEIR_TYPING_H

#include "../collect/process.h"
#include "../emit/report.h"
#include "../graph/table.h"
#include "../symbols/symbols.h"
#include "findings.h"

/* What is known of the blocks of one stack and class. */
struct typing_known {
        const struct process *process;
        uint32_t stack;
        struct finding_place vtable, control;
        const char *type;          /* NULL = unknown */
        struct symbol_type layout; /* module NULL = unknown */
        uint64_t layout_size;
        bool array, pointers; /* of layouts; of pointers */
};

/* What the blocks of one stack and size most likely are. */
struct typing_made {
        const struct process *process;
        uint32_t stack;
        uint64_t size;
        const char *type; /* NULL = unknown */
        struct symbol_type layout;
};

struct typing {
        struct report *report;
        struct symbols *symbols;
        struct process *process; /* at hand */
        struct typing_known *known;
        size_t count, capacity;
        struct table places; /* -> index in known */
        struct typing_made *made;
        size_t made_count, made_capacity;
        struct table made_places; /* -> index in made */
};

void typing_deinit(struct typing *typing);

/* The type of a block; NULL = unknown.  0, or -1 without memory, as all here. */
int typing_block(struct typing *typing, const struct finding_block *block, const char **type);

/* What a block without a type most likely is; NULL = unknown, or it has a type. */
int typing_likely(struct typing *typing, const struct finding_block *block, const char **type);

/* The member of a block that is at an offset ("items[3].next"); NULL = unknown.  It
 * is as sure as the type. */
int typing_field(struct typing *typing, const struct finding_block *block, uint64_t offset, const char **field);

/* The class of `size` bytes that this member is declared to point at; NULL =
 * unknown, or it is declared to point at something else.  See held.h. */
int typing_pointed(struct typing *typing, const struct finding_block *block, uint64_t offset, uint64_t size,
                   const char **type);

/* Likewise, that a word of a global or static variable is declared to point at. */
int typing_global(struct typing *typing, const struct finding_place *word, uint64_t size, const char **type);

/* All of a step of a cycle but its site. */
int typing_step(struct typing *typing, const struct finding_step *from, struct report_step *to);

#endif
