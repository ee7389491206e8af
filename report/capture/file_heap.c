/* One heap in a capture file: blocks, roots, segments, what is told of the
 * snapshot. */
#include "file_section.h"

#include "../mem.h"
#include "fields.h"
#include "image_file.h"

#include <string.h>

enum {
        BLOCK_STORED = BLOCK_INHERITED | BLOCK_MAPPING | BLOCK_ARRAY | BLOCK_NEW | BLOCK_IGNORED, /* flags that are written */
        WORDS_MAX = 1 << 16,                                                          /* of one root */
};
#define ADDRESS_END (UINT64_C(1) << 63)

/* ---- blocks ------------------------------------------------------------- */

int heap_write_blocks(struct capture_writer *writer, uint32_t process, const struct block *blocks, size_t count,
                      struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_BLOCKS, .process = process };
        uint64_t address = 0, time_ns = 0;
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < count && !result; i++) {
                pack_varint(&table.rows, blocks[i].address - address);
                pack_varint(&table.rows, blocks[i].size);
                pack_signed(&table.rows, (int64_t)(blocks[i].time_ns - time_ns));
                pack_varint(&table.rows, blocks[i].stack);
                pack_varint(&table.rows, blocks[i].thread);
                pack_varint(&table.rows, blocks[i].flags & BLOCK_STORED);
                result = table_next(&table, &fresh, e);
                address = fresh ? 0 : blocks[i].address;
                time_ns = fresh ? 0 : blocks[i].time_ns;
        }
        if (!result && !count) {
                /* "No blocks" is an answer too. */
                const uint8_t none = 0;

                result = section_write(writer, SECTION_BLOCKS, process, NULL, &none, 1, e);
        }
        return table_end(&table, result, e);
}

/* As the graph wants them: in order, two bytes apart at least, but for a block
 * at the very start of a mapping. */
static bool may_follow(const struct snapshot *snapshot, const struct block *block)
{
        const struct block *last = snapshot->block_count ? &snapshot->blocks[snapshot->block_count - 1] : NULL;

        if (block->size >= ADDRESS_END || block->address >= ADDRESS_END - block->size)
                return false;
        if (!last || block->address >= last->address + 2)
                return true;
        return block->address >= last->address && (last->flags & BLOCK_MAPPING) && !(block->flags & BLOCK_MAPPING);
}

int heap_read_blocks(struct bytes *b, struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;
        uint64_t left = bytes_varint(b), address = 0, time_ns = 0;

        stored->has_blocks = true;
        if (left > bytes_left(b) / 6)
                bytes_fail(b);
        for (; left && b->ok; left--) {
                struct block block = { 0 };
                uint64_t stack, thread, flags;

                block.address = address += bytes_varint(b);
                block.size = bytes_varint(b);
                block.time_ns = time_ns += (uint64_t)fields_read_signed(b);
                stack = bytes_varint(b);
                thread = bytes_varint(b);
                flags = bytes_varint(b);
                if (stack > UINT32_MAX || thread > UINT32_MAX || flags & ~(uint64_t)BLOCK_STORED ||
                    !may_follow(snapshot, &block))
                        bytes_fail(b);
                if (!b->ok)
                        return 0;
                block.stack = (uint32_t)stack;
                block.thread = (uint32_t)thread;
                block.flags = (uint32_t)flags;
                if (mem_grow(&snapshot->blocks, &stored->block_capacity, snapshot->block_count + 1,
                             sizeof *snapshot->blocks))
                        return -1;
                snapshot->blocks[snapshot->block_count++] = block;
        }
        return 0;
}

/* ---- names and words of roots ------------------------------------------- */

/* The name, shared with the last entry's when it is the same: most are. */
static int read_name(struct bytes *b, struct stored *stored, const char **name)
{
        const char *last = stored->name_count ? stored->names[stored->name_count - 1] : NULL;
        char *text;

        if (fields_read_string(b, &text))
                return -1;
        *name = text;
        if (text && last && strcmp(text, last) == 0) {
                mem_free(text);
                *name = last;
                return 0;
        }
        if (!text)
                return 0;
        if (mem_grow(&stored->names, &stored->name_capacity, stored->name_count + 1, sizeof *stored->names)) {
                mem_free(text);
                return -1;
        }
        stored->names[stored->name_count++] = text;
        return 0;
}

static int read_words(struct bytes *b, struct stored *stored, struct root *root)
{
        uint64_t count = bytes_varint(b);
        uint64_t *words;

        if (count > WORDS_MAX || count > bytes_left(b) / 8)
                bytes_fail(b);
        if (!b->ok || !count)
                return 0;
        if (mem_grow(&stored->words, &stored->word_capacity, stored->word_count + 1, sizeof *stored->words))
                return -1;
        words = mem_alloc(count, sizeof *words);
        if (!words)
                return -1;
        stored->words[stored->word_count++] = words;
        for (uint64_t i = 0; i < count; i++)
                words[i] = bytes_u64(b);
        root->words = words;
        root->word_count = (size_t)count;
        return 0;
}

/* ---- roots and segments ------------------------------------------------- */

int heap_write_roots(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                     const struct filter *filter, struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_ROOTS, .process = process };
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < snapshot->root_count && !result; i++) {
                const struct root *root = &snapshot->roots[i];

                pack_varint(&table.rows, root->kind);
                pack_varint(&table.rows, root->start);
                pack_varint(&table.rows, root->end - root->start);
                pack_string(&table.rows, root->name);
                pack_varint(&table.rows, root->thread);
                pack_varint(&table.rows, root->word_count);
                for (size_t w = 0; w < root->word_count; w++)
                        pack_u64(&table.rows, filter ? filter_word(filter, root->words[w]) : root->words[w]);
                result = table_next(&table, &fresh, e);
        }
        return table_end(&table, result, e);
}

static bool range_makes_sense(uint64_t start, uint64_t size)
{
        return start < ADDRESS_END && size < ADDRESS_END - start;
}

int heap_read_roots(struct bytes *b, struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;
        uint64_t left = bytes_varint(b);

        if (left > bytes_left(b) / 6)
                bytes_fail(b);
        for (; left && b->ok; left--) {
                struct root root = { 0 };
                uint64_t kind = bytes_varint(b), size, thread;

                root.start = bytes_varint(b);
                size = bytes_varint(b);
                if (read_name(b, stored, &root.name))
                        return -1;
                thread = bytes_varint(b);
                if (kind >= ROOT_KINDS || thread > UINT32_MAX || !range_makes_sense(root.start, size) ||
                    (kind == ROOT_REGISTER && (root.start || size)))
                        bytes_fail(b);
                if (read_words(b, stored, &root))
                        return -1;
                if (!b->ok)
                        return 0;
                root.kind = (enum root_kind)kind;
                root.end = root.start + size;
                root.thread = (uint32_t)thread;
                if (mem_grow(&snapshot->roots, &stored->root_capacity, snapshot->root_count + 1,
                             sizeof *snapshot->roots))
                        return -1;
                snapshot->roots[snapshot->root_count++] = root;
        }
        return 0;
}

int heap_write_segments(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                        struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_SEGMENTS, .process = process };
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < snapshot->segment_count && !result; i++) {
                const struct segment *segment = &snapshot->segments[i];

                pack_varint(&table.rows, segment->start);
                pack_varint(&table.rows, segment->end - segment->start);
                pack_varint(&table.rows, segment->bias);
                pack_varint(&table.rows, segment->writable | segment->executable << 1);
                pack_string(&table.rows, segment->path);
                result = table_next(&table, &fresh, e);
        }
        return table_end(&table, result, e);
}

int heap_read_segments(struct bytes *b, struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;
        uint64_t left = bytes_varint(b);

        if (left > bytes_left(b) / 5)
                bytes_fail(b);
        for (; left && b->ok; left--) {
                struct segment segment = { .start = bytes_varint(b) };
                uint64_t size = bytes_varint(b), flags;

                segment.bias = bytes_varint(b);
                flags = bytes_varint(b);
                if (!size || !range_makes_sense(segment.start, size) || flags > 3 ||
                    (snapshot->segment_count && segment.start < snapshot->segments[snapshot->segment_count - 1].end))
                        bytes_fail(b);
                if (read_name(b, stored, &segment.path))
                        return -1;
                if (!b->ok)
                        return 0;
                segment.end = segment.start + size;
                segment.writable = flags & 1;
                segment.executable = flags & 2;
                if (mem_grow(&snapshot->segments, &stored->segment_capacity, snapshot->segment_count + 1,
                             sizeof *snapshot->segments))
                        return -1;
                snapshot->segments[snapshot->segment_count++] = segment;
        }
        return 0;
}

int heap_write_frames(struct capture_writer *writer, uint32_t process, const struct snapshot *snapshot,
                      struct error *e)
{
        struct table_writer table = { .writer = writer, .kind = SECTION_FRAMES, .process = process };
        uint64_t end = 0;
        bool fresh;
        int result = 0;

        for (size_t i = 0; i < snapshot->frame_count && !result; i++) {
                const struct stack_frame *frame = &snapshot->frames[i];

                pack_varint(&table.rows, frame->low - end);
                pack_varint(&table.rows, frame->high - frame->low);
                pack_varint(&table.rows, frame->pc);
                pack_varint(&table.rows, frame->exact);
                result = table_next(&table, &fresh, e);
                end = fresh ? 0 : frame->high;
        }
        return table_end(&table, result, e);
}

int heap_read_frames(struct bytes *b, struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;
        uint64_t left = bytes_varint(b), end = 0;

        if (left > bytes_left(b) / 4)
                bytes_fail(b);
        for (; left && b->ok; left--) {
                struct stack_frame frame = { .low = end + bytes_varint(b) };
                uint64_t size = bytes_varint(b), exact;

                frame.pc = bytes_varint(b);
                exact = bytes_varint(b);
                if (!size || !range_makes_sense(frame.low, size) || exact > 1 || frame.low < end ||
                    (snapshot->frame_count && frame.low < snapshot->frames[snapshot->frame_count - 1].high))
                        bytes_fail(b);
                if (!b->ok)
                        return 0;
                end = frame.high = frame.low + size;
                frame.exact = exact;
                if (mem_grow(&snapshot->frames, &stored->frame_capacity, snapshot->frame_count + 1,
                             sizeof *snapshot->frames))
                        return -1;
                snapshot->frames[snapshot->frame_count++] = frame;
        }
        return 0;
}

/* ---- the snapshot -------------------------------------------------------- */

void heap_pack_snapshot(struct pack *pack, const struct snapshot *snapshot)
{
        pack_string(pack, snapshot->at);
        pack_string(pack, snapshot->method);
        pack_varint(pack, snapshot->at_ns);
        pack_varint(pack, snapshot->pause_ns);
        pack_varint(pack, snapshot->threads);
        pack_varint(pack, snapshot->roots_bytes);
        pack_varint(pack, snapshot->heap_bytes);
        pack_varint(pack, snapshot->limit_count);
        for (size_t i = 0; i < snapshot->limit_count; i++)
                pack_string(pack, snapshot->limits[i]);
}

static int read_limits(struct bytes *b, struct snapshot *snapshot)
{
        uint64_t count = bytes_varint(b);

        if (count > bytes_left(b))
                bytes_fail(b);
        if (!b->ok)
                return 0;
        snapshot->limits = mem_alloc(count, sizeof *snapshot->limits);
        if (!snapshot->limits)
                return -1;
        while (snapshot->limit_count < count) {
                if (fields_read_string(b, &snapshot->limits[snapshot->limit_count]))
                        return -1;
                if (!b->ok)
                        return 0;
                snapshot->limit_count++;
        }
        return 0;
}

int heap_read_snapshot(struct bytes *b, struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;

        if (stored->has_snapshot || !stored->has_blocks) {
                bytes_fail(b);
                return 0;
        }
        stored->has_snapshot = true;
        if (read_name(b, stored, &snapshot->at) || read_name(b, stored, &snapshot->method))
                return -1;
        snapshot->at_ns = bytes_varint(b);
        snapshot->pause_ns = bytes_varint(b);
        snapshot->threads = (size_t)bytes_varint(b);
        snapshot->roots_bytes = bytes_varint(b);
        snapshot->heap_bytes = bytes_varint(b);
        return read_limits(b, snapshot);
}

void heap_forget(struct stored *stored)
{
        struct snapshot *snapshot = &stored->heap.snapshot;
        struct process *process = stored->process;
        size_t node_capacity = stored->node_capacity;

        for (size_t i = 0; i < stored->name_count; i++)
                mem_free(stored->names[i]);
        for (size_t i = 0; i < stored->word_count; i++)
                mem_free(stored->words[i]);
        for (size_t i = 0; i < snapshot->limit_count; i++)
                mem_free(snapshot->limits[i]);
        mem_free(stored->names);
        mem_free(stored->words);
        mem_free(snapshot->limits);
        mem_free(snapshot->blocks);
        mem_free(snapshot->roots);
        mem_free(snapshot->segments);
        mem_free(snapshot->frames);
        image_file_destroy(stored->image);
        *stored = (struct stored){ .process = process, .node_capacity = node_capacity };
}
