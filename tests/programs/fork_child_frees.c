/* A child frees and moves what it inherited, as its parent does.
 *
 * expect: definite 0 blocks
 * expect: processes 2
 */
#include "program.h"

#include <sys/wait.h>

int main(void)
{
        void *blocks[100];
        pid_t child;
        int status = 0;

        for (int i = 0; i < 100; i++)
                blocks[i] = block(32 + (size_t)i);
        child = fork();
        for (int i = 0; i < 50; i++)
                blocks[i] = opaque(realloc(blocks[i], 1000));
        for (int i = 0; i < 100; i++)
                free(blocks[i]);
        if (child)
                wait(&status);
        return status;
}
