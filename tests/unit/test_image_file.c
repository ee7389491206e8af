#include "capture/file.h"
#include "capture/file_section.h"
#include "capture/image_file.h"
#include "share.h"
#include "suite.h"

#include <stdatomic.h>
#include <string.h>
#include <zstd.h>

#define BASE UINT64_C(0x7f0000000000)

/* More sections than are kept unpacked, of one page each. */
enum { PAGE = CAPTURE_PAGE, SECTIONS = 300, READS = 4000, THREADS = 4 };

static uint8_t packed[SECTIONS * (PAGE + 512)];

static uint8_t byte_at(uint64_t section, uint64_t at)
{
        return (uint8_t)(section * 31 + at * (section % 7 + 1) / 16);
}

static void add_section(struct image_file *image, struct file_source *source, uint64_t section)
{
        uint8_t page[PAGE];
        struct pack runs = { 0 };
        struct bytes b;
        size_t size;

        for (size_t i = 0; i < sizeof page; i++)
                page[i] = byte_at(section, i);
        size = ZSTD_compress(packed + source->size, sizeof packed - source->size, page, sizeof page, 1);
        ck_assert(!ZSTD_isError(size));
        pack_u32(&runs, 1);
        pack_u32(&runs, 0);
        pack_u64(&runs, BASE + section * PAGE);
        pack_u32(&runs, 1);
        pack_u32(&runs, 0);
        b = bytes_of(runs.data, runs.size);
        ck_assert_int_eq(image_file_add(image, &b, source->size, (uint32_t)size, PAGE), 0);
        ck_assert(b.ok && !bytes_left(&b));
        pack_deinit(&runs);
        source->size += size;
}

static struct image_file *make_image(struct file_source *source)
{
        struct image_file *image;

        *source = (struct file_source){ .name = "made up", .fd = -1, .data = packed };
        image = image_file_create(source);
        ck_assert_ptr_nonnull(image);
        for (uint64_t section = 0; section < SECTIONS; section++)
                add_section(image, source, section);
        return image;
}

struct reading {
        struct memory memory;
        atomic_uint wrong, failed;
};

/* Anywhere, over the border of two sections as often as not. */
static void read_anywhere(void *context, unsigned part)
{
        struct reading *reading = context;
        uint64_t seed = 88172645463325252ull + part;

        for (unsigned i = 0; i < READS; i++) {
                uint8_t got[PAGE];
                uint64_t at;

                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                at = seed % ((SECTIONS - 1) * (uint64_t)PAGE);
                if (reading->memory.read(reading->memory.context, BASE + at, got, sizeof got) != sizeof got) {
                        reading->failed++;
                        continue;
                }
                for (uint64_t byte = 0; byte < PAGE; byte += 61)
                        reading->wrong += got[byte] != byte_at((at + byte) / PAGE, (at + byte) % PAGE);
        }
}

START_TEST(several_threads_read_at_once)
{
        struct file_source source;
        struct image_file *image = make_image(&source);
        struct reading reading = { .memory = image_file_memory(image) };

        ck_assert(reading.memory.parallel);
        share_run(THREADS, read_anywhere, &reading);
        ck_assert_uint_eq(reading.wrong, 0);
        ck_assert_uint_eq(reading.failed, 0);
        ck_assert(!source.damaged);
        image_file_destroy(image);
}
END_TEST

START_TEST(damage_is_told_to_every_thread)
{
        struct file_source source;
        struct image_file *image = make_image(&source);
        struct reading reading = { .memory = image_file_memory(image) };

        for (size_t i = 0; i < source.size; i += 3 * PAGE / 2)
                packed[i] ^= 0x55;
        share_run(THREADS, read_anywhere, &reading);
        ck_assert_uint_gt(reading.failed, 0);
        ck_assert(source.damaged);
        ck_assert_ptr_nonnull(strstr(source.error.text, "made up is damaged: the memory at byte "));
        image_file_destroy(image);
}
END_TEST

SUITE_MAIN("image_file", several_threads_read_at_once, damage_is_told_to_every_thread)
