/*
 * throw.c: the two functions that a C cleanup needs while an exception passes,
 * taken from whatever C++ run-time is doing the throwing.
 *
 * hooks_cxx.c is compiled with -fexceptions, and the compiler makes it refer to
 * both.  Linking libgcc_s for them would load it into every C program, and a
 * static copy could disagree with the unwinder that calls it.  When one of them
 * is called an exception is under way, so the right ones are loaded.
 *
 * Types as in the Itanium C++ ABI; what is only passed on stays opaque.
 */
#include "hooks.h"

enum { CONTINUE_UNWIND = 8 };

int __gcc_personality_v0(int version, int actions, uint64_t kind, void *exception, void *context);
void _Unwind_Resume(void *exception);

static void *find(const char *name)
{
        void *p = dlsym(RTLD_DEFAULT, name), *handle;

        if (p)
                return p;
        handle = dlopen("libgcc_s.so.1", RTLD_NOLOAD | RTLD_LAZY);
        if (!handle)
                return NULL;
        p = dlsym(handle, name);
        (void)dlclose(handle);
        return p;
}

/* Without a personality the cleanup is passed by: the guard of this thread
 * stays raised, but the exception goes on. */
int __gcc_personality_v0(int version, int actions, uint64_t kind, void *exception, void *context)
{
        void *p = find("__gcc_personality_v0");
        int (*real)(int, int, uint64_t, void *, void *);

        __builtin_memcpy(&real, &p, sizeof real);
        return real ? real(version, actions, kind, exception, context) : CONTINUE_UNWIND;
}

/* Reached from a cleanup only, so the personality was found, and this is in
 * the same library. */
void _Unwind_Resume(void *exception)
{
        void *p = find("_Unwind_Resume");
        void (*real)(void *);

        __builtin_memcpy(&real, &p, sizeof real);
        real(exception);
        __builtin_unreachable();
}
