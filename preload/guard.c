#include "guard.h"

__attribute__((noinline, cold)) bool guard_enter_slow(void)
{
        struct thread_local_state *local = &thread_local_state;

        if (local->depth || process_self->mode == PROCESS_OFF)
                return false;
        local->depth = 1;
        if (process_enter())
                return true;
        local->depth = 0;
        return false;
}
