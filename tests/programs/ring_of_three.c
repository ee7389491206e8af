/* A lost ring of 3 blocks is one cycle.
 *
 * expect: cycle 1 group 3 blocks 48 bytes
 * expect: cycles 1
 */
#define RING 3
#include "ring.h"
