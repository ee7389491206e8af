#include "suite.h"

#include "mem.h"
#include "symbols/demangle.h"
#include "symbols/normalise.h"

#include <stdio.h>
#include <string.h>

static const struct {
        const char *mangled, *name;
} names[] = {
        { "_Z3foov", "foo()" },
        { "_ZN2ns5OuterIiE6methodERKSs", "ns::Outer<int>::method(std::string const&)" },
        { "_ZN12_GLOBAL__N_13AnCC4Ev", "(anonymous namespace)::AnC::AnC()" },
        { "_Z3foov.part.0", "foo() [clone .part.0]" },
        { "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()() const" },
        /* Rust: legacy and v0, without hashes. */
        { "_ZN4core3ptr13drop_in_place17h0123456789abcdefE", "core::ptr::drop_in_place" },
        { "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
          "<Test + 'static as foo::Bar<Test>>::bar" },
        { "_RNvCs1234_7mycrate3foo", "mycrate::foo" },
        { "_RNvMs0_NtCs1234_7mycrate3mapINtB5_3MapjE6insert", "<mycrate::map::Map<usize>>::insert" },
        { "_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_", "mycrate::main::{closure#0}" },
        /* D. */
        { "_D3std5stdio7writelnFZv", "std.stdio.writeln()" },
        { "_Dmain", "D main" },
        /* Not mangled, or badly. */
        { "main", NULL },
        { "", NULL },
        { "_", NULL },
        { "_Z", NULL },
        { "_ZN", NULL },
        { "_R", NULL },
        { "_D", NULL },
        { "_DYNAMIC", NULL },
        { "_ZN9999999999999999999999foo", NULL },
        { "_ZTV", NULL },
};

START_TEST(names_of_each_language)
{
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                char *name = demangle(names[i].mangled);

                if (names[i].name)
                        ck_assert_pstr_eq(name, names[i].name);
                else
                        ck_assert_msg(!name, "%s -> %s", names[i].mangled, name);
                mem_free(name);
        }
}
END_TEST

START_TEST(a_name_of_any_length)
{
        enum { ARGUMENTS = 500, LONG = 90 };
        char *mangled = mem_alloc(ARGUMENTS * (LONG + 4) + 16, 1), *end = stpcpy(mangled, "_Z1fI"), *name;

        for (int i = 0; i < ARGUMENTS; i++) {
                end += sprintf(end, "%dt", LONG);
                memset(end, 'x', LONG - 1);
                end += LONG - 1;
        }
        strcpy(end, "Evv");
        name = demangle(mangled);
        ck_assert_ptr_nonnull(name);
        ck_assert_uint_gt(strlen(name), ARGUMENTS * LONG);
        ck_assert_int_eq(strncmp(name, "void f<txxx", 11), 0);
        mem_free(name);
        mem_free(mangled);
}
END_TEST

/* Each substitution doubles what the one before stands for. */
START_TEST(a_name_that_explodes_is_refused)
{
        char mangled[600] = "_Z1fSt4pairIiiE";
        char *name;

        strcpy(mangled, "_Z1fSt4pairIiiES_IS0_S0_E");
        for (int i = 1; i < 34; i++) {
                char part[32];
                const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

                (void)snprintf(part, sizeof part, "S_IS%c_S%c_E", digits[i], digits[i]);
                strcat(mangled, part);
        }
        name = demangle(mangled);
        ck_assert(!name || strlen(name) <= 1 << 20);
        mem_free(name);
}
END_TEST

START_TEST(deep_and_broken_names_do_no_harm)
{
        enum { DEPTH = 200000 };
        static const char *const openings[] = { "_Z1fP", "_ZNI", "_RII", "_Z1fF", "_RNvN", "_D1aFP" };
        char *mangled = mem_alloc(DEPTH + 16, 1);

        for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
                size_t length = strlen(openings[i]);

                memcpy(mangled, openings[i], length);
                memset(mangled + length, openings[i][length - 1], DEPTH - length);
                mangled[DEPTH] = '\0';
                mem_free(demangle(mangled));
        }
        mem_free(mangled);
}
END_TEST

START_TEST(no_memory_gives_no_name)
{
        for (size_t i = 1; i < 5; i++) {
                mem_fail_after(i);
                mem_free(demangle("_ZN2ns5OuterIiE6methodERKSs"));
                mem_fail_after(0);
        }
}
END_TEST

static const struct {
        const char *name, *normal;
} normal[] = {
        { "main", "main" },
        { "grow.part.0", "grow" },
        { "grow.constprop.0.isra.1", "grow" },
        { "grow.cold", "grow" },
        { "grow.part.0.cold.3", "grow" },
        { "counter.lto_priv.12", "counter" },
        { "helper.llvm.1234567890", "helper" },
        { "nested.0", "nested" },
        { "foo(int) [clone .part.0]", "foo(int)" },
        { "foo(int) [clone .isra.0] [clone .cold]", "foo(int)" },
        { "memcpy@@GLIBC_2.14", "memcpy" },
        { "malloc@plt", "malloc" },
        { "std::vector<int>::size[abi:cxx11]() const", "std::vector<int>::size() const" },
        { "f[abi:one][abi:two]()", "f()" },
        { "core::ptr::drop_in_place::h0123456789abcdef", "core::ptr::drop_in_place" },
        { "core::ptr::hash", "core::ptr::hash" },
        { "a<b<int>, 3>::c(double)", "a<b<int>, 3>::c(double)" },
        { "operator new[](unsigned long)", "operator new[](unsigned long)" },
        { ".0", ".0" },
        { ".cold", ".cold" },
        { "@", "@" },
        { "[clone ]", "[clone ]" },
        { "[abi:x]", "[abi:x]" },
        { "[abi:", "[abi:" },
        { "]", "]" },
        { "", "" },
        { "f.", "f." },
        { "f.0.", "f.0." },
};

START_TEST(what_compilers_add_is_dropped)
{
        for (size_t i = 0; i < sizeof normal / sizeof normal[0]; i++) {
                char *name = mem_string(normal[i].name);

                symbol_normalise(name);
                ck_assert_str_eq(name, normal[i].normal);
                symbol_normalise(name);
                ck_assert_str_eq(name, normal[i].normal);
                mem_free(name);
        }
}
END_TEST

SUITE_MAIN("demangle", names_of_each_language, a_name_of_any_length, a_name_that_explodes_is_refused,
           deep_and_broken_names_do_no_harm, no_memory_gives_no_name, what_compilers_add_is_dropped)
