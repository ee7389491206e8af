#include "registers.h"

#include "../mem.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

enum {
        FIRST_PRESERVED = 19, /* by a call, under the AAPCS64 */
        LAST_PRESERVED = 29,
        VECTOR_WORDS = 64, /* of 32 registers of 16 bytes */
};
_Static_assert(sizeof((struct user_fpsimd_struct *)0)->vregs == VECTOR_WORDS * sizeof(uint64_t), "vectors");

static ssize_t get_set(pid_t tid, unsigned set, void *buffer, size_t size)
{
        struct iovec io = { buffer, size };

        return ptrace(PTRACE_GETREGSET, tid, set, &io) ? -1 : (ssize_t)io.iov_len;
}

static int unreadable(pid_t tid, const char *what, struct error *e)
{
        return error_set_errno(e, errno == ESRCH ? ERROR_GONE : ERROR_FAILED, errno, "cannot read the %s of thread %d",
                               what, (int)tid);
}

static void keep_vectors(struct registers *registers, const struct user_fpsimd_struct *vectors)
{
        uint64_t words[VECTOR_WORDS];

        memcpy(words, vectors->vregs, sizeof words);
        for (size_t i = 0; i < VECTOR_WORDS; i++)
                if (words[i])
                        registers->words[registers->count++] = words[i];
}

int registers_read(struct registers *registers, pid_t tid, struct error *e)
{
        struct user_regs_struct user;
        struct user_fpsimd_struct vectors;
        uint64_t thread_pointer = 0;

        if (get_set(tid, NT_PRSTATUS, &user, sizeof user) != (ssize_t)sizeof user)
                return unreadable(tid, "registers", e);
        if (get_set(tid, NT_PRFPREG, &vectors, sizeof vectors) != (ssize_t)sizeof vectors)
                return unreadable(tid, "vector registers", e);
        if (get_set(tid, NT_ARM_TLS, &thread_pointer, sizeof thread_pointer) < 0)
                return unreadable(tid, "thread pointer", e);
        *registers = (struct registers){ .sp = user.sp, .pc = user.pc, .thread_pointer = thread_pointer };
        registers->words = mem_alloc(REGISTER_GENERAL + VECTOR_WORDS, sizeof(uint64_t));
        if (!registers->words)
                return error_no_memory(e, "reading registers");
        memcpy(registers->words, user.regs, REGISTER_GENERAL * sizeof(uint64_t));
        registers->count = REGISTER_GENERAL;
        keep_vectors(registers, &vectors);
        return 0;
}

void registers_keep_callers(struct registers *registers)
{
        for (size_t i = 0; i < REGISTER_GENERAL; i++)
                if (i < FIRST_PRESERVED || i > LAST_PRESERVED)
                        registers->words[i] = 0;
        registers->count = REGISTER_GENERAL;
}

void registers_dwarf(const struct registers *registers, uint64_t out[MACHINE_DWARF_REGISTERS])
{
        memcpy(out, registers->words, REGISTER_GENERAL * sizeof *out);
        out[MACHINE_DWARF_SP] = registers->sp;
}

const char *register_name(size_t index)
{
        static const char names[REGISTER_GENERAL][4] = {
                "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
                "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
                "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30",
        };

        return index < REGISTER_GENERAL ? names[index] : "vector register";
}
