#include "check.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "note.h"
#include "raw.h"
#include "reference.h"

struct check {
        const struct nodes *nodes;
        uint32_t node; /* expected to be the next frame */
        enum weir_function function;
        uint32_t depth;
        uint32_t differs; /* depth + 1 of the first difference */
        uintptr_t wanted, found;
};

static bool check_frame(void *context, uintptr_t pc, uint16_t flags)
{
        struct check *c = context;
        const struct weir_node n = c->nodes->table[c->node];
        const struct weir_frame *f = &c->nodes->frames[weir_node_frame(n)];
        uint32_t detail = (c->depth ? 0u : (uint32_t)c->function) | (uint32_t)flags << 8;
        uint32_t significant = 0xffu | WEIR_FRAME_EXACT << 8;

        /* What a guess took for a return address may be any word: 48 bits are kept. */
        if (c->node == 0 || ((f->pc_module ^ pc) & ((UINT64_C(1) << 48) - 1)) || (f->detail & significant) != detail) {
                c->differs = c->depth + 1;
                c->wanted = pc;
                c->found = c->node ? f->pc_module : 0;
                return false;
        }
        c->depth++;
        c->node = weir_node_parent(n);
        return true;
}

static char *append_hex(char *to, uintptr_t number)
{
        char digits[16];
        unsigned n = 0;

        do
                digits[n++] = "0123456789abcdef"[number & 15];
        while ((number >>= 4) != 0);
        to = raw_append(to, "0x");
        while (n)
                *to++ = digits[--n];
        *to = '\0';
        return to;
}

static void tell_mismatch(const struct check *c)
{
        char text[160], *end = raw_append(text, "stack differs from libunwind's at frame ");
        struct note_piece piece = { text, 0 };

        end = raw_decimal(end, c->differs ? c->differs - 1 : c->depth);
        end = append_hex(raw_append(end, ": libunwind "), c->wanted);
        end = append_hex(raw_append(end, ", weir "), c->found);
        piece.length = (size_t)(end - text) + 1;
        note_send(WEIR_NOTE_MESSAGE, 1, &piece, 1);
}

static void count(_Atomic uint64_t *counter)
{
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

__attribute__((noinline)) void check_stack(const struct nodes *nodes, uint32_t id, struct frame_state at,
                                           enum weir_function function, struct weir_counters *counters)
{
        struct check check = { .nodes = nodes, .node = id, .function = function };
        enum reference_result result;

        if (id == 0)
                return;
        result = reference_walk(at, check_frame, &check);
        if (result == REFERENCE_NONE)
                return;
        count(&counters->checked);
        if (check.differs || (check.node != 0 && result == REFERENCE_END)) {
                if (!check.differs)
                        check.found = nodes->frames[weir_node_frame(nodes->table[check.node])].pc_module;
                count(&counters->mismatches);
                tell_mismatch(&check);
        }
}
