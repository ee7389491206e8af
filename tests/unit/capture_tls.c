/* A library with thread-local storage of its own, for capture_target.c: large
 * enough not to fit into what glibc keeps spare, so that it is dynamic. */
#include <stdint.h>

void capture_tls_set(uint64_t value);

static __thread volatile uint64_t storage[4096];

void capture_tls_set(uint64_t value)
{
        storage[0] = value;
}
