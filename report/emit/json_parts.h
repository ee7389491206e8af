/*
 * json_parts.h: what the files that write and read the JSON report share.
 * Private to them.
 */
#ifndef WEIR_JSON_PARTS_H
#define WEIR_JSON_PARTS_H

#include "put.h"
#include "report.h"
#include "take.h"

/* ---- writing ---------------------------------------------------------------- */

/* Writes one member of a list. */
typedef void json_write_item(struct put *j, const void *item);

/* A list of `count` objects of `size` bytes. */
void json_write_list(struct put *j, const char *key, enum put_layout layout, const void *items, size_t count,
                     size_t size, json_write_item *write);
#define WRITE_LIST(j, key, layout, items, count, write) \
        json_write_list((j), (key), (layout), (items), (count), sizeof *(items), (write))

/* struct report_frame */
json_write_item json_write_frame;
/* The member "cycle"; NULL: null. */
void json_write_cycle(struct put *j, const struct report_cycle *cycle);
/* The members of an example; its object is the caller's. */
void json_write_example(struct put *j, const struct report_example *example);
/* The member "retained". */
void json_write_retained(struct put *j, const struct report *report);

/* ---- reading: elements for take_list ------------------------------------------ */

int json_read_leak(struct take *at, const json_t *element, void *object);
int json_read_frame(struct take *at, const json_t *element, void *object);
int json_read_example(struct take *at, const json_t *element, void *object);
/* The member "cycle" of an object, which may be null. */
int json_read_cycle(struct take *at, const json_t *object, struct report_cycle **cycle);
/* The member "retained" of the whole; reports of an earlier weir have none. */
int json_read_retained(struct take *at, const json_t *root, struct report *report);

#endif
