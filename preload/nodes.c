#include "nodes.h"

#include "alone.h"
#include "frame.h"

static const uint64_t PC_MASK = (UINT64_C(1) << 48) - 1;

/* ---- hashes ------------------------------------------------------------ */

/* Of a path, by that of its outer part and its innermost frame. */
static inline uint32_t extend_hash(uint32_t hash, uintptr_t pc, uint32_t detail)
{
        uint64_t x = (pc ^ (uint64_t)detail << 48) + hash * UINT64_C(0xd6e8feb86659fd93);

        return (uint32_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* What a set of lookup.h goes by. */
static inline uint32_t lookup_hash(uint32_t hash)
{
        return hash >> (32 - LOOKUP_HASH_BITS);
}

/* ---- nodes -------------------------------------------------------------- */

/* A node keeps those bits of its path's lookup_hash that its entry does not:
 * so the set can move without working out hashes, for which whole paths would
 * have to be read. */
enum {
        FRAME_ROOM = 32 - WEIR_NODE_FRAME_BITS,
        PARENT_ROOM = 32 - WEIR_NODE_PARENT_BITS,
};
_Static_assert(FRAME_ROOM + PARENT_ROOM == LOOKUP_HASH_BITS - LOOKUP_TAG_BITS, "all of them");

static struct weir_node node_of(uint32_t frame, uint32_t parent, uint32_t hash)
{
        uint32_t kept = lookup_hash(hash) >> LOOKUP_TAG_BITS;

        return (struct weir_node){
                .frame_bits = frame | kept << WEIR_NODE_FRAME_BITS,
                .parent_bits = parent | kept >> FRAME_ROOM << WEIR_NODE_PARENT_BITS,
        };
}

static void hash_paths(const void *owner, uint32_t *numbers, uint32_t count)
{
        const struct nodes *nodes = owner;

        for (uint32_t i = 0; i < count; i++) {
                struct weir_node n = nodes->table[numbers[i] < nodes->capacity ? numbers[i] : 0];
                uint32_t high = n.parent_bits >> WEIR_NODE_PARENT_BITS;

                numbers[i] = (n.frame_bits >> WEIR_NODE_FRAME_BITS | high << FRAME_ROOM) << LOOKUP_TAG_BITS;
        }
}

static void hash_frames(const void *owner, uint32_t *numbers, uint32_t count)
{
        const struct nodes *nodes = owner;

        for (uint32_t i = 0; i < count; i++) {
                const struct weir_frame *f = &nodes->frames[numbers[i] < nodes->frame_capacity ? numbers[i] : 0];

                numbers[i] = lookup_hash(extend_hash(0, f->pc_module & PC_MASK, f->detail));
        }
}

/* ---- the tables ---------------------------------------------------------- */

static uint32_t least(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

bool nodes_init(struct nodes *nodes)
{
        uint32_t none = 0;

        atomic_compare_exchange_strong(nodes->next, &none, 1);
        none = 0;
        atomic_compare_exchange_strong(nodes->next_frame, &none, 1);
        nodes->capacity = least(nodes->capacity, LOOKUP_NUMBERS);
        nodes->frame_capacity = least(nodes->frame_capacity, 1u << WEIR_NODE_FRAME_BITS);
        return lookup_init(&nodes->sites, nodes->next_frame, hash_frames, nodes) &&
               lookup_init(&nodes->paths, nodes->next, hash_paths, nodes);
}

/* The next number of a table, 0 when it is full. */
static uint32_t take_number(_Atomic uint32_t *next, uint32_t capacity)
{
        uint32_t number;

        /* A signal handler that forked leaves this code running in the child
         * over a wiped, that is full, table. */
        if (capacity == 0)
                return 0;
        number = atomic_load_explicit(next, memory_order_relaxed);
        do
                if (number == 0 || number >= capacity)
                        return 0;
        while (!alone_swap(alone_now(), next, &number, number + 1));
        return number;
}

/* ---- frames ------------------------------------------------------------ */

struct wanted_frame {
        const struct nodes *nodes;
        const struct nodes_request *request;
        const struct trail_frame *frame;
        uint32_t detail;
};

static inline uint32_t detail_of(const struct nodes_request *request, const struct trail_frame *frame)
{
        return (uint32_t)frame->flags << 8 | (frame == request->frames ? (uint32_t)request->function : 0);
}

/* The module of a frame: that of the call, which may be the last instruction
 * of its module. */
static uint16_t module_of_frame(const struct nodes_request *request, const struct trail_frame *frame)
{
        return request->module(request->context, frame->pc - (frame->flags & WEIR_FRAME_EXACT ? 0 : 1));
}

/* Whether a known frame is the wanted one, in the module that is there now. */
static inline bool is_frame(const struct nodes_request *request, const struct trail_frame *frame, uint32_t detail,
                            const struct weir_frame *known)
{
        if (known->detail != detail || ((known->pc_module ^ frame->pc) & PC_MASK))
                return false;
        if (likely(!request->by_module && known->pc_module >> 48))
                return true;
        return known->pc_module >> 48 == module_of_frame(request, frame);
}

static bool equal_frame(const void *wanted, uint32_t number)
{
        const struct wanted_frame *w = wanted;

        return number < w->nodes->frame_capacity &&
               is_frame(w->request, w->frame, w->detail, &w->nodes->frames[number]);
}

/* The number of a frame, 0 when there is no room. */
static uint32_t number_frame(struct nodes *nodes, const struct nodes_request *request, const struct trail_frame *frame)
{
        struct wanted_frame w = { nodes, request, frame, detail_of(request, frame) };
        uint32_t hash = lookup_hash(extend_hash(0, frame->pc & PC_MASK, w.detail));
        struct lookup_place place;
        uint32_t number = lookup_find(&nodes->sites, hash, equal_frame, &w, &place);

        if (number)
                return number;
        if (!lookup_reserve(&nodes->sites) || (number = take_number(nodes->next_frame, nodes->frame_capacity)) == 0)
                return 0;
        nodes->frames[number] = (struct weir_frame){
                .pc_module = ((uint64_t)frame->pc & PC_MASK) | (uint64_t)module_of_frame(request, frame) << 48,
                .detail = w.detail,
        };
        return lookup_insert(&nodes->sites, place, hash, number, equal_frame, &w);
}

/* ---- paths ------------------------------------------------------------- */

struct wanted_path {
        const struct nodes *nodes;
        const struct nodes_request *request;
        struct trail_frame *frames; /* innermost first */
        uint32_t count;
        uint32_t parent; /* of the outermost of them */
};

/* Proves that `node` is the wanted path, frame by frame, and names the frames'
 * nodes on the way; where it fails, the names mean nothing. */
static bool equal_path(const void *wanted, uint32_t node)
{
        const struct wanted_path *w = wanted;
        const struct nodes *nodes = w->nodes;
        const struct nodes_request *request = w->request;
        struct trail_frame *frame = w->frames, *end = frame + w->count;

        for (; frame < end; frame++) {
                struct weir_node n;
                uint32_t number;

                if (node == 0 || node >= nodes->capacity)
                        return false;
                n = nodes->table[node];
                number = weir_node_frame(n);
                if (number >= nodes->frame_capacity ||
                    !is_frame(request, frame, detail_of(request, frame), &nodes->frames[number]))
                        return false;
                frame->node = node;
                node = weir_node_parent(n);
        }
        return node == w->parent;
}

/* So many searches wait for memory at once: of a stack that is new, some eight
 * frames are, and each is searched for. */
enum { AHEAD = 16 };

static void hash_request(const struct nodes *nodes, const struct nodes_request *r)
{
        uint32_t hash = r->outside.hash;

        for (uint32_t i = r->count; i-- > 0;) {
                hash = extend_hash(hash, r->frames[i].pc & PC_MASK, detail_of(r, &r->frames[i]));
                r->frames[i].hash = hash;
                if (i < AHEAD)
                        lookup_ahead(&nodes->paths, lookup_hash(hash));
        }
}

/* Makes the node of one frame whose parent is known; 0 when there is no room. */
static uint32_t make(struct nodes *nodes, const struct wanted_path *w, struct lookup_place place)
{
        uint32_t frame = number_frame(nodes, w->request, w->frames), node;

        if (frame == 0 || !lookup_reserve(&nodes->paths) || (node = take_number(nodes->next, nodes->capacity)) == 0)
                return 0;
        nodes->table[node] = node_of(frame, w->parent, w->frames->hash);
        return lookup_insert(&nodes->paths, place, lookup_hash(w->frames->hash), node, equal_path, w);
}

/* What is known of a path. */
struct known {
        uint32_t node;              /* innermost one of the known part, or that of the outside */
        uint32_t fresh;             /* frames inside of it, which have no nodes */
        struct lookup_level *level; /* where these were looked for; their `node` is the place */
};

/* Mostly all of a path is known, or all but a few frames: so it is looked for
 * from the inside out, and one lookup names all of the known part. */
static inline struct known find(const struct nodes *nodes, const struct nodes_request *r)
{
        struct wanted_path w = { .nodes = nodes, .request = r, .parent = r->outside.node };
        struct known known = { .node = r->outside.node };

        for (; known.fresh < r->count; known.fresh++) {
                struct lookup_place place;
                uint32_t node;

                w.frames = &r->frames[known.fresh];
                w.count = r->count - known.fresh;
                node = lookup_find(&nodes->paths, lookup_hash(w.frames->hash), equal_path, &w, &place);
                if (node) {
                        known.node = node;
                        break;
                }
                if (known.fresh == 0)
                        known.level = place.level;
                else if (known.level != place.level)
                        known.level = NULL; /* it grows just now */
                w.frames->node = place.at;
        }
        return known;
}

uint32_t nodes_intern(struct nodes *nodes, const struct nodes_request *request)
{
        struct wanted_path w = { .nodes = nodes, .request = request, .count = 1 };
        struct known known;

        hash_request(nodes, request);
        known = find(nodes, request);
        while (known.fresh > 0) {
                w.frames = &request->frames[--known.fresh];
                w.parent = known.node;
                known.node = make(nodes, &w, (struct lookup_place){ known.level, w.frames->node });
                if (known.node == 0)
                        return 0;
                w.frames->node = known.node;
        }
        return known.node;
}
