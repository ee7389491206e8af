/*
 * cfi_entry.h: the entries of .eh_frame, found by the sorted table of
 * .eh_frame_hdr.
 *
 * Every read is bounded by the module's range; what is malformed is refused.
 */
#ifndef WEIR_CFI_ENTRY_H
#define WEIR_CFI_ENTRY_H

#include "cfi.h"
#include "cfi_bytes.h"

/* What a common information entry contributes. */
struct cie {
        struct bytes program;
        uint64_t code_align;
        int64_t data_align;
        uint8_t pointer_encoding;
        bool augmented; /* entries carry a length-prefixed augmentation block */
        bool signal;
};

/* A frame description entry: the code that it covers, and its program. */
struct fde {
        struct cie cie;
        struct bytes program;
        uintptr_t start;
        uint64_t range;
};

/* Address of the FDE whose start is the last one not above `address`; 0 when
 * there is none, UINTPTR_MAX when the header is not of the usual form. */
uintptr_t cfi_find_entry(const struct cfi_module *m, uintptr_t address);

/* Reads the FDE at `at` and its CIE.  False when one of them is malformed, or
 * of a form that no x86-64 compiler writes. */
bool cfi_read_entry(struct fde *fde, const struct cfi_module *m, uintptr_t at);

/* The pointer at the cursor in a DW_EH_PE encoding; `data_base` is what
 * data-relative ones are relative to.  Indirect ones are refused. */
uint64_t cfi_take_pointer(struct bytes *b, uint8_t encoding, uintptr_t data_base);

#endif
