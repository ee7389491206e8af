#include "suite.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "../../preload/cfi.h"

/* One module of two pages between two that cannot be read, so that a read
 * outside of it is a crash.  The text is said to be in its first page. */
enum { PAGE = 4096, ROOM = 2 * PAGE, HEADER = PAGE, FRAME = PAGE + 64 };

struct image {
        uint8_t *low;
        size_t at; /* where the next byte of .eh_frame goes */
        unsigned entries;
        size_t cie;
};

static struct image image_make(void)
{
        uint8_t *all = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct image image = { .low = all + PAGE, .at = FRAME };

        ck_assert_int_eq(mprotect(image.low, ROOM, PROT_READ | PROT_WRITE), 0);
        /* version 1, pointer pc-relative sdata4, count udata4, table datarel sdata4 */
        memcpy(image.low + HEADER, "\x01\x1b\x03\x3b", 4);
        return image;
}

static void image_free(struct image *image)
{
        munmap(image->low - PAGE, ROOM + 2 * PAGE);
}

static void put(struct image *image, const void *bytes, size_t count)
{
        memcpy(image->low + image->at, bytes, count);
        image->at += count;
}

static void put_u32(struct image *image, uint32_t v)
{
        put(image, &v, sizeof v);
}

/* Puts an entry: `head` is what stands behind the length. */
static void put_cie(struct image *image, const char *augmentation, size_t augmentation_bytes, const void *program,
                    size_t bytes)
{
        size_t start = image->at;
        uint32_t length;

        put_u32(image, 0);
        put_u32(image, 0);
        put(image, "\x01", 1);
        put(image, augmentation, augmentation_bytes);
        /* code alignment 1, data alignment -8, return address in register 16 */
        put(image, "\x01\x78\x10", 3);
        if (augmentation[0] == 'z')
                put(image, "\x01\x1b", 2);
        put(image, program, bytes);
        length = (uint32_t)(image->at - start - 4);
        memcpy(image->low + start, &length, 4);
        image->cie = start;
}

static void put_fde(struct image *image, uint32_t text, uint32_t range, const void *program, size_t bytes)
{
        size_t start = image->at;
        uint32_t length;
        int32_t row[2];

        put_u32(image, 0);
        put_u32(image, (uint32_t)(image->at - image->cie));
        put_u32(image, text - (uint32_t)image->at);
        put_u32(image, range);
        put(image, "\0", 1);
        put(image, program, bytes);
        length = (uint32_t)(image->at - start - 4);
        memcpy(image->low + start, &length, 4);
        row[0] = (int32_t)text - HEADER;
        row[1] = (int32_t)start - HEADER;
        memcpy(image->low + HEADER + 12 + 8 * image->entries, row, sizeof row);
        image->entries++;
        memcpy(image->low + HEADER + 8, &image->entries, 4);
}

#define CIE_PROGRAM "\x0c\x07\x08\x90\x01" /* def_cfa sp, 8; ra at cfa - 8 */

static void put_usual_cie(struct image *image)
{
        put_cie(image, "zR", 3, CIE_PROGRAM, 5);
}

static struct cfi_rule at(const struct image *image, uint32_t text)
{
        struct cfi_module module = { image->low, image->low + ROOM, image->low + HEADER };

        return cfi_rule_at(&module, (uintptr_t)image->low + text);
}

/* The rule at `text` of a function at 0x100 with the program given. */
static struct cfi_rule rule(uint32_t text, const char *program, size_t bytes)
{
        struct image image = image_make();
        struct cfi_rule r;

        put_usual_cie(&image);
        put_fde(&image, 0x100, 0x40, program, bytes);
        r = at(&image, text);
        image_free(&image);
        return r;
}

#define RULE(text, program) rule(text, program, sizeof(program) - 1)

START_TEST(the_rows_of_a_usual_function)
{
        /* push %rbp; mov %rsp, %rbp; ...; leave; ret */
        static const char program[] = "\x41\x0e\x10\x86\x02\x43\x0d\x06\x5c\x0c\x07\x08";
        struct cfi_rule r = RULE(0x100, program);

        ck_assert_int_eq(r.kind, CFI_STEP);
        ck_assert_int_eq(r.cfa, CFI_CFA_SP);
        ck_assert_int_eq(r.cfa_offset, 8);
        ck_assert_int_eq(r.fp, CFI_FP_KEPT);
        r = RULE(0x101, program);
        ck_assert_int_eq(r.cfa, CFI_CFA_SP);
        ck_assert_int_eq(r.cfa_offset, 16);
        ck_assert_int_eq(r.fp, CFI_FP_AT_CFA);
        ck_assert_int_eq(r.fp_offset, -16);
        r = RULE(0x104, program);
        ck_assert_int_eq(r.cfa, CFI_CFA_FP);
        ck_assert_int_eq(r.cfa_offset, 16);
        r = RULE(0x11f, program);
        ck_assert_int_eq(r.cfa, CFI_CFA_FP);
        r = RULE(0x120, program);
        ck_assert_int_eq(r.cfa, CFI_CFA_SP);
        ck_assert_int_eq(r.cfa_offset, 8);
        ck_assert_int_eq(r.fp, CFI_FP_AT_CFA);
}
END_TEST

START_TEST(remembered_rows_come_back)
{
        static const char program[] = "\x0e\x20\x0a\x44\x0e\x08\x44\x0b";

        ck_assert_int_eq(RULE(0x100, program).cfa_offset, 32);
        ck_assert_int_eq(RULE(0x104, program).cfa_offset, 8);
        ck_assert_int_eq(RULE(0x108, program).cfa_offset, 32);
        ck_assert_int_eq(RULE(0x100, "\x0b").kind, CFI_ODD);
}
END_TEST

START_TEST(realigned_frames)
{
        /* CFA = *(rbp - 8), rbp at rbp + 0 */
        struct cfi_rule r = RULE(0x110, "\x0f\x03\x76\x78\x06\x10\x06\x02\x76\x00");

        ck_assert_int_eq(r.kind, CFI_STEP);
        ck_assert_int_eq(r.cfa, CFI_CFA_FP_DEREF);
        ck_assert_int_eq(r.cfa_offset, -8);
        ck_assert_int_eq(r.fp, CFI_FP_AT_FP);
        ck_assert_int_eq(r.fp_offset, 0);
}
END_TEST

START_TEST(the_outermost_frame)
{
        ck_assert_int_eq(RULE(0x110, "\x07\x10").kind, CFI_END);
}
END_TEST

START_TEST(what_is_not_said_in_rules_is_odd)
{
        ck_assert_int_eq(RULE(0x110, "\x0c\x0a\x00").kind, CFI_ODD);         /* CFA in r10 */
        ck_assert_int_eq(RULE(0x110, "\x0f\x02\x77\x08").kind, CFI_STEP);    /* CFA = rsp + 8 */
        ck_assert_int_eq(RULE(0x110, "\x0f\x03\x77\x08\x06").kind, CFI_ODD); /* CFA = *(rsp + 8) */
        ck_assert_int_eq(RULE(0x110, "\x0f\x03\x30\x31\x22").kind, CFI_ODD); /* an expression */
        ck_assert_int_eq(RULE(0x110, "\x90\x02").kind, CFI_ODD);             /* ra elsewhere */
        ck_assert_int_eq(RULE(0x110, "\x09\x10\x03").kind, CFI_ODD);         /* ra in rbx */
        ck_assert_int_eq(RULE(0x110, "\x07\x06").kind, CFI_ODD);             /* rbp undefined */
        ck_assert_int_eq(RULE(0x110, "\x16\x06\x01\x50").kind, CFI_ODD);     /* rbp by expression */
        ck_assert_int_eq(RULE(0x110, "\x3e").kind, CFI_ODD);                 /* unknown instruction */
        ck_assert_int_eq(RULE(0x110, "\x0f\x7f\x77").kind, CFI_ODD);         /* cut */
        ck_assert_int_eq(RULE(0x110, "\x0e\xff\xff\xff\xff\xff\xff").kind, CFI_ODD);
        ck_assert_int_eq(RULE(0x110, "\x83\x02\x8c\x03\x2e\x10\x00").kind, CFI_STEP);
}
END_TEST

START_TEST(addresses_without_a_function)
{
        static const char none[] = "";
        struct image image = image_make();

        put_usual_cie(&image);
        put_fde(&image, 0x100, 0x40, none, 0);
        put_fde(&image, 0x200, 0x40, "\x0e\x10", 2);
        put_fde(&image, 0x300, 0x40, "\x0e\x18", 2);
        ck_assert_int_eq(at(&image, 0xff).kind, CFI_NONE);
        ck_assert_int_eq(at(&image, 0x100).cfa_offset, 8);
        ck_assert_int_eq(at(&image, 0x13f).cfa_offset, 8);
        ck_assert_int_eq(at(&image, 0x140).kind, CFI_NONE);
        ck_assert_int_eq(at(&image, 0x23f).cfa_offset, 16);
        ck_assert_int_eq(at(&image, 0x33f).cfa_offset, 24);
        ck_assert_int_eq(at(&image, 0x340).kind, CFI_NONE);
        image_free(&image);
}
END_TEST

START_TEST(plain_cies_use_whole_pointers)
{
        struct image image = image_make();
        uint64_t start = (uintptr_t)image.low + 0x100, range = 0x10;
        uint32_t length = 4 + 8 + 8;
        int32_t row[2] = { 0x100 - HEADER };

        put_cie(&image, "", 1, CIE_PROGRAM, 5);
        row[1] = (int32_t)image.at - HEADER;
        put_u32(&image, length);
        put_u32(&image, (uint32_t)(image.at - image.cie));
        put(&image, &start, 8);
        put(&image, &range, 8);
        memcpy(image.low + HEADER + 12, row, sizeof row);
        image.low[HEADER + 8] = 1;
        ck_assert_int_eq(at(&image, 0x108).kind, CFI_STEP);
        ck_assert_int_eq(at(&image, 0x108).cfa_offset, 8);
        ck_assert_int_eq(at(&image, 0x110).kind, CFI_NONE);
        image_free(&image);
}
END_TEST

/* Every byte of a sound table, bent in every way, and every word set to the
 * values that overflow: no read outside, and an answer. */
START_TEST(damage_is_survived)
{
        static const char program[] =
                "\x41\x0e\x10\x86\x02\x43\x0d\x06\x0a\x5c\x0c\x07\x08\x44\x0b\x0f\x03\x76\x78\x06";
        static const uint32_t words[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0, ROOM, 0x1000 };
        struct image image = image_make();
        size_t end;

        put_usual_cie(&image);
        put_fde(&image, 0x100, 0x40, program, sizeof program - 1);
        put_fde(&image, 0x200, 0x40, program, sizeof program - 1);
        end = image.at;
        for (size_t i = HEADER; i < end; i++) {
                uint8_t old = image.low[i];

                for (unsigned v = 0; v < 256; v++) {
                        image.low[i] = (uint8_t)v;
                        ck_assert_int_le(at(&image, 0x120).kind, CFI_NONE);
                }
                image.low[i] = old;
        }
        for (size_t i = HEADER; i + 4 <= end; i++) {
                uint32_t old;

                memcpy(&old, image.low + i, 4);
                for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
                        memcpy(image.low + i, &words[w], 4);
                        ck_assert_int_le(at(&image, 0x120).kind, CFI_NONE);
                }
                memcpy(image.low + i, &old, 4);
        }
        image_free(&image);
}
END_TEST

START_TEST(noise_is_survived)
{
        struct image image = image_make();
        uint64_t seed = 1;

        for (int round = 0; round < 3000; round++) {
                for (size_t i = HEADER; i < ROOM; i += 8) {
                        uint64_t word;

                        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                        word = seed ^ seed >> 29;
                        /* Half of the bytes zero: lengths and counts that are small. */
                        word &= seed >> 3 | UINT64_C(0xff);
                        memcpy(image.low + i, &word, 8);
                }
                memcpy(image.low + HEADER, "\x01\x1b\x03\x3b", 4);
                for (uint32_t text = 0; text < PAGE; text += 509)
                        ck_assert_int_le(at(&image, text).kind, CFI_NONE);
        }
        image_free(&image);
}
END_TEST

/* A table at the very end of what can be read, shorter by one byte each time. */
START_TEST(every_cut_is_survived)
{
        struct image image = image_make();
        struct cfi_module module = { image.low, image.low + ROOM, NULL };
        size_t bytes;

        put_usual_cie(&image);
        put_fde(&image, 0x100, 0x40, "\x41\x0e\x10\x86\x02", 5);
        bytes = image.at - HEADER;
        for (size_t cut = 0; cut <= bytes; cut++) {
                uint8_t *header = image.low + ROOM - (bytes - cut);

                memmove(header, image.low + HEADER, bytes - cut);
                module.header = header;
                ck_assert_int_le(cfi_rule_at(&module, (uintptr_t)header - HEADER + 0x110).kind, CFI_NONE);
        }
        image_free(&image);
}
END_TEST

SUITE_MAIN("cfi", the_rows_of_a_usual_function, remembered_rows_come_back, realigned_frames, the_outermost_frame,
           what_is_not_said_in_rules_is_odd, addresses_without_a_function, plain_cies_use_whole_pointers,
           damage_is_survived, noise_is_survived, every_cut_is_survived)
