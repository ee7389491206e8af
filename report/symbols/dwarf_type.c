#include "dwarf_type.h"

#include "../mem.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32, PATH_SIZE = 512, WORD = 8, EMPLACED = 24 };

/* ---- DIEs ------------------------------------------------------------------- */

static bool follow(Dwarf_Die *die, unsigned name, Dwarf_Die *to)
{
        Dwarf_Attribute attribute;

        return dwarf_attr(die, name, &attribute) && dwarf_formref_die(&attribute, to);
}

/* The declaration of an instance. */
static Dwarf_Die origin_of(const Dwarf_Die *die)
{
        Dwarf_Die at = *die, next;

        for (int i = 0; i < DEEPEST; i++) {
                if (!follow(&at, DW_AT_abstract_origin, &next) && !follow(&at, DW_AT_specification, &next))
                        break;
                at = next;
        }
        return at;
}

static bool number(Dwarf_Die *die, unsigned name, uint64_t *value)
{
        Dwarf_Attribute attribute;
        Dwarf_Word word;

        if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &word))
                return false;
        *value = word;
        return true;
}

static bool flag(Dwarf_Die *die, unsigned name)
{
        Dwarf_Attribute attribute;
        bool set;

        return dwarf_attr(die, name, &attribute) && !dwarf_formflag(&attribute, &set) && set;
}

static bool is_class(int tag)
{
        return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* The type without names for it, const and the like; its declaration completed
 * where the unit has it. */
static bool strip(Dwarf_Die *type)
{
        for (int i = 0; i < DEEPEST; i++) {
                int tag = dwarf_tag(type);

                if (tag == DW_TAG_typedef || tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
                    tag == DW_TAG_restrict_type || tag == DW_TAG_atomic_type || tag == DW_TAG_template_alias) {
                        if (!follow(type, DW_AT_type, type))
                                return false;
                } else if (dwarf_hasattr(type, DW_AT_signature)) {
                        if (!follow(type, DW_AT_signature, type))
                                return false;
                } else {
                        return true;
                }
        }
        return false;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
        return follow(die, DW_AT_type, type) && strip(type);
}

Dwarf_Die dwarf_type_origin(const Dwarf_Die *die)
{
        return origin_of(die);
}

bool dwarf_type_declared(Dwarf_Die *die, Dwarf_Die *type)
{
        Dwarf_Attribute attribute;

        return dwarf_attr_integrate(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, type);
}

bool dwarf_type_stripped(const Dwarf_Die *type, Dwarf_Die *stripped)
{
        *stripped = *type;
        return strip(stripped);
}

/* Takes off const and the like, but no typedef. */
static bool unqualify(Dwarf_Die *type)
{
        for (int i = 0; i < DEEPEST; i++) {
                int tag = dwarf_tag(type);

                if (tag != DW_TAG_const_type && tag != DW_TAG_volatile_type && tag != DW_TAG_restrict_type &&
                    tag != DW_TAG_atomic_type)
                        return true;
                if (!follow(type, DW_AT_type, type))
                        return false;
        }
        return false;
}

bool dwarf_type_target(const Dwarf_Die *pointer, Dwarf_Die *type)
{
        Dwarf_Die stripped = *pointer;

        return strip(&stripped) && dwarf_tag(&stripped) == DW_TAG_pointer_type && follow(&stripped, DW_AT_type, type) &&
               unqualify(type);
}

uint64_t dwarf_type_size(Dwarf_Die *type)
{
        Dwarf_Die stripped = *type;
        Dwarf_Word size;

        if (!strip(&stripped) || flag(&stripped, DW_AT_declaration) || dwarf_aggregate_size(&stripped, &size))
                return 0;
        return size;
}

bool dwarf_type_is_class(Dwarf_Die *type)
{
        return is_class(dwarf_tag(type));
}

/* ---- what functions are about -------------------------------------------------- */

static bool argument_of(Dwarf_Die *of, Dwarf_Die *type)
{
        Dwarf_Die child;

        if (dwarf_child(of, &child))
                return false;
        do {
                if (dwarf_tag(&child) == DW_TAG_template_type_parameter)
                        return type_of(&child, type);
        } while (!dwarf_siblingof(&child, &child));
        return false;
}

/* The DIEs around another, outermost first: a unit and what is in it.  Follows
 * the offsets, where libdw's own search would visit the whole unit. */
static size_t scopes_of(Dwarf_Die *die, Dwarf_Die scopes[DEEPEST])
{
        Dwarf_Off wanted = dwarf_dieoffset(die);
        Dwarf_Die at, next;
        size_t count = 0;

        if (!dwarf_diecu(die, &scopes[count++], NULL, NULL))
                return 0;
        while (!dwarf_child(&scopes[count - 1], &at)) {
                while (dwarf_dieoffset(&at) != wanted && !dwarf_siblingof(&at, &next) &&
                       dwarf_dieoffset(&next) <= wanted)
                        at = next;
                if (dwarf_dieoffset(&at) == wanted)
                        return count;
                if (count == DEEPEST)
                        break;
                scopes[count++] = at;
        }
        return 0;
}

/* The DIE around another. */
static bool scope_of(Dwarf_Die *die, Dwarf_Die *scope)
{
        Dwarf_Die scopes[DEEPEST];
        size_t count = scopes_of(die, scopes);

        if (count)
                *scope = scopes[count - 1];
        return count > 0;
}

bool dwarf_type_of_member(Dwarf_Die *function, Dwarf_Die *type)
{
        Dwarf_Die origin = origin_of(function);

        return scope_of(&origin, type) && is_class(dwarf_tag(type)) && strip(type) && dwarf_type_size(type);
}

bool dwarf_type_argument(Dwarf_Die *function, Dwarf_Die *type)
{
        Dwarf_Die origin = origin_of(function), owner;

        return argument_of(function, type) || argument_of(&origin, type) ||
               (scope_of(&origin, &owner) && is_class(dwarf_tag(&owner)) && argument_of(&owner, type));
}

bool dwarf_type_pointed(Dwarf_Die *type)
{
        Dwarf_Die pointer;

        return argument_of(type, &pointer) && dwarf_tag(&pointer) == DW_TAG_pointer_type && type_of(&pointer, type);
}

/* ---- names -------------------------------------------------------------------- */

/* "std::__cxx11::" and the like, up to what is around the DIE; NULL without
 * memory, or for what is local to a function. */
static char *scope_name(Dwarf_Die *die)
{
        Dwarf_Die scopes[DEEPEST], declared = origin_of(die);
        size_t count = scopes_of(&declared, scopes);
        char *name = count ? mem_string("") : NULL;

        for (size_t i = 1; name && i < count; i++) {
                int tag = dwarf_tag(&scopes[i]);
                const char *part = dwarf_diename(&scopes[i]);
                char *longer = NULL;

                if (tag == DW_TAG_namespace && !part)
                        part = "(anonymous namespace)";
                if (part && (tag == DW_TAG_namespace || is_class(tag)))
                        longer = mem_format("%s%s::", name, part);
                mem_free(name);
                name = longer;
        }
        return name;
}

char *dwarf_type_name(Dwarf_Die *type)
{
        const char *own = dwarf_diename(type);
        char *scope = own ? scope_name(type) : NULL, *name = NULL;

        if (scope)
                name = mem_format("%s%s", scope, own);
        mem_free(scope);
        return name;
}

bool dwarf_type_in_c(Dwarf_Die *die)
{
        Dwarf_Die unit;
        int language = dwarf_diecu(die, &unit, NULL, NULL) ? dwarf_srclang(&unit) : -1;

        return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 || language == DW_LANG_C11;
}

char *dwarf_type_used_name(Dwarf_Die *type, Dwarf_Die *named)
{
        Dwarf_Die *used = dwarf_tag(named) == DW_TAG_typedef ? named : type;
        const char *keyword = dwarf_tag(type) == DW_TAG_union_type ? "union " : "struct ", *name = dwarf_diename(used);

        if (!dwarf_type_in_c(type))
                return dwarf_type_name(used);
        return name ? mem_format("%s%s", used == named ? "" : keyword, name) : NULL;
}

static bool is_library(Dwarf_Die *type)
{
        char *scope = scope_name(type);
        bool library = scope && (!strncmp(scope, "std::", 5) || !strncmp(scope, "__gnu_cxx::", 11));

        mem_free(scope);
        return library;
}

/* ---- fields -------------------------------------------------------------------- */

struct path {
        char text[PATH_SIZE];
        size_t length;
        bool named; /* a member that the program knows is in it */
        bool full;
        bool of_union; /* it leads through one */
};

static void add(struct path *path, const char *before, const char *text, const char *after)
{
        size_t room = sizeof path->text - path->length;
        int length = snprintf(path->text + path->length, room, "%s%s%s", before, text, after);

        if (length < 0 || (size_t)length >= room)
                path->full = true;
        else
                path->length += (size_t)length;
}

static void add_index(struct path *path, uint64_t index)
{
        char text[24];

        (void)snprintf(text, sizeof text, "%" PRIu64, index);
        add(path, "[", text, "]");
}

static void add_name(struct path *path, const char *name)
{
        add(path, path->length && path->text[path->length - 1] != ':' ? "." : "", name, "");
}

/* Where a member or base lies in its class. */
static bool place_of(Dwarf_Die *member, uint64_t *place)
{
        Dwarf_Attribute attribute;

        *place = 0;
        if (dwarf_hasattr(member, DW_AT_bit_size) || dwarf_hasattr(member, DW_AT_data_bit_offset))
                return false;
        if (!dwarf_attr(member, DW_AT_data_member_location, &attribute))
                return true;
        return number(member, DW_AT_data_member_location, place); /* an expression is that of a virtual base */
}

static bool is_data(Dwarf_Die *child)
{
        int tag = dwarf_tag(child);

        if (tag == DW_TAG_inheritance)
                return true;
        return tag == DW_TAG_member && !flag(child, DW_AT_external) && !flag(child, DW_AT_declaration) &&
               !flag(child, DW_AT_artificial);
}

static uint64_t elements_of(Dwarf_Die *subrange)
{
        uint64_t value;

        if (number(subrange, DW_AT_count, &value))
                return value;
        return number(subrange, DW_AT_upper_bound, &value) && value != UINT64_MAX ? value + 1 : 0;
}

static bool find(Dwarf_Die *type, uint64_t offset, int depth, struct path *path, Dwarf_Die *found);

/* One dimension after another. */
static bool find_in_array(Dwarf_Die *array, uint64_t offset, int depth, struct path *path, Dwarf_Die *found)
{
        Dwarf_Die element, child;
        uint64_t size = type_of(array, &element) ? dwarf_type_size(&element) : 0, counts[DEEPEST];
        size_t dimensions = 0;

        if (!size || dwarf_child(array, &child))
                return false;
        do {
                if (dwarf_tag(&child) == DW_TAG_subrange_type && dimensions < DEEPEST)
                        counts[dimensions++] = elements_of(&child);
        } while (!dwarf_siblingof(&child, &child));
        for (size_t i = 0; i < dimensions; i++) {
                uint64_t whole = size;

                for (size_t j = i + 1; j < dimensions; j++)
                        if (__builtin_mul_overflow(whole, counts[j], &whole))
                                return false;
                if (!whole || (counts[i] && offset / whole >= counts[i])) /* without a count: as many as fit */
                        return false;
                add_index(path, offset / whole);
                offset %= whole;
        }
        return find(&element, offset, depth, path, found);
}

static bool is_a(Dwarf_Die *type, const char *prefix)
{
        const char *name = dwarf_diename(type);

        return name && !strncmp(name, prefix, strlen(prefix));
}

/* A room of the library's for one object. */
static bool is_room(Dwarf_Die *type)
{
        return is_a(type, "__aligned_membuf<") || is_a(type, "__aligned_buffer<");
}

/* Tries what one child of a class has at the offset.  The names of the
 * library's own members (`inner`) are told only where nothing else is. */
static bool find_in_member(Dwarf_Die *member, uint64_t offset, int depth, bool inner, struct path *path,
                           Dwarf_Die *found)
{
        struct path before = *path;
        const char *name = dwarf_diename(member);
        Dwarf_Die type;
        uint64_t place;

        if (!is_data(member) || !place_of(member, &place) || place > offset || !type_of(member, &type))
                return false;
        if (inner && find(&type, offset - place, depth, path, found))
                return true;
        *path = before;
        if (dwarf_tag(member) == DW_TAG_inheritance) {
                name = dwarf_diename(&type);
                if (!inner && name && !path->named) {
                        path->length = 0; /* only the class that has it is told */
                        add(path, "", name, "::");
                }
        } else if (name) {
                add_name(path, name);
                path->named |= !inner;
        }
        if (find(&type, offset - place, depth, path, found))
                return true;
        *path = before;
        return false;
}

static bool find(Dwarf_Die *type, uint64_t offset, int depth, struct path *path, Dwarf_Die *found)
{
        int tag = dwarf_tag(type);
        uint64_t size = dwarf_type_size(type);
        Dwarf_Die child;
        bool inner;

        if (depth > DEEPEST || path->full)
                return false;
        if (tag == DW_TAG_array_type)
                return find_in_array(type, offset, depth + 1, path, found);
        if (size < WORD || offset > size - WORD)
                return false;
        *found = *type;
        if (tag == DW_TAG_pointer_type || tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
                return !offset && path->length;
        if (!is_class(tag))
                return false;
        path->of_union |= tag == DW_TAG_union_type;
        if (is_room(type))
                return argument_of(type, &child) && find(&child, offset, depth + 1, path, found);
        if (is_a(type, "__shared_ptr_emplace<") && offset >= EMPLACED) /* libc++: bytes, of which that is no member */
                return argument_of(type, &child) && find(&child, offset - EMPLACED, depth + 1, path, found);
        inner = is_library(type) && !is_a(type, "pair<");
        if (inner && path->named)
                return true;
        if (dwarf_child(type, &child))
                return false;
        do {
                if (find_in_member(&child, offset, depth + 1, inner, path, found))
                        return true;
        } while (!dwarf_siblingof(&child, &child));
        return false;
}

bool dwarf_type_field(Dwarf_Die *type, bool array, uint64_t offset, struct dwarf_field *field)
{
        struct path path = { .length = 0 };
        Dwarf_Die stripped = *type;
        uint64_t size = strip(&stripped) ? dwarf_type_size(&stripped) : 0;

        *field = (struct dwarf_field){ 0 };
        if (!size)
                return false;
        if (array) {
                add_index(&path, offset / size);
                path.named = true;
                offset %= size;
        }
        if (!find(&stripped, offset, 0, &path, &field->type) || path.full || !path.length)
                return false;
        field->of_union = path.of_union;
        field->path = mem_string(path.text);
        return field->path != NULL;
}
