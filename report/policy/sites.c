#include "sites.h"

#include "../emit/frames.h"
#include "naming.h"

#include <string.h>

enum { STACKS_MOST = 256 }; /* in the scratch memory */

#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

void sites_init(struct sites *sites, struct symbols *symbols, struct process *process)
{
        *sites = (struct sites){ .symbols = symbols, .process = process };
}

void sites_deinit(struct sites *sites)
{
        report_destroy(sites->scratch);
        sites->scratch = NULL;
}

static uint64_t mix(uint64_t hash, const void *data, size_t length)
{
        const uint8_t *byte = data;

        for (size_t i = 0; i < length; i++)
                hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
        return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
        return text ? mix(hash, text, strlen(text) + 1) : hash;
}

/* A function, or without a name the place in the module. */
static uint64_t hash_frame(const struct report_frame *frame)
{
        uint64_t hash = mix_text(mix_text(HASH_BEGIN, frame->module), frame->function);

        return frame->function ? hash : mix(hash, &frame->offset, sizeof frame->offset);
}

/* The functions as a set: in no order, each once; the allocation function is
 * none of them. */
static uint64_t hash_functions(const struct named_stack *stack)
{
        uint64_t sum = 0;

        for (size_t i = 1; i < stack->count; i++) {
                uint64_t hash = hash_frame(&stack->frames[i]);
                bool again = false;

                for (size_t k = 1; k < i && !again; k++)
                        again = hash_frame(&stack->frames[k]) == hash;
                sum += again ? 0 : hash * UINT64_C(0x9e3779b97f4a7c15);
        }
        return sum;
}

static int scratch(struct sites *sites)
{
        if (sites->scratch && sites->used++ < STACKS_MOST)
                return 0;
        report_destroy(sites->scratch);
        sites->scratch = report_create();
        sites->used = 0;
        return sites->scratch ? 0 : -1;
}

uint64_t sites_key(struct sites *sites, uint32_t stack)
{
        struct named_stack named;
        const struct report_frame *site;
        uint64_t hash;

        if (scratch(sites) || name_stack(sites->scratch, sites->symbols, sites->process, stack, &named)) {
                sites->failed = true;
                return 0;
        }
        site = frames_site(named.frames, named.count);
        hash = hash_functions(&named);
        if (!site)
                return hash;
        hash = mix(mix_text(mix(hash_frame(site), &hash, sizeof hash), site->file), &site->line, sizeof site->line);
        return site->line ? hash : mix(hash, &site->offset, sizeof site->offset);
}
