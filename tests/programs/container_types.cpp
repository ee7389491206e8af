/* Parts of standard containers are called what they are, with and without
 * inlining.
 *
 * options: --kinds=all
 * expect: definite 1..
 * expect: indirect 1..
 * expect: cycle 1..
 * expect: type std::vector<int> (elements)
 * expect: type std::vector<std::string> (elements)
 * expect: type std::vector<bool> (bits)
 * expect: type std::string (characters)
 * expect: type std::list<thing> (node)
 * expect: type std::forward_list<int> (node)
 * expect: type std::map<int, thing> (node)
 * expect: type std::multimap<int, long> (node)
 * expect: type std::set<std::string> (node)
 * expect: type std::unordered_map<std::string, thing*> (node)
 * expect: type std::unordered_map<std::string, thing*> (buckets)
 * expect: type std::unordered_set<long> (node)
 * expect: type std::deque<short> (chunk)
 * expect: type std::deque<short> (map of chunks)
 * expect: type std::shared_ptr<thing> (object, counts)
 * expect: type std::shared_ptr<thing> (counts)
 * expect: type thing
 * expect: field second.next
 */
#include "program.h"

#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

struct thing {
        int number = 1;
        void *next = nullptr;
};

template <class T> static NOINLINE T *lost()
{
        return (T *)opaque(new T);
}

static NOINLINE void make()
{
        std::string text((size_t)opaque((void *)100), 'x');

        lost<std::vector<int>>()->resize(10);
        lost<std::vector<bool>>()->resize(1000);
        lost<std::vector<std::string>>()->push_back(text);
        lost<std::list<thing>>()->resize(3);
        lost<std::forward_list<int>>()->push_front(1);
        (*lost<std::map<int, thing>>())[1].next = block(10);
        lost<std::multimap<int, long>>()->insert({ 1, 2 });
        lost<std::set<std::string>>()->insert(text);
        (*lost<std::unordered_map<std::string, thing *>>())[text] = nullptr;
        lost<std::unordered_set<long>>()->insert(5);
        lost<std::deque<short>>()->push_back(1);
        *lost<std::shared_ptr<thing>>() = std::make_shared<thing>();
        *lost<std::shared_ptr<thing>>() = std::shared_ptr<thing>(new thing);
        lose(std::make_unique<thing>().release());
}

int main()
{
        make();
        scrub();
        return 0;
}
