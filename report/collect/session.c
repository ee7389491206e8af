#include "session.h"

#include "../share.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A program goes through all of ring 0 however little it is ahead of the collector,
 * so each process pays for its 512 KiB; of the others for those that its addresses
 * lead to. */
static const struct weir_layout default_layout = {
        .threads = 1u << 20,
        .notes_bytes = 1u << 18,
        .ring0_records = 1u << 15,
        .ring_records = 1u << 14,
        .nodes = 1u << 24,
};

enum {
        HEARTBEAT_NS = 50 * 1000 * 1000,
        BACKLOG = 1024,
};

void session_wake(_Atomic uint32_t *word)
{
        (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* ---- creation ------------------------------------------------------------ */

/* The header as it must be before anybody else can see it. */
static int fill_header(struct session *session, uint32_t flags, const struct weir_layout *layout, struct error *e)
{
        struct weir_session *header = session->header;
        pthread_mutexattr_t robust;

        header->magic = WEIR_CHANNEL_MAGIC;
        header->version = WEIR_CHANNEL_VERSION;
        header->flags = flags;
        header->collector_pid = getpid();
        header->collector_fd = session->memory;
        header->layout = layout && layout->nodes ? *layout : default_layout;
        if (!weir_layout_valid(&header->layout))
                return error_set(e, ERROR_USAGE, "the sizes asked for the channel are out of range");
        if (getrandom(header->token, sizeof header->token, 0) != sizeof header->token)
                return error_set_errno(e, ERROR_FAILED, errno, "no random numbers for the session");
        (void)pthread_mutexattr_init(&robust);
        (void)pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
        (void)pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED);
        (void)pthread_mutex_init((pthread_mutex_t *)(void *)&header->alive, &robust);
        (void)pthread_mutexattr_destroy(&robust);
        (void)pthread_mutex_lock((pthread_mutex_t *)(void *)&header->alive);
        return 0;
}
_Static_assert(sizeof(pthread_mutex_t) <= sizeof(_Atomic uint32_t) + 124, "the mutex fits its place");

/* The user's limit on file sizes counts for a memfd too, though it fills no
 * disk; it is lifted meanwhile, as far as it may be, and what is left of it
 * must not end weir with SIGXFSZ. */
static int set_size(int memory, struct error *e)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        struct rlimit limit, lifted;
        int failed;

        (void)getrlimit(RLIMIT_FSIZE, &limit);
        lifted = (struct rlimit){ .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
        (void)sigaction(SIGXFSZ, &ignore, &before);
        (void)setrlimit(RLIMIT_FSIZE, &lifted);
        failed = ftruncate(memory, (off_t)weir_channel_offset(WEIR_SLOTS)) ? errno : 0;
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        (void)sigaction(SIGXFSZ, &before, NULL);
        if (failed == EFBIG)
                return error_set(e, ERROR_FAILED,
                                 "the file size limit (ulimit -Hf) forbids the shared memory; raise or remove it");
        if (failed)
                return error_set_errno(e, ERROR_FAILED, failed, "cannot size the shared memory");
        return 0;
}

static int create_memory(struct session *session, struct error *e)
{
        struct stat status;

        session->memory = memfd_create("weir", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (session->memory < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot create shared memory");
        if (set_size(session->memory, e))
                return -1;
        /* Nobody may cut off what the collector reads. */
        if (fcntl(session->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ||
            fstat(session->memory, &status))
                return error_set_errno(e, ERROR_FAILED, errno, "cannot seal the shared memory");
        session->inode = status.st_ino;
        session->header = mmap(NULL, WEIR_SESSION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, session->memory, 0);
        if (session->header == MAP_FAILED) {
                session->header = NULL;
                return error_set_errno(e, ERROR_FAILED, errno, "cannot map the shared memory");
        }
        return 0;
}

static void token_text(const struct session *session, char text[33])
{
        for (unsigned i = 0; i < sizeof session->header->token; i++)
                (void)snprintf(text + 2 * i, 3, "%02x", session->header->token[i]);
}

static int create_listener(struct session *session, struct error *e)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char token[33];
        int length;

        token_text(session, token);
        length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "weir-%s", token);
        session->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (session->listener < 0 ||
            bind(session->listener, (const struct sockaddr *)&address,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) ||
            listen(session->listener, BACKLOG))
                return error_set_errno(e, ERROR_FAILED, errno, "cannot listen for processes of the command");
        (void)snprintf(session->environment, sizeof session->environment, "%d:%d:%s", (int)getpid(), session->memory,
                       token);
        return 0;
}

int session_create(struct session *session, uint32_t flags, const struct weir_layout *layout, struct error *e)
{
        *session = (struct session){ .memory = -1, .listener = -1, .bell = -1 };
        if (create_memory(session, e) || fill_header(session, flags, layout, e) || create_listener(session, e)) {
                session_destroy(session);
                return -1;
        }
        session->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (session->bell < 0) {
                session_destroy(session);
                return error_set_errno(e, ERROR_FAILED, errno, "cannot create an eventfd");
        }
        return 0;
}

/* ---- the bell ------------------------------------------------------------ */

static void *ring(void *argument)
{
        const struct timespec beat = { .tv_nsec = HEARTBEAT_NS };
        struct session *session = argument;
        struct weir_session *header = session->header;
        uint32_t heard = 0;

        while (!atomic_load(&session->stop)) {
                uint32_t now = atomic_load(&header->bell);

                atomic_fetch_add_explicit(&header->heartbeat, 1, memory_order_relaxed);
                if (now != heard) {
                        (void)eventfd_write(session->bell, 1);
                        heard = now;
                        continue;
                }
                (void)syscall(SYS_futex, &header->bell, FUTEX_WAIT, heard, &beat, NULL, 0);
        }
        return NULL;
}

int session_listen(struct session *session, struct error *e)
{
        int failed = share_thread(&session->ringer, ring, session);

        if (failed)
                return error_set_errno(e, ERROR_FAILED, failed, "cannot start a thread");
        session->ringing = true;
        return 0;
}

/* ---- channels ------------------------------------------------------------ */

static void *map(struct session *session, uint32_t slot, size_t size, struct error *e)
{
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, session->memory,
                            (off_t)weir_channel_offset(slot));

        if (memory != MAP_FAILED)
                return memory;
        (void)error_set_errno(e, ERROR_FAILED, errno, "cannot map the channel of a process");
        return NULL;
}

void *session_map(struct session *session, uint32_t slot, size_t *size, struct error *e)
{
        struct weir_control *control = map(session, slot, WEIR_CONTROL_SIZE, e);
        struct weir_layout layout;

        if (!control)
                return NULL;
        layout = control->layout;
        session_unmap(control, WEIR_CONTROL_SIZE);
        *size = weir_layout_valid(&layout) ? weir_channel_size(&layout) : WEIR_CONTROL_SIZE;
        return map(session, slot, *size, e);
}

void session_unmap(void *channel, size_t size)
{
        (void)munmap(channel, size);
}

static void punch(struct session *session, uint32_t slot, uint64_t from, uint64_t to)
{
        (void)fallocate(session->memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        (off_t)(weir_channel_offset(slot) + from), (off_t)(to - from));
}

void session_empty(struct session *session, uint32_t slot)
{
        atomic_store(&session->header->slot_state[slot], WEIR_SLOT_DONE);
        punch(session, slot, WEIR_CONTROL_SIZE, weir_channel_size(&session->header->layout));
}

void session_free(struct session *session, uint32_t slot)
{
        punch(session, slot, 0, weir_channel_size(&session->header->layout));
        atomic_store(&session->header->slot_state[slot], WEIR_SLOT_FREE);
}

/* ---- the socket ---------------------------------------------------------- */

static void send_descriptor(int connection, int descriptor)
{
        char byte = 1;
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec data = { &byte, 1 };
        struct msghdr message = {
                .msg_iov = &data,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control,
        };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
        (void)sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT); /* the peer gives up by itself if it fails */
}

static void dismiss(struct session *session, size_t at)
{
        (void)close(session->guests[at].connection);
        session->guest_count--;
        memmove(&session->guests[at], &session->guests[at + 1], (session->guest_count - at) * sizeof *session->guests);
}

int session_accept(struct session *session, bool (*trusted)(void *context, int32_t pid), void *context)
{
        struct ucred peer;
        socklen_t length = sizeof peer;
        int connection = accept4(session->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (connection < 0)
                return -1;
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length))
                peer = (struct ucred){ .pid = 0, .uid = (uid_t)-1 };
        if (session->guest_count == SESSION_GUESTS)
                dismiss(session, 0);
        session->guests[session->guest_count++] = (struct session_guest){
                .connection = connection,
                .trusted = peer.uid == geteuid() || trusted(context, peer.pid),
        };
        return connection;
}

/* The byte is read first: a peer that finds the connection closed before it
 * has sent takes that for a refusal. */
void session_answer(struct session *session)
{
        for (size_t i = session->guest_count; i-- > 0;) {
                const struct session_guest *guest = &session->guests[i];
                char byte;
                ssize_t got = recv(guest->connection, &byte, 1, MSG_DONTWAIT);

                if (got < 0 && (errno == EAGAIN || errno == EINTR))
                        continue;
                if (got == 1 && guest->trusted)
                        send_descriptor(guest->connection, session->memory);
                dismiss(session, i);
        }
}

/* ---- the end ------------------------------------------------------------- */

void session_disown(struct session *session)
{
        atomic_fetch_or(&session->header->alive, FUTEX_OWNER_DIED);
        session_wake(&session->header->alive);
}

void session_destroy(struct session *session)
{
        if (session->ringing) {
                atomic_store(&session->stop, true);
                session_wake(&session->header->bell);
                (void)pthread_join(session->ringer, NULL);
        }
        if (session->header) {
                session_disown(session);
                (void)munmap(session->header, WEIR_SESSION_SIZE);
        }
        while (session->guest_count)
                dismiss(session, 0);
        if (session->listener >= 0)
                (void)close(session->listener);
        if (session->bell >= 0)
                (void)close(session->bell);
        if (session->memory >= 0)
                (void)close(session->memory);
        *session = (struct session){ .memory = -1, .listener = -1, .bell = -1 };
}
