/* What a deque no longer holds is not held, though its address is still in one
 * of the deque's chunks; nor is what is behind the characters of a string.  What
 * the deque holds, also at its ends, is.
 *
 * expect: possible 1.. groups 4 blocks 300 bytes
 * expect: weak held only by a word outside the elements of a deque in another block
 * expect: weak held only by a word behind the characters of a string in another block
 */
#include "program.h"

#include <deque>
#include <string>

KEPT std::deque<void *> *queue;
KEPT std::string *text, *brief;

static NOINLINE void fill()
{
        queue = new std::deque<void *>;
        for (int i = 0; i < 200; i++)
                queue->push_back(block(60));
        queue->push_front(block(60));
        queue->push_front(block(100));
        queue->push_back(block(90));
        queue->pop_front();
        queue->pop_back();

        text = new std::string(16, 'x');
        text->reserve(100);
        put(&(*text)[0], 40, block(70));

        void *room = opaque(operator new(sizeof(std::string)));
        put(room, 24, block(40));
        brief = new (room) std::string("brief");
}

int main()
{
        fill();
        scrub();
        return 0;
}
