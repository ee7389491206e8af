/*
 * report.h: the report as one value, `weir-report/1` of the JSON contract
 * field by field.  Built once (policy/), judged once (policy/gate), printed in
 * any form (emit/), read back from JSON (emit/json_read).
 *
 * Ownership: a report owns everything it points at, through one arena of its
 * own: fill it with report_string and report_array, release it with
 * report_destroy.  Strings are UTF-8; NULL means absent.  Lists are sorted as
 * the comment at each says, so that equal runs give equal reports.
 */
#ifndef WEIR_REPORT_H
#define WEIR_REPORT_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_SCHEMA "weir-report/1"

enum kind {
        KIND_DEFINITE,
        KIND_CYCLE,
        KIND_INDIRECT,
        KIND_POSSIBLE,
        KIND_REACHABLE,
        KIND_UNKNOWN,
        KIND_COUNT
};

enum strength {
        STRENGTH_NONE,
        STRENGTH_AMBIGUOUS, /* inside text, a stale slot, an unaccounted mapping */
        STRENGTH_UNALIGNED,
        STRENGTH_END,
        STRENGTH_INTERIOR,
        STRENGTH_TAGGED,
        STRENGTH_KNOWN,
        STRENGTH_EXACT,
        STRENGTH_COUNT
};

enum leak_status { LEAK_NEW, LEAK_KNOWN, LEAK_SUPPRESSED };
enum gate_status { GATE_OFF, GATE_PASS, GATE_FAIL, GATE_INCOMPLETE };
enum end_how { END_EXITED, END_SIGNALED, END_EXEC, END_RUNNING };

struct report_frame {
        const char *function; /* demangled; NULL without a symbol */
        const char *linkage_name; /* mangled, where it differs */
        const char *module;   /* path */
        uint64_t offset;      /* ELF virtual address in the module of the instruction asked for */
        const char *build_id; /* hex */
        const char *file;
        const char *directory; /* that a relative `file` is in, where the compiler ran; NULL = unknown or none */
        uint32_t line;        /* 0 = unknown */
        bool inlined;         /* was inlined into the next frame */
};

struct report_size { uint64_t size, blocks; };

struct report_reference {
        const char *from;     /* "0x…" block, "global libfoo.so+0x12 (name)", "stack of thread 7", "register rbx of thread 7" */
        const char *to;       /* for references[]: "0x…" */
        uint64_t offset;      /* of the pointer in what it is from */
        enum strength strength;
        const char *type;     /* of the block at the other end; NULL = unknown */
        const char *likely_type; /* what it most likely is, where the type is unknown; NULL = unknown */
        const char *field;    /* the pointer's name in the block it is from; NULL = unknown */
};

struct report_example {
        uint64_t address, size;
        const char *type;     /* NULL = unknown */
        const char *likely_type; /* see report_reference */
        int32_t process;      /* pid */
        uint32_t thread;      /* ordinal of the allocating thread, 1 = the first */
        uint64_t reference_count;
        struct report_reference *referenced_by; size_t referenced_by_count;
        struct report_reference *references; size_t references_count;
};

/* What removing a pointer does to the cycle it is part of. */
enum cut_effect {
        CUT_UNKNOWN,  /* nothing, or the cycle is too large to tell */
        CUT_ENDS,     /* no cycle is left */
        CUT_ALIKE,    /* none is left when all pointers like it go: the same field of the same type; where
                         no type is known the same offset in blocks of one site or one size */
        CUT_SPLITS,   /* smaller cycles are left; in older reports only */
        CUT_TOGETHER, /* none is left when all that break_at names goes, with those like it */
        CUT_COUNT
};

struct report_step { /* one block of a cycle's shortest path, and the edge that leaves it */
        const char *type;     /* NULL = unknown */
        const char *likely_type; /* see report_reference */
        const char *site;     /* "function (file:line)" of the first frame that is not an allocator's */
        uint64_t size;
        uint64_t offset;      /* of the pointer to the next step's block */
        const char *field;    /* its name, where known */
        const char *pointer;  /* "std::shared_ptr<account>": the word is half of one; else NULL */
        uint64_t member;      /* offset of that pointer's first word */
        enum cut_effect cut;         /* in break_at: what removing it does */
        const char *advice;   /* in break_at: what to do, "make account::owner_ a std::weak_ptr"; NULL = unknown */
        uint64_t alike;       /* in break_at: so many words of the cycle are removed with it, itself counted */
        uint64_t alike_total; /* in break_at: such words that the cycle has; more when some may stay */
};

struct report_cycle {
        uint64_t blocks, edges; /* of one such cycle; a group of n equal ones counts n * blocks */
        uint64_t length;        /* steps of the shortest way round; at least path_count */
        struct report_step *path;
        size_t path_count; /* its first steps */
        struct report_step *break_at;
        size_t break_at_count; /* edges whose removal breaks it: the first of */
        uint64_t break_at_total;
};

struct report_leak {
        const char *id;       /* fingerprint: 16 hex digits; see report_fingerprint */
        enum kind kind;
        uint64_t blocks, bytes;
        struct report_size *sizes; size_t size_count; /* ascending by size */
        uint64_t exclusive_bytes, exclusive_blocks;
        const char *type;
        const char *likely_type;                        /* see report_reference; no part of the fingerprint */
        struct report_frame *stack; size_t stack_count; /* innermost first; [0] is the allocation function */
        bool stack_truncated;
        int32_t *processes; size_t process_count; /* pids, ascending */
        uint32_t *threads; size_t thread_count;   /* ordinals, ascending */
        uint64_t first_ns, last_ns;
        enum leak_status status;
        bool in_baseline;     /* which had it, with as much as: */
        uint64_t baseline_blocks, baseline_bytes;
        const char *suppressed_by;
        bool fails_gate;      /* counted by a rule of the gate that failed */
        const char **owners; size_t owner_count;  /* ids; for indirect */
        enum strength weak_strength; const char *weak_why; /* for possible; STRENGTH_NONE = absent */
        struct report_cycle *cycle;               /* for kind cycle, else NULL */
        struct report_example *examples; size_t example_count;
};

/* ---- what keeps the memory of a live heap; see graph/keepers.h ---------------- */

/* A root, or a block: what holds something. */
struct report_keeper {
        const char *root;     /* "global libfoo.so (name)", "stack of thread 7"; NULL: a block */
        uint64_t address, size;
        const char *type, *site; /* NULL = unknown */
};

/* Blocks, and what is freed with them. */
struct report_weight { uint64_t blocks, bytes, retained_blocks, retained_bytes; };

struct report_sum { /* of a site or a type */
        const char *type;     /* by_type; else NULL */
        const char *site;     /* by_site; NULL = unknown */
        struct report_frame *stack; size_t stack_count; /* by_site: of its oldest block */
        bool stack_truncated;
        struct report_weight weight;
};

struct report_line { /* of the tree: a root, or blocks of one site and type below the last line of less depth */
        uint64_t depth;       /* 0 = from the roots */
        struct report_keeper what; /* of several blocks the oldest */
        uint64_t tops;        /* how many of the blocks hang from the line above; the others hang from these */
        struct report_weight weight; /* of a root: retained only */
        enum strength strength; /* of the pointer from the line above, when one block there points at one here; */
        uint64_t offset;      /* and where it is; else STRENGTH_NONE */
        const char *field;
        uint64_t more, more_blocks, more_bytes; /* lines below it that are left out, and what they retain */
};

struct report_point { /* accumulation point: what alone keeps many blocks of one site and type */
        struct report_keeper what; /* block or root */
        const char *type, *site; /* of the blocks that it keeps */
        uint64_t tops;        /* how many hang from it; the others from these, as in a list */
        struct report_weight weight;
        struct report_keeper *held_by; size_t held_by_count; /* what alone keeps it, from the root down */
        uint64_t held_by_more; /* left out in the middle */
};

struct report_block { /* one of those that keep most */
        struct report_example example;
        const char *site;
        uint64_t retained_blocks, retained_bytes;
};

struct report_live_cycle { /* blocks that are in use and point at each other in a ring */
        uint64_t count;       /* equal ones */
        uint64_t blocks, bytes; /* of them all */
        struct report_cycle *cycle; /* one of them */
};

struct report_retained { /* of one process */
        int32_t process;      /* pid */
        uint64_t blocks, bytes; /* reachable; inherited ones are among them */
        uint64_t inherited_blocks, inherited_bytes, typed_blocks, typed_bytes;
        /* Each list heaviest first; `_total` counts what it leaves out as well. */
        struct report_sum *by_site, *by_type; size_t by_site_count, by_type_count;
        struct report_line *tree; size_t tree_count;
        struct report_point *points; size_t point_count;
        struct report_block *top; size_t top_count;
        struct report_live_cycle *cycles; size_t cycle_count; /* most bytes first */
        uint64_t by_site_total, by_type_total, point_total, top_total, cycle_total;
        uint64_t tree_more, tree_more_blocks, tree_more_bytes;
};

struct report_kind { uint64_t groups, blocks, bytes; };

struct report_totals {
        uint64_t events, events_lost, allocations, frees, allocated_bytes, peak_bytes, live_blocks, live_bytes;
        uint64_t threads;
        uint64_t inherited_frees; /* of blocks from before the fork */
        uint64_t unknown_frees;   /* of addresses weir never saw allocated */
        uint64_t reused;          /* allocations on a live address: a defect of the trace */
        uint64_t mapped_blocks, mapped_bytes; /* live mappings of the program */
};

struct report_process {
        int32_t pid, ppid;
        const char *exe, *build_id;
        const char **argv; size_t argv_count;
        enum end_how end_how;
        int32_t end_status;   /* exit status, or signal number */
        const char *end_exec; /* the file that replaced it */
        bool complete;
        struct {
                bool taken;
                const char *at, *method;
                uint64_t pause_ns, threads, roots_bytes, heap_bytes, blocks, edges;
        } snapshot;
        struct report_totals totals;
};

struct report_reason { int32_t process; /* pid, 0 = the session */ const char *reason; };
struct report_rule { const char *rule; uint64_t limit, value; bool pass; };
struct report_gone { /* a leak that the baseline has and the report has not */
        const char *id;
        enum kind kind;
        uint64_t blocks, bytes;
        const char *site;     /* "function (module)"; NULL = unknown */
};
struct report_suppression {
        const char *rule, *file; /* file NULL: not of a file (built in, an option) */
        uint32_t line;
        uint64_t leaks, blocks, bytes; /* that it suppressed */
        const char *reason, *expires; /* as the rule says; NULL = it does not */
        bool expired;
};
struct report_diagnostic { const char *level; /* "note", "warning", "error" */ const char *code, *message; };

struct report {
        const char *weir_version;
        const char **command; size_t command_count;
        const char *started;  /* RFC 3339, UTC */
        uint64_t duration_ns;
        bool complete;
        struct report_reason *incomplete; size_t incomplete_count; /* in order of process start */
        struct {
                uint64_t processes, threads, cycles;
                uint64_t left_out; /* processes that the user's choice left out; none of `processes` */
                struct report_totals totals; /* sums; peak_bytes is the greatest of any process */
                struct report_kind kinds[KIND_COUNT], suppressed;
                uint64_t shared_bytes, shared_blocks; /* lost, and held by several leaks */
        } summary;
        struct {
                enum gate_status status;
                struct report_rule *rules; size_t rule_count;
                bool has_baseline;
                uint64_t baseline_new, baseline_known, baseline_gone;
                uint64_t baseline_grown; /* of the new: in the baseline, and larger now */
                struct report_gone *gone; size_t gone_count; /* by id; baseline_gone of them */
        } gate;
        struct report_process *processes; size_t process_count; /* in order of start */
        bool has_retained;    /* it was asked for */
        struct report_retained *retained; size_t retained_count; /* of each process whose heap was looked at, in their order */
        struct report_leak *leaks; size_t leak_count; /* by weight: exclusive bytes, bytes, blocks, id; see report_sort */
        struct report_suppression *suppressions; size_t suppression_count;
        struct report_diagnostic *diagnostics; size_t diagnostic_count;

        struct report_chunk *arena; /* the report's memory; private to report.c */
};

/* An empty report, or NULL without memory. */
struct report *report_create(void);
void report_destroy(struct report *report);

/* Copies into the report's memory; NULL without memory.  report_array gives
 * `count` zeroed objects of `size` bytes (a valid pointer when count is 0). */
const char *report_string(struct report *report, const char *text);
const char *report_format(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *report_array(struct report *report, size_t count, size_t size);

/* Add a warning or a note (printf style) to the diagnostics; `code` is kept, not
 * copied.  0, or -1 without memory: the report is then as it was. */
int report_warn(struct report *report, const char *code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int report_note(struct report *report, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes over what `from` owns, which is then to be destroyed: everything that
 * was filled in there lives as long as `report`. */
void report_adopt(struct report *report, struct report *from);

/* Names as the JSON writes them: "definite", "exact", "new", "fail", "exited". */
const char *kind_name(enum kind kind);
const char *strength_name(enum strength strength);
const char *leak_status_name(enum leak_status status);
const char *gate_status_name(enum gate_status status);
const char *end_how_name(enum end_how how);
const char *cut_name(enum cut_effect cut); /* "ends"; NULL for CUT_UNKNOWN */
/* All of them, by value, each list ended by NULL. */
extern const char *const kind_names[],
        *const strength_names[], *const leak_status_names[], *const gate_status_names[], *const end_how_names[],
                                                                                                 *const cut_names[];
/* The reverse; false when no such name. */
bool kind_parse(const char *name, size_t length, enum kind *kind);

/* The fingerprint of a leak: kind, type and the normalised stack; no address,
 * offset, line, size, compiler suffix, version of a library or inside of the C
 * library, so that it survives ASLR, rebuilds, other machines and edits above
 * the line.  Of a frame whose function has no name the offset in its module
 * counts: such a leak keeps its id as long as that file is the same build, and
 * shares it with no other place; a frame in no module, or in the C library,
 * counts as one without a place.  16 hex digits in the report's memory; NULL
 * without memory. */
const char *report_fingerprint(struct report *report, const struct report_leak *leak);

/* Fills summary.kinds, summary.suppressed and summary.cycles from the leaks.
 * Leaks of kind reachable are seldom listed: when there is none, its sums stay
 * as they were; suppressed ones count among their kind, as if not listed. */
void report_sum(struct report *report);

/* Puts the leaks in their order, and sums. */
void report_sort(struct report *report);

#endif
