/* Pointers with tags in their low bits hold what they point at.
 *
 * expect: reachable 7 blocks 224 bytes
 */
#include "program.h"

KEPT char *tagged[7];

int main(void)
{
        for (int i = 0; i < 7; i++)
                tagged[i] = (char *)block(32) + i + 1;
        scrub();
        return 0;
}
