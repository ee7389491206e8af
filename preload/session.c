#include "session.h"

#include "rendezvous.h"

#include <sys/mman.h>

/* Text of WEIR_SESSION_ENV, read. */
struct address {
        int32_t pid, descriptor;
        uint8_t token[16];
        char socket[sizeof "weir-" + 32]; /* name of the abstract socket */
};

static int hex(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse(const char *text, struct address *a)
{
        if (!raw_number(&text, &a->pid) || *text++ != ':' || !raw_number(&text, &a->descriptor) || *text++ != ':')
                return false;
        raw_append(a->socket, "weir-");
        if (raw_length(text) != 32)
                return false;
        raw_append(a->socket + 5, text);
        for (unsigned i = 0; i < 16; i++, text += 2) {
                if (hex(text[0]) < 0 || hex(text[1]) < 0)
                        return false;
                a->token[i] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
        }
        return true;
}

static bool is_ours(const struct weir_session *s, const struct address *a)
{
        return s->magic == WEIR_CHANNEL_MAGIC && s->version == WEIR_CHANNEL_VERSION &&
               raw_equal(s->token, a->token, sizeof a->token) && weir_layout_valid(&s->layout);
}

static struct weir_session *map_session(long descriptor, const struct address *a)
{
        struct weir_session *s =
                raw_mmap(NULL, WEIR_SESSION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);

        if (s && !is_ours(s, a)) {
                raw_munmap(s, WEIR_SESSION_SIZE);
                s = NULL;
        }
        return s;
}

/* The slot's number, or WEIR_SLOTS when all are taken. */
static uint32_t claim(struct weir_session *s)
{
        uint32_t first = atomic_fetch_add(&s->slot_hint, 1);

        for (uint32_t i = 0; i < WEIR_SLOTS; i++) {
                uint32_t slot = (first + i) % WEIR_SLOTS, expected = WEIR_SLOT_FREE;

                if (atomic_compare_exchange_strong(&s->slot_state[slot], &expected, WEIR_SLOT_CLAIMED))
                        return slot;
        }
        return WEIR_SLOTS;
}

static void refuse(struct weir_session *s, uint32_t slot)
{
        if (slot < WEIR_SLOTS)
                atomic_store(&s->slot_state[slot], WEIR_SLOT_FREE);
        atomic_fetch_add(&s->refused, 1);
        session_ring_bell(s);
}

static uint32_t quarter(uint32_t count, uint32_t least)
{
        return count / 4 > least ? count / 4 : least;
}

/* The next smaller layout, for a process short of address space. */
static void shrink(struct weir_layout *l)
{
        l->threads = quarter(l->threads, 256);
        l->notes_bytes = quarter(l->notes_bytes, 1 << 15);
        l->ring0_records = quarter(l->ring0_records, 1024);
        l->ring_records = quarter(l->ring_records, 256);
        l->nodes = quarter(l->nodes, 4096);
}

static bool map_channel(struct session_channel *c, long descriptor)
{
        c->layout = c->session->layout;
        for (unsigned attempt = 0; attempt < 10; attempt++) {
                c->base = raw_mmap(NULL, weir_channel_size(&c->layout), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor,
                                   weir_channel_offset(c->slot));
                if (c->base)
                        return true;
                shrink(&c->layout);
        }
        return false;
}

static bool attach_to(long descriptor, const struct address *a, struct session_channel *c)
{
        c->session = map_session(descriptor, a);
        if (!c->session)
                return false;
        c->slot = claim(c->session);
        if (c->slot < WEIR_SLOTS && map_channel(c, descriptor))
                return true;
        refuse(c->session, c->slot);
        raw_munmap(c->session, WEIR_SESSION_SIZE);
        c->session = NULL;
        return false;
}

/* One try with what descriptors there are: 0 or -errno. */
static long attach_once(const struct address *a, struct session_channel *channel)
{
        long descriptor = rendezvous_open(a->pid, a->descriptor);
        bool attached;

        if (descriptor == -EMFILE)
                return descriptor;
        if (descriptor >= 0) {
                attached = attach_to(descriptor, a, channel);
                raw_close(descriptor);
                if (attached)
                        return 0;
        }
        descriptor = rendezvous_ask(a->socket);
        if (descriptor < 0)
                return descriptor;
        attached = attach_to(descriptor, a, channel);
        raw_close(descriptor);
        return attached ? 0 : -ENOENT;
}

struct attempt {
        const struct address *address;
        struct session_channel *channel;
        long result;
};

static void attempt(void *context)
{
        struct attempt *t = context;

        t->result = attach_once(t->address, t->channel);
}

bool session_attach(const char *text, struct session_channel *channel)
{
        struct address a;
        struct attempt t = { &a, channel, 0 };

        if (!parse(text, &a))
                return false;
        attempt(&t);
        if (t.result == -EMFILE && !rendezvous_with_own_table(attempt, &t))
                return false;
        return t.result == 0;
}

bool session_fork(struct session_channel *c, const char *text)
{
        size_t bytes = weir_channel_size(&c->layout);

        c->slot = claim(c->session);
        /* MAP_NONBLOCK: or the kernel fills the whole channel with memory. */
        if (c->slot < WEIR_SLOTS &&
            raw_syscall6(SYS_remap_file_pages, (long)c->base, (long)bytes, 0,
                         (long)(weir_channel_offset(c->slot) / WEIR_PAGE), MAP_NONBLOCK, 0) == 0)
                return true;
        if (c->slot < WEIR_SLOTS)
                atomic_store(&c->session->slot_state[c->slot], WEIR_SLOT_FREE);
        raw_munmap(c->base, bytes);
        raw_munmap(c->session, WEIR_SESSION_SIZE);
        return text && session_attach(text, c);
}

void session_ring_bell(struct weir_session *session)
{
        atomic_fetch_add(&session->bell, 1);
        raw_futex_wake(&session->bell, 1);
}

bool session_is_alive(struct weir_session *session, struct session_patience *patience)
{
        uint64_t heartbeat = atomic_load_explicit(&session->heartbeat, memory_order_relaxed);

        if (atomic_load(&session->alive) & FUTEX_OWNER_DIED)
                return false;
        if (heartbeat != patience->heartbeat) {
                patience->heartbeat = heartbeat;
                patience->still = 0;
                return true;
        }
        return ++patience->still < SESSION_PATIENCE;
}
