#include "doctor.h"

#include "capture/memory.h"
#include "capture/stop.h"
#include "collect/launch.h"
#include "mem.h"
#include "symbols/symbols.h"
#include "target.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(2000000000)

/* Adds a finding.  `cure` may be NULL; `format` is of its text. */
static int __attribute__((format(printf, 5, 6)))
add(struct doctor *doctor, enum doctor_grade grade, const char *topic, const char *cure, const char *format, ...)
{
        struct doctor_finding finding = { .grade = grade, .topic = topic };
        char text[2048];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (mem_grow(&doctor->list, &doctor->capacity, doctor->count + 1, sizeof *doctor->list))
                return -1;
        finding.text = mem_string(text);
        finding.cure = cure ? mem_string(cure) : NULL;
        if (!finding.text || (cure && !finding.cure)) {
                mem_free(finding.text);
                mem_free(finding.cure);
                return -1;
        }
        doctor->list[doctor->count++] = finding;
        return 0;
}

/* ---- the kernel ---------------------------------------------------------- */

static int check_kernel(struct doctor *doctor)
{
        struct utsname system;
        int memory = memfd_create("weir-doctor", MFD_CLOEXEC), process = (int)syscall(SYS_pidfd_open, getpid(), 0),
            bad = 0;

        (void)uname(&system);
        if (memory < 0)
                bad = add(doctor, DOCTOR_BAD, "kernel", "allow it, or use Linux 3.17 or newer",
                          "memfd_create is refused (%s): there is no shared memory to record into", strerror(errno));
        if (process < 0)
                bad |= add(doctor, DOCTOR_BAD, "kernel",
                           "allow it in the system call filter, or use Linux 5.3 or newer",
                           "pidfd_open is refused (%s): processes cannot be followed", strerror(errno));
        if (memory >= 0 && process >= 0)
                bad = add(doctor, DOCTOR_GOOD, "kernel", NULL, "%s %s has all that recording needs", system.sysname,
                          system.release);
        if (memory >= 0)
                (void)close(memory);
        if (process >= 0)
                (void)close(process);
        return bad;
}

static int check_libraries(struct doctor *doctor)
{
        const char *version = gnu_get_libc_version();
        char path[PATH_MAX];
        struct error e = { 0 };
        void *finder = dlsym(RTLD_DEFAULT, "_dl_find_object");
        int bad;

        bad = finder ? add(doctor, DOCTOR_GOOD, "libc", NULL, "glibc %s", version)
                     : add(doctor, DOCTOR_BAD, "libc", "use a system with glibc 2.35 or newer",
                           "glibc %s has no _dl_find_object, which stacks are walked with", version);
        if (launch_library(path, &e))
                return bad |
                       add(doctor, DOCTOR_BAD, "library", "install weir whole, or set WEIR_LIBRARY", "%s", e.text);
        return bad | add(doctor, DOCTOR_GOOD, "library", NULL, "%s", path);
}

/* ---- stopping and reading ------------------------------------------------ */

static volatile uint64_t mark = UINT64_C(0x7765697264726f70);

static int read_child(struct doctor *doctor, pid_t child)
{
        struct process_memory memory = { 0 };
        struct error e = { 0 };
        uint64_t word = 0;
        int bad;

        if (process_memory_init(&memory, child, &e))
                return add(doctor, DOCTOR_BAD, "memory", NULL, "%s", e.text);
        {
                const struct memory reader = process_memory_reader(&memory);

                word = memory_word(&reader, (uintptr_t)&mark);
        }
        if (word != mark)
                bad = add(doctor, DOCTOR_BAD, "memory", "allow process_vm_readv, or reading /proc/PID/mem",
                          "the memory of a program cannot be read");
        else
                bad = add(doctor, DOCTOR_GOOD, "memory", NULL, "programs can be read (%s)",
                          memory.direct ? "process_vm_readv" : "/proc/PID/mem, for process_vm_readv is refused");
        process_memory_deinit(&memory);
        return bad;
}

/* As a program is at its end: a child that stands still. */
static int check_stopping(struct doctor *doctor)
{
        struct error e = { 0 };
        struct stop stop = { 0 };
        pid_t child = fork();
        int bad;

        if (child < 0)
                return add(doctor, DOCTOR_BAD, "ptrace", NULL, "no process can be started: %s", strerror(errno));
        if (child == 0)
                for (;;)
                        (void)pause();
        if (stop_begin(&stop, child, PATIENCE_NS, &e))
                bad = add(doctor, DOCTOR_BAD, "ptrace",
                          "without it weir can look at programs of one thread only, at their end", "%s", e.text);
        else
                bad = add(doctor, DOCTOR_GOOD, "ptrace", NULL, "programs can be stopped and looked at") ||
                      read_child(doctor, child);
        stop_deinit(&stop);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        return bad;
}

static int number_in(const char *path)
{
        FILE *file = fopen(path, "re");
        int value = -1;

        if (!file)
                return -1;
        if (fscanf(file, "%d", &value) != 1)
                value = -1;
        (void)fclose(file);
        return value;
}

static int check_scope(struct doctor *doctor)
{
        int scope = number_in("/proc/sys/kernel/yama/ptrace_scope");

        if (scope <= 0)
                return 0;
        if (scope == 1)
                return add(
                        doctor, DOCTOR_NOTE, "ptrace",
                        "start programs with 'weir run', or write 0 to /proc/sys/kernel/yama/ptrace_scope",
                        "Yama's ptrace_scope is 1: a bare LD_PRELOAD=libweir.so cannot be looked at, for weir is then "
                        "no parent of the program");
        return add(doctor, DOCTOR_NOTE, "ptrace", "write 1 to /proc/sys/kernel/yama/ptrace_scope",
                   "Yama's ptrace_scope is %d: only root can look at programs", scope);
}

/* ---- the surroundings ---------------------------------------------------- */

static int check_environment(struct doctor *doctor)
{
        const char *preload = getenv("LD_PRELOAD"), *options = getenv("WEIR_OPTIONS"),
                   *servers = getenv("DEBUGINFOD_URLS");
        struct rlimit space;
        int bad = 0;

        if (preload && *preload)
                bad |= add(doctor, DOCTOR_NOTE, "environment", NULL,
                           "LD_PRELOAD is set (%s): weir puts itself before it", preload);
        if (options && *options)
                bad |= add(doctor, DOCTOR_NOTE, "environment", NULL, "WEIR_OPTIONS applies to every run: %s", options);
        if (servers && *servers)
                bad |= add(doctor, DOCTOR_NOTE, "environment", "unset DEBUGINFOD_URLS to stay off the network",
                           "debug information that is missing is fetched from %s", servers);
        if (!getrlimit(RLIMIT_AS, &space) && space.rlim_cur != RLIM_INFINITY)
                bad |= add(doctor, DOCTOR_NOTE, "environment", "ulimit -v unlimited",
                           "address space is limited to %llu MiB: the channel to each program is made smaller",
                           (unsigned long long)space.rlim_cur >> 20);
        return bad;
}

/* The file of the module that holds an address of weir itself. */
static const char *module_of(const void *address)
{
        Dl_info info;

        return dladdr(address, &info) ? info.dli_fname : NULL;
}

static bool has_debug(const char *path)
{
        const struct symbols_options options = { .no_debuginfod = true };
        const struct symbol_file file = { .path = path };
        struct symbols *symbols = symbols_create(&options, NULL);
        bool has = symbols && symbols_have_lines(symbols, symbols_module(symbols, &file));

        symbols_destroy(symbols);
        return has;
}

static int check_debug(struct doctor *doctor)
{
        const char *libc = module_of((const void *)(uintptr_t)gnu_get_libc_version);

        if (!libc)
                return 0;
        if (has_debug(libc))
                return add(doctor, DOCTOR_GOOD, "symbols", NULL, "libc's debug information is installed");
        return add(doctor, DOCTOR_NOTE, "symbols", "apt-get install libc6-dbg, or set DEBUGINFOD_URLS",
                   "libc's debug information is missing: its inner functions have no names and no lines");
}

int doctor_machine(struct doctor *doctor, struct error *e)
{
        return check_kernel(doctor) || check_libraries(doctor) || check_stopping(doctor) || check_scope(doctor) ||
                               check_environment(doctor) || check_debug(doctor)
                       ? error_no_memory(e, "examining this machine")
                       : 0;
}

/* ---- a program ----------------------------------------------------------- */

static int examine(struct doctor *doctor, const char *program)
{
        struct error e = { 0 };
        char file[PATH_MAX];

        if (target_find(program, getenv("PATH"), file, &e) || target_check(file, &e))
                return add(doctor, DOCTOR_BAD, "program", NULL, "%s", e.text);
        if (add(doctor, DOCTOR_GOOD, "program", NULL, "%s can be traced", file))
                return -1;
        if (has_debug(file))
                return add(doctor, DOCTOR_GOOD, "symbols", NULL, "%s has debug information", file);
        return add(doctor, DOCTOR_NOTE, "symbols", "compile it with -g, or install its debug package",
                   "%s has no debug information: its stacks have no lines, and names only where it has symbols", file);
}

int doctor_program(struct doctor *doctor, const char *program, struct error *e)
{
        return examine(doctor, program) ? error_no_memory(e, "examining a program") : 0;
}

/* ---- the whole ----------------------------------------------------------- */

enum doctor_grade doctor_worst(const struct doctor *doctor)
{
        enum doctor_grade worst = DOCTOR_GOOD;

        for (size_t i = 0; i < doctor->count; i++)
                if (doctor->list[i].grade > worst)
                        worst = doctor->list[i].grade;
        return worst;
}

void doctor_deinit(struct doctor *doctor)
{
        for (size_t i = 0; i < doctor->count; i++) {
                mem_free(doctor->list[i].text);
                mem_free(doctor->list[i].cure);
        }
        mem_free(doctor->list);
        *doctor = (struct doctor){ 0 };
}
