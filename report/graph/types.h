/*
 * types.h: what the class of a block says about reference counting.  The
 * graph knows classes as vtable addresses (struct group: vtable, struct
 * group_step: counted); names come from symbols/.  This turns a name into what
 * a person wants to read:
 *
 *     struct type_control control;
 *     if (type_control_of(name, &control))
 *             "std::shared_ptr<%.*s>", (int)control.object_length, control.object
 */
#ifndef WEIR_GRAPH_TYPES_H
#define WEIR_GRAPH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The control block of a shared pointer. */
struct type_control {
        const char *pointer;    /* "std::shared_ptr", "boost::shared_ptr" */
        const char *object;     /* the class it counts: in the name that was given, */
        size_t object_length;   /* so many characters */
        bool inplace;           /* the object is in the same block (make_shared), */
        uint64_t object_offset; /* from this offset on, unless it wants more than 16 bytes of alignment */
};

/* Is this the (demangled) class of a control block of libstdc++, libc++ or
 * Boost?  If so, true and what it says. */
bool type_control_of(const char *class_name, struct type_control *control);

#endif
