#include "container.h"

#include "../mem.h"
#include "type_name.h"

#include <stdint.h>
#include <string.h>

/* A function of a template of the library, by what its name begins with. */
struct pattern {
        const char *prefix; /* up to the '<' of its arguments */
        const char *member; /* after these; "" = any */
        const char *name;   /* of the container; NULL = it is named by a frame farther out */
        const char *part;
        bool array;
};

static const struct pattern allocators[] = {
        { .prefix = "std::__new_allocator<", .member = "::allocate" },
        { .prefix = "__gnu_cxx::new_allocator<", .member = "::allocate" },
        { .prefix = "std::allocator<", .member = "::allocate" },
        { .prefix = "std::__1::allocator<", .member = "::allocate" },
};

/* They pass on what an allocator gives. */
static const char *const between[] = {
        "std::allocator_traits<std::allocator<",
        "std::__1::allocator_traits<std::__1::allocator<",
        "std::__allocate_guarded<std::allocator<",
        "std::__1::__allocate_at_least",
        "std::__1::__libcpp_allocate",
        "std::__1::__libcpp_operator_new",
};

/* What asks an allocator for memory. */
static const struct pattern askers[] = {
        { "std::_Vector_base<", "::_M_allocate", "std::vector", "elements", true },
        { "std::_Bvector_base<", "::_M_allocate", "std::vector<bool", "bits", true },
        { "std::_Deque_base<", "::_M_allocate_node", "std::deque", "chunk", true },
        { "std::_Deque_base<", "::_M_allocate_map", "std::deque", "map of chunks", true },
        { "std::__cxx11::_List_base<", "::_M_get_node", "std::list", "node", false },
        { "std::_List_base<", "::_M_get_node", "std::list", "node", false },
        { "std::_Fwd_list_base<", "::_M_get_node", "std::forward_list", "node", false },
        { "std::_Rb_tree<", "::_M_get_node", NULL, "node", false },
        { "std::__detail::_Hashtable_alloc<", "::_M_allocate_node", NULL, "node", false },
        { "std::__detail::_Hashtable_alloc<", "::_M_allocate_buckets", NULL, "buckets", true },
        { "std::__cxx11::basic_string<", "::_M_create", "std::basic_string", "characters", true },
};

/* The containers with trees or hash tables, as the program names them. */
static const struct {
        const char *prefix;
        size_t arguments; /* that say what it is; its others are left out when they are defaults */
} owners[] = {
        { "std::map<", 3 },
        { "std::multimap<", 3 },
        { "std::set<", 2 },
        { "std::multiset<", 2 },
        { "std::unordered_map<", 4 },
        { "std::unordered_multimap<", 4 },
        { "std::unordered_set<", 3 },
        { "std::unordered_multiset<", 3 },
        { "std::__1::map<", 3 },
        { "std::__1::multimap<", 3 },
        { "std::__1::set<", 2 },
        { "std::__1::multiset<", 2 },
        { "std::__1::unordered_map<", 4 },
        { "std::__1::unordered_multimap<", 4 },
        { "std::__1::unordered_set<", 3 },
        { "std::__1::unordered_multiset<", 3 },
};

/* Does the function's name begin so, with `member` after the arguments? */
static bool matches(struct name_part function, const struct pattern *pattern)
{
        struct name_part argument, last = { NULL, 0 };
        size_t prefix = strlen(pattern->prefix), end;

        if (!name_begins(function, pattern->prefix))
                return false;
        for (size_t i = 0; (argument = name_argument(function, prefix, i)).length; i++)
                last = argument;
        if (!last.text)
                return false;
        end = (size_t)(last.text - function.text) + last.length;
        while (end < function.length && function.text[end] == ' ')
                end++;
        if (end == function.length || function.text[end] != '>')
                return false;
        function.text += end + 1;
        function.length -= end + 1;
        if (!*pattern->member)
                return true;
        if (!name_begins(function, pattern->member))
                return false;
        function.text += strlen(pattern->member);
        function.length -= strlen(pattern->member);
        return !function.length || *function.text == '<' || *function.text == '[';
}

static bool is_between(struct name_part function)
{
        for (size_t i = 0; i < sizeof between / sizeof between[0]; i++)
                if (name_begins(function, between[i]))
                        return true;
        return name_is(function, "new"); /* "operator new" of a library that is linked statically */
}

static bool is_library(struct name_part function)
{
        return name_begins(function, "std::") || name_begins(function, "__gnu_cxx::");
}

/* ---- texts ------------------------------------------------------------------ */

static int set_type(struct container_part *part, char *type)
{
        if (!type)
                return -1;
        name_shorten(type);
        part->type = type;
        return 0;
}

/* "CONTAINER<ARGUMENT> (PART)" */
static int set_container(struct container_part *part, const struct pattern *asker, struct name_part argument)
{
        if (strchr(asker->name, '<')) /* with its arguments */
                return set_type(part, mem_format("%s> (%s)", asker->name, asker->part));
        return set_type(part,
                        mem_format("%s<%.*s> (%s)", asker->name, (int)argument.length, argument.text, asker->part));
}

/* The same for one that a frame farther out names: its first arguments, less
 * the allocator. */
static int set_owner(struct container_part *part, struct name_part function, size_t owner, const char *of)
{
        size_t skip = strlen(owners[owner].prefix);
        struct name_part last = name_argument(function, skip, owners[owner].arguments - 1);

        if (!last.length) /* built otherwise than known */
                return 0;
        return set_type(part,
                        mem_format("%.*s> (%s)", (int)(last.text + last.length - function.text), function.text, of));
}

static bool is_internal(struct name_part element)
{
        if (name_begins(element, "std::__1::"))
                return name_begins(element, "std::__1::__");
        return name_begins(element, "std::_") && !name_begins(element, "std::__cxx11::");
}

/* What an allocator made room for, when nobody says what for. */
static int set_element(struct container_part *part, struct name_part element)
{
        part->array = !is_internal(element);
        return set_type(part, mem_format("%.*s%s", (int)element.length, element.text, part->array ? "[]" : ""));
}

/* ---- stacks ------------------------------------------------------------------ */

struct stack {
        const struct container_frame *frames;
        size_t count;
};

static struct name_part function_at(const struct stack *stack, size_t at)
{
        const char *function = at < stack->count ? stack->frames[at].function : NULL;

        return function ? name_of_function(function) : (struct name_part){ "", 0 };
}

/* The container whose tree or table it is. */
static int name_owner(const struct stack *stack, size_t at, const char *of, struct container_part *part)
{
        for (; at < stack->count && is_library(function_at(stack, at)); at++) {
                struct name_part function = function_at(stack, at);

                for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
                        if (name_begins(function, owners[i].prefix))
                                return set_owner(part, function, i, of);
        }
        return 0;
}

/* ---- libc++: the elements tell more than the functions --------------------------- */

static bool is_same(struct name_part a, struct name_part b)
{
        return a.length == b.length && !memcmp(a.text, b.text, a.length);
}

/* Nodes and buckets are types of their own. */
static int name_node(const struct stack *stack, size_t at, struct name_part element, struct container_part *part)
{
        static const struct pattern lists[] = {
                { "std::__1::__list_node<", "", "std::list", "node", false },
                { "std::__1::__forward_list_node<", "", "std::forward_list", "node", false },
        };

        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
                if (name_begins(element, lists[i].prefix))
                        return set_container(part, &lists[i], name_argument(element, strlen(lists[i].prefix), 0));
        if (name_begins(element, "std::__1::__tree_node<") || name_begins(element, "std::__1::__hash_node<"))
                return name_owner(stack, at, "node", part);
        if (!name_begins(element, "std::__1::__hash_node_base<"))
                return 0;
        part->array = true;
        return name_owner(stack, at, "buckets", part);
}

/* Others are named by the container's function, which may have a buffer made that
 * it takes over. */
static int name_elements(const struct stack *stack, size_t at, struct name_part element, struct container_part *part)
{
        static const struct pattern vector = { "std::__1::vector<", "", "std::vector", "elements", true };
        static const struct pattern bits = { "std::__1::vector<", "", "std::vector<bool", "bits", true };
        static const struct pattern chunk = { "std::__1::deque<", "", "std::deque", "chunk", true };
        static const struct pattern map = { "std::__1::deque<", "", "std::deque", "map of chunks", true };
        static const struct pattern string = { "std::__1::basic_string<", "", "std::basic_string", "characters", true };
        const struct pattern *found = NULL;
        struct name_part function, of;

        while (name_begins(function_at(stack, at), "std::__1::__split_buffer<"))
                at++;
        function = function_at(stack, at);
        if (name_begins(function, vector.prefix)) {
                of = name_argument(function, strlen(vector.prefix), 0);
                found = name_is(of, "bool") ? &bits : is_same(of, element) ? &vector : NULL;
        } else if (name_begins(function, chunk.prefix)) {
                of = name_argument(function, strlen(chunk.prefix), 0);
                found = is_same(of, element) ? &chunk : element.length == of.length + 1 ? &map : NULL;
        } else if (name_begins(function, string.prefix)) {
                of = name_argument(function, strlen(string.prefix), 0);
                found = is_same(of, element) ? &string : NULL;
        }
        if (!found)
                return 0;
        part->array = true;
        return set_container(part, found, of);
}

/* A block of `element`s, asked for by the function at `at`. */
static int name_part_at(const struct stack *stack, size_t at, struct name_part element, struct container_part *part)
{
        struct name_part function = function_at(stack, at);

        for (size_t i = 0; i < sizeof askers / sizeof askers[0]; i++) {
                const struct pattern *asker = &askers[i];
                int status;

                if (!matches(function, asker))
                        continue;
                part->array = asker->array;
                if (asker->name)
                        return set_container(part, asker, name_argument(function, strlen(asker->prefix), 0));
                status = name_owner(stack, at + 1, asker->part, part);
                return status || part->type ? status : set_element(part, element);
        }
        if (name_node(stack, at, element, part) || (!part->type && name_elements(stack, at, element, part)))
                return -1;
        return part->type ? 0 : set_element(part, element);
}

static bool is_plain(struct name_part type)
{
        static const char *const plain[] = {
                "char", "signed char",   "unsigned char", "short",    "unsigned short",     "int",    "unsigned int",
                "long", "unsigned long", "long long",     "float",    "unsigned long long", "double", "long double",
                "bool", "wchar_t",       "char8_t",       "char16_t", "char32_t",
        };

        for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
                if (name_is(type, plain[i]))
                        return true;
        return type.length > 1 && type.text[type.length - 1] == '*';
}

/* A function that may have inlined others, or called one that ended in a jump to
 * the allocation function, but none that asks for anything else. */
static int name_member(struct name_part function, struct container_part *part)
{
        static const struct {
                struct pattern pattern;
                const char *allocator;
                size_t index; /* among the arguments */
        } members[] = {
                { { "std::vector<", "", "std::vector", "elements", true }, "std::allocator<", 1 },
                { { "std::__cxx11::basic_string<", "", "std::basic_string", "characters", true },
                  "std::allocator<",
                  2 },
                { { "std::__1::basic_string<", "", "std::basic_string", "characters", true },
                  "std::__1::allocator<",
                  2 },
        };

        if (name_begins(function, "std::string::_Rep::_S_create"))
                return set_type(part, mem_string("std::string (characters)"));
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
                const struct pattern *pattern = &members[i].pattern;
                struct name_part element = name_argument(function, strlen(pattern->prefix), 0);
                struct name_part allocator = name_argument(function, strlen(pattern->prefix), members[i].index);

                if (!matches(function, pattern) || !is_plain(element) || !name_begins(allocator, members[i].allocator))
                        continue;
                if (name_is(element, "bool"))
                        return 0;
                part->array = true;
                part->pointers = element.text[element.length - 1] == '*';
                return set_container(part, pattern, element);
        }
        return 0;
}

/* std::make_unique<T>, or of T[]: what it asks for itself is that. */
static int name_made(struct name_part function, size_t at, struct container_part *part)
{
        struct name_part made = { "", 0 };

        if (name_begins(function, "std::make_unique<"))
                made = name_argument(function, strlen("std::make_unique<"), 0);
        if (!made.length)
                return 0;
        part->frame = at;
        part->array = made.text[made.length - 1] == ']';
        return set_type(part, mem_format("%.*s", (int)made.length, made.text));
}

int container_part_of(const struct container_frame *frames, size_t count, struct container_part *part)
{
        const struct stack stack = { frames, count };
        struct name_part element = { "", 0 };
        size_t at = 0;

        *part = (struct container_part){ .frame = SIZE_MAX };
        for (; at < count; at++) {
                struct name_part function = function_at(&stack, at), made = { "", 0 };

                for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++)
                        if (matches(function, &allocators[i]))
                                made = name_argument(function, strlen(allocators[i].prefix), 0);
                if (made.length && !element.length) {
                        element = made;
                        part->frame = at;
                } else if (!made.length && !is_between(function)) {
                        break;
                }
        }
        if (element.length) {
                part->pointers = element.text[element.length - 1] == '*';
                return name_part_at(&stack, at, element, part);
        }
        if (at == count)
                return 0;
        if (name_member(function_at(&stack, at), part))
                return -1;
        return part->type || !frames[at].debugged ? 0 : name_made(function_at(&stack, at), at, part);
}
