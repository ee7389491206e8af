/* A capture file.  The first byte says what the rest is: 0, a file as it is;
 * else its sections without their wrapping, which is put around them here, so
 * that checks and compression do not keep the fuzzer out:
 *
 *     u8 kind, u8 process, u16 bytes of the prefix, u16 bytes of the content, prefix, content */
#include "fuzz.h"

#include "bytes.h"
#include "capture/file.h"
#include "capture/file_section.h"
#include "capture/pack.h"
#include "mem.h"

#include <string.h>
#include <zstd.h>

enum {
        LOOK_MAX = 1 << 22, /* bytes of memory that are read of one file */
        FILL = UINT16_MAX / CAPTURE_RATIO + 16,
};

static void wrap_section(struct pack *file, struct bytes *in)
{
        uint8_t kind = bytes_u8(in), process = bytes_u8(in);
        uint16_t prefix_size = bytes_u16(in), size = bytes_u16(in);
        const void *prefix = bytes_take(in, prefix_size), *raw = bytes_take(in, size);
        uint8_t frame[ZSTD_COMPRESSBOUND(UINT16_MAX) + FILL];
        struct pack head = { 0 };
        size_t framed;

        if (!in->ok)
                return;
        framed = ZSTD_compress(frame, sizeof frame - FILL, raw, size, 1);
        if (!section_ratio_holds(prefix_size + framed, size)) {
                /* As much fill as any such section needs: a skippable frame. */
                const uint32_t fill[2] = { 0x184d2a50, FILL - sizeof fill };

                memcpy(frame + framed, fill, sizeof fill);
                memset(frame + framed + sizeof fill, 0, FILL - sizeof fill);
                framed += FILL;
        }
        pack_u32(&head, kind);
        pack_u32(&head, process);
        pack_u32(&head, (uint32_t)(prefix_size + framed));
        pack_u32(&head, size);
        pack_u32(&head, prefix_size);
        pack_u32(&head, section_hash(section_hash(SECTION_HASH, head.data, head.size), prefix, prefix_size));
        pack_bytes(file, head.data, head.size);
        pack_bytes(file, prefix, prefix_size);
        pack_bytes(file, frame, framed);
        pack_deinit(&head);
}

/* Sections and their end. */
static void wrap(struct pack *file, struct bytes *in)
{
        struct pack end = { 0 };
        uint64_t sections = 0;
        struct bytes last;

        pack_bytes(file, CAPTURE_FILE_MAGIC, 8);
        pack_u32(file, CAPTURE_FILE_VERSION);
        pack_u32(file, 0);
        for (; bytes_left(in); sections++)
                wrap_section(file, in);
        sections -= !in->ok; /* the last one was cut */
        pack_bytes(&end, (const uint8_t[]){ SECTION_END, 0, 0, 0, 8, 0 }, 6);
        pack_u64(&end, sections);
        last = bytes_of(end.data, end.size);
        wrap_section(file, &last);
        pack_deinit(&end);
}

/* What the names say of a module that a process has. */
static void ask(struct symbols *symbols, const struct process *process)
{
        for (size_t i = 0; i < process->module_count; i++) {
                const struct symbol_file wanted = { .path = process->modules[i].path,
                                                    .build_id = process->modules[i].build_id,
                                                    .build_id_length = process->modules[i].build_id_length };
                struct symbol_module *module = symbols_module(symbols, &wanted);
                const struct symbol_frame *frames;
                struct symbol_variable variable;
                size_t count;

                for (uint64_t address = 0; address < 64; address++) {
                        (void)symbols_frames(symbols, module, address, true, &frames, &count, NULL);
                        (void)symbols_class(symbols, module, address);
                        (void)symbols_variable(symbols, module, address, &variable);
                }
        }
}

static void look(struct capture_file *file)
{
        static uint8_t buffer[1 << 16];
        uint64_t left = LOOK_MAX;

        for (struct process *p = capture_file_run(file)->processes; p; p = p->next) {
                struct capture_heap *heap = capture_file_heap(file, p);
                struct snapshot *s = heap ? &heap->snapshot : NULL;

                if (capture_file_symbols(file))
                        ask(capture_file_symbols(file), p);

                for (size_t i = 0; s && i < s->block_count && left; i++) {
                        uint64_t at = s->blocks[i].address, end = at + s->blocks[i].size;
                        size_t got = 0;

                        at = s->memory.next(s->memory.context, at, end);
                        if (at < end)
                                got = s->memory.read(s->memory.context, at, buffer,
                                                     end - at < sizeof buffer ? (size_t)(end - at) : sizeof buffer);
                        left -= got < left ? got : left;
                }
                for (uint32_t stack = 0; stack < 16; stack++) {
                        struct process_stack frames;
                        struct error e;

                        if (!process_stack(p, stack, &frames, &e))
                                mem_free(frames.frames);
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct pack wrapped = { 0 };
        struct capture_file *file;
        struct error e = { 0 };
        struct bytes in;

        if (!size)
                return 0;
        in = bytes_of(data + 1, size - 1);
        if (data[0])
                wrap(&wrapped, &in);
        file = data[0] ? capture_file_open_bytes("fuzz", wrapped.data, wrapped.size, &e)
                       : capture_file_open_bytes("fuzz", data + 1, size - 1, &e);
        if (file)
                look(file);
        capture_file_close(file);
        pack_deinit(&wrapped);
        return 0;
}
