#include "stack_frames.h"

#include "../mem.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
        THREADS_MAX = 64,
        FRAMES_MAX = 256, /* of one thread */
        VALUES_MAX = 16,  /* of one expression */
};

struct module {
        const char *path;
        int fd;
        Elf *elf;
        Dwarf_CFI *cfi; /* NULL = it has none, or there is no such file */
};

struct unwinder {
        struct snapshot *snapshot;
        pid_t through;
        struct module *modules;
        size_t module_count, module_capacity, frame_capacity;
};

struct state {
        uint64_t registers[MACHINE_DWARF_REGISTERS];
        uint64_t pc;
        bool exact; /* pc is not a return address */
};

/* ---- modules -------------------------------------------------------------- */

static Dwarf_CFI *cfi_of(struct unwinder *u, const struct segment *segment)
{
        struct module *module;
        char path[4200];

        for (size_t i = 0; i < u->module_count; i++)
                if (!strcmp(u->modules[i].path, segment->path))
                        return u->modules[i].cfi;
        if (mem_grow(&u->modules, &u->module_capacity, u->module_count + 1, sizeof *u->modules))
                return NULL;
        module = &u->modules[u->module_count++];
        *module = (struct module){ .path = segment->path, .fd = -1 };
        if (*segment->path != '/')
                return NULL;
        (void)snprintf(path, sizeof path, "/proc/%d/root%s", (int)u->through, segment->path);
        module->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (module->fd >= 0)
                module->elf = elf_begin(module->fd, ELF_C_READ_MMAP, NULL);
        if (module->elf)
                module->cfi = dwarf_getcfi_elf(module->elf);
        return module->cfi;
}

static void close_modules(struct unwinder *u)
{
        for (size_t i = 0; i < u->module_count; i++) {
                if (u->modules[i].cfi)
                        (void)dwarf_cfi_end(u->modules[i].cfi);
                (void)elf_end(u->modules[i].elf);
                if (u->modules[i].fd >= 0)
                        (void)close(u->modules[i].fd);
        }
        mem_free(u->modules);
}

/* ---- rules ------------------------------------------------------------------ */

static bool word_at(const struct unwinder *u, uint64_t address, uint64_t *word)
{
        const struct memory *memory = &u->snapshot->memory;

        return memory->read(memory->context, address, word, sizeof *word) == sizeof *word;
}

struct values {
        uint64_t list[VALUES_MAX];
        size_t count;
        bool final; /* the top is the value itself, not where it is */
};

static bool push(struct values *v, uint64_t value)
{
        if (v->count == VALUES_MAX)
                return false;
        v->list[v->count++] = value;
        return true;
}

static bool push_register(struct values *v, const struct state *state, uint64_t number, uint64_t offset)
{
        return number < MACHINE_DWARF_REGISTERS && push(v, state->registers[number] + offset);
}

static bool combine(struct values *v, uint8_t atom)
{
        uint64_t b, *a;

        if (v->count < 2)
                return false;
        b = v->list[--v->count];
        a = &v->list[v->count - 1];
        switch (atom) {
        case DW_OP_plus:
                *a += b;
                return true;
        case DW_OP_minus:
                *a -= b;
                return true;
        case DW_OP_and:
                *a &= b;
                return true;
        case DW_OP_shl:
                *a = b < 64 ? *a << b : 0;
                return true;
        case DW_OP_ge:
                *a = (int64_t)*a >= (int64_t)b;
                return true;
        default:
                return false;
        }
}

/* The operations that compilers and the C library use. */
static bool apply(const struct unwinder *u, const struct state *state, uint64_t cfa, const Dwarf_Op *op,
                  struct values *v)
{
        if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
                return push_register(v, state, op->atom - DW_OP_breg0, op->number);
        if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
                return push(v, op->atom - DW_OP_lit0);
        switch (op->atom) {
        case DW_OP_bregx:
                return push_register(v, state, op->number, op->number2);
        case DW_OP_regx:
                v->final = true;
                return push_register(v, state, op->number, 0);
        case DW_OP_call_frame_cfa:
                return push(v, cfa);
        case DW_OP_plus_uconst:
                if (v->count)
                        v->list[v->count - 1] += op->number;
                return v->count;
        case DW_OP_deref:
                return v->count && word_at(u, v->list[v->count - 1], &v->list[v->count - 1]);
        case DW_OP_stack_value:
                v->final = true;
                return true;
        default:
                return combine(v, op->atom);
        }
}

static bool evaluate(const struct unwinder *u, const struct state *state, uint64_t cfa, const Dwarf_Op *ops,
                     size_t count, struct values *v)
{
        *v = (struct values){ 0 };
        for (size_t i = 0; i < count; i++)
                if (!apply(u, state, cfa, &ops[i], v))
                        return false;
        return v->count;
}

/* The register as the caller had it; false when that is not known. */
static bool restore(const struct unwinder *u, const struct state *state, Dwarf_Frame *frame, uint64_t cfa, int number,
                    uint64_t *value)
{
        Dwarf_Op room[3], *ops;
        struct values v;
        size_t count;

        if (dwarf_frame_register(frame, number, room, &ops, &count))
                return false;
        if (!count) {
                *value = state->registers[number];
                return ops != room; /* else it is undefined */
        }
        if (!evaluate(u, state, cfa, ops, count, &v))
                return false;
        *value = v.list[v.count - 1];
        return v.final || word_at(u, *value, value);
}

/* Goes to the caller; false at the outermost frame. */
static bool leave(const struct unwinder *u, struct state *state, Dwarf_Frame *frame, uint64_t cfa)
{
        struct state caller = { 0 };
        Dwarf_Addr start, end;
        bool signal = false;

        (void)dwarf_frame_info(frame, &start, &end, &signal);
        if (!restore(u, state, frame, cfa, MACHINE_DWARF_RETURN, &caller.pc) || !caller.pc)
                return false;
        for (int i = 0; i < MACHINE_DWARF_REGISTERS; i++)
                if (!restore(u, state, frame, cfa, i, &caller.registers[i]))
                        caller.registers[i] = 0;
        if (!signal)
                caller.registers[MACHINE_DWARF_SP] = cfa;
        caller.exact = signal;
        *state = caller;
        return true;
}

/* ---- stacks ----------------------------------------------------------------- */

static int add_frame(struct unwinder *u, const struct state *state, uint64_t low, uint64_t high)
{
        struct snapshot *s = u->snapshot;

        if (mem_grow(&s->frames, &u->frame_capacity, s->frame_count + 1, sizeof *s->frames))
                return -1;
        s->frames[s->frame_count++] = (struct stack_frame){ low, high, state->pc, state->exact };
        return 0;
}

/* The frame that the state is in, from `low` up to `*high`, and on to its
 * caller.  1, 0 when this was the last, or -1 without memory. */
static int step(struct unwinder *u, struct state *state, uint64_t low, uint64_t live, uint64_t *high)
{
        uint64_t at = state->exact ? state->pc : state->pc - 1;
        const struct segment *segment = snapshot_segment(u->snapshot, at);
        Dwarf_CFI *cfi = segment ? cfi_of(u, segment) : NULL;
        Dwarf_Frame *frame = NULL;
        struct values v;
        Dwarf_Op *ops;
        size_t count;
        int result = 0;

        if (!cfi || dwarf_cfi_addrframe(cfi, at - segment->bias, &frame))
                return 0;
        if (!dwarf_frame_cfa(frame, &ops, &count) && evaluate(u, state, 0, ops, count, &v) &&
            v.list[v.count - 1] > low) {
                *high = v.list[v.count - 1];
                if (*high > live)
                        result = add_frame(u, state, low > live ? low : live, *high);
                if (!result)
                        result = leave(u, state, frame, *high);
        }
        free(frame);
        return result;
}

static int walk(struct unwinder *u, const struct registers *registers, uint64_t live)
{
        struct state state = { .pc = registers->pc, .exact = true };
        uint64_t low = registers->sp - MACHINE_RED_ZONE, high = low;
        int result = 1;

        registers_dwarf(registers, state.registers);
        for (size_t i = 0; result > 0 && i < FRAMES_MAX; i++, low = high)
                result = step(u, &state, low, live, &high);
        return result < 0 ? -1 : 0;
}

static int by_low(const void *a, const void *b)
{
        const struct stack_frame *x = a, *y = b;

        return x->low < y->low ? -1 : x->low > y->low;
}

/* Threads that share a stack, as after vfork, have frames at one place: which
 * of them a word belongs to is not known. */
static void drop_overlaps(struct snapshot *s)
{
        uint64_t end = 0;
        size_t kept = 0;

        for (size_t i = 0; i < s->frame_count; i++) {
                bool clear = s->frames[i].low >= end &&
                             (i + 1 == s->frame_count || s->frames[i].high <= s->frames[i + 1].low);

                end = s->frames[i].high > end ? s->frames[i].high : end;
                if (clear)
                        s->frames[kept++] = s->frames[i];
        }
        s->frame_count = kept;
}

int stack_frames_find(struct snapshot *snapshot, const struct place *places, size_t count,
                      const struct capture_request *request, pid_t through, struct error *e)
{
        struct unwinder u = { .snapshot = snapshot, .through = through };
        int status = 0;

        (void)elf_version(EV_CURRENT);
        for (size_t i = 0; i < count && !status; i++) {
                bool dead = places[i].ending && !request->end_signal;

                if (places[i].held->registers.words && (count <= THREADS_MAX || places[i].ending))
                        status = walk(&u, &places[i].held->registers, dead ? request->end_sp : 0);
        }
        close_modules(&u);
        if (status)
                return error_no_memory(e, "walking stacks");
        if (snapshot->frame_count)
                qsort(snapshot->frames, snapshot->frame_count, sizeof *snapshot->frames, by_low);
        drop_overlaps(snapshot);
        return 0;
}
