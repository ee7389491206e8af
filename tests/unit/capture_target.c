/* The program that test_capture.c takes snapshots of: it puts one value into
 * each place that a root can be, says where things are, then waits.
 *
 *     capture_target LIBRARY    everything at once
 *     capture_target --threads N       N sleeping threads
 *     capture_target --churn           threads come and go without end
 *     capture_target --sleep           nothing
 *     capture_target --count           a thread that never sleeps
 *     capture_target --leaderless      the first thread ends, another stays
 *     capture_target --hidden          not dumpable
 *     capture_target --vfork           a thread waits for its vfork child
 *
 * Output: lines of "NAME HEX", the last one "ready 0". */
#include "capture_plants.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile uint64_t base = PLANT_BASE;
static volatile uint64_t in_data = 1;
static volatile uint64_t in_bss;
static __thread volatile uint64_t in_tls;
static pthread_key_t low_key, high_key;
static pthread_barrier_t all_planted;
static ucontext_t main_context, malloc_context, mmap_context, suspended_context;

/* Made where it is needed, so that no copy stays behind elsewhere. */
static inline __attribute__((always_inline)) uint64_t plant(unsigned which)
{
        return base + PLANT_STEP * which;
}

static void say(const char *name, uint64_t value)
{
        (void)printf("%s %llx\n", name, (unsigned long long)value);
}

static void wait_forever(void)
{
        for (;;)
                (void)pause();
}

static void planted(void)
{
        (void)pthread_barrier_wait(&all_planted);
}

/* A value deep in a frame that is then left. */
static __attribute__((noinline)) void plant_dead(unsigned which)
{
        volatile uint64_t deep[4096] __attribute__((unused));

        for (unsigned i = 0; i < 4096; i++)
                deep[i] = 0;
        deep[100] = plant(which);
}

static void *tls_thread(void *library_set)
{
        void (*set)(uint64_t) = (void (*)(uint64_t))(uintptr_t)library_set;

        in_tls = plant(PLANT_THREAD_TLS);
        set(plant(PLANT_THREAD_DYNAMIC_TLS));
        planted();
        wait_forever();
        return NULL;
}

static void *key_thread(void *unused)
{
        (void)unused;
        (void)pthread_setspecific(low_key, (void *)plant(PLANT_LOW_KEY));
        (void)pthread_setspecific(high_key, (void *)plant(PLANT_HIGH_KEY));
        planted();
        wait_forever();
        return NULL;
}

static void *stack_thread(void *unused)
{
        volatile uint64_t local;

        (void)unused;
        plant_dead(PLANT_DEAD_FRAME);
        local = plant(PLANT_STACK);
        planted();
        wait_forever();
        (void)local;
        return NULL;
}

static void *register_thread(void *unused)
{
        (void)unused;
        planted();
        __asm__ volatile("mov %0, %%r12\n"
                         "xor %0, %0\n"
                         "1: mov %1, %%eax\n"
                         "syscall\n"
                         "jmp 1b\n"
                         :
                         : "r"(plant(PLANT_REGISTER)), "i"(SYS_pause)
                         : "r12", "rax", "rcx", "r11", "memory");
        return NULL;
}

static void *vector_thread(void *unused)
{
        (void)unused;
        planted();
        __asm__ volatile("movq %0, %%xmm7\n"
                         "xor %0, %0\n"
                         "1: mov %1, %%eax\n"
                         "syscall\n"
                         "jmp 1b\n"
                         :
                         : "r"(plant(PLANT_VECTOR)), "i"(SYS_pause)
                         : "xmm7", "rax", "rcx", "r11", "memory");
        return NULL;
}

static void on_malloc_stack(void)
{
        volatile uint64_t local = plant(PLANT_MALLOC_COROUTINE);

        planted();
        wait_forever();
        (void)local;
}

static void on_mmap_stack(void)
{
        volatile uint64_t local = plant(PLANT_MMAP_COROUTINE);

        planted();
        wait_forever();
        (void)local;
}

static void on_suspended_stack(void)
{
        volatile uint64_t local = plant(PLANT_SUSPENDED_COROUTINE);

        (void)swapcontext(&suspended_context, &main_context);
        (void)local;
}

static void prepare(ucontext_t *context, void *stack, void (*function)(void))
{
        (void)getcontext(context);
        context->uc_stack.ss_sp = stack;
        context->uc_stack.ss_size = COROUTINE_STACK;
        context->uc_link = NULL;
        makecontext(context, function, 0);
}

static void *malloc_coroutine_thread(void *unused)
{
        volatile uint64_t local = plant(PLANT_BELOW_COROUTINE);
        void *stack = malloc(COROUTINE_STACK);
        ucontext_t here;

        (void)unused;
        say("malloc_stack", (uintptr_t)stack);
        prepare(&malloc_context, stack, on_malloc_stack);
        (void)swapcontext(&here, &malloc_context);
        (void)local;
        return NULL;
}

static void *map_stack(void)
{
        return mmap(NULL, COROUTINE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *mmap_coroutine_thread(void *unused)
{
        void *stack = map_stack();
        ucontext_t here;

        (void)unused;
        say("mmap_stack", (uintptr_t)stack);
        prepare(&mmap_context, stack, on_mmap_stack);
        (void)swapcontext(&here, &mmap_context);
        return NULL;
}

static void handler(int number)
{
        volatile uint64_t local = plant(PLANT_SIGNAL_STACK);

        (void)number;
        planted();
        wait_forever();
        (void)local;
}

static void *signal_thread(void *unused)
{
        stack_t stack = { .ss_size = COROUTINE_STACK };
        struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
        volatile uint64_t local = plant(PLANT_UNDER_SIGNAL);

        (void)unused;
        stack.ss_sp = malloc(COROUTINE_STACK);
        say("signal_stack", (uintptr_t)stack.ss_sp);
        (void)sigaltstack(&stack, NULL);
        (void)sigaction(SIGUSR1, &action, NULL);
        (void)pthread_kill(pthread_self(), SIGUSR1);
        (void)local;
        return NULL;
}

/* Allocates from an arena of its own, frees again, and ends. */
static void *dead_thread(void *unused)
{
        volatile uint64_t local;
        uint64_t *block;

        (void)unused;
        local = plant(PLANT_DEAD_THREAD);
        block = malloc(100);
        for (int i = 0; i < 12; i++)
                block[i] = plant(PLANT_FREED);
        free(block);
        (void)local;
        return NULL;
}

static uint64_t *map(size_t size, int flags)
{
        return mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

static void plant_mappings(void)
{
        uint64_t *unknown = map(8192, MAP_PRIVATE), *block = map(8192, MAP_PRIVATE);
        uint64_t *shared = map(8192, MAP_SHARED), *own = map(8192, MAP_PRIVATE);
        uint64_t *sparse = map(SPARSE_SIZE, MAP_PRIVATE | MAP_NORESERVE);
        uint64_t *heap = malloc(100);

        unknown[7] = plant(PLANT_UNKNOWN_MAPPING);
        block[7] = plant(PLANT_BLOCK_MAPPING);
        shared[7] = plant(PLANT_SHARED_MAPPING);
        own[7] = plant(PLANT_OWN_MAPPING);
        sparse[SPARSE_SIZE / 16] = plant(PLANT_SPARSE);
        heap[3] = plant(PLANT_HEAP);
        /* Apart from each other, or the kernel makes one of them. */
        (void)mprotect(unknown + 512, 4096, PROT_NONE);
        (void)mprotect(block + 512, 4096, PROT_NONE);
        (void)mprotect(own + 512, 4096, PROT_NONE);
        say("block_mapping", (uintptr_t)block);
        say("own_mapping", (uintptr_t)own);
}

static void plant_suspended(void)
{
        void *stack = map_stack();

        say("suspended_stack", (uintptr_t)stack);
        prepare(&suspended_context, stack, on_suspended_stack);
        (void)swapcontext(&main_context, &suspended_context);
}

/* The last block of the heap: where it ends the free rest begins, as the main
 * arena knows.  Said in two halves, to leave no such word behind. */
static void plant_top(void)
{
        volatile uintptr_t last = 0;

        /* Enough of them to use up what lies free below. */
        for (int i = 0; i < 256; i++) {
                uintptr_t block = (uintptr_t)malloc(48);

                last = block > last ? block : last;
        }
        say("last_block", last);
}

static void say_libc(void)
{
        void (*tls_info)(size_t *, size_t *) =
                (void (*)(size_t *, size_t *))(uintptr_t)dlsym(RTLD_DEFAULT, "_dl_get_tls_static_info");
        const uint32_t *pthread_size = dlsym(RTLD_DEFAULT, "_thread_db_sizeof_pthread");
        size_t size = 0, align;

        if (tls_info)
                tls_info(&size, &align);
        say("tls_static_size", size - (pthread_size ? *pthread_size : 0)); /* it counts the descriptor too */
        say("pthread_size", pthread_size ? *pthread_size : 0);
}

static void make_keys(void)
{
        (void)pthread_key_create(&low_key, NULL);
        for (int i = 0; i < 40; i++)
                (void)pthread_key_create(&high_key, NULL);
}

/* Behind pages that cannot be written, or the kernel joins it to others. */
static void plant_librarys_own(void *handle)
{
        uint64_t **own = dlsym(handle, "capture_tls_own");
        uint64_t *memory = map(3 * 4096, MAP_PRIVATE);

        (void)mprotect(memory, 4096, PROT_NONE);
        (void)mprotect(memory + 1024, 4096, PROT_NONE);
        memory[512 + 9] = plant(PLANT_LIBRARYS_OWN);
        *own = memory + 512;
}

static void everything(const char *library)
{
        void *handle = dlopen(library, RTLD_NOW);
        void (*set)(uint64_t) = handle ? (void (*)(uint64_t))(uintptr_t)dlsym(handle, "capture_tls_set") : NULL;
        void *(*threads[])(void *) = { key_thread,           stack_thread,  register_thread,
                                       vector_thread,        signal_thread, malloc_coroutine_thread,
                                       mmap_coroutine_thread };
        size_t count = sizeof threads / sizeof threads[0];
        pthread_t thread;

        if (!set)
                exit(3);
        say_libc();
        make_keys();
        in_data = plant(PLANT_DATA);
        in_bss = plant(PLANT_BSS);
        in_tls = plant(PLANT_MAIN_TLS);
        set(plant(PLANT_MAIN_DYNAMIC_TLS));
        plant_mappings();
        plant_librarys_own(handle);
        plant_suspended();
        (void)pthread_barrier_init(&all_planted, NULL, (unsigned)count + 2);
        (void)pthread_create(&thread, NULL, tls_thread, (void *)(uintptr_t)set);
        for (size_t i = 0; i < count; i++)
                (void)pthread_create(&thread, NULL, threads[i], NULL);
        planted();
        (void)pthread_create(&thread, NULL, dead_thread, NULL);
        (void)pthread_join(thread, NULL);
        plant_top();
}

/* ---- other programs ---------------------------------------------------- */

static void *sleeper(void *unused)
{
        wait_forever();
        return unused;
}

static void *short_life(void *unused)
{
        return unused;
}

static void make_threads(int count)
{
        pthread_attr_t attributes;
        pthread_t thread;

        (void)pthread_attr_init(&attributes);
        (void)pthread_attr_setstacksize(&attributes, 64 * 1024);
        for (int i = 0; i < count; i++)
                if (pthread_create(&thread, &attributes, sleeper, NULL))
                        exit(3);
}

static void *churn(void *unused)
{
        for (;;) {
                pthread_t thread;

                if (!pthread_create(&thread, NULL, short_life, NULL))
                        (void)pthread_join(thread, NULL);
        }
        return unused;
}

/* Counts, so that a reader of /proc/PID/stat sees it run. */
static void *counter(void *unused)
{
        for (;;)
                in_data++;
        return unused;
}

static void *vfork_thread(void *unused)
{
        volatile uint64_t local = plant(PLANT_STACK);
        pid_t child = vfork();

        if (!child) {
                (void)syscall(SYS_pause);
                _exit(0);
        }
        (void)local;
        return unused;
}

static void detached(void *(*function)(void *))
{
        pthread_t thread;

        (void)pthread_create(&thread, NULL, function, NULL);
        (void)pthread_detach(thread);
}

int main(int argc, char **argv)
{
        const char *mode = argc > 1 ? argv[1] : "";

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setvbuf(stdout, NULL, _IONBF, 0);
        if (strcmp(mode, "--threads") == 0 && argc > 2)
                make_threads(atoi(argv[2]));
        else if (strcmp(mode, "--churn") == 0)
                for (int i = 0; i < 4; i++)
                        detached(churn);
        else if (strcmp(mode, "--count") == 0)
                detached(counter);
        else if (strcmp(mode, "--leaderless") == 0) {
                in_data = plant(PLANT_DATA);
                detached(sleeper);
                say("ready", 0);
                pthread_exit(NULL);
        } else if (strcmp(mode, "--hidden") == 0)
                (void)prctl(PR_SET_DUMPABLE, 0);
        else if (strcmp(mode, "--vfork") == 0) {
                detached(vfork_thread);
                (void)usleep(100 * 1000);
        } else if (strcmp(mode, "--sleep"))
                everything(mode);
        say("ready", 0);
        wait_forever();
        return 0;
}
