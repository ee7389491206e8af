/* What a vector no longer holds is not held, though its address is still
 * behind the vector's end; what it holds is, also in a deque.
 *
 * expect: possible 1 group 1 block 100 bytes
 * expect: weak held only by a word behind the end of a vector in another block
 */
#include "program.h"

#include <deque>
#include <vector>

KEPT std::vector<void *> *held;
KEPT std::deque<void *> *queue;

static NOINLINE void fill()
{
        held = new std::vector<void *>;
        held->reserve(8);
        for (int i = 0; i < 5; i++)
                held->push_back(block(50));
        held->push_back(block(100));
        held->pop_back();
        queue = new std::deque<void *>;
        for (int i = 0; i < 200; i++)
                queue->push_back(block(60));
}

int main()
{
        fill();
        scrub();
        return 0;
}
