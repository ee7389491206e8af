/*
 * container.h: which part of a standard container a block is, by the functions
 * that asked for it.
 *
 * The standard allocator's function names the type it makes room for
 * ("std::__new_allocator<std::_List_node<int> >::allocate"), and the function
 * that called it belongs to the container.  Both are there when nothing was
 * inlined or when debug information tells what was.  Without them only such
 * functions count as can ask for nothing else: members of strings, and of vectors
 * of numbers and pointers.  Between the allocation and these no other function
 * may be: an allocator of the program's own may hand out parts of blocks.
 */
#ifndef WEIR_CONTAINER_H
#define WEIR_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

struct container_frame {
        const char *function; /* demangled; NULL = unknown */
        bool debugged;        /* by debug information: what was inlined is a frame of its own */
};

struct container_part {
        char *type;    /* "std::list<int> (node)", of mem_alloc */
        size_t frame;  /* whose first template argument is what the block consists of; SIZE_MAX = none */
        bool array;    /* of one or more of these */
        bool pointers; /* the block consists of pointers */
};

/* The part of a container that a block is which these functions, innermost
 * first, asked for; the allocation function itself is not among them.  Without
 * one `type` is NULL.  0, or -1 without memory. */
int container_part_of(const struct container_frame *frames, size_t count, struct container_part *part);

enum { CONTAINER_FRAMES = 32 }; /* more tell nothing */

#endif
