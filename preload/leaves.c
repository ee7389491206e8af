#include "leaves.h"

struct leaf *leaf_make(struct store *s, const struct trail_frame *frame, enum weir_function function,
                       const struct limb *outer, const struct limb_run *run, uint32_t id)
{
        unsigned groups = (run->count + WORD_GROUP - 1) / WORD_GROUP;
        struct leaf *leaf;

        if ((run->low - frame->sp) / 8 > UINT32_MAX)
                return NULL;
        leaf = store_take(s, sizeof *leaf + groups * sizeof leaf->words[0] + (frame->live ? sizeof frame->fp : 0));
        if (!leaf)
                return NULL;
        *leaf = (struct leaf){
                .key = leaf_key(frame->pc, function),
                .sp = frame->sp,
                .outer = outer,
                .id = id & LOOKUP_NUMBERS,
                .more = (groups - 1) & 0x7f,
                .live = frame->live,
                .above = (uint32_t)((run->low - frame->sp) / 8),
        };
        limb_run_tell(run, leaf->words, groups);
        if (frame->live)
                *(uintptr_t *)&leaf->words[groups] = frame->fp;
        return leaf;
}
