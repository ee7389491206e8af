#include "types.h"

#include <string.h>

static const struct pattern {
        const char *prefix; /* up to the "<" of its arguments */
        const char *pointer;
        bool inplace;
        uint64_t object_offset;
} patterns[] = {
        { "std::_Sp_counted_ptr_inplace<", "std::shared_ptr", true, 16 },
        { "std::_Sp_counted_ptr<", "std::shared_ptr", false, 0 },
        { "std::_Sp_counted_deleter<", "std::shared_ptr", false, 0 },
        { "std::__1::__shared_ptr_emplace<", "std::shared_ptr", true, 24 },
        { "std::__1::__shared_ptr_pointer<", "std::shared_ptr", false, 0 },
        { "boost::detail::sp_counted_impl_pda<", "boost::shared_ptr", false, 0 },
        { "boost::detail::sp_counted_impl_pd<", "boost::shared_ptr", false, 0 },
        { "boost::detail::sp_counted_impl_p<", "boost::shared_ptr", false, 0 },
};

/* The length of the first template argument at `text`. */
static size_t argument_length(const char *text)
{
        size_t at = 0;
        int depth = 0;

        for (; text[at]; at++) {
                char c = text[at];

                if (!depth && (c == ',' || c == '>'))
                        break;
                depth += c == '<' || c == '(' || c == '[' || c == '{';
                depth -= c == '>' || c == ')' || c == ']' || c == '}';
        }
        return at;
}

static size_t without_pointer(const char *text, size_t length)
{
        while (length && (text[length - 1] == '*' || text[length - 1] == ' '))
                length--;
        return length;
}

bool type_control_of(const char *class_name, struct type_control *control)
{
        for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
                const struct pattern *p = &patterns[i];
                size_t prefix = strlen(p->prefix);
                const char *object = class_name + prefix;

                if (strncmp(class_name, p->prefix, prefix))
                        continue;
                *control = (struct type_control){
                        .pointer = p->pointer,
                        .object = object,
                        .inplace = p->inplace,
                        .object_offset = p->object_offset,
                        .object_length = without_pointer(object, argument_length(object)),
                };
                return control->object_length > 0;
        }
        return false;
}
