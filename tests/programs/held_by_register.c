/* Another thread holds a block in a general register only, another in a vector
 * register only, a third in its red zone only.
 *
 * expect: reachable 3.. blocks
 * threads
 */
#include "program.h"

#include <pthread.h>

static void *volatile hand;
static volatile int taken;

#define TAKE_AND_STAY(load)                                              \
        __asm__ volatile(load "\n\t"                                     \
                         "movq $0, %0\n\t"                               \
                         "movl $1, %1\n\t"                               \
                         "1: pause\n\t"                                  \
                         "jmp 1b"                                        \
                         : "+m"(hand), "+m"(taken)                       \
                         :                                               \
                         : "r12", "r11", "xmm7", "memory")

static void *in_register(void *unused)
{
        TAKE_AND_STAY("movq %0, %%r12");
        return unused;
}

static void *in_vector(void *unused)
{
        TAKE_AND_STAY("movq %0, %%xmm7");
        return unused;
}

static void *in_red_zone(void *unused)
{
        TAKE_AND_STAY("movq %0, %%r11\n\tmovq %%r11, -120(%%rsp)\n\txorl %%r11d, %%r11d");
        return unused;
}

static void give(void *(*to)(void *), size_t size)
{
        pthread_t thread;

        taken = 0;
        hand = block(size);
        pthread_create(&thread, NULL, to, NULL);
        while (!taken)
                usleep(100);
}

int main(void)
{
        give(in_register, 100);
        give(in_vector, 200);
        give(in_red_zone, 300);
        scrub();
        return 0;
}
