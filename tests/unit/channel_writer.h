/*
 * channel_writer.h: the shim's side of a channel, for tests of the collector:
 * one thread, no waiting, every part can be left out or done wrong.
 */
#ifndef WEIR_TEST_CHANNEL_WRITER_H
#define WEIR_TEST_CHANNEL_WRITER_H

#include "../../preload/channel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct writer {
        struct weir_control *control;
        struct weir_layout layout;
        uint64_t positions[WEIR_RINGS];
};

static const struct weir_layout writer_small = {
        .threads = 256,
        .notes_bytes = 32768,
        .ring0_records = 256,
        .ring_records = 256,
        .nodes = 256,
};

static inline struct writer writer_on(void *channel, const struct weir_layout *layout)
{
        struct weir_control *control = channel;

        control->magic = WEIR_CHANNEL_MAGIC;
        control->version = WEIR_CHANNEL_VERSION;
        control->pid = getpid();
        control->ppid = getppid();
        control->layout = *layout;
        atomic_store(&control->next_thread, 1);
        atomic_store(&control->next_node, 1);
        atomic_store(&control->next_frame, 1);
        return (struct writer){ control, *layout, { 0 } };
}

/* A channel of its own; free() it through writer.control. */
static inline struct writer writer_create(const struct weir_layout *layout)
{
        return writer_on(calloc(1, weir_channel_size(layout)), layout);
}

static inline void *writer_at(struct writer *writer, uint64_t offset)
{
        return (char *)writer->control + offset;
}

static inline unsigned writer_ring_of(struct writer *writer, uint64_t address)
{
        return atomic_load(&writer->control->parallel) ? weir_ring_of(address) : 0;
}

static inline uint64_t writer_reserve(struct writer *writer, unsigned ring, unsigned slots)
{
        uint64_t position = writer->positions[ring];

        writer->positions[ring] += slots;
        return position;
}

static inline void writer_commit(struct writer *writer, unsigned ring, uint64_t position, uint64_t head, uint64_t body)
{
        uint32_t records = weir_ring_records(&writer->layout, ring);
        struct weir_event *events = writer_at(writer, weir_ring_offset(&writer->layout, ring));
        struct weir_event *event = &events[position & (records - 1)];

        atomic_store_explicit(&event->body, body, memory_order_relaxed);
        atomic_store_explicit(&event->head, head | weir_tag(position), memory_order_release);
}

struct writer_record {
        unsigned kind;
        uint64_t address, size;
        uint32_t stack, thread;
};

static inline bool writer_is_short(const struct writer_record *r)
{
        return r->size < 1 << 20 && r->stack < 1u << 24 && r->address < UINT64_C(1) << 47 &&
               r->kind != WEIR_EVENT_MAP && r->kind != WEIR_EVENT_UNMAP && r->kind != WEIR_EVENT_MAP_OWN;
}

static inline void writer_fill(struct writer *writer, unsigned ring, uint64_t position, const struct writer_record *r)
{
        if (writer_is_short(r)) {
                writer_commit(writer, ring, position, r->kind | r->address << 17,
                              r->size | (uint64_t)r->stack << 20 | (uint64_t)r->thread << 44);
                return;
        }
        writer_commit(writer, ring, position, WEIR_EVENT_EXTENDED | r->kind << 17 | (uint64_t)r->thread << 21, r->size);
        writer_commit(writer, ring, position + 1, WEIR_EVENT_REST | (uint64_t)r->stack << 17, r->address);
}

static inline void writer_put(struct writer *writer, struct writer_record record)
{
        bool mapping =
                record.kind == WEIR_EVENT_MAP || record.kind == WEIR_EVENT_UNMAP || record.kind == WEIR_EVENT_MAP_OWN;
        unsigned ring = mapping ? 0 : writer_ring_of(writer, record.address);

        writer_fill(writer, ring, writer_reserve(writer, ring, writer_is_short(&record) ? 1 : 2), &record);
}

static inline void writer_alloc(struct writer *writer, uint64_t address, uint64_t size, uint32_t stack)
{
        writer_put(writer, (struct writer_record){ WEIR_EVENT_ALLOC, address, size, stack, 0 });
}

static inline void writer_free(struct writer *writer, uint64_t address)
{
        writer_put(writer, (struct writer_record){ WEIR_EVENT_FREE, address, WEIR_FN_FREE, 0, 0 });
}

static inline void writer_mark(struct writer *writer, unsigned ring, unsigned kind, uint32_t body)
{
        writer_commit(writer, ring, writer_reserve(writer, ring, 1), kind, body);
}

static inline void writer_go_parallel(struct writer *writer)
{
        writer_mark(writer, 0, WEIR_EVENT_PARALLEL, 0);
        atomic_store(&writer->control->parallel, 1);
}

static inline void writer_fork_mark(struct writer *writer, uint32_t sequence)
{
        for (unsigned ring = 0; ring < (atomic_load(&writer->control->parallel) ? WEIR_RINGS : 1); ring++)
                writer_mark(writer, ring, WEIR_EVENT_FORK, sequence);
}

static inline uint32_t writer_node(struct writer *writer, uint64_t pc, uint16_t module, uint32_t parent,
                                   uint32_t detail)
{
        struct weir_node *nodes = writer_at(writer, weir_nodes_offset(&writer->layout));
        struct weir_frame *frames = writer_at(writer, weir_frames_offset(&writer->layout));
        uint32_t index = atomic_fetch_add(&writer->control->next_node, 1);
        uint32_t frame = atomic_fetch_add(&writer->control->next_frame, 1);

        frames[frame] = (struct weir_frame){ .pc_module = pc | (uint64_t)module << 48, .detail = detail };
        nodes[index] = (struct weir_node){ frame, parent };
        return index;
}

/* Leaves the commit word zero when `commit` is false. */
static inline void writer_note(struct writer *writer, uint16_t kind, uint64_t a, const void *data, size_t length,
                               bool commit)
{
        size_t size = (sizeof(struct weir_note) + length + 7) & ~(size_t)7;
        uint64_t position = atomic_fetch_add(&writer->control->notes_head, size);
        char *notes = writer_at(writer, weir_notes_offset(&writer->layout)), *copy = calloc(1, size);
        uint32_t mask = writer->layout.notes_bytes - 1;
        struct weir_note note = { .kind = kind, .a = a };

        atomic_init(&note.commit, commit ? WEIR_NOTE_COMMIT | (uint32_t)size : 0);
        memcpy(copy, &note, sizeof note);
        if (length)
                memcpy(copy + sizeof note, data, length);
        for (size_t i = size; i-- > 0;)
                notes[(position + i) & mask] = copy[i];
        free(copy);
}

static inline void writer_module(struct writer *writer, uint16_t id, uint64_t start, uint64_t end, const char *path)
{
        struct weir_note_module module = { .start = start, .end = end, .bias = start, .id = id };
        size_t length = sizeof module + strlen(path) + 1;
        char *data = calloc(1, length);

        module.build_id_length = 4;
        memcpy(module.build_id, "\1\2\3\4", 4);
        memcpy(data, &module, sizeof module);
        memcpy(data + sizeof module, path, strlen(path));
        writer_note(writer, WEIR_NOTE_MODULE, 0, data, length, true);
        free(data);
}

#endif
