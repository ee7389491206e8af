/* A lost ring of 1000000 blocks is one cycle.
 *
 * expect: cycle 1 group 1000000 blocks 16000000 bytes
 * expect: cycles 1
 */
#define RING 1000000
#include "ring.h"
