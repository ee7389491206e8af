/* The steps of the walk in C++; see walk.h. */
#include <stdexcept>

#include "walk.h"

namespace
{

struct guard {
        struct walk *walk;

        ~guard()
        {
                asm volatile("" : : "r"(walk) : "memory");
        }
};

struct visitor {
        virtual ~visitor() = default;
        virtual void visit(struct walk *walk, unsigned int level, unsigned long node) const = 0;
};

struct plain_visitor : visitor {
        void visit(struct walk *walk, unsigned int level, unsigned long node) const override
        {
                walk_visit(walk, level, node);
                asm volatile("" : : : "memory");
        }
};

const plain_visitor the_visitor;

const visitor *some_visitor()
{
        const visitor *result = &the_visitor;

        asm volatile("" : "+r"(result));
        return result;
}

} // namespace

void walk_cxx_destructor(struct walk *walk, unsigned int level, unsigned long node)
{
        guard held{ walk };

        walk_visit(walk, level, node);
}

void walk_cxx_handler(struct walk *walk, unsigned int level, unsigned long node)
{
        try {
                walk_visit(walk, level, node);
        } catch (const std::runtime_error &) {
                walk->left = 0;
        }
}

void walk_cxx_virtual(struct walk *walk, unsigned int level, unsigned long node)
{
        some_visitor()->visit(walk, level, node);
        asm volatile("" : : : "memory");
}
