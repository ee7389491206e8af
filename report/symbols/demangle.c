#include "demangle.h"

#include "../mem.h"

#include <libiberty/demangle.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * libiberty refuses names of over SHORT bytes unless its recursion limit is
 * off; then its use of the stack grows with the name, so such names are
 * demangled on a stack of their own size.  A short name may stand for one of
 * any length (it refers back to its parts), so output is bounded too: the
 * callback leaves by longjmp, which nothing in libiberty's callback interface
 * minds, as it keeps nothing on the heap.
 */
enum {
        SHORT = 1000,
        LONGEST_NAME = 1 << 20,
        LONGEST_OUTPUT = 1 << 20,
        STACK_PER_BYTE = 1024,
        STACK_LEAST = 1 << 20,
};

struct job {
        const char *name;
        int options;
        jmp_buf too_much;
        char *out;
        size_t length, capacity;
        bool done;
};

static void append(const char *text, size_t length, void *context)
{
        struct job *job = context;

        if (length > LONGEST_OUTPUT || job->length + length > LONGEST_OUTPUT ||
            mem_grow(&job->out, &job->capacity, job->length + length + 1, 1))
                longjmp(job->too_much, 1);
        memcpy(job->out + job->length, text, length);
        job->length += length;
        job->out[job->length] = '\0';
}

static bool is_itanium(const char *name)
{
        return !strncmp(name, "_Z", 2) || !strncmp(name, "_GLOBAL_", 8) || !strncmp(name, "___Z", 4);
}

static bool is_rust(const char *name)
{
        return !strncmp(name, "_R", 2) || !strncmp(name, "_ZN", 3);
}

static bool is_d(const char *name)
{
        return !strcmp(name, "_Dmain") || (name[0] == '_' && name[1] == 'D' && name[2] >= '0' && name[2] <= '9');
}

static bool try_rust(struct job *job)
{
        return is_rust(job->name) && rust_demangle_callback(job->name, job->options, append, job);
}

static bool try_itanium(struct job *job)
{
        /* What the attempt before wrote, if anything. */
        job->length = 0;
        return is_itanium(job->name) && cplus_demangle_v3_callback(job->name, job->options, append, job);
}

static bool try_d(struct job *job)
{
        char *text;

        job->length = 0;
        if (!is_d(job->name))
                return false;
        text = dlang_demangle(job->name, job->options);
        if (!text)
                return false;
        if (strlen(text) <= LONGEST_OUTPUT && !mem_grow(&job->out, &job->capacity, strlen(text) + 1, 1))
                job->length = strlen(strcpy(job->out, text));
        mem_free(text);
        return true;
}

static void run(struct job *job)
{
        if (setjmp(job->too_much))
                return;
        job->done = (try_rust(job) || try_itanium(job) || try_d(job)) && job->length;
}

static void *run_thread(void *context)
{
        run(context);
        return NULL;
}

static void run_apart(struct job *job)
{
        pthread_attr_t attributes;
        pthread_t thread;

        job->options |= DMGL_NO_RECURSE_LIMIT;
        if (pthread_attr_init(&attributes))
                return;
        if (!pthread_attr_setstacksize(&attributes, STACK_LEAST + strlen(job->name) * STACK_PER_BYTE) &&
            !pthread_create(&thread, &attributes, run_thread, job))
                (void)pthread_join(thread, NULL);
        (void)pthread_attr_destroy(&attributes);
}

char *demangle(const char *name)
{
        struct job job = { .name = name, .options = DMGL_PARAMS | DMGL_ANSI };
        size_t length;

        if (!is_itanium(name) && !is_rust(name) && !is_d(name))
                return NULL;
        length = strlen(name);
        if (length <= SHORT)
                run(&job);
        else if (length <= LONGEST_NAME)
                run_apart(&job);
        if (!job.done || !strcmp(job.out, name)) {
                mem_free(job.out);
                return NULL;
        }
        return job.out;
}
