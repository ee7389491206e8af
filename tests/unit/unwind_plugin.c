/* Built twice with other frame sizes, so that one address in two builds wants
 * two rules. */
#include <stdint.h>
#include <string.h>

uint32_t plugin_enter(uint32_t (*ask)(void), int depth);

uint32_t plugin_enter(uint32_t (*ask)(void), int depth)
{
        volatile char room[PLUGIN_ROOM];
        uint32_t id;

        memset((char *)room, depth, sizeof room);
        id = depth ? plugin_enter(ask, depth - 1) : ask();
        return id + (uint32_t)(room[0] != (char)depth);
}
