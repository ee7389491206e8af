/*
 * capture_help.h: for the tests that take snapshots of capture_target.c:
 * starting it, and looking for what it planted.
 */
#ifndef WEIR_TEST_CAPTURE_HELP_H
#define WEIR_TEST_CAPTURE_HELP_H

#include "capture/capture.h"
#include "capture_plants.h"
#include "suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fact {
        char name[32];
        unsigned long long value;
};

struct target {
        pid_t pid;
        struct fact facts[32]; /* what it said */
        size_t count;
};

/* Starts capture_target and waits until it is ready; `user` 0 = as is. */
struct target target_start_as(uid_t user, const char *first, const char *second);
struct target target_start(const char *first, const char *second);
struct target target_everything(void);
uint64_t target_fact(const struct target *target, const char *name);
/* Kills it and checks that it died of that. */
void target_end(struct target *target);

struct capture_request request_for(const struct target *target);
/* snapshot_take, which must succeed. */
void take(struct snapshot *snapshot, struct capture_request *request);

/* How many threads are in one of the states. */
size_t count_states(pid_t pid, const char *states);

typedef bool see_word(const struct snapshot *snapshot, uint64_t word, uint64_t wanted);
see_word word_equals; /* it is what is wanted */
see_word word_leads;  /* it points at memory that soon has what is wanted */

uint64_t value_of(enum plant plant);
/* True when `see` likes a word of the roots of one kind. */
bool any_word(const struct snapshot *snapshot, enum root_kind kind, see_word *see, uint64_t wanted);
bool in_roots(const struct snapshot *snapshot, enum root_kind kind, enum plant plant);
bool in_any_root(const struct snapshot *snapshot, enum plant plant);

#endif
