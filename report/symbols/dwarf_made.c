#include "dwarf_made.h"

#include "dwarf_type.h"

#include <dwarf.h>
#include <string.h>

enum {
        DEEPEST = 32,
        CALL_REACH = 160, /* bytes of code behind the allocation in which the constructor is called */
        CALL = 0xe8,      /* of x86-64: a call with the distance in the next four bytes */
        CALL_SIZE = 5,
};

/* How a class came to be considered; the first that has any decides. */
enum rank { BY_CONSTRUCTOR, BY_LINE, BY_POINTER, BY_MEMBER, BY_NOTHING };

struct search {
        const struct dwarf_making *making;
        enum rank rank;
        bool several; /* of this rank, or one that is no class */
        Dwarf_Die type, named;
};

/* ---- candidates ------------------------------------------------------------------ */

static bool is_same(Dwarf_Die *a, Dwarf_Die *b)
{
        const char *x = dwarf_diename(a), *y = dwarf_diename(b);

        return a->addr == b->addr || (x && y && !strcmp(x, y));
}

static void offer(struct search *s, enum rank rank, Dwarf_Die *type, Dwarf_Die *named)
{
        if (rank > s->rank || dwarf_type_size(type) != s->making->size)
                return;
        if (rank == s->rank) {
                s->several |= !is_same(type, &s->type);
                return;
        }
        *s = (struct search){ .making = s->making, .rank = rank, .type = *type, .named = *named };
}

/* A pointer of the line to what is no class: then it is none. */
static void offer_nothing(struct search *s, enum rank rank)
{
        if (rank > s->rank)
                return;
        s->rank = rank;
        s->several = true;
}

/* What a declaration, of which `die` is one, is about. */
static bool target_of(Dwarf_Die *die, unsigned pointers, Dwarf_Die *type, Dwarf_Die *named, bool *plain)
{
        Dwarf_Die at = *die;

        *plain = false;
        for (unsigned i = 0; i < pointers; i++)
                if (!dwarf_type_target(&at, &at))
                        return false;
        *named = at;
        if (!dwarf_type_stripped(named, type))
                return false;
        if (dwarf_type_is_class(type))
                return true;
        *plain = dwarf_tag(type) == DW_TAG_base_type;
        return false;
}

static uint64_t line_of(Dwarf_Die *die, unsigned name)
{
        Dwarf_Attribute attribute;
        Dwarf_Word value;

        return dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value) ? 0 : value;
}

static void offer_members(struct search *s, Dwarf_Die *class_)
{
        Dwarf_Die child, declared, type, named;
        bool plain;

        if (s->rank < BY_MEMBER || dwarf_child(class_, &child))
                return;
        do {
                if (dwarf_tag(&child) == DW_TAG_member && dwarf_type_declared(&child, &declared) &&
                    target_of(&declared, 1, &type, &named, &plain))
                        offer(s, BY_MEMBER, &type, &named);
        } while (!dwarf_siblingof(&child, &child));
}

static void offer_variable(struct search *s, Dwarf_Die *variable)
{
        bool parameter = dwarf_tag(variable) == DW_TAG_formal_parameter, plain;
        bool here = !parameter && s->making->line && line_of(variable, DW_AT_decl_line) == s->making->line;
        Dwarf_Die declared, type, named;

        if (!dwarf_type_declared(variable, &declared))
                return;
        if (target_of(&declared, 1, &type, &named, &plain)) {
                if (!parameter)
                        offer(s, here ? BY_LINE : BY_POINTER, &type, &named);
                offer_members(s, &type);
        } else if (plain && here) {
                offer_nothing(s, BY_LINE);
        } else if (parameter && target_of(&declared, 2, &type, &named, &plain)) {
                offer(s, BY_POINTER, &type, &named);
        }
}

/* Is the function a constructor of the class? */
static bool constructs(Dwarf_Die *function, Dwarf_Die *class_)
{
        Dwarf_Die origin = dwarf_type_origin(function);
        const char *name = dwarf_diename(&origin), *of;
        Dwarf_Attribute attribute;
        size_t length;

        /* What is cheap to tell comes first: the class may be far. */
        if (!name || *name == '~' || dwarf_hasattr(&origin, DW_AT_type) ||
            !dwarf_attr_integrate(function, DW_AT_object_pointer, &attribute) ||
            !dwarf_type_of_member(function, class_))
                return false;
        of = dwarf_diename(class_);
        length = strlen(name);
        return of && !strncmp(of, name, length) && (!of[length] || of[length] == '<');
}

static void offer_inlined(struct search *s, Dwarf_Die *inlined)
{
        Dwarf_Die type;

        if (s->making->line && line_of(inlined, DW_AT_call_line) == s->making->line && constructs(inlined, &type))
                offer(s, BY_CONSTRUCTOR, &type, &type);
}

/* What is declared in a function or a block of it. */
static void offer_scope(struct search *s, Dwarf_Die *scope, int depth)
{
        Dwarf_Die child;

        if (depth > DEEPEST || dwarf_child(scope, &child))
                return;
        do {
                switch (dwarf_tag(&child)) {
                case DW_TAG_variable:
                case DW_TAG_formal_parameter:
                        offer_variable(s, &child);
                        break;
                case DW_TAG_inlined_subroutine:
                        offer_inlined(s, &child);
                        break;
                case DW_TAG_lexical_block:
                case DW_TAG_try_block:
                case DW_TAG_catch_block:
                        offer_scope(s, &child, depth + 1);
                        break;
                default:
                        break;
                }
        } while (!dwarf_siblingof(&child, &child));
}

/* ---- calls --------------------------------------------------------------------------- */

/* The line of the code, and the function that begins there. */
static bool is_of_line(const struct dwarf_making *m, uint64_t address)
{
        struct dwarf_frame frames[DWARF_FRAMES_MAX];
        size_t count;

        if (dwarf_index_frames(m->index, address, frames, &count))
                return false;
        for (size_t i = 0; i < count; i++)
                if (frames[i].line == m->line)
                        return true;
        return false;
}

static bool function_at(const struct dwarf_making *m, uint64_t address, Dwarf_Die *function)
{
        struct dwarf_frame frames[DWARF_FRAMES_MAX];
        Dwarf_Addr start;
        size_t count;

        return !dwarf_index_frames(m->index, address, frames, &count) && count &&
               dwarf_index_function(m->index, address, count - 1, function) && !dwarf_lowpc(function, &start) &&
               start + m->index->bias == address;
}

/* The first constructor of a class of the size that is called there. */
static void offer_calls(struct search *s)
{
        const struct dwarf_making *m = s->making;
        const uint8_t *code = m->code && m->line ? elf_image_bytes(m->code, m->address, CALL_REACH) : NULL;

        for (size_t at = 0; code && at + CALL_SIZE <= CALL_REACH && s->rank > BY_CONSTRUCTOR; at++) {
                Dwarf_Die function, type;
                uint64_t target;
                int32_t distance;

                if (code[at] != CALL)
                        continue;
                memcpy(&distance, code + at + 1, sizeof distance);
                target = m->address + at + CALL_SIZE + (uint64_t)(int64_t)distance;
                if (elf_image_bytes(m->code, target, 1) && is_of_line(m, m->address + at) &&
                    function_at(m, target, &function) && constructs(&function, &type))
                        offer(s, BY_CONSTRUCTOR, &type, &type);
        }
}

/* ---- functions ----------------------------------------------------------------------- */

bool dwarf_made_type(const struct dwarf_making *making, Dwarf_Die *type, Dwarf_Die *named)
{
        struct search s = { .making = making, .rank = BY_NOTHING };
        Dwarf_Die function = making->function, origin = dwarf_type_origin(&function), returned;
        bool plain;

        if (!making->size)
                return false;
        offer_scope(&s, &function, 0);
        if (origin.addr != function.addr)
                offer_scope(&s, &origin, 0);
        if (dwarf_type_declared(&origin, &returned) && target_of(&returned, 1, type, named, &plain))
                offer(&s, BY_POINTER, type, named);
        if (!dwarf_type_in_c(&function))
                offer_calls(&s);
        *type = s.type;
        *named = s.named;
        return s.rank < BY_NOTHING && !s.several;
}

bool dwarf_made_for_others(const Dwarf_Die *function)
{
        Dwarf_Die origin = dwarf_type_origin(function), returned, pointer;

        return dwarf_type_declared(&origin, &returned) && dwarf_type_stripped(&returned, &pointer) &&
               dwarf_tag(&pointer) == DW_TAG_pointer_type && !dwarf_hasattr(&pointer, DW_AT_type);
}
