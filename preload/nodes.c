#include "nodes.h"

#include <sys/mman.h>

#include "frame.h"
#include "raw.h"

#define CLOSED (~UINT64_C(0))

static const uint64_t PC_MASK = (UINT64_C(1) << 48) - 1;

/* ---- index memory ------------------------------------------------------ */

static size_t index_bytes(uint32_t entries)
{
        return (sizeof(struct nodes_index) + entries * sizeof(uint64_t) + 4095) & ~(size_t)4095;
}

/* Private, and empty again in a fork child, whose nodes are its own. */
static struct nodes_index *index_create(uint32_t entries)
{
        struct nodes_index *index = raw_mmap(NULL, index_bytes(entries), PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (index) {
                (void)raw_madvise(index, index_bytes(entries), MADV_WIPEONFORK);
                index->mask = entries - 1;
                index->shift = 32 - (uint32_t)__builtin_ctz(entries);
        }
        return index;
}

bool nodes_init(struct nodes *nodes, struct weir_node *table, uint32_t capacity, _Atomic uint32_t *next)
{
        struct nodes_index *index = index_create(NODES_INDEX_LEAST);
        uint32_t none = 0;

        if (!index)
                return false;
        nodes->table = table;
        nodes->capacity = capacity;
        nodes->next = next;
        atomic_compare_exchange_strong(next, &none, 1);
        atomic_store_explicit(&nodes->index, index, memory_order_release);
        return true;
}

/* ---- probing ----------------------------------------------------------- */

/* A search: the hash, and what the node must be. */
struct wanted {
        uint32_t hash;
        uint32_t detail;
        uint32_t count; /* frames to prove, innermost first */
        const struct trail_frame *frames;
        const struct nodes_request *request;
        uint32_t parent; /* of the outermost of them */
};

static uint64_t entry_of(uint32_t hash, uint32_t node)
{
        return (uint64_t)hash << 32 | node;
}

static uint32_t frame_detail(const struct trail_frame *frame)
{
        return (uint32_t)frame->flags << 8;
}

/* The module of a frame: that of the call, which may be the last instruction
 * of its module. */
static uint16_t module_of_frame(const struct nodes_request *request, const struct trail_frame *frame)
{
        return request->module(request->context, frame->pc - (frame->flags & WEIR_FRAME_EXACT ? 0 : 1));
}

/* Whether a node's address is the frame's, in the module that is there now. */
static bool same_pc(const struct nodes_request *request, uint64_t pc_module, const struct trail_frame *frame)
{
        if ((pc_module & PC_MASK) != (frame->pc & PC_MASK))
                return false;
        if (!request->by_module && pc_module >> 48)
                return true;
        return pc_module >> 48 == module_of_frame(request, frame);
}

/* Proves that `node` is the wanted path, frame by frame.  Remembers nodes in
 * no frame: a partial match must leave no trace. */
static bool proven(const struct nodes *nodes, const struct wanted *w, uint32_t node)
{
        uint32_t detail = w->detail;

        for (uint32_t i = 0; i < w->count; i++) {
                const struct weir_node *n;

                if (node == 0 || node >= nodes->capacity)
                        return false;
                n = &nodes->table[node];
                if (n->detail != (detail | frame_detail(&w->frames[i])) ||
                    !same_pc(w->request, n->pc_module, &w->frames[i]))
                        return false;
                node = n->parent;
                detail = 0;
        }
        return node == w->parent;
}

static uint32_t find(const struct nodes *nodes, const struct wanted *w)
{
        const struct nodes_index *index = atomic_load_explicit(&nodes->index, memory_order_acquire);

        while (index) {
                uint32_t at = w->hash >> index->shift;
                uint64_t entry;

                while ((entry = atomic_load_explicit(&index->entries[at & index->mask], memory_order_acquire)) !=
                       CLOSED) {
                        if (entry == 0)
                                return 0;
                        if (entry >> 32 == w->hash && proven(nodes, w, (uint32_t)entry))
                                return (uint32_t)entry;
                        at++;
                }
                index = atomic_load_explicit(&index->next, memory_order_acquire);
        }
        return 0;
}

/* ---- inserting --------------------------------------------------------- */

/* Puts `entry` where its probe ends, unless an equal path is met: then that
 * one's node is the answer.  `w` NULL: only the entry itself is equal, for
 * the copy to a larger index.  Growing begins in index_grow; once it has,
 * empty entries are closed instead of used. */
static uint32_t insert_in(struct nodes_index *index, const struct nodes *nodes, uint64_t entry, const struct wanted *w)
{
        uint32_t at = (uint32_t)(entry >> 32) >> index->shift;

        while (index) {
                _Atomic uint64_t *slot = &index->entries[at & index->mask];
                uint64_t found = atomic_load_explicit(slot, memory_order_acquire);

                if (found == 0) {
                        bool growing = atomic_load_explicit(&index->next, memory_order_acquire) != NULL;

                        if (atomic_compare_exchange_strong_explicit(slot, &found, growing ? CLOSED : entry,
                                                                    memory_order_acq_rel, memory_order_acquire)) {
                                if (!growing) {
                                        atomic_fetch_add_explicit(&index->used, 1, memory_order_relaxed);
                                        return (uint32_t)entry;
                                }
                                found = CLOSED;
                        }
                }
                if (found == CLOSED) {
                        index = atomic_load_explicit(&index->next, memory_order_acquire);
                        at = index ? (uint32_t)(entry >> 32) >> index->shift : 0;
                        continue;
                }
                if (found == entry || (w && found >> 32 == entry >> 32 && proven(nodes, w, (uint32_t)found)))
                        return (uint32_t)found;
                at++;
        }
        return 0;
}

/* Copies all of `old` to the next index, which this thread made. */
static void migrate(struct nodes *nodes, struct nodes_index *old)
{
        struct nodes_index *next = atomic_load_explicit(&old->next, memory_order_acquire), *expected = old;

        for (uint32_t i = 0; i <= old->mask; i++) {
                uint64_t entry = 0;

                if (!atomic_compare_exchange_strong_explicit(&old->entries[i], &entry, CLOSED, memory_order_acq_rel,
                                                             memory_order_acquire) &&
                    entry != CLOSED)
                        insert_in(next, nodes, entry, NULL);
        }
        atomic_compare_exchange_strong(&nodes->index, &expected, next);
}

/* Begins to grow when half full, and finishes unless another thread does.
 * Without memory the index fills up to a reserve that keeps an end for every
 * probe; false then. */
static bool index_grow(struct nodes *nodes)
{
        struct nodes_index *index = atomic_load_explicit(&nodes->index, memory_order_acquire), *next, *none = NULL;
        uint32_t used;

        while ((next = atomic_load_explicit(&index->next, memory_order_acquire)) != NULL)
                index = next;
        used = atomic_load_explicit(&index->used, memory_order_relaxed);
        if (used <= index->mask / 2)
                return true;
        next = index_create((index->mask + 1) * 2);
        if (!next)
                return used < index->mask - index->mask / 8;
        if (atomic_compare_exchange_strong(&index->next, &none, next))
                migrate(nodes, index);
        else
                raw_munmap(next, index_bytes(next->mask + 1));
        return true;
}

static uint32_t take_node(struct nodes *nodes)
{
        uint32_t next;

        /* A signal handler that forked leaves this code running in the child
         * over a wiped, that is full, table. */
        if (nodes->capacity == 0)
                return 0;
        next = atomic_load_explicit(nodes->next, memory_order_relaxed);
        do
                if (next == 0 || next >= nodes->capacity)
                        return 0;
        while (!atomic_compare_exchange_weak_explicit(nodes->next, &next, next + 1, memory_order_relaxed,
                                                      memory_order_relaxed));
        return next;
}

/* Makes the node of one frame whose parent is known; 0 when there is no room. */
static uint32_t make(struct nodes *nodes, const struct wanted *w)
{
        const struct trail_frame *frame = w->frames;
        uint32_t node;

        if (!index_grow(nodes) || (node = take_node(nodes)) == 0)
                return 0;
        nodes->table[node] = (struct weir_node){
                .pc_module = ((uint64_t)frame->pc & PC_MASK) | (uint64_t)module_of_frame(w->request, frame) << 48,
                .parent = w->parent,
                .detail = w->detail | frame_detail(frame),
        };
        return insert_in(atomic_load_explicit(&nodes->index, memory_order_acquire), nodes, entry_of(w->hash, node), w);
}

/* ---- paths ------------------------------------------------------------- */

static uint32_t extend_hash(uint32_t hash, uintptr_t pc, uint32_t detail)
{
        uint64_t x = ((uint64_t)hash << 32 | (detail * 0x9e3779b9u)) ^ pc;

        x *= UINT64_C(0x9e3779b97f4a7c15);
        x ^= x >> 32;
        x *= UINT64_C(0xd6e8feb86659fd93);
        return (uint32_t)(x >> 32);
}

static void hash_frames(const struct nodes_request *r)
{
        uint32_t hash = r->outside.hash;

        for (uint32_t i = r->count; i-- > 0;) {
                uint32_t detail = frame_detail(&r->frames[i]) | (i ? 0 : (uint32_t)r->function);

                hash = extend_hash(hash, r->frames[i].pc, detail);
                r->frames[i].hash = hash;
        }
}

/* The leaf is known: its parents are the nodes of the other frames. */
static void name_frames(const struct nodes *nodes, const struct nodes_request *r, uint32_t leaf)
{
        for (uint32_t i = 0; i < r->count; i++) {
                r->frames[i].node = leaf;
                leaf = nodes->table[leaf].parent;
        }
}

/* Finds or makes node after node, outermost first. */
static uint32_t intern_each(struct nodes *nodes, const struct nodes_request *r)
{
        struct wanted w = { .count = 1, .request = r, .parent = r->outside.node };
        bool fresh = false;

        for (uint32_t i = r->count; i-- > 0;) {
                uint32_t node = 0;

                w.frames = &r->frames[i];
                w.hash = w.frames->hash;
                w.detail = i ? 0 : (uint32_t)r->function;
                /* A node of this thread's own making has no children yet,
                 * unless another thread was quick; `make` meets those. */
                if (!fresh)
                        node = find(nodes, &w);
                if (node == 0) {
                        fresh = true;
                        node = make(nodes, &w);
                }
                if (node == 0)
                        return 0;
                r->frames[i].node = node;
                w.parent = node;
        }
        return w.parent;
}

uint32_t nodes_intern(struct nodes *nodes, const struct nodes_request *request)
{
        struct wanted leaf = {
                .detail = (uint32_t)request->function,
                .count = request->count,
                .frames = request->frames,
                .request = request,
                .parent = request->outside.node,
        };
        uint32_t node;

        hash_frames(request);
        leaf.hash = request->frames[0].hash;
        node = find(nodes, &leaf);
        if (node == 0)
                return intern_each(nodes, request);
        name_frames(nodes, request, node);
        return node;
}
