/*
 * channel_stacks.h: the part of channel.h that says what a stack is: frames,
 * nodes, and the allocation functions that stacks begin with.
 */
#ifndef WEIR_CHANNEL_STACKS_H
#define WEIR_CHANNEL_STACKS_H

#include <stdint.h>

/* A place in the program that stacks pass through.  Each is there once, and is
 * complete before a node names it.
 *
 * pc: return address of the frame (for a frame interrupted by a signal the
 * interrupted instruction itself, WEIR_FRAME_EXACT set), bits 0..47; bits
 * 48..63 the module that holds it (NOTE_MODULE's id), 0 = none known. */
struct weir_frame {
        uint64_t pc_module;
        uint32_t detail; /* bits 0..7: enum weir_function when a stack begins here, else 0;
                            bits 8..: enum weir_frame_flag << 8 */
        uint32_t pad;
};
_Static_assert(sizeof(struct weir_frame) == 16, "frame");

/* One frame of a stack and, through its parent, all frames outside it.  A stack
 * is named by the index of its innermost node, 0 = no stack.  Equal stacks
 * have equal indices within one channel.  A node is complete before any event
 * names it and never changes.
 *
 * frame   bits  0..20  index of its frame
 * parent  bits  0..23  index of the caller's node; 0 = the outermost frame; always < own index
 *
 * The bits above are the shim's own: of the node's hash (nodes.c). */
struct weir_node {
        uint32_t frame_bits, parent_bits;
};
_Static_assert(sizeof(struct weir_node) == 8, "node");

enum { WEIR_NODE_FRAME_BITS = 21, WEIR_NODE_PARENT_BITS = 24 };

static inline uint32_t weir_node_frame(struct weir_node node)
{
        return node.frame_bits & ((1u << WEIR_NODE_FRAME_BITS) - 1);
}

static inline uint32_t weir_node_parent(struct weir_node node)
{
        return node.parent_bits & ((1u << WEIR_NODE_PARENT_BITS) - 1);
}

enum weir_frame_flag {
        WEIR_FRAME_EXACT = 1,     /* pc is not a return address: look it up at pc, not pc - 1 */
        WEIR_FRAME_TRUNCATED = 2, /* frames outside this one exist but could not be walked */
};

/* The allocation function, as the program called it; the name is shown as the
 * innermost frame.  Kept in the order of hooks.h. */
enum weir_function {
        WEIR_FN_NONE,
        WEIR_FN_MALLOC,
        WEIR_FN_CALLOC,
        WEIR_FN_REALLOC,
        WEIR_FN_REALLOCARRAY,
        WEIR_FN_POSIX_MEMALIGN,
        WEIR_FN_ALIGNED_ALLOC,
        WEIR_FN_MEMALIGN,
        WEIR_FN_VALLOC,
        WEIR_FN_PVALLOC,
        WEIR_FN_FREE,
        WEIR_FN_CFREE,
        WEIR_FN_FREE_SIZED,
        WEIR_FN_FREE_ALIGNED_SIZED,
        WEIR_FN_NEW,
        WEIR_FN_NEW_ARRAY,
        WEIR_FN_DELETE,
        WEIR_FN_DELETE_ARRAY,
        WEIR_FN_MMAP,
        WEIR_FN_MREMAP,
        WEIR_FN_MUNMAP,
        WEIR_FN_COUNT
};

#endif
