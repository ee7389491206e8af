/* drain.c as it must not be: what it reads of a record is not ordered after
 * the look whether it is there. */
#include <stdatomic.h>

#define memory_order_acquire memory_order_relaxed
#include "../../report/collect/drain.c"
