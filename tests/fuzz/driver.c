/*
 * driver.c: runs a fuzz target without libFuzzer: over every seed, over its
 * beginnings, and over a few thousand changes of it that are the same in
 * every run.  Each input lies at the end of a page that nothing follows, so
 * that reading past it is fatal.
 *
 *     fuzz-NAME DIRECTORY|FILE...
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1 << 20, CHANGES = 4000, CUTS = 400 };

static uint64_t random_state = 1;
static uint8_t *input_end; /* an inaccessible page begins here */
static size_t inputs;

static uint32_t random_below(uint32_t limit)
{
        random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
        return (uint32_t)(random_state >> 33) % limit;
}

static void die(const char *what)
{
        perror(what);
        exit(2);
}

static void make_room(void)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *room = mmap(NULL, LARGEST + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (room == MAP_FAILED || mprotect(room + LARGEST, page, PROT_NONE))
                die("fuzz: no room");
        input_end = room + LARGEST;
}

static void run(const uint8_t *data, size_t size)
{
        memcpy(input_end - size, data, size);
        (void)LLVMFuzzerTestOneInput(input_end - size, size);
        inputs++;
}

/* Overwrites one to four places with bits, borders or bytes from elsewhere. */
static void change(uint8_t *data, size_t size)
{
        static const uint8_t borders[] = { 0, 1, 0x7f, 0x80, 0xff };

        for (uint32_t n = 1 + random_below(4); n; n--) {
                size_t at = random_below((uint32_t)size);

                switch (random_below(4)) {
                case 0:
                        data[at] ^= (uint8_t)(1u << random_below(8));
                        break;
                case 1:
                        data[at] = borders[random_below(sizeof borders)];
                        break;
                case 2:
                        data[at] = data[random_below((uint32_t)size)];
                        break;
                default:
                        for (size_t i = at; i < size && i < at + 8; i++)
                                data[i] = borders[random_below(sizeof borders)];
                }
        }
}

static void run_seed(const uint8_t *seed, size_t size)
{
        static uint8_t copy[LARGEST];

        run(seed, size);
        run(seed, 0);
        for (size_t i = 0; size && i < CUTS; i++)
                run(seed, size > CUTS ? random_below((uint32_t)size) : i % size);
        for (size_t i = 0; size && i < CHANGES; i++) {
                memcpy(copy, seed, size);
                /* The front of a file decides most. */
                change(copy, i & 1 && size > 1024 ? 1024 : size);
                run(copy, size);
        }
}

static void run_file(const char *path)
{
        static uint8_t seed[LARGEST];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? -1 : read(fd, seed, sizeof seed);

        if (size < 0)
                die(path);
        close(fd);
        run_seed(seed, (size_t)size);
}

static void run_path(const char *path)
{
        DIR *directory = opendir(path);

        if (!directory) {
                run_file(path);
                return;
        }
        for (struct dirent *entry; (entry = readdir(directory));) {
                char name[PATH_MAX];

                if (entry->d_name[0] == '.')
                        continue;
                snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
                run_file(name);
        }
        closedir(directory);
}

int main(int argc, char **argv)
{
        make_room();
        for (int i = 1; i < argc; i++)
                run_path(argv[i]);
        printf("%zu inputs\n", inputs);
        return inputs ? 0 : 1;
}
