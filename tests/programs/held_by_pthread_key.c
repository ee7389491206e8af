/* Values of pthread keys hold their blocks, among the first 32 keys (kept in the
 * thread's descriptor) and beyond (in a block of libc's).
 *
 * expect: reachable 2.. blocks
 * threads
 */
#include "program.h"

#include <pthread.h>

int main(void)
{
        pthread_key_t keys[64];

        for (int i = 0; i < 64; i++)
                if (pthread_key_create(&keys[i], NULL))
                        abort();
        pthread_setspecific(keys[2], block(500));
        pthread_setspecific(keys[60], block(600));
        scrub();
        return 0;
}
