/* What is left of an object in memory that something else got is no type, nor
 * is what an allocator of the program's own hands out parts of a container.
 *
 * expect: definite 3.. groups 3 blocks
 * expect: type object
 * expect: no type std::vector<long> (elements)
 * expect: no type long[]
 * expect: no type ghost
 */
#include "program.h"

#include <vector>

struct object {
        virtual ~object() = default;
        long value = 0;
};

struct ghost {
        virtual ~ghost() = default;
};

/* Hands out all but the head of its blocks. */
template <class T> struct headed {
        typedef T value_type;
        static constexpr size_t head = 16;

        headed() = default;
        template <class U> headed(const headed<U> &)
        {
        }
        NOINLINE T *allocate(size_t count)
        {
                return (T *)((char *)operator new(count * sizeof(T) + head) + head);
        }
        NOINLINE void deallocate(T *place, size_t)
        {
                operator delete((char *)place - head);
        }
        bool operator==(const headed &) const
        {
                return true;
        }
        bool operator!=(const headed &) const
        {
                return false;
        }
};

static NOINLINE void make()
{
        static ghost left;
        auto *numbers = new std::vector<long, headed<long>>;
        void *buffer = opaque(malloc(100));

        memcpy(buffer, (void *)&left, sizeof(void *));
        numbers->push_back(1);
        opaque(numbers->data());
        memset((void *)numbers, 0, sizeof *numbers);
        operator delete((void *)numbers);
        lose(new object);
}

int main()
{
        make();
        scrub();
        return 0;
}
