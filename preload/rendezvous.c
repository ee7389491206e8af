#include "rendezvous.h"

#include "raw.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

long rendezvous_open(int32_t pid, int32_t descriptor)
{
        char path[64], target[32] = "";
        char *end = raw_append(path, "/proc/");

        end = raw_append(raw_decimal(end, (uint32_t)pid), "/fd/");
        raw_decimal(end, (uint32_t)descriptor);
        if (raw_syscall(SYS_readlinkat, AT_FDCWD, path, target, sizeof target - 1) < 0 ||
            !raw_begins(target, "/memfd:"))
                return -ENOENT;
        return raw_openat(path, O_RDWR | O_NOCTTY);
}

static void set_timeouts(long socket)
{
        const struct timeval limit = { RENDEZVOUS_SECONDS, 0 };

        (void)raw_syscall6(SYS_setsockopt, socket, SOL_SOCKET, SO_RCVTIMEO, (long)&limit, sizeof limit, 0);
        (void)raw_syscall6(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO, (long)&limit, sizeof limit, 0);
}

long rendezvous_receive(long socket, char *text, size_t capacity)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec data = { text, capacity - 1 };
        struct msghdr message = {
                .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        int descriptor;
        long n;

        set_timeouts(socket);
        do
                n = raw_syscall(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC, 0);
        while (n == -EINTR);
        if (n < 0)
                return n;
        text[n] = 0;
        if (control.header.cmsg_len != CMSG_LEN(sizeof(int)) || control.header.cmsg_type != SCM_RIGHTS)
                return message.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
        raw_copy(&descriptor, CMSG_DATA(&control.header), sizeof descriptor);
        return descriptor;
}

long rendezvous_ask(const char *abstract_name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t length = raw_length(abstract_name);
        char byte = 1, answer[16];
        long socket, result;

        socket = raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
        if (socket < 0)
                return socket;
        raw_copy(address.sun_path + 1, abstract_name, length);
        set_timeouts(socket);
        result = raw_syscall(SYS_connect, socket, &address, offsetof(struct sockaddr_un, sun_path) + 1 + length, 0);
        if (result == 0)
                result = raw_syscall6(SYS_sendto, socket, (long)&byte, 1, MSG_NOSIGNAL, 0, 0);
        if (result >= 0)
                result = rendezvous_receive(socket, answer, sizeof answer);
        raw_close(socket);
        return result;
}

/* ---- a child with a table of its own ------------------------------------- */

struct errand {
        void (*act)(void *context);
        void *context;
};

static void run(const struct errand *errand)
{
        struct rlimit64 limit;

        /* Copies of the program's descriptors, closed in the copy only. */
        for (int descriptor = 0; descriptor < 4; descriptor++)
                raw_close(descriptor);
        if (raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit) == 0 && limit.rlim_cur < 16) {
                limit.rlim_cur = limit.rlim_max < 16 ? limit.rlim_max : 16;
                (void)raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
        }
        errand->act(errand->context);
        for (;;)
                (void)raw_syscall(SYS_exit, 0, 0, 0, 0);
}

/* The child begins at `top` of its own stack, in run(errand). */
static long clone_onto(char *top, const struct errand *errand)
{
#if defined(__x86_64__)
        long result;
        void **words = (void **)(void *)top;

        *--words = (void *)(uintptr_t)errand;
        *--words = (void *)(uintptr_t)run;
        __asm__ volatile("xorl %%r10d, %%r10d\n\t"
                         "xorl %%r8d, %%r8d\n\t"
                         "syscall\n\t"
                         "testq %%rax, %%rax\n\t"
                         "jnz 1f\n\t"
                         "xorl %%ebp, %%ebp\n\t"
                         "popq %%rax\n\t"
                         "popq %%rdi\n\t"
                         "callq *%%rax\n\t"
                         "hlt\n"
                         "1:"
                         : "=a"(result)
                         : "a"(SYS_clone), "D"((long)(CLONE_VM | CLONE_VFORK)), "S"(words), "d"(0L)
                         : "rcx", "r11", "r8", "r10", "memory");
        return result;
#else
        register long x8 __asm__("x8") = SYS_clone;
        register long x0 __asm__("x0") = CLONE_VM | CLONE_VFORK;
        register long x1 __asm__("x1") = (long)top;
        register long x2 __asm__("x2") = 0;
        register long x3 __asm__("x3") = 0;
        register long x4 __asm__("x4") = 0;

        __asm__ volatile("mov x19, %6\n\t"
                         "mov x20, %7\n\t"
                         "svc 0\n\t"
                         "cbnz x0, 1f\n\t"
                         "mov x29, xzr\n\t"
                         "mov x0, x20\n\t"
                         "blr x19\n\t"
                         "brk 0\n"
                         "1:"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(run), "r"(errand)
                         : "x19", "x20", "memory");
        return x0;
#endif
}

bool rendezvous_with_own_table(void (*act)(void *context), void *context)
{
        enum { STACK_BYTES = 64 * 1024 };
        const struct errand errand = { act, context };
        uint64_t all = ~UINT64_C(0), before;
        char *stack = raw_mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        long child;

        if (!stack)
                return false;
        /* No handler of the program's may run in the child. */
        (void)raw_syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &all, &before, 8);
        child = clone_onto(stack + STACK_BYTES, &errand);
        if (child > 0)
                while (raw_syscall(SYS_wait4, child, 0, __WCLONE, 0) == -EINTR)
                        ;
        (void)raw_syscall(SYS_rt_sigprocmask, 2, &before, 0, 8);
        raw_munmap(stack, STACK_BYTES);
        return child > 0;
}
