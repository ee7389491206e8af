/* A class without virtual functions is known by the constructor that is called in
 * the line of the allocation, or by the pointer that it goes to; so is a container
 * that is on the heap itself.
 *
 * options: --kinds=all
 * expect: definite 4.. blocks
 * expect: indirect 1..
 * expect: likely ns::account
 * expect: likely plain
 * expect: likely std::vector<std::string>
 * expect: likely std::map<int, plain*>
 * expect: field next
 * expect: no type plain
 * expect: no likely other
 */
#include "program.h"

#include <map>
#include <string>
#include <vector>

struct plain {
        plain *next;
        long numbers[9];
};

namespace ns {

struct account {
        NOINLINE account(int number) : number(number)
        {
        }
        std::string name = "somebody";
        long number;
        void *more[5] = {};
};

}

struct other {
        void *words[3];
};

static NOINLINE void take(void *p)
{
        lose(p);
}

static NOINLINE void make(other *)
{
        take(new ns::account(3));
        take(new std::vector<std::string>);
        take(new std::map<int, plain *>);
        plain *first = new plain{};
        first->next = new plain{};
        take(first);
        take(new char[sizeof(other)]);
}

int main()
{
        other unrelated;

        make(&unrelated);
        scrub();
        return 0;
}
