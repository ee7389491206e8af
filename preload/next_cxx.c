/*
 * next_cxx.c: operator new and delete where RTLD_NEXT knows none.
 *
 * A C program may dlopen a C++ plug-in with RTLD_LOCAL.  The plug-in then calls
 * the shim's operators, while libstdc++ is in no scope that the shim's
 * RTLD_NEXT searches.  The first call of such an operator looks for a C++
 * run-time library that is loaded by now; only without any is malloc used,
 * which cannot throw.
 */
#include "next.h"
#include "next_cxx.h"

#include <errno.h>

static void *find_loaded(const char *name)
{
        static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1", "libc++abi.so.1"};
        int saved = errno;
        void *p = NULL;

        for (unsigned i = 0; i < sizeof libraries / sizeof libraries[0] && !p; i++) {
                void *handle = dlopen(libraries[i], RTLD_NOLOAD | RTLD_LAZY);

                if (!handle)
                        continue;
                p = dlsym(handle, name);
                (void)dlclose(handle);
        }
        (void)dlerror();
        (void)dlerror();
        errno = saved;
        return p;
}

/* One function for each operator: finds the real one, or takes `otherwise`. */
#define LOST(type, name, parameters, arguments, otherwise)                                                             \
        static type lost##name parameters                                                                              \
        {                                                                                                              \
                void *p = find_loaded(#name);                                                                          \
                                                                                                                       \
                if (!p)                                                                                                \
                        return otherwise;                                                                              \
                __builtin_memcpy(&next.name, &p, sizeof p);                                                            \
                return next.name arguments;                                                                            \
        }

#define LOST_NEW(name)                                                                                                 \
        LOST(void *, name, (size_t size), (size), next.malloc(size))                                                   \
        LOST(void *, name##RKSt9nothrow_t, (size_t size, const struct nothrow *n), (size, n), next.malloc(size))       \
        LOST(void *, name##St11align_val_t, (size_t size, size_t alignment), (size, alignment),                        \
             next.memalign(alignment, size))                                                                           \
        LOST(void *, name##St11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const struct nothrow *n),    \
             (size, alignment, n), next.memalign(alignment, size))

#define LOST_DELETE(name)                                                                                              \
        LOST(void, name, (void *block), (block), next.free(block))                                                     \
        LOST(void, name##m, (void *block, size_t size), (block, size), next.free(block))                               \
        LOST(void, name##RKSt9nothrow_t, (void *block, const struct nothrow *n), (block, n), next.free(block))         \
        LOST(void, name##St11align_val_t, (void *block, size_t alignment), (block, alignment), next.free(block))       \
        LOST(void, name##mSt11align_val_t, (void *block, size_t size, size_t alignment), (block, size, alignment),     \
             next.free(block))                                                                                         \
        LOST(void, name##St11align_val_tRKSt9nothrow_t, (void *block, size_t alignment, const struct nothrow *n),      \
             (block, alignment, n), next.free(block))

LOST_NEW(_Znwm)
LOST_NEW(_Znam)
LOST_DELETE(_ZdlPv)
LOST_DELETE(_ZdaPv)

#define TAKE_LOST(name, function)                                                                                      \
        if (!next.name)                                                                                                \
                next.name = lost##name;

void next_cxx_complete(void)
{
        WEIR_HOOKS_CXX(TAKE_LOST)
}
