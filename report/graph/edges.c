#include "edges.h"

#include "sort.h"

void edges_by_target(edge_t *edges, uint64_t *scratch, uint64_t count)
{
        sort_u64(edges, scratch, count);
}

/* Puts the word's bits first for the while. */
void edges_by_word(edge_t *edges, uint64_t *scratch, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++)
                edges[i] = edge_word(edges[i]) << 43 | edge_target(edges[i]) << 7 |
                           (edges[i] >> EDGE_WEAKNESS_SHIFT & 7) << 4 | (edges[i] & 15);
        sort_u64(edges, scratch, count);
        for (uint64_t i = 0; i < count; i++)
                edges[i] = (edges[i] >> 7 & ((1ull << 36) - 1)) << EDGE_TARGET_SHIFT |
                           (edges[i] >> 4 & 7) << EDGE_WEAKNESS_SHIFT | edges[i] >> 43 << EDGE_WORD_SHIFT |
                           (edges[i] & 15);
}

static uint64_t merge_short(edge_t *edges, uint64_t count)
{
        uint64_t kept = 0;
        bool moved = false;

        for (uint64_t i = 0; i < count; i++) {
                uint64_t j = 0;

                while (j < kept && edge_target(edges[j]) != edge_target(edges[i]))
                        j++;
                if (j == kept) {
                        edges[kept++] = edges[i];
                        continue;
                }
                uint64_t words = edge_count(edges[j]) + (uint64_t)edge_count(edges[i]);
                edge_t best = edge_strength(edges[i]) > edge_strength(edges[j]) ? edges[i] : edges[j];

                moved |= best == edges[i];
                edges[j] = (best & ~15ull) | ((words < EDGE_COUNT_MANY ? words : EDGE_COUNT_MANY) - 1);
        }
        if (moved)
                edges_by_word(edges, NULL, kept);
        return kept;
}

static uint64_t merge_long(edge_t *edges, struct edge_scratch *spare, uint64_t count)
{
        uint64_t kept = 0, *scratch = NULL;

        if (!mem_grow(&spare->edges, &spare->capacity, count, sizeof *spare->edges))
                scratch = spare->edges;
        edges_by_target(edges, scratch, count);
        for (uint64_t i = 0; i < count; i++) {
                uint64_t words;

                if (!kept || edge_target(edges[kept - 1]) != edge_target(edges[i])) {
                        edges[kept++] = edges[i];
                        continue;
                }
                words = edge_count(edges[kept - 1]) + (uint64_t)edge_count(edges[i]);
                edges[kept - 1] =
                        (edges[kept - 1] & ~15ull) | ((words < EDGE_COUNT_MANY ? words : EDGE_COUNT_MANY) - 1);
        }
        edges_by_word(edges, scratch, kept);
        return kept;
}

uint64_t edges_merge(edge_t *edges, uint64_t count, struct edge_scratch *spare)
{
        if (count > 16)
                return merge_long(edges, spare, count);
        return count > 1 ? merge_short(edges, count) : count;
}
