#include "holders.h"

#include "../graph/table.h"
#include "../mem.h"
#include "findings.h"
#include "naming.h"

struct holder {
        uint32_t root;    /* index in snapshot.roots of one of its words */
        uint64_t address; /* of the variable's start, or of that word; ROOT_REGISTER: offset of the word */
        bool frames;      /* a stack of which several frames hold something */
};

/* The root at hand; words come root by root. */
struct walk {
        struct holders *holders;
        struct table known;
        uint32_t root;
        struct symbol_module *module; /* of ROOT_GLOBAL */
        uint64_t bias;
};

static int enter_root(struct walk *walk, uint32_t index)
{
        const struct holders *h = walk->holders;
        const struct snapshot *snapshot = h->graph->snapshot;
        const struct segment *segment = findings_global(snapshot, &snapshot->roots[index]);

        walk->root = index;
        walk->module = NULL;
        if (!segment)
                return 0;
        walk->bias = segment->bias;
        walk->module = name_module_at(h->symbols, h->process, segment->path);
        return walk->module ? 0 : -1;
}

/* Where the variable begins that the address is in; the address itself where
 * no variable is known. */
static uint64_t variable_start(const struct walk *walk, uint64_t address)
{
        struct symbol_variable variable;

        if (!walk->module ||
            !symbols_variable(walk->holders->symbols, walk->module, address - walk->bias, &variable))
                return address;
        return address - variable.offset;
}

/* The key of the word's holder, and what tells its words from others'. */
static uint64_t key_of(const struct walk *walk, const struct root_edge *edge, uint64_t *address)
{
        const struct snapshot *snapshot = walk->holders->graph->snapshot;
        const struct root *root = &snapshot->roots[edge->root];
        uint64_t kind = (uint64_t)root->kind << 32 | root->thread;

        *address = root->kind == ROOT_REGISTER ? edge->offset : root->start + edge->offset;
        switch (root->kind) {
        case ROOT_GLOBAL:
                *address = variable_start(walk, *address);
                return hash_mix(kind, *address);
        case ROOT_STACK:
        case ROOT_TLS:
                return hash_mix(kind, 0);
        default:
                return hash_mix(kind, hash_mix(edge->root, *address));
        }
}

static int add(struct walk *walk, const struct root_edge *edge, uint32_t *index)
{
        struct holders *h = walk->holders;
        uint64_t address, key = key_of(walk, edge, &address), *slot;
        bool fresh;

        slot = table_put(&walk->known, key, &fresh);
        if (!slot)
                return -1;
        if (fresh) {
                if (h->map.count == UINT32_MAX ||
                    mem_grow(&h->list, &h->capacity, (size_t)h->map.count + 1, sizeof *h->list))
                        return -1;
                h->list[h->map.count] = (struct holder){ .root = edge->root, .address = address };
                *slot = h->map.count++;
        }
        *index = (uint32_t)*slot;
        if (!fresh && snapshot_frame(h->graph->snapshot, address) !=
                              snapshot_frame(h->graph->snapshot, h->list[*slot].address))
                h->list[*slot].frames = true;
        return 0;
}

int holders_find(struct holders *holders, const struct graph *graph, struct symbols *symbols, struct process *process,
                 struct error *e)
{
        const struct scan *scan = &graph->scan;
        struct walk walk = { .holders = holders, .root = UINT32_MAX };
        uint32_t *of = mem_alloc(scan->root_count, sizeof *of);
        int status = of ? 0 : -1;

        *holders = (struct holders){ .map.of = of, .graph = graph, .symbols = symbols, .process = process };
        for (uint64_t i = 0; i < scan->root_count && !status; i++) {
                if (scan->roots[i].root != walk.root)
                        status = enter_root(&walk, scan->roots[i].root);
                if (!status)
                        status = add(&walk, &scan->roots[i], &of[i]);
        }
        table_free(&walk.known);
        return status ? error_no_memory(e, "finding what keeps what") : 0;
}

void holders_deinit(struct holders *holders)
{
        mem_free((void *)(uintptr_t)holders->map.of);
        mem_free(holders->list);
        *holders = (struct holders){ 0 };
}

int holders_name(const struct holders *holders, uint32_t index, struct report *memory, const char **name)
{
        const struct snapshot *snapshot = holders->graph->snapshot;
        const struct holder *holder = &holders->list[index];
        const struct root *root = &snapshot->roots[holder->root];
        uint64_t offset = root->kind == ROOT_REGISTER ? holder->address : holder->address - root->start;
        struct finding_place place = { 0 };

        if (root->kind == ROOT_STACK && holder->frames)
                return findings_root(memory, snapshot, root, offset, name, &place);
        return name_root(memory, holders->symbols, holders->process, snapshot, holder->root, offset, name);
}
