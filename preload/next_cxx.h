/*
 * next_cxx.h: fills the C++ part of the table of next definitions.
 */
#ifndef WEIR_NEXT_CXX_H
#define WEIR_NEXT_CXX_H

/* Every operator that is still NULL becomes a function that looks again when
 * it is called. */
void next_cxx_complete(void);

#endif
