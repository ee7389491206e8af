#include "present.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)

/* The kernel's interface, which Debian 12's headers do not know. */
struct scan_region {
        uint64_t start, end, categories;
};

struct scan_request {
        uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
        uint64_t inverted, mask, any, wanted;
};

enum {
        SCAN_PRESENT = 1 << 3,
        SCAN_SWAPPED = 1 << 4,
        SCAN_ZERO = 1 << 5, /* the kernel's one page of zeroes */
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_request)

enum { WINDOW_PAGES = 4096 };
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

void present_init(struct present *present, pid_t pid)
{
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
        present->fd = open(path, O_RDONLY | O_CLOEXEC);
        present->scan = true;
        present->from = present->to = 0;
        present->count = 0;
}

void present_deinit(struct present *present)
{
        if (present->fd >= 0)
                (void)close(present->fd);
        present->fd = -1;
}

static void add_run(struct present *present, uint64_t start, uint64_t end)
{
        if (present->count && present->runs[present->count - 1].end == start)
                present->runs[present->count - 1].end = end;
        else
                present->runs[present->count++] = (struct present_run){ start, end };
}

/* Fills the window from `from` on: as far as the runs fit. */
static bool scan_window(struct present *present, uint64_t from, uint64_t end)
{
        struct scan_region regions[PRESENT_RUNS];
        struct scan_request request = {
                .size = sizeof request,
                .start = from,
                .end = end,
                .regions = (uint64_t)(uintptr_t)regions,
                .region_count = PRESENT_RUNS,
                .inverted = SCAN_ZERO,
                .mask = SCAN_ZERO,
                .any = SCAN_PRESENT | SCAN_SWAPPED,
                .wanted = SCAN_PRESENT | SCAN_SWAPPED,
        };
        int count = ioctl(present->fd, SCAN_IOCTL, &request);

        if (count < 0 || request.walk_end <= from)
                return false;
        for (int i = 0; i < count; i++)
                add_run(present, regions[i].start, regions[i].end);
        present->to = request.walk_end;
        return true;
}

static bool read_window(struct present *present, uint64_t from, uint64_t end)
{
        uint64_t entries[WINDOW_PAGES], pages = (end - from) / PAGE;
        ssize_t got;

        if (pages > WINDOW_PAGES)
                pages = WINDOW_PAGES;
        got = pread(present->fd, entries, pages * sizeof *entries, (off_t)(from / PAGE * sizeof *entries));
        if (got < (ssize_t)sizeof *entries)
                return false;
        pages = (uint64_t)got / sizeof *entries;
        present->to = from + pages * PAGE;
        for (uint64_t i = 0; i < pages; i++) {
                uint64_t start = from + i * PAGE;

                if (!(entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)))
                        continue;
                if (present->count == PRESENT_RUNS && present->runs[PRESENT_RUNS - 1].end != start) {
                        present->to = start;
                        break;
                }
                add_run(present, start, start + PAGE);
        }
        return true;
}

/* Makes the window cover `address`; both bounds are page boundaries. */
static bool look(struct present *present, uint64_t address, uint64_t end)
{
        if (present->fd < 0)
                return false;
        if (address >= present->from && address < present->to)
                return true;
        present->from = present->to = address;
        present->count = 0;
        if (present->scan && scan_window(present, address, end))
                return true;
        present->scan = false;
        return read_window(present, address, end);
}

/* The first run of the window that ends after `address`. */
static const struct present_run *find_run(const struct present *present, uint64_t address)
{
        size_t low = 0, high = present->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (present->runs[middle].end <= address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < present->count ? &present->runs[low] : NULL;
}

static uint64_t page_up(uint64_t address)
{
        return address > UINT64_MAX - PAGE ? address & ~(PAGE - 1) : (address + PAGE - 1) & ~(PAGE - 1);
}

uint64_t present_next(struct present *present, uint64_t address, uint64_t end)
{
        while (address < end) {
                const struct present_run *run;

                if (!look(present, address & ~(PAGE - 1), page_up(end)))
                        return address;
                run = find_run(present, address);
                if (run) {
                        uint64_t start = run->start > address ? run->start : address;

                        return start < end ? start : end;
                }
                address = present->to;
        }
        return end;
}

uint64_t present_end(struct present *present, uint64_t address, uint64_t end)
{
        while (address < end) {
                const struct present_run *run;

                if (!look(present, address & ~(PAGE - 1), page_up(end)))
                        return end;
                run = find_run(present, address);
                if (!run || run->start > address)
                        return address;
                address = run->end;
        }
        return end;
}
