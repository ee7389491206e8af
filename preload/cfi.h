/*
 * cfi.h: what a module's call-frame information says about one address.
 *
 * Reads .eh_frame through the sorted table of .eh_frame_hdr and runs the
 * call-frame program up to one address.  Keeps only what a walk of return
 * addresses needs: how the canonical frame address (CFA) is found, where the
 * caller's frame pointer is, and whether the walk ends here.
 *
 * Does not look for modules and keeps nothing.  Every read is bounded by the
 * range given; a malformed table yields CFI_ODD, never a read outside.
 */
#ifndef WEIR_CFI_H
#define WEIR_CFI_H

#include <stdint.h>

/* The bytes of one module that may be read.  Both ranges are usually the whole
 * module; one that the kernel mapped with gaps has a range for each segment. */
struct cfi_module {
        const uint8_t *low, *high;           /* [low, high): mapped, around the tables */
        const uint8_t *header;               /* .eh_frame_hdr, inside of it */
        const uint8_t *text_low, *text_high; /* mapped, around the address asked for */
};

enum cfi_cfa {
        CFI_CFA_SP,       /* CFA = sp + cfa_offset */
        CFI_CFA_FP,       /* CFA = fp + cfa_offset */
        CFI_CFA_FP_DEREF, /* CFA = *(fp + cfa_offset): a realigned frame */
};

enum cfi_fp {
        CFI_FP_KEPT,   /* the register still holds the caller's value */
        CFI_FP_AT_CFA, /* saved at CFA + fp_offset */
        CFI_FP_AT_FP,  /* saved at fp + fp_offset */
};

enum cfi_kind {
        CFI_STEP,   /* the rule below; the return address is at CFA - 8 */
        CFI_END,    /* the outermost frame: it has no return address */
        CFI_SIGNAL, /* the kernel's signal frame; the machine context is on the stack */
        CFI_ODD,    /* anything that cannot be said in these words, or is damaged */
        CFI_NONE,   /* no information for this address */
};

struct cfi_rule {
        uint8_t kind; /* enum cfi_kind; the rest only means something for CFI_STEP */
        uint8_t cfa;  /* enum cfi_cfa */
        uint8_t fp;   /* enum cfi_fp */
        int32_t cfa_offset;
        int32_t fp_offset;
};

/* The rule in force at `address`, which is the address of an instruction: for
 * a return address one less than it. */
struct cfi_rule cfi_rule_at(const struct cfi_module *module, uintptr_t address);

#endif
