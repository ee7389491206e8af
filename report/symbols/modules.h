/*
 * modules.h: the modules of a symbols context: which there are, and which have
 * their files open.  Private to symbols/.
 */
#ifndef WEIR_SYMBOL_MODULES_H
#define WEIR_SYMBOL_MODULES_H

#include "debug_file.h"
#include "frame_cache.h"
#include "strings.h"
#include "variables.h"

enum module_state {
        MODULE_CLOSED, /* not asked about yet, or closed to make room */
        MODULE_OPEN,
        MODULE_USELESS, /* its file is no file, gone, changed or damaged; see message */
};

struct symbol_module {
        struct symbol_file wanted; /* strings are the context's */
        uint8_t *build_id;
        enum module_state state;
        struct debug_file file;
        struct frame_cache cache, classes, types; /* see answers.h */
        struct variables variables;
        uint64_t used; /* the context's clock when it was last asked about */
        char *message; /* for the user; NULL = all is well */
        bool foreseen; /* nobody has really asked yet: the message is not told */
        size_t ordinal;
};

struct symbols {
        struct strings strings;
        struct symbol_module **modules; /* in the order of their first mention, then those that were only foreseen */
        size_t module_count, module_capacity, mentioned;
        bool foreseeing;
        size_t open_count, open_limit;
        uint64_t clock;
        bool closed;                  /* no files are opened */
        struct symbol_module *pupil;  /* the module that is taught */
        char *debug_path;
        Dwfl_Callbacks callbacks;
};

/* The open file of a module, opened at need; NULL where it has none to open.
 * `*e` is set (to ERROR_NO_MEMORY) only when memory was short. */
struct debug_file *module_file(struct symbols *symbols, struct symbol_module *module, struct error *e);

/* As symbols_module. */
struct symbol_module *module_find(struct symbols *symbols, const struct symbol_file *file);

/* To be called where an answer is given that needed no file any more. */
static inline void module_asked(const struct symbols *symbols, struct symbol_module *module)
{
        if (!symbols->foreseeing)
                module->foreseen = false;
}

void module_destroy(struct symbol_module *module);

#endif
