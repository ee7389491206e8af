// Frames that exceptions leave and destructors that ask in the midst of it.
#include "unwind_help.h"

namespace
{

struct asks {
        ~asks()
        {
                scene_stack();
        }
};

__attribute__((noinline)) void throw_at(int depth)
{
        asks on_the_way_out;

        if (depth == 0)
                throw depth;
        throw_at(depth - 1);
        scene_stack();
}

__attribute__((noinline)) void rethrow_at(int depth)
{
        try {
                throw_at(depth);
        } catch (int) {
                scene_stack();
                throw;
        }
}

} // namespace

void scene_exceptions(int rounds)
{
        for (int i = 0; i < rounds; i++) {
                try {
                        rethrow_at(i % 7);
                } catch (int) {
                        scene_stack();
                }
        }
}
