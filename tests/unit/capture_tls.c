/* A library with thread-local storage of its own, for capture_target.c: large
 * enough not to fit into what glibc keeps spare, so that it is dynamic. */
#include <stdint.h>

void capture_tls_set(uint64_t value);

/* Memory that only this library's data lead to, as with the shim's. */
extern uint64_t *volatile capture_tls_own;
uint64_t *volatile capture_tls_own;

static __thread volatile uint64_t storage[4096];

void capture_tls_set(uint64_t value)
{
        storage[0] = value;
}
