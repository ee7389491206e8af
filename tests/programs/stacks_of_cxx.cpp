/* Stacks of C++, each compared with libunwind's: exceptions through frames
 * whose destructors allocate, thrown again, caught by reference; virtual calls,
 * callbacks, and containers.
 *
 * expect: checked 1100..
 * expect: reachable 0.. blocks
 * options: --check-stacks
 */
#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

static volatile int after;

struct allocating {
        int n;
        ~allocating()
        {
                std::string text(100 + (size_t)n, 'x');
                after = after + (int)text.size();
        }
};

struct base {
        virtual ~base() = default;
        virtual void go(int depth) = 0;
};

struct thrower : base {
        __attribute__((noinline)) void go(int depth) override
        {
                allocating held{ depth };

                if (depth == 0)
                        throw std::runtime_error("at the bottom of so many calls");
                try {
                        go(depth - 1);
                } catch (const std::logic_error &) {
                        after = after + 1;
                } catch (...) {
                        std::string text(200, 'y');
                        after = after + (int)text.size();
                        if (depth % 3)
                                throw;
                        throw std::runtime_error(text);
                }
        }
};

__attribute__((noinline)) static void exceptions(base &thing, int depth)
{
        try {
                thing.go(depth);
        } catch (const std::exception &e) {
                after = after + e.what()[0];
        }
}

int main()
{
        thrower thing;
        std::map<std::string, std::vector<std::string>> all;
        std::function<int(const std::string &)> length = [](const std::string &text) {
                std::string copy = text + " and more than fits inside";
                return (int)copy.size();
        };

        for (int i = 0; i < 40; i++) {
                exceptions(thing, i % 9);
                std::vector<std::string> &some = all["a name that is long enough " + std::to_string(i % 7)];
                some.push_back("and one more that is long enough " + std::to_string(i));
                std::sort(some.begin(), some.end(), [](std::string a, std::string b) { return b < a; });
                after = after + length(some.back());
        }
        return 0;
}
