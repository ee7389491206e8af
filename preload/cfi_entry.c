#include "cfi_entry.h"

#include "frame.h"

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

uint64_t cfi_take_pointer(struct bytes *b, uint8_t encoding, uintptr_t data_base)
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

bool cfi_read_entry(struct fde *fde, const struct cfi_module *m, uintptr_t at)
{
        struct bytes b = entry_at(m, at);
        uintptr_t place = (uintptr_t)b.at;
        uint32_t back = take_u32(&b);

        if (b.bad || back == 0 || back > place || !read_cie(&fde->cie, m, place - back))
                return false;
        fde->start = cfi_take_pointer(&b, fde->cie.pointer_encoding, 0);
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

uintptr_t cfi_find_entry(const struct cfi_module *m, uintptr_t address)
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
