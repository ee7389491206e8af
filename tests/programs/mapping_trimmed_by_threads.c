/* Mappings trimmed to an alignment, as garbage collectors make their pages,
 * while other threads may run: nothing of what was unmapped is left, wherever
 * the cut falls, and what is put into a mapping's place belongs to it.
 *
 * expect: definite 1 group 1 block 123 bytes
 * threads
 */
#include "program.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGES = 200, SIZE = 1 << 18 };

static char *volatile held[PAGES];

static void *idle(void *unused)
{
        return unused;
}

static char *aligned(void)
{
        char *all = mmap(NULL, 2 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        char *page = (char *)(((uintptr_t)all + SIZE - 1) & ~(uintptr_t)(SIZE - 1));

        if (page != all)
                munmap(all, (size_t)(page - all));
        munmap(page + SIZE, (size_t)(all + SIZE - page));
        return mmap(page + 4096, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) - 4096;
}

int main(void)
{
        pthread_t thread;

        pthread_create(&thread, NULL, idle, NULL);
        pthread_join(thread, NULL);
        for (int i = 0; i < PAGES; i++)
                held[i] = aligned();
        lose(malloc(123));
        scrub();
        return 0;
}
