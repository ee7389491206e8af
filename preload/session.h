/*
 * session.h: the way to the collector: find the session, map it, claim a slot
 * in it and map the channel there; tell whether the collector is well.
 *
 * No descriptor stays open.  Nothing here uses libc.
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include "channel.h"
#include "raw.h"

#include <stdbool.h>

enum {
        SESSION_WAIT_MS = 100,    /* one futex wait of the shim */
        SESSION_PATIENCE = 30,    /* such waits without a heartbeat: the collector is stopped */
};

/* A channel as mapped here. */
struct session_channel {
        struct weir_session *session;
        char *base; /* control page, then as channel.h lays it out */
        uint32_t slot;
        struct weir_layout layout;
};

/* Attaches as the text of WEIR_SESSION_ENV says.  False when there is no such
 * session, it is not ours, or it is full. */
bool session_attach(const char *text, struct session_channel *channel);

/* In a fork child: claims a slot of its own and turns the inherited mapping of
 * the parent's channel into that of the new one, at the same addresses. */
bool session_fork(struct session_channel *channel, const char *text);

/* Wakes the collector. */
void session_ring_bell(struct weir_session *session);

/* A wait's memory of the heartbeat; all zero at first. */
struct session_patience {
        uint64_t heartbeat;
        unsigned still;
};

/* To be asked after each fruitless wait of SESSION_WAIT_MS: false when the
 * collector is dead, or its heart stood still for SESSION_PATIENCE waits. */
bool session_is_alive(struct weir_session *session, struct session_patience *patience);

#endif
