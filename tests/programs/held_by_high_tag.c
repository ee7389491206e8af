/* Pointers with a tag in the top 16 bits hold what they point at.
 *
 * expect: reachable 3 blocks 96 bytes
 */
#include "program.h"

KEPT uintptr_t tagged[3];

int main(void)
{
        static const uintptr_t tags[3] = { 0x0001, 0x7ffc, 0xfff9 };

        for (int i = 0; i < 3; i++)
                tagged[i] = (uintptr_t)block(32) | tags[i] << 48;
        scrub();
        return 0;
}
