/*
 * symbols.h: names for addresses in ELF files: functions with their inlined
 * callees, source lines, variables and classes.
 *
 *     struct symbols *symbols = symbols_create(NULL, &e);
 *     struct symbol_file file = { .path = "/usr/lib/libfoo.so.1", .build_id = id, .build_id_length = 20 };
 *     struct symbol_module *module = symbols_module(symbols, &file);
 *     const struct symbol_frame *frames;
 *     size_t count;
 *
 *     if (symbols_frames(symbols, module, address, false, &frames, &count, &e))
 *             ...                                out of memory
 *     for (size_t i = 0; i < count; i++)         innermost first, at least one
 *             ...
 *
 * Addresses are ELF virtual addresses of the module's file: the run-time
 * address less the module's bias.  A file is opened when it is first asked
 * about and must be the one that ran; one that is gone, changed or damaged
 * gives no names and one message (symbols_each_message).  That is no error:
 * the only errors are those of memory.
 *
 * Debug information is found as debuggers find it: in the file, beside it or
 * under /usr/lib/debug by .gnu_debuglink or build-id, with dwz's common files;
 * .gnu_debugdata is read; debuginfod is asked when DEBUGINFOD_URLS is set.
 *
 * All strings and arrays handed out live until symbols_destroy.  One thread at
 * a time may use a context.  Nothing here reads a process.
 */
#ifndef WEIR_SYMBOLS_H
#define WEIR_SYMBOLS_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;
struct symbol_module;

struct symbols_options {
        /* Never ask debuginfod: DEBUGINFOD_URLS leaves weir's environment. */
        bool no_debuginfod;
        /* Where to look for debug files, ':' between directories, as libdwfl
         * wants it (an empty entry is the file's own directory); NULL: beside
         * the file, in its .debug directory and under /usr/lib/debug. */
        const char *debug_path;
        /* Files held open at a time; 0: a good number. */
        size_t open_files;
};

/* A module's file as the traced process had it.  What is zero is not known and
 * not compared.  Strings are copied. */
struct symbol_file {
        const char *path;      /* "" and names in brackets ("[vdso]") are no files */
        const char *directory; /* where a relative path begins; NULL: weir's own */
        const uint8_t *build_id;
        size_t build_id_length;
        /* Compared when there was no build-id. */
        uint64_t inode;
        int64_t modified_ns; /* since the epoch */
};

/* One function at an address; those it was inlined into follow. */
struct symbol_frame {
        const char *function;     /* demangled; NULL = unknown */
        const char *linkage_name; /* mangled; NULL when the same */
        const char *file;         /* NULL = unknown */
        const char *directory;    /* that a relative file is in, where the compiler ran; NULL = unknown or none */
        uint32_t line;            /* 0 = unknown */
        bool inlined;             /* into the next frame */
};

struct symbol_variable {
        const char *name; /* demangled */
        uint64_t offset;  /* of the address in it */
        uint64_t size;    /* 0 = unknown */
};

/* An address to look up; see symbols_frames. */
struct symbol_place {
        struct symbol_module *module;
        uint64_t address;
        bool exact;
};

/* `options` may be NULL.  NULL without memory. */
struct symbols *symbols_create(const struct symbols_options *options, struct error *e);
/* NULL is allowed. */
void symbols_destroy(struct symbols *symbols);

/* The module of this file: the same one for the same path and build-id.  NULL
 * without memory.  Opens nothing yet. */
struct symbol_module *symbols_module(struct symbols *symbols, const struct symbol_file *file);

/* The functions at an address, innermost first.  A return address (not
 * `exact`) is looked up one byte before it, in the call.  Never 0 frames: an
 * address that nothing is known about gives one, without a name.  `module`
 * NULL is such a one.  The result is remembered.  0, or -1 without memory. */
int symbols_frames(struct symbols *symbols, struct symbol_module *module, uint64_t address, bool exact,
                   const struct symbol_frame **frames, size_t *count, struct error *e);

/* Looks up many addresses in the best order, so that symbols_frames knows them
 * all.  `progress` (may be NULL) is called now and then with the number of
 * places done, rising, and `count`; the last call says `count`.  0, or -1
 * without memory. */
typedef void symbols_progress(void *context, size_t done, size_t total);
int symbols_prepare(struct symbols *symbols, const struct symbol_place *places, size_t count,
                    symbols_progress *progress, void *context, struct error *e);

/* While it is on, what is asked for is only foreseen to be needed: it is
 * remembered, but leaves no other trace, in the order of modules and their
 * messages.  Off at first. */
void symbols_foresee(struct symbols *symbols, bool foreseeing);

/* The global or static variable at an address; false when none is known. */
bool symbols_variable(struct symbols *symbols, struct symbol_module *module, uint64_t address,
                      struct symbol_variable *variable);

/* The class whose vtable the address points into, as an object's first word
 * does, by its symbol or, in stripped files, by its run-time type information.
 * NULL when it is no vtable or has no name. */
const char *symbols_class(struct symbols *symbols, struct symbol_module *module, uint64_t address);

/* A type that debug information knows. */
struct symbol_type {
        enum {
                SYMBOL_CLASS,    /* whose vtable is at `address`, as in symbols_class */
                SYMBOL_COUNTED,  /* what the first template argument of that class points at */
                SYMBOL_ARGUMENT, /* the first template argument of the function that is frame `frame` of symbols_frames
                                  */
                SYMBOL_VARIABLE, /* that the global or static variable has which begins at `address` */
                SYMBOL_MADE,     /* what that function most likely made of `size` bytes; see symbols_made */
        } what;
        struct symbol_module *module;
        uint64_t address;
        bool exact; /* of a function, as in symbols_frames */
        size_t frame;
        uint64_t size; /* of a block that was asked for at `address` */
};

struct symbol_field {
        const char *path; /* "next", "owner_.lock", "base::child", "items[3]", "[7].next" in an array */
        const char *type; /* of the member, where it is a class of the standard library, short; else NULL */
};

/* The name of a type that is SYMBOL_MADE: "struct node", "account"; NULL where
 * nothing points to one alone.  It is likely (see dwarf_made.h), not certain.
 * `*for_others` is whether the function returns memory of no type: what it is may
 * be told by the next frame. */
const char *symbols_made(struct symbols *symbols, const struct symbol_type *type, bool *for_others);

/* The size of a type in bytes; 0 where no debug information knows it. */
uint64_t symbols_type_size(struct symbols *symbols, const struct symbol_type *type);

/* What is at an offset of a type, or of an array of it: a pointer, or a class of
 * the standard library that holds one.  False where that is unknown. */
bool symbols_field(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                   struct symbol_field *field);

/* The class of `size` bytes that the member at an offset of a type, or of an array of
 * it, or at 0 the type itself, is declared to point at: "struct node"; NULL where it is none, or one of a
 * union's.  What the pointer holds may be another one: it is likely, not certain. */
const char *symbols_pointed(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                            uint64_t size);

/* True when the module has debug information, in its file or apart from it. */
bool symbols_have_lines(struct symbols *symbols, struct symbol_module *module);

/* What the user should know about the files, one sentence each, in the order
 * of modules: gone, changed since the run, not readable. */
void symbols_each_message(const struct symbols *symbols, void (*each)(void *context, const char *message),
                          void *context);

#endif
