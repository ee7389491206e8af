#include "suite.h"
#include "symbols_help.h"

#include "graph/types.h"
#include "mem.h"
#include "symbols/container.h"
#include "symbols/type_name.h"

#include <stdio.h>
#include <string.h>

#define STRING "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"

/* ---- names ------------------------------------------------------------------ */

static const struct {
        const char *name, *shorter;
} names[] = {
        { "int", "int" },
        { STRING, "std::string" },
        { "std::__cxx11::basic_string<wchar_t, std::char_traits<wchar_t>, std::allocator<wchar_t> >", "std::wstring" },
        { "std::vector<" STRING ", std::allocator<" STRING " > >", "std::vector<std::string>" },
        { "std::map<int, a::b<c>, std::less<int>, std::allocator<std::pair<int const, a::b<c> > > >",
          "std::map<int, a::b<c>>" },
        /* What is no default stays. */
        { "std::map<int, int, std::greater<int>, std::allocator<std::pair<int const, int> > >",
          "std::map<int, int, std::greater<int>>" },
        { "std::set<int, std::less<void>, std::allocator<int> >", "std::set<int, std::less<void>>" },
        { "std::vector<int, my::allocator<int> >", "std::vector<int, my::allocator<int>>" },
        { "std::unique_ptr<foo [], std::default_delete<foo []> >", "std::unique_ptr<foo[]>" },
        { "f<(a > b), std::allocator<int", "f<(a > b), std::allocator<int" },
        { "", "" },
};

START_TEST(names_are_shortened_without_loss)
{
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                char text[512];

                ck_assert_int_lt(snprintf(text, sizeof text, "%s", names[i].name), (int)sizeof text);
                name_shorten(text);
                ck_assert_str_eq(text, names[i].shorter);
        }
}
END_TEST

static const struct {
        const char *function, *name;
} functions[] = {
        { "main", "main" },
        { "foo(int (*)(char))", "foo" },
        { "void std::vector<int (*)(char), A<1> >::f<x y>(int&&) const", "std::vector<int (*)(char), A<1> >::f<x y>" },
        { "(anonymous namespace)::foo::bar(int)", "(anonymous namespace)::foo::bar" },
        { "a::operator<(b, c)", "a::operator<" },
        { "", "" },
};

START_TEST(functions_have_names)
{
        struct name_part part;

        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
                ck_assert(name_is(name_of_function(functions[i].function), functions[i].name));
        part = (struct name_part){ "pair<int const, f<(1>2), g> >", 29 };
        ck_assert(name_is(name_argument(part, 5, 0), "int const"));
        ck_assert(name_is(name_argument(part, 5, 1), "f<(1>2), g>"));
        ck_assert_uint_eq(name_argument(part, 5, 2).length, 0);
}
END_TEST

/* ---- containers --------------------------------------------------------------- */

#define NEW_ALLOCATOR(type) "std::__new_allocator<" type ">::allocate(unsigned long, void const*)"
#define TRAITS(type) \
        "std::allocator_traits<std::allocator<" type "> >::allocate(std::allocator<" type ">&, unsigned long)"
#define MAP_PAIR "std::pair<int const, foo>"
#define TREE(type) \
        "std::_Rb_tree<int, " type ", std::_Select1st<" type " >, std::less<int>, std::allocator<" type " > >"

/* As clang 14 and its libc++ have them. */
#define LIBCXX(type) "std::__1::allocator<" type ">::allocate(unsigned long)"
#define LIBCXX_TRAITS(type)                                                                               \
        "std::__1::allocator_traits<std::__1::allocator<" type " > >::allocate(std::__1::allocator<" type \
        " >&, unsigned long)"
#define LIBCXX_MAP_NODE "std::__1::__tree_node<std::__1::__value_type<int, foo>, void*>"
#define LIBCXX_BUCKET   "std::__1::__hash_node_base<std::__1::__hash_node<long, void*>*>*"
#define LIBCXX_STRING   "std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >"

static const struct {
        const char *functions[6];
        bool debugged;
        const char *type; /* NULL = nothing certain */
} stacks[] = {
        { { NEW_ALLOCATOR("int"), TRAITS("int"),
            "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)", "main" },
          true,
          "std::vector<int> (elements)" },
        { { NEW_ALLOCATOR("std::_List_node<foo> "), TRAITS("std::_List_node<foo> "),
            "std::__cxx11::_List_base<foo, std::allocator<foo> >::_M_get_node()" },
          true,
          "std::list<foo> (node)" },
        { { NEW_ALLOCATOR("std::_Rb_tree_node<" MAP_PAIR " > "), TREE(MAP_PAIR) "::_M_get_node()",
            TREE(MAP_PAIR) "::_M_copy<false>(int)",
            "std::map<int, foo, std::less<int>, std::allocator<" MAP_PAIR " > >::map(int)", "main" },
          true,
          "std::map<int, foo> (node)" },
        /* Map or set or multimap: the functions do not say. */
        { { NEW_ALLOCATOR("std::_Rb_tree_node<" MAP_PAIR " > "), TREE(MAP_PAIR) "::_M_get_node()", "copy(int)" },
          true,
          "std::_Rb_tree_node<std::pair<int const, foo>>" },
        { { NEW_ALLOCATOR("foo*"), TRAITS("foo*"),
            "std::_Deque_base<foo, std::allocator<foo> >::_M_allocate_map(unsigned long)" },
          true,
          "std::deque<foo> (map of chunks)" },
        { { NEW_ALLOCATOR("unsigned long"), "std::_Bvector_base<std::allocator<bool> >::_M_allocate(unsigned long)" },
          true,
          "std::vector<bool> (bits)" },
        { { STRING "::_M_create(unsigned long&, unsigned long)", "main" }, false, "std::string (characters)" },
        { { "void " STRING "::_M_construct<char*>(char*, char*, std::forward_iterator_tag)" },
          true,
          "std::string (characters)" },
        { { "void std::vector<foo*, std::allocator<foo*> >::_M_realloc_insert<foo*>(foo*&&)", "main" },
          false,
          "std::vector<foo*> (elements)" },
        { { "operator new(unsigned long)", NEW_ALLOCATOR("short"), "my_own(int)" }, false, "short[]" },
        { { "std::_MakeUniq<foo>::__single_object std::make_unique<foo>()", "main" }, true, "foo" },
        { { "std::_MakeUniq<foo []>::__array std::make_unique<foo []>(unsigned long)", "main" }, true, "foo[]" },
        { { "std::__1::allocator<std::__1::__tree_node<int, void*> >::allocate[abi:v15006](unsigned long)", "f()" },
          false,
          "std::__tree_node<int, void*>" },
        { { "std::__1::__libcpp_allocate(unsigned long, unsigned long)", LIBCXX("int"), LIBCXX_TRAITS("int"),
            "std::__1::__split_buffer<int, std::__1::allocator<int>&>::__split_buffer(unsigned long, unsigned long)",
            "std::__1::vector<int, std::__1::allocator<int> >::__append(unsigned long)", "main" },
          true,
          "std::vector<int> (elements)" },
        { { LIBCXX("unsigned long"), "std::__1::vector<bool, std::__1::allocator<bool> >::__vallocate(unsigned long)" },
          true,
          "std::vector<bool> (bits)" },
        { { LIBCXX("short"), "std::__1::deque<short, std::__1::allocator<short> >::__add_back_capacity()" },
          true,
          "std::deque<short> (chunk)" },
        { { LIBCXX("short*"), "std::__1::__split_buffer<short*, std::__1::allocator<short*> >::push_back(short*&&)",
            "std::__1::deque<short, std::__1::allocator<short> >::__add_back_capacity()" },
          true,
          "std::deque<short> (map of chunks)" },
        { { LIBCXX("std::__1::__list_node<foo, void*> "),
            "std::__1::list<foo, std::__1::allocator<foo> >::resize(unsigned long)" },
          true,
          "std::list<foo> (node)" },
        { { LIBCXX("std::__1::__forward_list_node<int, void*> "), "make()" }, true, "std::forward_list<int> (node)" },
        { { LIBCXX(LIBCXX_MAP_NODE " "),
            "std::__1::__tree<std::__1::__value_type<int, foo>, my::less, my::more>::__construct_node(int const&)",
            "std::__1::map<int, foo, std::__1::less<int>, std::__1::allocator<std::__1::pair<int const, foo> > "
            ">::operator[](int&&)" },
          true,
          "std::map<int, foo> (node)" },
        { { LIBCXX(LIBCXX_BUCKET " "),
            "std::__1::__hash_table<long, my::hash, my::equal, my::more>::__rehash(unsigned long)",
            "std::__1::unordered_set<long, std::__1::hash<long>, std::__1::equal_to<long>, std::__1::allocator<long> "
            ">::insert(long&&)" },
          true,
          "std::unordered_set<long> (buckets)" },
        { { LIBCXX_STRING "::__init_copy_ctor_external(char const*, unsigned long)", "main" },
          false,
          "std::string (characters)" },
        { { LIBCXX("char"), LIBCXX_STRING "::__init(char const*, unsigned long)" }, true, "std::string (characters)" },
        { { LIBCXX("long"), "std::__1::vector<int, std::__1::allocator<int> >::reserve(unsigned long)" },
          true,
          "long[]" },
        /* May have inlined what its elements ask for. */
        { { "void std::vector<foo, std::allocator<foo> >::_M_realloc_insert<foo>(foo&&)" }, false, NULL },
        { { "std::_MakeUniq<foo>::__single_object std::make_unique<foo>()" }, false, NULL },
        /* An allocator of the program's: who knows what it hands out. */
        { { "my::allocator<int>::allocate(unsigned long)",
            "std::_Vector_base<int, my::allocator<int> >::_M_allocate(unsigned long)" },
          true,
          NULL },
        { { "std::vector<int, my::allocator<int> >::reserve(unsigned long)" }, false, NULL },
        { { "std::vector<bool, std::allocator<bool> >::_M_reallocate(unsigned long)" }, false, NULL },
        /* Something else in between. */
        { { "make()", NEW_ALLOCATOR("int") }, true, NULL },
        { { NULL, NEW_ALLOCATOR("int") }, true, NULL },
        { { "std::string_view::allocate(int)" }, true, NULL },
        { { "main" }, true, NULL },
        { { NULL }, true, NULL },
        { { "std::__new_allocator<int" }, true, NULL },
};

static int part_of(size_t index, struct container_part *part)
{
        struct container_frame frames[6];
        size_t count = 0;

        while (count < 6 && (stacks[index].functions[count] || (!count && stacks[index].functions[1]))) {
                frames[count].function = stacks[index].functions[count];
                frames[count++].debugged = stacks[index].debugged;
        }
        return container_part_of(frames, count, part);
}

START_TEST(parts_of_containers_are_known_by_who_asked)
{
        for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
                struct container_part part;

                ck_assert_int_eq(part_of(i, &part), 0);
                ck_assert_msg((!part.type && !stacks[i].type) ||
                                      (part.type && stacks[i].type && !strcmp(part.type, stacks[i].type)),
                              "%zu: %s, not %s", i, part.type ? part.type : "nothing",
                              stacks[i].type ? stacks[i].type : "nothing");
                mem_free(part.type);
        }
}
END_TEST

START_TEST(parts_need_memory)
{
        for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
                struct container_part part;
                int status = -1;

                for (size_t nth = 1; status; nth++) {
                        mem_fail_after(nth);
                        status = part_of(i, &part);
                        mem_fail_after(0);
                }
                ck_assert_int_eq(!part.type, !stacks[i].type);
                mem_free(part.type);
        }
}
END_TEST

START_TEST(control_blocks_are_known_by_their_classes)
{
        struct type_control control;

        ck_assert(type_control_of("std::_Sp_counted_ptr_inplace<a::b<c, d>, std::allocator<void>, (x)2>", &control));
        ck_assert(control.inplace && control.object_offset == 16);
        ck_assert(!strncmp(control.object, "a::b<c, d>", control.object_length) && control.object_length == 10);
        ck_assert(type_control_of("boost::detail::sp_counted_impl_p<foo>", &control));
        ck_assert_str_eq(control.pointer, "boost::shared_ptr");
        ck_assert(!type_control_of("std::_Sp_counted_base<(x)2>", &control));
        ck_assert(!type_control_of("my::_Sp_counted_ptr<int*>", &control));
}
END_TEST

/* ---- members ------------------------------------------------------------------- */

static const char fields_cpp[] =
        "#include <map>\n"
        "#include <memory>\n"
        "#include <vector>\n"
        "struct thing;\n"
        "namespace ns {\n"
        "struct base { virtual ~base() {} thing *child; };\n" /* 8 */
        "struct plain { int n; thing *link; };\n"             /* 8 */
        "template <class T> struct holder : base, plain {\n"  /* 0, 16 */
        "        unsigned low : 3, high : 29;\n"              /* 32 */
        "        int number;\n"
        "        struct { int x; thing *lock; } owner_;\n" /* 40, 48 */
        "        union { thing *first; long other; };\n"   /* 56 */
        "        T *grid[2][3];\n"                         /* 64 */
        "        std::shared_ptr<thing> counted_;\n"       /* 112 */
        "        std::pair<int, thing *> pair;\n"          /* 128, 136 */
        "        static thing *none;\n"
        "        typedef const plain *const plain_t;\n"
        "        plain_t last = nullptr;\n" /* 144 */
        "        double real;\n"            /* 152 */
        "        plain many[2];\n"          /* 160 */
        "        thing *end[];\n"           /* 192 */
        "};\n"
        "}\n"
        "struct thing { std::map<int, thing *> things; };\n"
        "ns::base zero;\n"
        "ns::holder<int> *one;\n"
        "std::vector<ns::plain> *many;\n"
        "std::shared_ptr<thing> counted;\n"
        "int main() { one = new ns::holder<int>; many = new std::vector<ns::plain>(3);\n"
        "        counted = std::make_shared<thing>(); counted->things[1] = nullptr; delete one; }\n";

static const struct {
        uint64_t offset;
        const char *path, *type;
} fields[] = {
        { 0, NULL, NULL }, /* the vtable */
        { 8, "base::child", NULL },
        { 16, NULL, NULL }, /* a number */
        { 24, "plain::link", NULL },
        { 32, NULL, NULL },
        { 48, "owner_.lock", NULL },
        { 52, NULL, NULL }, /* half a pointer */
        { 56, "first", NULL },
        { 64, "grid[0][0]", NULL },
        { 104, "grid[1][2]", NULL },
        { 112, "counted_", "std::shared_ptr<thing>" },
        { 120, "counted_", "std::shared_ptr<thing>" },
        { 128, NULL, NULL },
        { 136, "pair.second", NULL },
        { 144, "last", NULL },
        { 152, NULL, NULL },
        { 168, "many[0].link", NULL },
        { 184, "many[1].link", NULL },
        { 192, NULL, NULL }, /* outside */
        { UINT64_MAX, NULL, NULL },
};

static void check_field(struct symbols *symbols, const struct symbol_type *type, bool array, uint64_t offset,
                        const char *path, const char *declared)
{
        struct symbol_field field;

        ck_assert_int_eq(symbols_field(symbols, type, array, offset, &field), path != NULL);
        ck_assert_pstr_eq(field.path, path);
        ck_assert_pstr_eq(field.type, declared);
}

/* `thing` has 48 bytes, ns::plain 16. */
static void check_pointed(struct symbols *symbols, const struct symbol_type *type)
{
        static const struct {
                uint64_t offset, size;
                const char *name;
        } targets[] = {
                { 8, 48, "thing" },   { 8, 40, NULL },          { 8, 0, NULL },   { 24, 48, "thing" },
                { 48, 48, "thing" },  { 56, 48, NULL },         { 64, 4, NULL },  { 112, 48, NULL },
                { 136, 48, "thing" }, { 144, 16, "ns::plain" }, { 16, 16, NULL }, { 184, 48, "thing" },
                { 192, 48, NULL },
        };

        for (size_t again = 0; again < 2; again++)
                for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
                        ck_assert_pstr_eq(symbols_pointed(symbols, type, false, targets[i].offset, targets[i].size),
                                          targets[i].name);
        ck_assert_pstr_eq(symbols_pointed(symbols, type, true, 192 * 7 + 8, 48), "thing");
}

static void check_variables(struct symbols *symbols, struct symbol_module *module)
{
        struct symbol_type type = { .what = SYMBOL_VARIABLE, .module = module };

        type.address = address_of("fields", "one");
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 0, 192), "ns::holder<int>");
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 0, 8), NULL);
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 8, 192), NULL);
        type.address = address_of("fields", "zero");
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 8, 48), "thing");
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 0, 48), NULL);
        type.address += 8;
        ck_assert_pstr_eq(symbols_pointed(symbols, &type, false, 0, 48), NULL);
}

static void check_fields(const char *name)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_type type = { .what = SYMBOL_CLASS, .module = module_of(symbols, name) };

        type.address = address_of("fields", "_ZTVN2ns6holderIiEE") + 16;
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 192);
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
                check_field(symbols, &type, false, fields[i].offset, fields[i].path, fields[i].type);
        check_field(symbols, &type, true, 192 * 7 + 8, "[7].child", NULL);
        check_pointed(symbols, &type);
        check_variables(symbols, type.module);
        type.address = address_of("fields", "_ZTVN2ns4baseE") + 16;
        check_field(symbols, &type, false, 8, "child", NULL);
        /* A control block: the object in it. */
        type.address = shell_number("nm fields | grep 'V _ZTVSt23_Sp_counted_ptr_inplaceI5thing'") + 16;
        check_field(symbols, &type, false, 16 + 8, "things", "std::map<int, thing*>");
        type.address = address_of("fields", "main");
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 0);
        type.module = NULL;
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 0);
        symbols_destroy(symbols);
}

START_TEST(members_are_known_by_debug_information)
{
        static const char *const builds[] = {
                "g++ -O0 -g",
                "g++ -O2 -gdwarf-4",
                "g++ -O1 -g -fdebug-types-section",
                "g++ -O0 -gdwarf-5 -gsplit-dwarf -no-pie",
                "g++ -O0 -g -fno-rtti",
                "clang++ -O0 -g -fno-limit-debug-info",
        };
        FILE *file;

        workshop_open();
        file = fopen(workshop_path("fields.cpp"), "w");
        ck_assert(file && fputs(fields_cpp, file) >= 0 && !fclose(file));
        for (size_t i = 0; i < sizeof builds / sizeof builds[0]; i++) {
                shell("%s fields.cpp -o fields", builds[i]);
                check_fields("fields");
        }
        shell("g++ -g fields.cpp -o fields && cp fields stripped && objcopy --only-keep-debug stripped stripped.debug "
              "&& "
              "strip stripped && objcopy --add-gnu-debuglink=stripped.debug stripped");
        check_fields("stripped");
        workshop_close();
}
END_TEST

/* The frame that makes room for ns::plain. */
static struct symbol_type allocation(struct symbols *symbols, uint64_t address)
{
        struct symbol_type type = {
                .what = SYMBOL_ARGUMENT, .module = module_of(symbols, "fields"), .address = address, .exact = true
        };
        const struct symbol_frame *frames;
        size_t count;

        ck_assert_int_eq(symbols_frames(symbols, type.module, address, true, &frames, &count, NULL), 0);
        while (type.frame < count && !strstr(frames[type.frame].function, "_allocator<ns::plain>::allocate"))
                type.frame++;
        ck_assert_uint_lt(type.frame, count);
        return type;
}

START_TEST(what_an_allocator_makes_room_for_is_known)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_type type;
        FILE *file;

        workshop_open();
        file = fopen(workshop_path("fields.cpp"), "w");
        ck_assert(file && fputs(fields_cpp, file) >= 0 && !fclose(file));
        shell("g++ -O0 -g fields.cpp -o fields");
        type = allocation(symbols, address_of("fields", "_ZNSt15__new_allocatorIN2ns5plainEE8allocateEmPKv") + 8);
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 16);
        check_field(symbols, &type, true, 2 * 16 + 8, "[2].link", NULL);
        check_field(symbols, &type, true, 2 * 16, NULL, NULL);
        type.frame = 99;
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 0);
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

START_TEST(without_debug_information_there_are_no_members)
{
        struct symbols *symbols = symbols_create(NULL, NULL);
        struct symbol_type type = { .what = SYMBOL_CLASS };
        struct symbol_field field;

        workshop_open();
        shell("g++ -O0 plus.cpp -o plus");
        type.module = module_of(symbols, "plus");
        type.address = address_of("plus", "_ZTVN2ns4BaseE") + 16;
        ck_assert_uint_eq(symbols_type_size(symbols, &type), 0);
        ck_assert(!symbols_field(symbols, &type, false, 8, &field));
        symbols_destroy(symbols);
        workshop_close();
}
END_TEST

SUITE_MAIN("types", names_are_shortened_without_loss, functions_have_names, parts_of_containers_are_known_by_who_asked,
           parts_need_memory, control_blocks_are_known_by_their_classes, members_are_known_by_debug_information,
           what_an_allocator_makes_room_for_is_known, without_debug_information_there_are_no_members)
