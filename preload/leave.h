/*
 * leave.h: whether this program is one that the session leaves out
 * (channel.h, "struct weir_choice").
 */
#ifndef WEIR_LEAVE_H
#define WEIR_LEAVE_H

#include "channel.h"

#include <stdbool.h>

/* To be asked once for each program, before anything is recorded; a fork child
 * does as its parent. */
bool leave_out(struct weir_session *session);

#endif
