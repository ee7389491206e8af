#include "keep.h"

#include "findings.h"
#include "sites.h"
#include "telling.h"

enum { REFERENCES = 8 }; /* of one block, that are told */

int keep_prepare(struct keep *keep, const struct graph *graph, bool told, size_t limit, struct error *e)
{
        *keep = (struct keep){ .vtables = { .snapshot = graph->snapshot } };
        vtables_ask(&keep->vtables, graph->scan.first, graph->snapshot->block_count);
        if (!told)
                return 0;
        if (recounts_take(&keep->recounts, graph, NULL))
                return error_no_memory(e, "telling what keeps what");
        return live_cycles_find(&keep->cycles, graph, &keep->vtables, limit, e);
}

void keep_deinit(struct keep *keep)
{
        vtables_free(&keep->vtables);
        recounts_free(&keep->recounts);
        live_cycles_release(&keep->cycles);
}

static int tell(const struct telling *t, struct report_retained *r)
{
        const struct keepers *k = t->keepers;

        r->process = t->process->pid;
        r->blocks = k->retained.blocks[k->retained.root];
        r->bytes = k->retained.bytes[k->retained.root];
        r->inherited_blocks = k->inherited_blocks;
        r->inherited_bytes = k->inherited_bytes;
        r->typed_blocks = k->typed_blocks;
        r->typed_bytes = k->typed_bytes;
        return telling_sites(t, r) || telling_types(t, r) || telling_tree(t, r) || telling_points(t, r) ||
                               telling_top(t, r) || telling_cycles(t, r)
                       ? -1
                       : 0;
}

/* What equal keys are asked of. */
struct keys {
        struct sites sites;
        const struct telling *telling;
        bool failed;
};

static uint64_t site_key(void *context, uint32_t stack)
{
        return sites_key(&((struct keys *)context)->sites, stack);
}

/* By the name: what reads the same is one type. */
static uint64_t type_key(void *context, uint32_t stack, uint64_t vtable)
{
        struct keys *keys = context;
        const struct telling *t = keys->telling;
        struct finding_block block = { .stack = stack };
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        const char *type;

        if (findings_place(t->memory, t->graph->snapshot, vtable, &block.vtable) ||
            typing_block(t->typing, &block, &type)) {
                keys->failed = true;
                return 0;
        }
        if (!type)
                return 0;
        for (; *type; type++)
                hash = (hash ^ (unsigned char)*type) * UINT64_C(0x100000001b3);
        return hash ? hash : 1;
}

int keep_find(struct keep *keep, const struct graph *graph, struct process *process,
              const struct keep_options *options, struct report *memory, struct report_retained *retained,
              struct error *e)
{
        struct holders holders;
        struct keepers keepers = { 0 };
        struct typing typing = { .report = memory, .symbols = options->symbols, .process = process };
        const struct telling telling = { .keep = keep,
                                         .graph = graph,
                                         .process = process,
                                         .symbols = options->symbols,
                                         .typing = &typing,
                                         .memory = memory,
                                         .holders = &holders,
                                         .keepers = &keepers };
        struct keys keys = { .telling = &telling };
        struct keepers_options wanted = {
                .site = site_key, .type = type_key, .context = &keys, .limit = options->limit, .references = REFERENCES
        };
        int status;

        sites_init(&keys.sites, options->symbols, process);
        status = holders_find(&holders, graph, options->symbols, process, e);
        if (!status) {
                wanted.holders = &holders.map;
                status = keepers_run(&keepers, graph, &keep->vtables, &keep->recounts, &wanted, e);
        }
        if (!status && (keys.sites.failed || keys.failed || tell(&telling, retained)))
                status = error_no_memory(e, "telling what keeps what");
        typing_deinit(&typing);
        keepers_release(&keepers);
        holders_deinit(&holders);
        sites_deinit(&keys.sites);
        return status;
}
