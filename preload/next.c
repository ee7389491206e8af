#include "next.h"

#include "early.h"
#include "next_cxx.h"
#include "raw.h"
#include "thread.h"

#include <errno.h>
#include <stdatomic.h>

/* ---- before the table is filled --------------------------------------- */

/* True when the table may be used; false when this very thread is filling it
 * and the caller is dlsym. */
static bool resolved(void)
{
        if (thread_local_state.resolving)
                return false;
        next_resolve();
        return true;
}

static void *first_malloc(size_t size)
{
        return resolved() ? next.malloc(size) : early_alloc(size, 16);
}

static void *first_calloc(size_t count, size_t size)
{
        size_t bytes;

        if (resolved())
                return next.calloc(count, size);
        return __builtin_mul_overflow(count, size, &bytes) ? NULL : early_alloc(bytes, 16);
}

static void *first_realloc(void *old, size_t size)
{
        return resolved() ? next.realloc(old, size) : early_realloc(old, size);
}

static void first_free(void *block)
{
        if (block && resolved())
                next.free(block);
}

static int first_posix_memalign(void **block, size_t alignment, size_t size)
{
        if (resolved())
                return next.posix_memalign(block, alignment, size);
        *block = early_alloc(size, alignment);
        return *block ? 0 : ENOMEM;
}

static void *first_memalign(size_t alignment, size_t size)
{
        return resolved() ? next.memalign(alignment, size) : early_alloc(size, alignment);
}

static void *first_mmap(void *at, size_t bytes, int protection, int flags, int descriptor, off_t offset)
{
        void *p;

        if (resolved())
                return next.mmap(at, bytes, protection, flags, descriptor, offset);
        p = raw_mmap(at, bytes, protection, flags, descriptor, (uint64_t)offset);
        return p ? p : MAP_FAILED;
}

static int first_munmap(void *at, size_t bytes)
{
        if (resolved())
                return next.munmap(at, bytes);
        raw_munmap(at, bytes);
        return 0;
}

static size_t first_malloc_usable_size(void *block)
{
        return block && resolved() ? next.malloc_usable_size(block) : 0;
}

/* ---- where a function does not exist ----------------------------------- */

static void *substitute_reallocarray(void *old, size_t count, size_t size)
{
        size_t bytes;

        if (__builtin_mul_overflow(count, size, &bytes)) {
                errno = ENOMEM;
                return NULL;
        }
        return next.realloc(old, bytes);
}

static int substitute_posix_memalign(void **block, size_t alignment, size_t size)
{
        int saved = errno, result = 0;
        void *p;

        if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment)
                return EINVAL;
        p = next.memalign(alignment, size);
        if (p)
                *block = p;
        else
                result = ENOMEM;
        errno = saved;
        return result;
}

static void *substitute_memalign(size_t alignment, size_t size)
{
        void *block = NULL;
        int result;

        if (alignment < sizeof block)
                alignment = sizeof block;
        result = next.posix_memalign(&block, alignment, size);
        if (result)
                errno = result;
        return result ? NULL : block;
}

static void *substitute_aligned_alloc(size_t alignment, size_t size)
{
        return next.memalign(alignment, size);
}

static size_t page_size(void)
{
        return (size_t)sysconf(_SC_PAGESIZE);
}

static void *substitute_valloc(size_t size)
{
        return next.memalign(page_size(), size);
}

static void *substitute_pvalloc(size_t size)
{
        size_t page = page_size();

        if (size > SIZE_MAX - page) {
                errno = ENOMEM;
                return NULL;
        }
        return next.memalign(page, size ? (size + page - 1) & ~(page - 1) : page);
}

static void substitute_cfree(void *block)
{
        next.free(block);
}

static void substitute_free_sized(void *block, size_t size)
{
        (void)size;
        next.free(block);
}

static void substitute_free_aligned_sized(void *block, size_t alignment, size_t size)
{
        (void)alignment;
        (void)size;
        next.free(block);
}

static pid_t substitute_fork(void)
{
        long child = raw_syscall6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);

        if (child < 0)
                errno = (int)-child;
        return child < 0 ? -1 : (pid_t)child;
}

static int substitute_execveat(int directory, const char *path, char *const argv[], char *const environment[],
                               int flags)
{
        errno = (int)-raw_syscall6(SYS_execveat, directory, (long)path, (long)argv, (long)environment, flags, 0);
        return -1;
}

/* ---- the table ---------------------------------------------------------- */

struct next next = {
        .malloc = first_malloc,
        .calloc = first_calloc,
        .realloc = first_realloc,
        .reallocarray = substitute_reallocarray,
        .posix_memalign = first_posix_memalign,
        .aligned_alloc = first_memalign,
        .memalign = first_memalign,
        .valloc = substitute_valloc,
        .pvalloc = substitute_pvalloc,
        .free = first_free,
        .cfree = substitute_cfree,
        .free_sized = substitute_free_sized,
        .free_aligned_sized = substitute_free_aligned_sized,
        .mmap = first_mmap,
        .mmap64 = first_mmap,
        .munmap = first_munmap,
        ._Fork = substitute_fork,
        .execveat = substitute_execveat,
        .malloc_usable_size = first_malloc_usable_size,
};

static _Atomic bool complete;

/* A data pointer becomes a function pointer: POSIX's dlsym asks for it. */
static void find(const char *name, void *entry)
{
        void *p = dlsym(RTLD_NEXT, name);

        if (p)
                __builtin_memcpy(entry, &p, sizeof p);
}

/* Other names of the same functions, which a libc may not have. */
static void complete_aliases(void)
{
        if (!next.__sigaction)
                next.__sigaction = next.sigaction;
        if (!next.bsd_signal)
                next.bsd_signal = next.signal;
        if (!next.ssignal)
                next.ssignal = next.signal;
        if (!next.sysv_signal)
                next.sysv_signal = next.signal;
        if (!next.__sysv_signal)
                next.__sysv_signal = next.sysv_signal;
        if (!next.sigset)
                next.sigset = next.signal;
}

#define FIND(name, function) find(#name, &next.name);

__attribute__((cold)) void next_resolve(void)
{
        int saved = errno;

        if (atomic_load(&complete))
                return;
        thread_local_state.resolving = 1;
        WEIR_HOOKS(FIND)
        /* The failures are ours: the program's next dlerror must not tell of
         * them.  The second call frees what the first one returned. */
        (void)dlerror();
        (void)dlerror();
        thread_local_state.resolving = 0;
        if (next.memalign == first_memalign)
                next.memalign = substitute_memalign;
        if (next.posix_memalign == first_posix_memalign)
                next.posix_memalign = substitute_posix_memalign;
        if (next.aligned_alloc == first_memalign)
                next.aligned_alloc = substitute_aligned_alloc;
        complete_aliases();
        next_cxx_complete();
        atomic_store(&complete, true);
        errno = saved;
}
