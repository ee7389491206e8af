#include "suite.h"

#include "collect/live_cells.h"
#include "mem.h"

#include <stdbool.h>

enum { HELD = 4000, STEPS = 200000, BITS = 8, SLAB_BYTES = 1 << 16 };

struct held {
        struct live_cell *array;
        unsigned bits;
        uint64_t mark;
};

static uint64_t seed = 1;

static uint64_t chance(uint64_t below)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (seed >> 33) % below;
}

static bool all_are(const struct held *held, struct live_cell cell)
{
        bool same = true;

        for (size_t i = 0; i < (size_t)1 << held->bits; i++)
                same &= held->array[i].key == cell.key && held->array[i].body == cell.body;
        return same;
}

static void fill(struct live_cells *cells, struct held *held, unsigned bits, uint64_t mark)
{
        *held = (struct held){ live_cells_take(cells, bits), bits, mark };
        ck_assert_ptr_nonnull(held->array);
        ck_assert_uint_eq((uintptr_t)held->array % sizeof *held->array, 0);
        ck_assert(all_are(held, (struct live_cell){ 0, 0 }));
        for (size_t i = 0; i < (size_t)1 << bits; i++)
                held->array[i] = (struct live_cell){ mark, ~mark };
}

static void empty(struct live_cells *cells, struct held *held)
{
        ck_assert(all_are(held, (struct live_cell){ held->mark, ~held->mark }));
        live_cells_give(cells, held->array, held->bits);
        held->array = NULL;
}

START_TEST(arrays_are_zero_and_apart)
{
        static struct held held[HELD];
        struct live_cells cells = { 0 };

        for (uint64_t step = 1; step <= STEPS; step++) {
                struct held *one = &held[chance(HELD)];

                if (one->array)
                        empty(&cells, one);
                else
                        fill(&cells, one, (unsigned)chance(BITS + 1), step);
        }
        for (unsigned i = 0; i < HELD; i++)
                if (held[i].array)
                        empty(&cells, &held[i]);
        live_cells_deinit(&cells);
        ck_assert_uint_eq(cells.bytes, 0);
}
END_TEST

START_TEST(the_largest_arrays)
{
        struct live_cells cells = { 0 };
        struct held held[20];

        for (unsigned i = 0; i < 20; i++)
                fill(&cells, &held[i], LIVE_CELLS_BITS_MAX, i);
        for (unsigned i = 0; i < 20; i++)
                empty(&cells, &held[i]);
        live_cells_deinit(&cells);
}
END_TEST

/* What arrays of one size had is there for those of every other size. */
START_TEST(slabs_serve_any_size)
{
        static struct held held[8 * HELD];
        struct live_cells cells = { 0 };
        size_t most = 0;

        for (unsigned bits = 0; bits <= BITS; bits++) {
                size_t count = HELD * 8 >> bits, bytes = (count * sizeof(struct live_cell)) << bits;

                for (size_t i = 0; i < count; i++)
                        fill(&cells, &held[i], bits, i);
                for (size_t i = 0; i < count; i++)
                        empty(&cells, &held[i]);
                most = most > bytes ? most : bytes;
        }
        ck_assert_uint_le(cells.bytes, most + most / 2 + 8 * SLAB_BYTES);
        live_cells_deinit(&cells);
}
END_TEST

START_TEST(without_memory)
{
        struct live_cells cells = { 0 };

        for (size_t nth = 1; nth <= 2; nth++) {
                mem_fail_after(nth);
                ck_assert_ptr_null(live_cells_take(&cells, 2));
                mem_fail_after(0);
        }
        ck_assert_ptr_nonnull(live_cells_take(&cells, 2));
        live_cells_deinit(&cells);
}
END_TEST

SUITE_MAIN("live_cells", arrays_are_zero_and_apart, the_largest_arrays, slabs_serve_any_size, without_memory)
