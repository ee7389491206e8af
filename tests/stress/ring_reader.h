/* ring_reader.h: the collector's end of ring_threads, whose words for things
 * are not the shim's. */
#ifndef WEIR_TEST_RING_READER_H
#define WEIR_TEST_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

/* NULL when the channel is not what it should be. */
struct reader *reader_create(void *channel, size_t size);
void reader_destroy(struct reader *reader);

/* As drain_run. */
void reader_drain(struct reader *reader, bool stopped);

/* The size of the live block there, 0 = none. */
uint64_t reader_size_at(const struct reader *reader, uint64_t address);

struct reader_totals {
        uint64_t events, live, defects;
};
struct reader_totals reader_totals(const struct reader *reader);

#endif
