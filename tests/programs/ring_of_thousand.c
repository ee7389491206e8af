/* A lost ring of 1000 blocks is one cycle.
 *
 * expect: cycle 1 group 1000 blocks 16000 bytes
 * expect: cycles 1
 */
#define RING 1000
#include "ring.h"
