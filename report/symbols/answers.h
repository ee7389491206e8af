/*
 * answers.h: what a symbols context was asked and said, to be told again
 * where the files are not: another machine, another build.
 *
 * Addresses of frames are those that were looked up (a return address less
 * one); of a variable it is where that begins; for what was asked of types it
 * is a number that stands for the question, and the answer's path is the
 * function, its type the file, its size the line.
 */
#ifndef WEIR_SYMBOL_ANSWERS_H
#define WEIR_SYMBOL_ANSWERS_H

#include "symbols.h"

enum answer_kind { ANSWER_FRAMES, ANSWER_CLASS, ANSWER_VARIABLE, ANSWER_TYPE, ANSWER_KINDS };

struct symbol_answer {
        enum answer_kind kind;
        uint64_t address, extent;          /* extent: of a variable, the bytes that are known to be in it */
        const struct symbol_frame *frames; /* of a class or a variable one, with the name as its function */
        size_t count;                      /* at least 1 */
};

/* Calls `module` for each module, in their order, with its message (NULL:
 * none), and `answer` for each of its answers after that, by kind, then
 * address.  Either stops it by returning non-zero, which is returned. */
struct symbol_answers_visitor {
        int (*module)(void *context, const struct symbol_file *file, const char *message);
        int (*answer)(void *context, const struct symbol_answer *answer);
        void *context;
};
int symbols_each_answer(struct symbols *symbols, const struct symbol_answers_visitor *visitor);

/* From now on this context opens no files: it says what it was taught, and
 * that it knows nothing else. */
void symbols_close_files(struct symbols *symbols);

/* Teaches a module; the answers that follow are its.  -1 without memory. */
int symbols_teach_module(struct symbols *symbols, const struct symbol_file *file, const char *message);
/* Strings are copied.  -1 without memory. */
int symbols_teach(struct symbols *symbols, const struct symbol_answer *answer);

#endif
