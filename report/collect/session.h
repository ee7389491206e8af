/*
 * session.h: the shared memory of one run and the ways into it: the memfd, the
 * abstract socket that hands out its descriptor, the bell.
 *
 * One thread of the session's own listens to the bell and keeps the heartbeat;
 * everything else is the creating thread's, which must live as long as the
 * session: it holds the robust mutex `alive`.
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include "../../preload/channel.h"
#include "../error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SESSION_GUESTS = 64 };

/* A connection whose byte has not come yet. */
struct session_guest {
        int connection;
        bool trusted;
};

struct session {
        int memory;   /* memfd */
        int listener; /* abstract socket "weir-TOKEN" */
        int bell;     /* eventfd: readable when the bell rang */
        struct session_guest guests[SESSION_GUESTS]; /* oldest first */
        size_t guest_count;
        struct weir_session *header;
        uint64_t inode; /* of the memfd, as /proc/PID/maps shows it */
        char environment[80]; /* value of WEIR_SESSION */
        pthread_t ringer;
        bool ringing;
        _Atomic bool stop;
};

/* A zeroed layout means the default.  `flags`: enum weir_session_flag. */
int session_create(struct session *session, uint32_t flags, const struct weir_layout *layout, struct error *e);

/* Starts the bell's thread; not before the command was forked. */
int session_listen(struct session *session, struct error *e);

/* Maps the channel of the slot, `*size` bytes, as large as its control page
 * says, or the control page alone when it makes no sense.  NULL with an
 * error. */
void *session_map(struct session *session, uint32_t slot, size_t *size, struct error *e);
void session_unmap(void *channel, size_t size);

/* Gives the memory of a channel back that nobody reads any more, all but its
 * control page, which a forked child may still need. */
void session_empty(struct session *session, uint32_t slot);
/* The rest of it; the slot may be claimed again. */
void session_free(struct session *session, uint32_t slot);

/* Takes in one connection.  `trusted` says whether a process of another user
 * may have the descriptor.  Returns the connection, to be watched as the
 * listener is (session_answer closes it); -1 when there is none. */
int session_accept(struct session *session, bool (*trusted)(void *context, int32_t pid), void *context);

/* Answers those connections that have sent their byte. */
void session_answer(struct session *session);

/* Tells every process still running that nobody reads its channel any more:
 * they go on untraced. */
void session_disown(struct session *session);

/* Zeroed or created. */
void session_destroy(struct session *session);

/* Wakes all that wait on the futex. */
void session_wake(_Atomic uint32_t *word);

#endif
