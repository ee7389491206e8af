/* system and popen: the shells and what they run are in the one report.
 *
 * expect: definite 1 block 25 bytes
 * expect: processes 3..
 * expect: stdout out
 */
#include "program.h"

int main(int argc, char **argv)
{
        char line[100] = "", command[5000];
        FILE *pipe;

        if (argc > 1) {
                lose(malloc(25));
                scrub();
                return 0;
        }
        snprintf(command, sizeof command, "%s again; exit 3", argv[0]);
        if (system(command) != 3 << 8)
                return 1;
        pipe = popen("echo out", "r");
        if (!pipe || !fgets(line, sizeof line, pipe) || pclose(pipe))
                return 2;
        fputs(line, stdout);
        return 0;
}
