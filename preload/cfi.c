#include "cfi.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "frame.h"

/* ---- bounded reading --------------------------------------------------- */

/* A cursor over [at, end).  Reading past the end or a malformed number sets
 * `bad` and yields 0; callers test it once at the end. */
struct bytes {
        const uint8_t *at, *end;
        bool bad;
};

static bool take(struct bytes *b, void *out, size_t size)
{
        if ((size_t)(b->end - b->at) < size) {
                b->bad = true;
                b->at = b->end;
                memset(out, 0, size);
                return false;
        }
        memcpy(out, b->at, size);
        b->at += size;
        return true;
}

static uint8_t take_u8(struct bytes *b)
{
        uint8_t v;

        take(b, &v, sizeof v);
        return v;
}

static uint16_t take_u16(struct bytes *b)
{
        uint16_t v;

        take(b, &v, sizeof v);
        return v;
}

static uint32_t take_u32(struct bytes *b)
{
        uint32_t v;

        take(b, &v, sizeof v);
        return v;
}

static uint64_t take_u64(struct bytes *b)
{
        uint64_t v;

        take(b, &v, sizeof v);
        return v;
}

/* LEB128; `extend` says whether the sign is to be spread.  Bits beyond the
 * 64th are dropped. */
static uint64_t take_leb(struct bytes *b, bool extend)
{
        uint64_t v = 0;
        unsigned shift = 0;
        uint8_t byte;

        do {
                byte = take_u8(b);
                if (shift < 64)
                        v |= (uint64_t)(byte & 0x7f) << shift;
                shift += 7;
        } while (byte & 0x80 && !b->bad);
        if (extend && shift < 64 && byte & 0x40)
                v |= ~UINT64_C(0) << shift;
        return v;
}

static uint64_t take_uleb(struct bytes *b)
{
        return take_leb(b, false);
}

static int64_t take_sleb(struct bytes *b)
{
        return (int64_t)take_leb(b, true);
}

static void skip(struct bytes *b, uint64_t count)
{
        if ((uint64_t)(b->end - b->at) < count) {
                b->bad = true;
                b->at = b->end;
        } else {
                b->at += count;
        }
}

/* ---- encoded pointers -------------------------------------------------- */

enum {
        PE_ABSOLUTE = 0x00,
        PE_ULEB = 0x01,
        PE_U2 = 0x02,
        PE_U4 = 0x03,
        PE_U8 = 0x04,
        PE_SLEB = 0x09,
        PE_S2 = 0x0a,
        PE_S4 = 0x0b,
        PE_S8 = 0x0c,
        PE_FORMAT = 0x0f,
        PE_RELATIVE_TO_PC = 0x10,
        PE_RELATIVE_TO_DATA = 0x30,
        PE_BASE = 0x70,
        PE_INDIRECT = 0x80,
        PE_OMIT = 0xff,
        PE_TABLE = PE_RELATIVE_TO_DATA | PE_S4, /* what every linker writes */
};

/* The value of a pointer's format part, its base not yet added. */
static uint64_t take_format(struct bytes *b, uint8_t encoding)
{
        switch (encoding & PE_FORMAT) {
        case PE_ABSOLUTE:
        case PE_U8:
        case PE_S8:
                return take_u64(b);
        case PE_ULEB:
                return take_uleb(b);
        case PE_SLEB:
                return (uint64_t)take_sleb(b);
        case PE_U2:
                return take_u16(b);
        case PE_S2:
                return (uint64_t)(int64_t)(int16_t)take_u16(b);
        case PE_U4:
                return take_u32(b);
        case PE_S4:
                return (uint64_t)(int64_t)(int32_t)take_u32(b);
        }
        b->bad = true;
        return 0;
}

static uint64_t take_pointer(struct bytes *b, uint8_t encoding, uintptr_t data_base)
{
        uintptr_t place = (uintptr_t)b->at;
        uint64_t value = take_format(b, encoding);

        if (encoding & PE_INDIRECT)
                b->bad = true;
        switch (encoding & PE_BASE) {
        case 0:
                return value;
        case PE_RELATIVE_TO_PC:
                return place + value;
        case PE_RELATIVE_TO_DATA:
                return data_base + value;
        }
        b->bad = true;
        return 0;
}

/* ---- entries of .eh_frame ---------------------------------------------- */

/* What a common information entry contributes. */
struct cie {
        struct bytes program;
        uint64_t code_align;
        int64_t data_align;
        uint8_t pointer_encoding;
        bool augmented; /* entries carry a length-prefixed augmentation block */
        bool signal;
};

struct fde {
        struct cie cie;
        struct bytes program;
        uintptr_t start;
        uint64_t range;
};

static struct bytes module_bytes(const struct cfi_module *m, uintptr_t at)
{
        struct bytes b = { m->high, m->high, true };

        if (at >= (uintptr_t)m->low && at < (uintptr_t)m->high)
                b = (struct bytes){ (const uint8_t *)at, m->high, false };
        return b;
}

/* The body of the entry at `at`, behind its length; `bad` for the terminator
 * and the 64-bit form, which no x86-64 linker writes into .eh_frame. */
static struct bytes entry_at(const struct cfi_module *m, uintptr_t at)
{
        struct bytes b = module_bytes(m, at);
        uint32_t length = take_u32(&b);

        if (b.bad || length == 0 || length == UINT32_MAX || length > (size_t)(b.end - b.at)) {
                b.bad = true;
                return b;
        }
        b.end = b.at + length;
        return b;
}

/* Reads the augmentation `text` of a CIE ("zR", "zPLRS", "") at its data. */
static void read_augmentation(struct cie *cie, struct bytes *b, const char *text)
{
        uint64_t length;
        struct bytes data;

        if (*text == '\0')
                return;
        if (*text != 'z') {
                b->bad = true;
                return;
        }
        cie->augmented = true;
        length = take_uleb(b);
        data = *b;
        skip(b, length);
        if (b->bad)
                return;
        data.end = b->at;
        for (text++; *text; text++) {
                if (*text == 'R')
                        cie->pointer_encoding = take_u8(&data);
                else if (*text == 'P')
                        take_format(&data, take_u8(&data));
                else if (*text == 'L')
                        take_u8(&data);
                else if (*text == 'S')
                        cie->signal = true;
                else
                        data.bad = true;
        }
        b->bad |= data.bad;
}

static bool read_cie(struct cie *cie, const struct cfi_module *m, uintptr_t at)
{
        struct bytes b = entry_at(m, at);
        const char *text;
        uint32_t id = take_u32(&b);
        uint8_t version = take_u8(&b);
        uint64_t ra;

        *cie = (struct cie){ .pointer_encoding = PE_ABSOLUTE };
        text = (const char *)b.at;
        while (!b.bad && take_u8(&b))
                ;
        if (b.bad || id != 0 || (version != 1 && version != 3))
                return false;
        cie->code_align = take_uleb(&b);
        cie->data_align = take_sleb(&b);
        ra = version == 1 ? take_u8(&b) : take_uleb(&b);
        read_augmentation(cie, &b, text);
        cie->program = b;
        return !b.bad && ra == ARCH_DWARF_RA;
}

static bool read_fde(struct fde *fde, const struct cfi_module *m, uintptr_t at)
{
        struct bytes b = entry_at(m, at);
        uintptr_t place = (uintptr_t)b.at;
        uint32_t back = take_u32(&b);

        if (b.bad || back == 0 || back > place || !read_cie(&fde->cie, m, place - back))
                return false;
        fde->start = take_pointer(&b, fde->cie.pointer_encoding, 0);
        fde->range = take_format(&b, fde->cie.pointer_encoding);
        if (fde->cie.augmented)
                skip(&b, take_uleb(&b));
        fde->program = b;
        return !b.bad;
}

/* ---- the sorted table of .eh_frame_hdr --------------------------------- */

struct row {
        int32_t start, entry; /* both relative to the header */
};

static struct row table_row(const uint8_t *table, uint64_t index)
{
        struct row row;

        memcpy(&row, table + index * sizeof row, sizeof row);
        return row;
}

/* Address of the FDE whose start is the last one not above `address`; 0 when
 * there is none, UINTPTR_MAX when the header is not of the usual form. */
static uintptr_t find_entry(const struct cfi_module *m, uintptr_t address)
{
        uintptr_t base = (uintptr_t)m->header;
        struct bytes b = module_bytes(m, base);
        uint8_t version = take_u8(&b), frame_encoding = take_u8(&b);
        uint8_t count_encoding = take_u8(&b), table_encoding = take_u8(&b);
        int64_t wanted = (int64_t)(address - base);
        uint64_t low = 0, high;

        if (b.bad || version != 1 || table_encoding != PE_TABLE || count_encoding == PE_OMIT)
                return UINTPTR_MAX;
        if (frame_encoding != PE_OMIT)
                take_format(&b, frame_encoding);
        high = take_format(&b, count_encoding);
        if (b.bad || high > (size_t)(b.end - b.at) / sizeof(struct row))
                return UINTPTR_MAX;
        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                if (table_row(b.at, middle).start <= wanted)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? base + (uintptr_t)(intptr_t)table_row(b.at, low - 1).entry : 0;
}

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
        m->row.cfa_expression = (struct bytes){ 0 };
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
                m->location = take_pointer(b, m->cie->pointer_encoding, 0);
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
        case CFA_DEF_CFA_OFFSET:
                set_cfa(m, m->row.cfa_register, (int64_t)take_uleb(b));
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

                if (run_advance(m, &program, op)) {
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
        uintptr_t entry = find_entry(module, address);
        struct fde fde;
        struct machine machine;

        if (entry == 0)
                return (struct cfi_rule){ .kind = CFI_NONE };
        if (entry == UINTPTR_MAX || !read_fde(&fde, module, entry))
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
