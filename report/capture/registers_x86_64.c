#include "registers.h"

#include "../mem.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum {
        /* The XSAVE area as the processor lays it out: 32 bytes of control
         * words, the x87 and xmm registers, room for software, a header, and
         * from byte 576 the extended registers. */
        XSAVE_X87 = 32,
        XSAVE_SOFTWARE = 416,
        XSAVE_EXTENDED = 576,
        XSAVE_MAX = 64 * 1024,
        FXSAVE_SIZE = 512,
};

static const struct {
        const char *name;
        size_t offset;  /* in struct user_regs_struct */
        bool preserved; /* by a call, under the System V ABI */
} general[REGISTER_GENERAL] = {
        { "rax", offsetof(struct user_regs_struct, rax), false },
        { "rbx", offsetof(struct user_regs_struct, rbx), true },
        { "rcx", offsetof(struct user_regs_struct, rcx), false },
        { "rdx", offsetof(struct user_regs_struct, rdx), false },
        { "rsi", offsetof(struct user_regs_struct, rsi), false },
        { "rdi", offsetof(struct user_regs_struct, rdi), false },
        { "rbp", offsetof(struct user_regs_struct, rbp), true },
        { "r8", offsetof(struct user_regs_struct, r8), false },
        { "r9", offsetof(struct user_regs_struct, r9), false },
        { "r10", offsetof(struct user_regs_struct, r10), false },
        { "r11", offsetof(struct user_regs_struct, r11), false },
        { "r12", offsetof(struct user_regs_struct, r12), true },
        { "r13", offsetof(struct user_regs_struct, r13), true },
        { "r14", offsetof(struct user_regs_struct, r14), true },
        { "r15", offsetof(struct user_regs_struct, r15), true },
        { "gs base", offsetof(struct user_regs_struct, gs_base), true },
};

static ssize_t get_set(pid_t tid, unsigned set, void *buffer, size_t size)
{
        struct iovec io = { buffer, size };

        return ptrace(PTRACE_GETREGSET, tid, set, &io) ? -1 : (ssize_t)io.iov_len;
}

/* Appends the words of [from, to) that are not zero. */
static void keep_words(struct registers *registers, const uint8_t *area, size_t from, size_t to)
{
        for (; from + sizeof(uint64_t) <= to; from += sizeof(uint64_t)) {
                uint64_t word;

                memcpy(&word, area + from, sizeof word);
                if (word)
                        registers->words[registers->count++] = word;
        }
}

/* The extended state; where the processor or the kernel has none, the x87 and
 * xmm registers alone. */
static ssize_t read_vectors(pid_t tid, uint8_t *area, size_t size)
{
        ssize_t got = get_set(tid, NT_X86_XSTATE, area, size);

        return got >= 0 ? got : get_set(tid, NT_FPREGSET, area, FXSAVE_SIZE);
}

int registers_read(struct registers *registers, pid_t tid, struct error *e)
{
        struct user_regs_struct user;
        uint8_t area[XSAVE_MAX];
        ssize_t size = 0;

        if (get_set(tid, NT_PRSTATUS, &user, sizeof user) != (ssize_t)sizeof user)
                return error_set_errno(e, errno == ESRCH ? ERROR_GONE : ERROR_FAILED, errno,
                                       "cannot read the registers of thread %d", (int)tid);
        size = read_vectors(tid, area, sizeof area);
        if (size < 0)
                return error_set_errno(e, errno == ESRCH ? ERROR_GONE : ERROR_FAILED, errno,
                                       "cannot read the vector registers of thread %d", (int)tid);

        *registers = (struct registers){ .sp = user.rsp, .pc = user.rip, .thread_pointer = user.fs_base };
        registers->words = mem_alloc(REGISTER_GENERAL + (size_t)size / sizeof(uint64_t), sizeof(uint64_t));
        if (!registers->words)
                return error_no_memory(e, "reading registers");
        for (size_t i = 0; i < REGISTER_GENERAL; i++)
                memcpy(&registers->words[i], (const char *)&user + general[i].offset, sizeof(uint64_t));
        registers->count = REGISTER_GENERAL;
        keep_words(registers, area, XSAVE_X87, (size_t)size < XSAVE_SOFTWARE ? (size_t)size : XSAVE_SOFTWARE);
        keep_words(registers, area, XSAVE_EXTENDED, (size_t)size);
        return 0;
}

void registers_keep_callers(struct registers *registers)
{
        for (size_t i = 0; i < REGISTER_GENERAL; i++)
                if (!general[i].preserved)
                        registers->words[i] = 0;
        registers->count = REGISTER_GENERAL;
}

void registers_dwarf(const struct registers *registers, uint64_t out[MACHINE_DWARF_REGISTERS])
{
        static const uint8_t first[] = { 0, 3, 2, 1, 4, 5, 6 }; /* in `general`: rax, rdx, rcx, rbx, rsi, rdi, rbp */

        for (size_t i = 0; i < sizeof first; i++)
                out[i] = registers->words[first[i]];
        out[MACHINE_DWARF_SP] = registers->sp;
        for (size_t i = 8; i < 16; i++)
                out[i] = registers->words[i - 1];
        out[MACHINE_DWARF_RETURN] = registers->pc;
}

const char *register_name(size_t index)
{
        return index < REGISTER_GENERAL ? general[index].name : "vector register";
}
