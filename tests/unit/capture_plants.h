/*
 * capture_plants.h: the values that capture_target.c plants and test_capture.c
 * looks for.  Each is PLANT_BASE + PLANT_STEP * its number.
 */
#ifndef WEIR_TEST_CAPTURE_PLANTS_H
#define WEIR_TEST_CAPTURE_PLANTS_H

#include <stdint.h>

#define PLANT_BASE UINT64_C(0x5afe10c0ffee0000)
#define PLANT_STEP UINT64_C(0x0000000100010008)
#define COROUTINE_STACK (256 * 1024)
#define SPARSE_SIZE (UINT64_C(1) << 36)

enum plant {
        PLANT_NOWHERE, /* the base itself, which is in .data */
        PLANT_DATA,
        PLANT_BSS,
        PLANT_MAIN_TLS,
        PLANT_THREAD_TLS,
        PLANT_MAIN_DYNAMIC_TLS,
        PLANT_THREAD_DYNAMIC_TLS,
        PLANT_LOW_KEY,
        PLANT_HIGH_KEY,
        PLANT_STACK,
        PLANT_DEAD_FRAME,
        PLANT_REGISTER,
        PLANT_VECTOR,
        PLANT_MALLOC_COROUTINE,
        PLANT_MMAP_COROUTINE,
        PLANT_SUSPENDED_COROUTINE,
        PLANT_BELOW_COROUTINE,
        PLANT_SIGNAL_STACK,
        PLANT_UNDER_SIGNAL,
        PLANT_DEAD_THREAD,
        PLANT_FREED,
        PLANT_UNKNOWN_MAPPING,
        PLANT_BLOCK_MAPPING,
        PLANT_SHARED_MAPPING,
        PLANT_OWN_MAPPING,
        PLANT_SPARSE,
        PLANT_HEAP,
        PLANT_LIBRARYS_OWN,
};

#endif
