#include "sort.h"

#include <string.h>

enum { INSERTION_MAX = 48 };

static void sort_insertion(uint64_t *values, size_t count)
{
        for (size_t i = 1; i < count; i++) {
                uint64_t value = values[i];
                size_t at = i;

                for (; at > 0 && values[at - 1] > value; at--)
                        values[at] = values[at - 1];
                values[at] = value;
        }
}

static void sift_down(uint64_t *heap, size_t at, size_t count)
{
        uint64_t value = heap[at];

        for (size_t child; (child = 2 * at + 1) < count; at = child) {
                if (child + 1 < count && heap[child + 1] > heap[child])
                        child++;
                if (heap[child] <= value)
                        break;
                heap[at] = heap[child];
        }
        heap[at] = value;
}

static void sort_heap(uint64_t *values, size_t count)
{
        for (size_t i = count / 2; i-- > 0;)
                sift_down(values, i, count);
        for (size_t end = count; end-- > 1;) {
                uint64_t greatest = values[0];

                values[0] = values[end];
                values[end] = greatest;
                sift_down(values, 0, end);
        }
}

/* Least significant byte first; bytes that are equal everywhere are passed. */
static void sort_radix(uint64_t *values, uint64_t *scratch, size_t count)
{
        uint64_t *from = values, *to = scratch, differ = 0;

        for (size_t i = 1; i < count; i++)
                differ |= values[i] ^ values[0];
        for (unsigned shift = 0; shift < 64; shift += 8) {
                size_t start[257] = { 0 };
                uint64_t *swap = from;

                if (!(differ >> shift & 0xff))
                        continue;
                for (size_t i = 0; i < count; i++)
                        start[(from[i] >> shift & 0xff) + 1]++;
                for (unsigned byte = 0; byte < 256; byte++)
                        start[byte + 1] += start[byte];
                for (size_t i = 0; i < count; i++)
                        to[start[from[i] >> shift & 0xff]++] = from[i];
                from = to;
                to = swap;
        }
        if (from != values)
                memcpy(values, from, count * sizeof *values);
}

void sort_u64(uint64_t *values, uint64_t *scratch, size_t count)
{
        if (count <= INSERTION_MAX)
                sort_insertion(values, count);
        else if (!scratch)
                sort_heap(values, count);
        else
                sort_radix(values, scratch, count);
}
