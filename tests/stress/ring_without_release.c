/* ring.c as it must not be: what it publishes is not ordered after what it
 * wrote before. */
#include <stdatomic.h>

#define memory_order_release memory_order_relaxed
#include "../../preload/ring.c"
