/*
 * hooks_list.h: every function that libweir.so interposes.  The only list: the
 * table of next definitions (next.h) and the export map (exports.map.in) are
 * made from it, and tests/end-to-end/test_exports.py compares it with what the
 * library exports and with what this machine's libraries offer.
 *
 * X(name, function): `function` is the enum weir_function without WEIR_FN_
 * that events of this hook carry; NONE for hooks that record no event.
 *
 * Read by the C preprocessor alone as well: macros only in here.
 */
#ifndef WEIR_HOOKS_LIST_H
#define WEIR_HOOKS_LIST_H

/* hooks_c.c */
#define WEIR_HOOKS_C(X)                                                                                                \
        X(malloc, MALLOC)                                                                                              \
        X(calloc, CALLOC)                                                                                              \
        X(realloc, REALLOC)                                                                                            \
        X(reallocarray, REALLOCARRAY)                                                                                  \
        X(posix_memalign, POSIX_MEMALIGN)                                                                              \
        X(aligned_alloc, ALIGNED_ALLOC)                                                                                \
        X(memalign, MEMALIGN)                                                                                          \
        X(valloc, VALLOC)                                                                                              \
        X(pvalloc, PVALLOC)                                                                                            \
        X(free, FREE)                                                                                                  \
        X(cfree, CFREE)                                                                                                \
        X(free_sized, FREE_SIZED)                                                                                      \
        X(free_aligned_sized, FREE_ALIGNED_SIZED)                                                                      \
        X(malloc_usable_size, NONE)

/* hooks_cxx.c: operator new and delete, mangled for LP64 */
#define WEIR_HOOKS_CXX(X)                                                                                              \
        X(_Znwm, NEW)                                                                                                  \
        X(_ZnwmRKSt9nothrow_t, NEW)                                                                                    \
        X(_ZnwmSt11align_val_t, NEW)                                                                                   \
        X(_ZnwmSt11align_val_tRKSt9nothrow_t, NEW)                                                                     \
        X(_Znam, NEW_ARRAY)                                                                                            \
        X(_ZnamRKSt9nothrow_t, NEW_ARRAY)                                                                              \
        X(_ZnamSt11align_val_t, NEW_ARRAY)                                                                             \
        X(_ZnamSt11align_val_tRKSt9nothrow_t, NEW_ARRAY)                                                               \
        X(_ZdlPv, DELETE)                                                                                              \
        X(_ZdlPvm, DELETE)                                                                                             \
        X(_ZdlPvRKSt9nothrow_t, DELETE)                                                                                \
        X(_ZdlPvSt11align_val_t, DELETE)                                                                               \
        X(_ZdlPvmSt11align_val_t, DELETE)                                                                              \
        X(_ZdlPvSt11align_val_tRKSt9nothrow_t, DELETE)                                                                 \
        X(_ZdaPv, DELETE_ARRAY)                                                                                        \
        X(_ZdaPvm, DELETE_ARRAY)                                                                                       \
        X(_ZdaPvRKSt9nothrow_t, DELETE_ARRAY)                                                                          \
        X(_ZdaPvSt11align_val_t, DELETE_ARRAY)                                                                         \
        X(_ZdaPvmSt11align_val_t, DELETE_ARRAY)                                                                        \
        X(_ZdaPvSt11align_val_tRKSt9nothrow_t, DELETE_ARRAY)

/* hooks_map.c */
#define WEIR_HOOKS_MAP(X)                                                                                              \
        X(mmap, MMAP)                                                                                                  \
        X(mmap64, MMAP)                                                                                                \
        X(mremap, MREMAP)                                                                                              \
        X(munmap, MUNMAP)

/* hooks_end.c */
#define WEIR_HOOKS_END(X)                                                                                              \
        X(exit, NONE)                                                                                                  \
        X(_exit, NONE)                                                                                                 \
        X(_Exit, NONE)                                                                                                 \
        X(quick_exit, NONE)

/* hooks_life.c */
#define WEIR_HOOKS_LIFE(X)                                                                                             \
        X(__libc_start_main, NONE)                                                                                     \
        X(pthread_create, NONE)                                                                                        \
        X(clone, NONE)                                                                                                 \
        X(_Fork, NONE)                                                                                                 \
        X(dlclose, NONE)

/* hooks_exec.c */
#define WEIR_HOOKS_EXEC(X)                                                                                             \
        X(execve, NONE)                                                                                                \
        X(execv, NONE)                                                                                                 \
        X(execvp, NONE)                                                                                                \
        X(execvpe, NONE)                                                                                               \
        X(execl, NONE)                                                                                                 \
        X(execle, NONE)                                                                                                \
        X(execlp, NONE)                                                                                                \
        X(fexecve, NONE)                                                                                               \
        X(execveat, NONE)                                                                                              \
        X(posix_spawn, NONE)                                                                                           \
        X(posix_spawnp, NONE)

/* signals.c */
#define WEIR_HOOKS_SIGNAL(X)                                                                                           \
        X(sigaction, NONE)                                                                                             \
        X(__sigaction, NONE)                                                                                           \
        X(signal, NONE)                                                                                                \
        X(bsd_signal, NONE)                                                                                            \
        X(ssignal, NONE)                                                                                               \
        X(sysv_signal, NONE)                                                                                           \
        X(__sysv_signal, NONE)                                                                                         \
        X(sigset, NONE)

/* annotate.c: what programs may call to say what is no leak; exported, and
 * interposing nothing. */
#define WEIR_ANNOTATIONS(X)                                                                                            \
        X(__lsan_disable, NONE)                                                                                        \
        X(__lsan_enable, NONE)                                                                                         \
        X(__lsan_ignore_object, NONE)                                                                                  \
        X(__lsan_register_root_region, NONE)                                                                           \
        X(__lsan_unregister_root_region, NONE)                                                                         \
        X(__lsan_do_leak_check, NONE)                                                                                  \
        X(__lsan_do_recoverable_leak_check, NONE)                                                                      \
        X(weir_shim_disable, NONE)                                                                                     \
        X(weir_shim_enable, NONE)                                                                                      \
        X(weir_shim_ignore, NONE)                                                                                      \
        X(weir_shim_add_root, NONE)                                                                                    \
        X(weir_shim_remove_root, NONE)                                                                                 \
        X(weir_shim_check, NONE)

#define WEIR_HOOKS(X)                                                                                                  \
        WEIR_HOOKS_C(X)                                                                                                \
        WEIR_HOOKS_CXX(X)                                                                                              \
        WEIR_HOOKS_MAP(X)                                                                                              \
        WEIR_HOOKS_END(X)                                                                                              \
        WEIR_HOOKS_LIFE(X)                                                                                             \
        WEIR_HOOKS_EXEC(X)                                                                                             \
        WEIR_HOOKS_SIGNAL(X)

#endif
