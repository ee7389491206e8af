#include "snapshot.h"

const struct segment *snapshot_segment(const struct snapshot *snapshot, uint64_t address)
{
        size_t low = 0, high = snapshot->segment_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (snapshot->segments[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == snapshot->segment_count || address < snapshot->segments[low].start)
                return NULL;
        return &snapshot->segments[low];
}

const struct stack_frame *snapshot_frame(const struct snapshot *snapshot, uint64_t address)
{
        size_t low = 0, high = snapshot->frame_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (snapshot->frames[middle].high <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == snapshot->frame_count || address < snapshot->frames[low].low)
                return NULL;
        return &snapshot->frames[low];
}
