#include "pattern.h"

#include "mem.h"

#include <stdio.h>
#include <string.h>

bool pattern_wants_pid(const char *pattern)
{
        for (const char *at = strchr(pattern, '%'); at; at = strchr(at, '%')) {
                if (at[1] == 'p')
                        return true;
                at += at[1] == '%' ? 2 : 1;
        }
        return false;
}

char *pattern_name(const char *pattern, int32_t pid)
{
        size_t room = strlen(pattern) + 1;
        char *name;
        size_t used = 0;

        for (const char *at = pattern; *at; at++)
                room += at[0] == '%' && at[1] == 'p' ? 12 : 0;
        name = mem_alloc(room, 1);
        for (const char *at = pattern; name && *at; at++) {
                if (at[0] == '%' && at[1] == 'p') {
                        used += (size_t)snprintf(name + used, room - used, "%d", pid);
                        at++;
                } else {
                        at += at[0] == '%' && at[1] == '%';
                        name[used++] = *at;
                }
        }
        return name;
}
