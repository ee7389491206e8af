#include "annotate.h"

#include "end.h"
#include "guard.h"
#include "note.h"
#include "own_symbols.h"
#include "raw.h"
#include "ring.h"
#include "weir.h"

enum { PIECE = 2048 }; /* bytes of text in one note */

/* What the program answered; not wiped in a fork child. */
static const char *suppressions, *options;
static bool turned_off;

/* ---- disabled threads ---------------------------------------------------- */

static void set_quiet(bool quiet)
{
        uintptr_t entered = guard_enter();

        if (thread_local_state.self)
                thread_set_quiet(quiet);
        if (entered)
                guard_leave(entered);
}

WEIR_EXPORT void weir_shim_disable(void)
{
        if (!thread_local_state.quiet++)
                set_quiet(true);
}

/* One too many is passed over. */
WEIR_EXPORT void weir_shim_enable(void)
{
        if (thread_local_state.quiet && !--thread_local_state.quiet)
                set_quiet(false);
}

/* ---- blocks and roots ---------------------------------------------------- */

WEIR_EXPORT void weir_shim_ignore(const void *address)
{
        uintptr_t entered = address ? guard_enter() : 0;

        if (!entered)
                return;
        ring_put_slow(WEIR_EVENT_IGNORE, (uintptr_t)address, 0, 0);
        guard_leave(entered);
}

static void say_root(const void *start, size_t size, bool is_root)
{
        const struct weir_note_root root = { (uintptr_t)start, size };

        uintptr_t entered = size ? guard_enter() : 0;

        if (!entered)
                return;
        note_send(WEIR_NOTE_ROOT, is_root, &(struct note_piece){ &root, sizeof root }, 1);
        guard_leave(entered);
}

WEIR_EXPORT void weir_shim_add_root(const void *start, size_t size)
{
        say_root(start, size, true);
}

WEIR_EXPORT void weir_shim_remove_root(const void *start, size_t size)
{
        say_root(start, size, false);
}

/* ---- checks -------------------------------------------------------------- */

/* Another thread may be in a check of its own, and lets go soon; one that ends
 * the process does not. */
static bool ask(enum weir_end how, uint64_t sp)
{
        static const _Atomic uint32_t nobody_wakes = 0;
        const struct weir_control *control = process_self->control;

        while (!end_request(how, 0, sp, NULL)) {
                if (!control || control->end_how < WEIR_END_CHECK || process_self->mode == PROCESS_LOST)
                        return false;
                raw_futex_wait(&nobody_wakes, 0, 1);
        }
        return true;
}

/* What the caller holds in registers that calls keep is at `sp`. */
static int look(enum weir_end how, uint64_t sp, struct weir_leaks *leaks)
{
        const struct weir_control *control;
        struct weir_leaks found = { 0 };
        uintptr_t entered = guard_enter();
        int result = -1;

        if (!entered)
                return -1;
        control = process_self->control;
        if (ask(how, sp)) {
                found = (struct weir_leaks){ control->check_leaks, control->check_blocks, control->check_bytes };
                result = control->check_failed ? -1 : found.leaks != 0;
                end_was_none();
        }
        guard_leave(entered);
        if (leaks && result >= 0)
                *leaks = found;
        return result;
}

WEIR_EXPORT int weir_shim_check(struct weir_leaks *leaks)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        return look(WEIR_END_CHECK, (uintptr_t)registers, leaks);
}

/* ---- LeakSanitizer's names ----------------------------------------------- */

WEIR_EXPORT void __lsan_disable(void)
{
        weir_shim_disable();
}

WEIR_EXPORT void __lsan_enable(void)
{
        weir_shim_enable();
}

WEIR_EXPORT void __lsan_ignore_object(const void *address)
{
        weir_shim_ignore(address);
}

WEIR_EXPORT void __lsan_register_root_region(const void *start, size_t size)
{
        say_root(start, size, true);
}

WEIR_EXPORT void __lsan_unregister_root_region(const void *start, size_t size)
{
        say_root(start, size, false);
}

/* The process goes on: its exit status is its own.  What was found now is what
 * the report says of it. */
WEIR_EXPORT void __lsan_do_leak_check(void)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        (void)look(WEIR_END_LAST_CHECK, (uintptr_t)registers, NULL);
}

WEIR_EXPORT int __lsan_do_recoverable_leak_check(void)
{
        uintptr_t registers[ARCH_REGISTERS];

        arch_capture(registers);
        return look(WEIR_END_CHECK, (uintptr_t)registers, NULL) == 1;
}

/* ---- what the program defines -------------------------------------------- */

static void send_text(enum weir_note_kind kind, const char *text)
{
        size_t length = text ? raw_length(text) : 0;

        for (size_t at = 0; at < length; at += PIECE)
                note_send(kind, 0, &(struct note_piece){ text + at, length - at < PIECE ? length - at : PIECE }, 1);
}

void annotate_repeat(void)
{
        send_text(WEIR_NOTE_OPTIONS, options);
        send_text(WEIR_NOTE_SUPPRESSIONS, suppressions);
        if (turned_off)
                atomic_store(&process_self->control->turned_off, 1);
}

/* A data pointer becomes a function pointer: POSIX's dlsym asks for it. */
static void take(const struct own_symbol *symbol, void *function)
{
        __builtin_memcpy(function, &symbol->address, sizeof symbol->address);
}

/* Where the program or a library exports it, or else in the program's own
 * symbols: few link their programs with -rdynamic. */
static void find(struct own_symbol *symbols, size_t count)
{
        uintptr_t entered = guard_enter();
        bool exported = false;

        if (!entered)
                return;
        for (size_t i = 0; i < count; i++) {
                symbols[i].address = dlsym(RTLD_DEFAULT, symbols[i].name);
                exported |= symbols[i].address != NULL;
        }
        /* As in next_resolve. */
        (void)dlerror();
        (void)dlerror();
        if (!exported)
                own_symbols_find(symbols, count);
        guard_leave(entered);
}

void annotate_ask_program(void)
{
        struct own_symbol symbols[] = {
                { .name = "__lsan_default_options" },
                { .name = "__lsan_default_suppressions" },
                { .name = "__lsan_is_turned_off" },
        };
        const char *(*default_options)(void), *(*default_suppressions)(void);
        int (*is_turned_off)(void);
        uintptr_t entered;

        find(symbols, sizeof symbols / sizeof symbols[0]);
        take(&symbols[0], &default_options);
        take(&symbols[1], &default_suppressions);
        take(&symbols[2], &is_turned_off);
        if (default_options)
                options = default_options();
        if (default_suppressions)
                suppressions = default_suppressions();
        if (is_turned_off)
                turned_off = is_turned_off();
        if (!options && !suppressions && !turned_off)
                return;
        entered = guard_enter();
        if (!entered)
                return;
        annotate_repeat();
        guard_leave(entered);
}
