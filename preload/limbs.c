#include "limbs.h"

#include "frame.h"
#include "rules.h"

/* ---- what a step depends on -------------------------------------------- */

static bool uses_fp(const struct trail_frame *frame, bool outer_live)
{
        struct cfi_rule rule;

        if (frame->rule == RULE_END)
                return false;
        if (!(frame->rule & RULE_LONG))
                return frame->rule & RULE_FROM_FP;
        rule = rules_long(frame->rule);
        return rule.cfa != CFI_CFA_SP || (rule.fp == CFI_FP_AT_FP && outer_live);
}

void limbs_mark_live(struct trail *trail, bool outer_live)
{
        for (uint32_t i = trail->count; i-- > 0;) {
                struct trail_frame *frame = &trail->frames[i];
                bool restored = frame->fp_word != 0;

                frame->live = uses_fp(frame, outer_live) || (!restored && outer_live);
                if (!outer_live)
                        frame->fp_word = 0;
                outer_live = frame->live;
        }
}

/* ---- runs -------------------------------------------------------------- */

/* Adds a word that a frame at `sp` read, if it can be told with the others. */
static bool add_word(struct limb_run *run, uintptr_t address, uintptr_t value, uintptr_t sp)
{
        uintptr_t low = run->count && run->low < address ? run->low : address;
        uintptr_t high = run->count && run->high > address ? run->high : address;

        if (run->count == LIMB_WORDS || address < sp || (address - sp) % 8)
                return false;
        if ((high - low) / 8 > LIMB_REACH || (run->count && (address - run->low) % 8))
                return false;
        run->low = low;
        run->high = high;
        run->addresses[run->count] = address;
        run->values[run->count++] = value;
        return true;
}

/* Adds the words that the step out of `frame` read, three at most, as kept by
 * limbs_mark_live.  False when they cannot all be told: then none is added. */
static bool add_step(struct limb_run *run, const struct trail_frame *frame)
{
        const struct trail_frame *outer = frame + 1;
        unsigned count = run->count;
        uintptr_t low = run->low, high = run->high;

        if (add_word(run, outer->sp - ARCH_RA_BELOW_CFA, outer->pc, frame->sp) &&
            (!frame->base_word || add_word(run, frame->base_word, outer->sp, frame->sp)) &&
            (!frame->fp_word || add_word(run, frame->fp_word, outer->fp, frame->sp)))
                return true;
        run->count = count;
        run->low = low;
        run->high = high;
        return false;
}

void limb_run_tell(const struct limb_run *run, struct words *words, unsigned groups)
{
        for (unsigned i = 0; i < groups * WORD_GROUP; i++) {
                unsigned k = i < run->count ? run->count - 1 - i : 0;

                words[i / WORD_GROUP].offsets[i % WORD_GROUP] = (uint16_t)((run->addresses[k] - run->low) / 8);
                words[i / WORD_GROUP].values[i % WORD_GROUP] = run->values[k];
        }
}

/* ---- limbs ------------------------------------------------------------- */

static uint64_t hash_of(const struct trail_frame *frame, const struct limb *outer)
{
        return store_mix(store_mix((uintptr_t)outer ^ (uint64_t)frame->node << 32) + frame->sp);
}

/* Whether the limb is of this frame and of what the walk has just read. */
static bool is_limb(const struct limb *l, const struct trail_frame *frame, const struct limb *outer)
{
        return l->node == frame->node && l->outer == outer && limb_sp(l) == frame->sp && l->pc == frame->pc &&
               l->live == frame->live && (!l->live || l->fp[0] == frame->fp) && limb_holds(l);
}

static const struct limb *find(const struct store *s, uint64_t hash, const struct trail_frame *frame,
                               const struct limb *outer)
{
        const uint32_t *bucket = store_bucket(s, hash);

        for (int i = 0; i < STORE_WAYS; i++) {
                const struct limb *l = store_at(s, bucket[i]);

                if (store_meant(bucket[i], store_tag(hash, STORE_LIMB)) && is_limb(l, frame, outer))
                        return l;
        }
        return NULL;
}

static const struct limb *make(struct store *s, const struct trail_frame *frame, const struct limb *outer,
                               const struct limb_run *run)
{
        uint64_t hash = hash_of(frame, outer);
        uintptr_t below = (run->low - frame->sp) / 8;
        struct limb *l = (struct limb *)find(s, hash, frame, outer);

        if (l || below > UINT32_MAX)
                return l;
        l = store_take(s, sizeof *l + (frame->live ? sizeof l->fp[0] : 0));
        if (!l)
                return NULL;
        *l = (struct limb){
                .outer = outer,
                .second = outer ? outer->outer : NULL,
                .base = (const arch_word *)run->low,
                .pc = frame->pc,
                .below = (uint32_t)below,
                .node = frame->node,
                .hash = frame->hash,
                .live = frame->live,
        };
        if (frame->live)
                l->fp[0] = frame->fp;
        limb_run_tell(run, l->words, LIMB_GROUPS);
        store_index(s, hash, STORE_LIMB, l);
        return l;
}

bool limbs_make(struct store *s, const struct trail *trail, const struct limb **outer, struct limb_run *run)
{
        uint32_t steps = *outer ? trail->count : trail->count - 1;

        run->count = 0;
        run->low = run->high = 0;
        for (uint32_t i = steps; i-- > 0;) {
                const struct trail_frame *frame = &trail->frames[i];
                const struct limb *l;

                if (add_step(run, frame))
                        continue;
                l = run->count ? make(s, frame + 1, *outer, run) : NULL;
                if (!l)
                        return false;
                *outer = l;
                run->count = 0;
                if (!add_step(run, frame))
                        return false;
        }
        return run->count != 0;
}
