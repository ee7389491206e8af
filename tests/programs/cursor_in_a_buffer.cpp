/* Not every three words that walk over a block are a vector: what lies behind a
 * reader's cursor is still to come.
 *
 * expect: reachable 11..12 blocks
 */
#include "program.h"

#include <vector>

struct reader {
        void **start, **next, **limit;
};

KEPT reader from_malloc;
KEPT std::vector<void *> *all;
KEPT reader over_vector;

static NOINLINE void fill()
{
        from_malloc.start = (void **)block(4 * sizeof(void *));
        from_malloc.next = from_malloc.start + 1;
        from_malloc.limit = from_malloc.start + 4;
        all = new std::vector<void *>(4);
        for (int i = 0; i < 4; i++) {
                from_malloc.start[i] = block(50);
                (*all)[i] = block(60);
        }
        over_vector.start = all->data();
        over_vector.next = over_vector.start + 2;
        over_vector.limit = over_vector.start + 4;
}

int main()
{
        fill();
        scrub();
        return 0;
}
