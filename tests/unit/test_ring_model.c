/*
 * The protocol of one ring as a machine of single steps, every order of which is
 * tried: reservation, the limit and its renewal, publication by body and tag,
 * reading, giving back, waiting for room and being woken.
 *
 * The steps are those of ring_put_shared in ring.h, may_fill and wait_for_room in
 * ring.c and drain_ring in drain.c.  What they must keep up:
 *
 *   - the collector reads, at each position, the record that was reserved there;
 *   - no record is written over one that has not been read;
 *   - whatever order the steps come in, everything is read in the end: no
 *     producer sleeps for ever, without any timeout.
 *
 * Each of several mistakes is made on purpose, and has to be found.
 */
#include "suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
        RECORDS = 2,
        PRODUCERS = 2,
        EVENTS = 3, /* of each producer */
        POSITIONS = PRODUCERS * EVENTS,
        LOOK_EVERY = 2,
};

enum mistake {
        NO_MISTAKE,
        HEAD_BEFORE_BODY,
        LIMIT_TOO_FAR,
        COUNTED_LATE, /* as a waiter: after the look at the tail */
        TAIL_BEFORE_READING,
        SAME_TAG, /* in every lap */
        TORN_RESERVATION,
        MISTAKES
};

enum producer_step {
        RESERVE,
        RESERVE_REST, /* TORN_RESERVATION only */
        LOOK_AT_LIMIT,
        LOOK_AT_TAIL,
        SET_LIMIT,
        COUNT_WAITER,
        LOOK_AT_DRAINED,
        LOOK_FOR_ROOM,
        COUNT_WAITER_LATE, /* COUNTED_LATE only */
        SLEEP,
        ASLEEP,
        LOOK_AGAIN,
        UNCOUNT_WAITER,
        WRITE_FIRST,
        WRITE_SECOND,
        FINISHED
};

enum collector_step { LOOK_AT_HEAD, READ_BODY, GIVE_BACK, LOOK_AT_WAITERS, MOVE_DRAINED, WAKE };

struct producer {
        uint8_t step, events, position, limit, drained, counted;
};

struct state {
        struct producer producers[PRODUCERS];
        uint8_t position, limit, tail, waiters, drained;
        uint8_t kinds[RECORDS], tags[RECORDS], bodies[RECORDS];
        uint8_t collector, at;
        uint8_t reserved[POSITIONS]; /* by whom, plus 1 */
};

/* All states ever reached. */
static struct state *states;
static size_t count, capacity;
static uint32_t *table; /* index + 1 */
static size_t table_mask;

static enum mistake mistake;
static bool wrong;

/* ---- the set of states ------------------------------------------------------ */

static uint64_t hash(const struct state *s)
{
        const uint8_t *bytes = (const uint8_t *)s;
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < sizeof *s; i++)
                h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
        return h ^ h >> 29;
}

static void insert(uint32_t index)
{
        size_t at = hash(&states[index]) & table_mask;

        while (table[at])
                at = (at + 1) & table_mask;
        table[at] = index + 1;
}

static void grow(void)
{
        capacity = capacity ? 2 * capacity : 1 << 16;
        states = realloc(states, capacity * sizeof *states);
        free(table);
        table = calloc(4 * capacity, sizeof *table);
        table_mask = 4 * capacity - 1;
        ck_assert(states != NULL && table != NULL);
        for (uint32_t i = 0; i < count; i++)
                insert(i);
}

static void reach(const struct state *s)
{
        size_t at;

        if (count == capacity)
                grow();
        for (at = hash(s) & table_mask; table[at]; at = (at + 1) & table_mask)
                if (!memcmp(&states[table[at] - 1], s, sizeof *s))
                        return;
        states[count] = *s;
        table[at] = (uint32_t)++count;
}

/* ---- producers -------------------------------------------------------------- */

static uint8_t tag(uint8_t position)
{
        return mistake == SAME_TAG ? 0 : position / RECORDS % 2;
}

static void write_body(struct state *s, const struct producer *p)
{
        /* The record a lap ago must have been read. */
        wrong |= p->position >= RECORDS && s->at <= p->position - RECORDS;
        s->bodies[p->position % RECORDS] = (uint8_t)(p - s->producers + 1);
}

static void write_head(struct state *s, const struct producer *p)
{
        s->kinds[p->position % RECORDS] = 1;
        s->tags[p->position % RECORDS] = tag(p->position);
}

static bool has_room(const struct state *s, const struct producer *p)
{
        return p->position - s->tail < RECORDS;
}

static void reserve(struct state *s, struct producer *p)
{
        wrong |= s->reserved[p->position] != 0;
        s->reserved[p->position] = (uint8_t)(p - s->producers + 1);
        s->position = p->position + 1;
        p->step = LOOK_AT_LIMIT;
}

static void look_at_tail(const struct state *s, struct producer *p)
{
        uint8_t used = p->position - s->tail, left = RECORDS - used;

        p->step = SET_LIMIT;
        if (used >= RECORDS)
                p->step = mistake == COUNTED_LATE ? LOOK_AT_DRAINED : COUNT_WAITER;
        else if (used < RECORDS / 2)
                p->limit = s->tail + RECORDS / 2;
        else
                p->limit = p->position + (left < LOOK_EVERY ? left : LOOK_EVERY);
        if (mistake == LIMIT_TOO_FAR)
                p->limit++;
}

static void fall_asleep(const struct state *s, struct producer *p)
{
        p->step = s->drained == p->drained ? ASLEEP : LOOK_AT_DRAINED;
}

/* False when there is no step to make. */
static bool step_producer(struct state *s, unsigned number)
{
        struct producer *p = &s->producers[number];

        switch ((enum producer_step)p->step) {
        case RESERVE:
                p->position = s->position;
                if (mistake == TORN_RESERVATION)
                        p->step = RESERVE_REST;
                else
                        reserve(s, p);
                return true;
        case RESERVE_REST:
                reserve(s, p);
                return true;
        case LOOK_AT_LIMIT:
                p->step = p->position < s->limit ? WRITE_FIRST : LOOK_AT_TAIL;
                return true;
        case LOOK_AT_TAIL:
                look_at_tail(s, p);
                return true;
        case SET_LIMIT:
                s->limit = p->limit;
                p->limit = 0;
                p->step = WRITE_FIRST;
                return true;
        case COUNT_WAITER:
                s->waiters++;
                p->step = LOOK_AT_DRAINED;
                return true;
        case LOOK_AT_DRAINED:
                p->drained = s->drained;
                p->step = LOOK_FOR_ROOM;
                return true;
        case LOOK_FOR_ROOM:
                p->step = has_room(s, p) ? UNCOUNT_WAITER : mistake == COUNTED_LATE ? COUNT_WAITER_LATE : SLEEP;
                return true;
        case COUNT_WAITER_LATE:
                s->waiters += !p->counted;
                p->counted = 1;
                p->step = SLEEP;
                return true;
        case SLEEP:
                fall_asleep(s, p);
                return true;
        case LOOK_AGAIN:
                p->step = has_room(s, p) ? UNCOUNT_WAITER : LOOK_AT_DRAINED;
                return true;
        case UNCOUNT_WAITER:
                s->waiters -= mistake != COUNTED_LATE || p->counted;
                p->counted = 0;
                p->drained = 0;
                p->step = WRITE_FIRST;
                return true;
        case WRITE_FIRST:
                (mistake == HEAD_BEFORE_BODY ? write_head : write_body)(s, p);
                p->step = WRITE_SECOND;
                return true;
        case WRITE_SECOND:
                (mistake == HEAD_BEFORE_BODY ? write_body : write_head)(s, p);
                p->position = 0;
                p->step = ++p->events == EVENTS ? FINISHED : RESERVE;
                return true;
        case ASLEEP:
        case FINISHED:
                break;
        }
        return false;
}

/* ---- the collector ---------------------------------------------------------- */

static bool is_there(const struct state *s)
{
        return s->at < POSITIONS && s->kinds[s->at % RECORDS] && s->tags[s->at % RECORDS] == tag(s->at);
}

static void wake(struct state *s)
{
        for (unsigned i = 0; i < PRODUCERS; i++)
                if (s->producers[i].step == ASLEEP)
                        s->producers[i].step = LOOK_AGAIN;
        s->collector = LOOK_AT_HEAD;
}

/* `more`: it goes on to the next record before it gives room back. */
static bool step_collector(struct state *s, bool more)
{
        switch ((enum collector_step)s->collector) {
        case LOOK_AT_HEAD:
                if (is_there(s)) {
                        s->collector = READ_BODY;
                        if (mistake == TAIL_BEFORE_READING)
                                s->tail = s->at + 1;
                } else if (s->at != s->tail) {
                        s->collector = GIVE_BACK;
                } else {
                        return false;
                }
                return true;
        case READ_BODY:
                wrong |= s->bodies[s->at % RECORDS] != s->reserved[s->at];
                s->at++;
                s->collector = more ? LOOK_AT_HEAD : GIVE_BACK;
                return true;
        case GIVE_BACK:
                s->tail = s->at;
                s->collector = LOOK_AT_WAITERS;
                return true;
        case LOOK_AT_WAITERS:
                s->collector = s->waiters ? MOVE_DRAINED : LOOK_AT_HEAD;
                return true;
        case MOVE_DRAINED:
                s->drained++;
                s->collector = WAKE;
                return true;
        case WAKE:
                wake(s);
                return true;
        }
        return false;
}

/* ---- every order -------------------------------------------------------------- */

static void expand(const struct state *from)
{
        bool moved = false;

        for (unsigned i = 0; i < PRODUCERS + 2; i++) {
                struct state next = *from;

                if (i < PRODUCERS ? step_producer(&next, i) : step_collector(&next, i == PRODUCERS)) {
                        moved = true;
                        reach(&next);
                }
        }
        wrong |= !moved && from->at != POSITIONS;
}

/* Whether something can go wrong. */
static bool explore(enum mistake made)
{
        const struct state first = { 0 };

        mistake = made;
        wrong = false;
        count = 0;
        if (table)
                memset(table, 0, (table_mask + 1) * sizeof *table);
        reach(&first);
        for (size_t i = 0; i < count && !wrong; i++) {
                struct state from = states[i]; /* the array may move */

                expand(&from);
        }
        return wrong;
}

START_TEST(no_order_of_steps_loses_or_mixes_records)
{
        ck_assert(!explore(NO_MISTAKE));
        ck_assert_uint_gt(count, 100000);
}
END_TEST

START_TEST(every_mistake_is_found)
{
        for (int made = NO_MISTAKE + 1; made < MISTAKES; made++)
                ck_assert_msg(explore((enum mistake)made), "mistake %d does no harm", made);
}
END_TEST

SUITE_MAIN("ring_model", no_order_of_steps_loses_or_mixes_records, every_mistake_is_found)
