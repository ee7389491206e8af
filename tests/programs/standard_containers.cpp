/* What standard containers hold is reachable; a lost one is one leak.
 *
 * expect: definite 1 group 1 block 24 bytes
 * expect: indirect 1 block 400 bytes
 */
#include "program.h"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

KEPT std::vector<std::string> *strings;
KEPT std::map<int, std::string> *ordered;
KEPT std::unordered_map<std::string, int> *hashed;
KEPT std::list<int> *list;
KEPT std::deque<long> *deque;
KEPT std::shared_ptr<std::string> *shared;

static NOINLINE void fill()
{
        strings = new std::vector<std::string>(10, std::string(100, 'x'));
        ordered = new std::map<int, std::string>;
        hashed = new std::unordered_map<std::string, int>;
        list = new std::list<int>;
        deque = new std::deque<long>;
        shared = new std::shared_ptr<std::string>(std::make_shared<std::string>(50, 'y'));
        for (int i = 0; i < 500; i++) {
                (*ordered)[i] = std::string(40, 'a');
                (*hashed)["key " + std::to_string(i)] = i;
                list->push_back(i);
                deque->push_back(i);
        }
}

static NOINLINE void make()
{
        opaque(new std::vector<int>(100));
}

int main()
{
        fill();
        make();
        scrub();
        return 0;
}
