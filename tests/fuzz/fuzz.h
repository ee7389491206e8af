/*
 * fuzz.h: what a fuzz target is: one function that takes any bytes and must
 * not crash, hang or ask for memory that their number does not justify.  To
 * add one: write fuzz_NAME.c, put at least one seed into seeds/NAME/ and list
 * NAME in meson.build.
 */
#ifndef WEIR_FUZZ_H
#define WEIR_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
