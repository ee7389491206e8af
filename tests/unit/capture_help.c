#include "capture_help.h"

#include "capture/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void path_of(char *path, size_t size, const char *file)
{
        const char *folder = getenv("WEIR_TEST_PROGRAMS");

        (void)snprintf(path, size, "%s/%s", folder ? folder : ".", file);
}

struct target target_start_as(uid_t user, const char *first, const char *second)
{
        struct target target = { 0 };
        char program[4096], line[128];
        int pipes[2], file;
        FILE *in;

        path_of(program, sizeof program, "capture-target");
        ck_assert_int_eq(pipe(pipes), 0);
        file = open(program, O_RDONLY | O_CLOEXEC); /* the user may not reach it by its name */
        target.pid = fork();
        if (!target.pid) {
                (void)dup2(pipes[1], 1);
                if (user && (setgid(user) || setuid(user)))
                        _exit(4);
                (void)fexecve(file, (char *[]){ program, (char *)first, (char *)second, NULL }, environ);
                _exit(5);
        }
        (void)close(pipes[1]);
        (void)close(file);
        in = fdopen(pipes[0], "r");
        while (target.count < 32 && fgets(line, sizeof line, in)) {
                struct fact *fact = &target.facts[target.count++];

                ck_assert_int_eq(sscanf(line, "%31s %llx", fact->name, &fact->value), 2);
                if (strcmp(fact->name, "ready") == 0)
                        break;
        }
        (void)fclose(in);
        ck_assert_msg(target.count && strcmp(target.facts[target.count - 1].name, "ready") == 0,
                      "the target %s did not start", program);
        (void)usleep(20 * 1000); /* until everybody sleeps */
        return target;
}

struct target target_start(const char *first, const char *second)
{
        return target_start_as(0, first, second);
}

struct target target_everything(void)
{
        char library[4096];

        path_of(library, sizeof library, "capture-tls.so");
        return target_start(library, NULL);
}

uint64_t target_fact(const struct target *target, const char *name)
{
        for (size_t i = 0; i < target->count; i++)
                if (strcmp(target->facts[i].name, name) == 0)
                        return target->facts[i].value;
        ck_abort_msg("the target does not say %s", name);
        return 0;
}

void target_end(struct target *target)
{
        int status;

        (void)kill(target->pid, SIGKILL);
        ck_assert_int_eq(waitpid(target->pid, &status, 0), target->pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

struct capture_request request_for(const struct target *target)
{
        return (struct capture_request){ .pid = target->pid, .at = "request" };
}

void take(struct snapshot *snapshot, struct capture_request *request)
{
        struct error e = { 0 };
        int result = snapshot_take(snapshot, request, &e);

        ck_assert_msg(!result, "%s", e.text);
}

size_t count_states(pid_t pid, const char *states)
{
        char path[64];
        struct dirent *entry;
        size_t count = 0;
        DIR *tasks;

        (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
        tasks = opendir(path);
        while (tasks && (entry = readdir(tasks))) {
                char state = entry->d_name[0] == '.' ? 0 : proc_state(pid, atoi(entry->d_name));

                count += state && strchr(states, state);
        }
        if (tasks)
                (void)closedir(tasks);
        return count;
}

uint64_t value_of(enum plant plant)
{
        return PLANT_BASE + PLANT_STEP * plant;
}

bool any_word(const struct snapshot *snapshot, enum root_kind kind, see_word *see, uint64_t wanted)
{
        static uint64_t words[1 << 16];

        for (size_t i = 0; i < snapshot->root_count; i++) {
                const struct root *root = &snapshot->roots[i];

                if (root->kind != kind)
                        continue;
                for (size_t w = 0; w < root->word_count; w++)
                        if (see(snapshot, root->words[w], wanted))
                                return true;
                for (uint64_t at = (root->start + 7) & ~UINT64_C(7); at + 8 <= root->end;) {
                        size_t want = root->end - at < sizeof words ? root->end - at : sizeof words;
                        size_t got = snapshot->memory.read(snapshot->memory.context, at, words, want) / 8;

                        for (size_t w = 0; w < got; w++)
                                if (see(snapshot, words[w], wanted))
                                        return true;
                        at += got ? got * 8 : 4096;
                }
        }
        return false;
}

bool word_equals(const struct snapshot *snapshot, uint64_t word, uint64_t wanted)
{
        (void)snapshot;
        return word == wanted;
}

bool word_leads(const struct snapshot *snapshot, uint64_t word, uint64_t wanted)
{
        uint64_t words[80];
        size_t got;

        if (word < 4096 || word % 8 || word >> 47)
                return false;
        got = snapshot->memory.read(snapshot->memory.context, word, words, sizeof words) / 8;
        for (size_t i = 0; i < got; i++)
                if (words[i] == wanted)
                        return true;
        return false;
}

bool in_roots(const struct snapshot *snapshot, enum root_kind kind, enum plant plant)
{
        return any_word(snapshot, kind, word_equals, value_of(plant));
}

bool in_any_root(const struct snapshot *snapshot, enum plant plant)
{
        for (int kind = 0; kind < ROOT_KINDS; kind++)
                if (in_roots(snapshot, (enum root_kind)kind, plant))
                        return true;
        return false;
}
