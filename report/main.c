/*
 * main.c: weir, the program.  Everything it can do is a command; see
 * commands/command.h.
 */
#include "commands/command.h"

int main(int argc, char **argv)
{
        return command_main(argc, argv);
}
