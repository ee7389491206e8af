#include "cfi.h"

#include "cfi_entry.h"
#include "frame.h"

/* ---- the call-frame program -------------------------------------------- */

enum {
        CFA_ADVANCE = 0x40,
        CFA_OFFSET = 0x80,
        CFA_RESTORE = 0xc0,
        CFA_PRIMARY = 0xc0,
        CFA_OPERAND = 0x3f,

        CFA_NOP = 0x00,
        CFA_SET_LOC = 0x01,
        CFA_ADVANCE1 = 0x02,
        CFA_ADVANCE2 = 0x03,
        CFA_ADVANCE4 = 0x04,
        CFA_OFFSET_EXTENDED = 0x05,
        CFA_RESTORE_EXTENDED = 0x06,
        CFA_UNDEFINED = 0x07,
        CFA_SAME_VALUE = 0x08,
        CFA_REGISTER = 0x09,
        CFA_REMEMBER = 0x0a,
        CFA_RESTORE_STATE = 0x0b,
        CFA_DEF_CFA = 0x0c,
        CFA_DEF_CFA_REGISTER = 0x0d,
        CFA_DEF_CFA_OFFSET = 0x0e,
        CFA_DEF_CFA_EXPRESSION = 0x0f,
        CFA_EXPRESSION = 0x10,
        CFA_OFFSET_EXTENDED_SF = 0x11,
        CFA_DEF_CFA_SF = 0x12,
        CFA_DEF_CFA_OFFSET_SF = 0x13,
        CFA_VAL_OFFSET = 0x14,
        CFA_VAL_OFFSET_SF = 0x15,
        CFA_VAL_EXPRESSION = 0x16,
        CFA_ARGS_SIZE = 0x2e,
        CFA_NEGATIVE_OFFSET_EXTENDED = 0x2f,

        OP_DEREF = 0x06,
        OP_BREG0 = 0x70,

        REMEMBERED = 8, /* nesting of remember_state; compilers use 1 */
};

/* How one register of the caller is found. */
struct home {
        enum { HOME_KEPT, HOME_AT_CFA, HOME_EXPRESSION, HOME_UNDEFINED, HOME_OTHER } how;
        int64_t offset;
        struct bytes expression;
};

/* One row of the table that the program describes, cut down to what is kept. */
struct frame_row {
        uint64_t cfa_register;
        int64_t cfa_offset;
        struct bytes cfa_expression; /* used when at != NULL */
        struct home fp, ra;
};

struct machine {
        const struct cie *cie;
        struct frame_row row, initial, remembered[REMEMBERED];
        unsigned depth;
        uintptr_t location;
};

static struct home *home_of(struct machine *m, uint64_t reg)
{
        return reg == ARCH_DWARF_FP ? &m->row.fp : reg == ARCH_DWARF_RA ? &m->row.ra : NULL;
}

static void set_home(struct machine *m, uint64_t reg, struct home home)
{
        struct home *h = home_of(m, reg);

        if (h)
                *h = home;
}

static void set_saved(struct machine *m, uint64_t reg, int64_t factored)
{
        int64_t offset;
        struct home home = { .how = HOME_AT_CFA };

        if (__builtin_mul_overflow(factored, m->cie->data_align, &offset))
                home.how = HOME_OTHER;
        home.offset = offset;
        set_home(m, reg, home);
}

static void restore_initial(struct machine *m, uint64_t reg)
{
        if (reg == ARCH_DWARF_FP)
                m->row.fp = m->initial.fp;
        else if (reg == ARCH_DWARF_RA)
                m->row.ra = m->initial.ra;
}

static struct bytes take_block(struct bytes *b)
{
        uint64_t length = take_uleb(b);
        struct bytes block = *b;

        skip(b, length);
        block.end = b->at;
        block.bad = b->bad;
        return block;
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
        m->row.cfa_register = reg;
        m->row.cfa_offset = offset;
        m->row.cfa_expression.at = NULL;
}

static void advance(struct machine *m, uint64_t factored)
{
        m->location += factored * m->cie->code_align;
}

static int64_t factored(const struct machine *m, int64_t n)
{
        return (int64_t)((uint64_t)n * (uint64_t)m->cie->data_align);
}

/* Instructions that move the location. */
static bool run_advance(struct machine *m, struct bytes *b, uint8_t op)
{
        if ((op & CFA_PRIMARY) == CFA_ADVANCE)
                advance(m, op & CFA_OPERAND);
        else if (op == CFA_SET_LOC)
                m->location = cfi_take_pointer(b, m->cie->pointer_encoding, 0);
        else if (op == CFA_ADVANCE1)
                advance(m, take_u8(b));
        else if (op == CFA_ADVANCE2)
                advance(m, take_u16(b));
        else if (op == CFA_ADVANCE4)
                advance(m, take_u32(b));
        else
                return false;
        return true;
}

/* Instructions that say where the CFA is. */
static bool run_cfa(struct machine *m, struct bytes *b, uint8_t op)
{
        uint64_t reg;

        switch (op) {
        case CFA_DEF_CFA:
                reg = take_uleb(b);
                set_cfa(m, reg, (int64_t)take_uleb(b));
                return true;
        case CFA_DEF_CFA_SF:
                reg = take_uleb(b);
                set_cfa(m, reg, factored(m, take_sleb(b)));
                return true;
        case CFA_DEF_CFA_REGISTER:
                set_cfa(m, take_uleb(b), m->row.cfa_offset);
                return true;
        case CFA_DEF_CFA_OFFSET_SF:
                set_cfa(m, m->row.cfa_register, factored(m, take_sleb(b)));
                return true;
        case CFA_DEF_CFA_EXPRESSION:
                m->row.cfa_expression = take_block(b);
                return true;
        }
        return false;
}

/* Instructions that say where a register is. */
static bool run_register(struct machine *m, struct bytes *b, uint8_t op)
{
        uint64_t reg;

        if ((op & CFA_PRIMARY) == CFA_OFFSET) {
                set_saved(m, op & CFA_OPERAND, (int64_t)take_uleb(b));
                return true;
        }
        if ((op & CFA_PRIMARY) == CFA_RESTORE) {
                restore_initial(m, op & CFA_OPERAND);
                return true;
        }
        if (op < CFA_OFFSET_EXTENDED || op == CFA_REMEMBER || op == CFA_RESTORE_STATE || op == CFA_ARGS_SIZE)
                return false;
        reg = take_uleb(b);
        switch (op) {
        case CFA_OFFSET_EXTENDED:
                set_saved(m, reg, (int64_t)take_uleb(b));
                return true;
        case CFA_OFFSET_EXTENDED_SF:
                set_saved(m, reg, take_sleb(b));
                return true;
        case CFA_NEGATIVE_OFFSET_EXTENDED:
                set_saved(m, reg, -(int64_t)take_uleb(b));
                return true;
        case CFA_RESTORE_EXTENDED:
                restore_initial(m, reg);
                return true;
        case CFA_UNDEFINED:
                set_home(m, reg, (struct home){ .how = HOME_UNDEFINED });
                return true;
        case CFA_SAME_VALUE:
                set_home(m, reg, (struct home){ .how = HOME_KEPT });
                return true;
        case CFA_EXPRESSION:
                set_home(m, reg, (struct home){ .how = HOME_EXPRESSION, .expression = take_block(b) });
                return true;
        case CFA_REGISTER:
        case CFA_VAL_OFFSET:
                take_uleb(b);
                break;
        case CFA_VAL_OFFSET_SF:
                take_sleb(b);
                break;
        case CFA_VAL_EXPRESSION:
                take_block(b);
                break;
        default:
                return false;
        }
        set_home(m, reg, (struct home){ .how = HOME_OTHER });
        return true;
}

static bool run_state(struct machine *m, struct bytes *b, uint8_t op)
{
        if (op == CFA_NOP)
                return true;
        if (op == CFA_ARGS_SIZE) {
                take_uleb(b);
                return true;
        }
        if (op == CFA_REMEMBER && m->depth < REMEMBERED) {
                m->remembered[m->depth++] = m->row;
                return true;
        }
        if (op == CFA_RESTORE_STATE && m->depth > 0) {
                m->row = m->remembered[--m->depth];
                return true;
        }
        return false;
}

/* Runs a program while its rows begin at or below `address`. */
static bool run(struct machine *m, struct bytes program, uintptr_t address)
{
        while (program.at < program.end && !program.bad) {
                uint8_t op = take_u8(&program);

                /* These two are nearly all there is. */
                if (op == CFA_DEF_CFA_OFFSET) {
                        set_cfa(m, m->row.cfa_register, (int64_t)take_uleb(&program));
                } else if (run_advance(m, &program, op)) {
                        if (m->location > address)
                                return !program.bad;
                } else if (!run_cfa(m, &program, op) && !run_register(m, &program, op) && !run_state(m, &program, op)) {
                        return false;
                }
        }
        return !program.bad;
}

/* ---- from a row to a rule ---------------------------------------------- */

/* Reads "register + offset", optionally dereferenced.  False for any other
 * expression. */
static bool simple_expression(struct bytes b, uint64_t *reg, int64_t *offset, bool *deref)
{
        uint8_t op = take_u8(&b);

        if (op < OP_BREG0 || op > OP_BREG0 + 31)
                return false;
        *reg = op - OP_BREG0;
        *offset = take_sleb(&b);
        *deref = b.at < b.end && take_u8(&b) == OP_DEREF;
        return !b.bad && b.at == b.end;
}

static bool fits(int64_t offset)
{
        return offset > -(INT32_C(1) << 30) && offset < (INT32_C(1) << 30);
}

static bool cfa_rule(struct cfi_rule *rule, const struct frame_row *row)
{
        uint64_t reg = row->cfa_register;
        int64_t offset = row->cfa_offset;
        bool deref = false;

        if (row->cfa_expression.at && !simple_expression(row->cfa_expression, &reg, &offset, &deref))
                return false;
        if (!fits(offset) || (reg != ARCH_DWARF_SP && reg != ARCH_DWARF_FP) || (deref && reg != ARCH_DWARF_FP))
                return false;
        rule->cfa = deref ? CFI_CFA_FP_DEREF : reg == ARCH_DWARF_FP ? CFI_CFA_FP : CFI_CFA_SP;
        rule->cfa_offset = (int32_t)offset;
        return true;
}

static bool fp_rule(struct cfi_rule *rule, const struct home *fp)
{
        uint64_t reg = 0;
        int64_t offset = fp->offset;
        bool deref = false;

        if (fp->how == HOME_KEPT) {
                rule->fp = CFI_FP_KEPT;
                return true;
        }
        if (fp->how == HOME_AT_CFA) {
                rule->fp = CFI_FP_AT_CFA;
        } else if (fp->how == HOME_EXPRESSION && simple_expression(fp->expression, &reg, &offset, &deref) &&
                   reg == ARCH_DWARF_FP && !deref) {
                rule->fp = CFI_FP_AT_FP;
        } else {
                return false;
        }
        rule->fp_offset = (int32_t)offset;
        return fits(offset);
}

static bool is_sigreturn(const struct cfi_module *m, uintptr_t address)
{
        size_t length;
        const uint8_t *code = arch_sigreturn_code(&length);

        /* The C library's entry starts one byte early, so that the lookup of
         * the return address minus one meets it. */
        address++;
        return address >= (uintptr_t)m->text_low && address < (uintptr_t)m->text_high &&
               (uintptr_t)m->text_high - address >= length && memcmp((const void *)address, code, length) == 0;
}

static struct cfi_rule rule_of(const struct frame_row *row)
{
        struct cfi_rule rule = { .kind = CFI_STEP };

        if (row->ra.how == HOME_UNDEFINED)
                rule.kind = CFI_END;
        else if (row->ra.how != HOME_AT_CFA || row->ra.offset != -ARCH_RA_BELOW_CFA || !cfa_rule(&rule, row) ||
                 !fp_rule(&rule, &row->fp))
                rule.kind = CFI_ODD;
        return rule;
}

struct cfi_rule cfi_rule_at(const struct cfi_module *module, uintptr_t address)
{
        uintptr_t entry = cfi_find_entry(module, address);
        struct fde fde;
        struct machine machine;

        if (entry == 0)
                return (struct cfi_rule){ .kind = CFI_NONE };
        if (entry == UINTPTR_MAX || !cfi_read_entry(&fde, module, entry))
                return (struct cfi_rule){ .kind = CFI_ODD };
        if (address < fde.start || address - fde.start >= fde.range)
                return (struct cfi_rule){ .kind = CFI_NONE };
        if (fde.cie.signal)
                return (struct cfi_rule){ .kind = is_sigreturn(module, address) ? CFI_SIGNAL : CFI_ODD };

        machine.cie = &fde.cie;
        machine.depth = 0;
        machine.location = fde.start;
        machine.row = (struct frame_row){ .cfa_register = UINT64_MAX, .ra = { .how = HOME_OTHER } };
        machine.initial = machine.row;
        if (!run(&machine, fde.cie.program, UINTPTR_MAX))
                return (struct cfi_rule){ .kind = CFI_ODD };
        machine.initial = machine.row;
        machine.location = fde.start;
        if (!run(&machine, fde.program, address))
                return (struct cfi_rule){ .kind = CFI_ODD };
        return rule_of(&machine.row);
}
