#include "rtti.h"

#include "../mem.h"
#include "demangle.h"

#include <string.h>

/* Farther from the top of an object is no base class. */
#define TOP_MAX (INT64_C(1) << 24)

/* What follows `prefix` in the demangled text, up to `until` (NULL = the end). */
static char *part(char *text, const char *prefix, const char *until)
{
        size_t skip = strlen(prefix);
        char *end, *found = NULL;

        if (text && !strncmp(text, prefix, skip) && text[skip]) {
                end = until ? strstr(text, until) : NULL;
                if (end)
                        *end = '\0';
                found = mem_string(text + skip);
        }
        mem_free(text);
        return found;
}

char *rtti_class_of_vtable_symbol(const char *linkage_name)
{
        if (!strncmp(linkage_name, "_ZTV", 4))
                return part(demangle(linkage_name), "vtable for ", NULL);
        if (!strncmp(linkage_name, "_ZTC", 4))
                return part(demangle(linkage_name), "construction vtable for ", "-in-");
        return NULL;
}

static char *class_of_info_symbol(const char *linkage_name)
{
        return strncmp(linkage_name, "_ZTI", 4) ? NULL : part(demangle(linkage_name), "typeinfo for ", NULL);
}

/* A type's encoded name, as type_info::name returns it; one that begins with
 * '*' is to be compared by address. */
static char *class_of_encoded(const char *encoded)
{
        char *linkage_name, *class_name;

        encoded += encoded[0] == '*';
        if (!encoded[0])
                return NULL;
        linkage_name = mem_format("_ZTS%s", encoded);
        if (!linkage_name)
                return NULL;
        class_name = part(demangle(linkage_name), "typeinfo name for ", NULL);
        mem_free(linkage_name);
        return class_name;
}

/* Does the word before the type info look like the offset to the top? */
static bool has_top(const struct elf_image *image, uint64_t address)
{
        struct elf_word top;

        return elf_image_word(image, address - 16, &top) && !top.symbol && (int64_t)top.value <= 0 &&
               (int64_t)top.value > -TOP_MAX && !(top.value & 7);
}

char *rtti_class(const struct elf_image *image, uint64_t address)
{
        struct elf_word info, name;
        const char *encoded;

        if (address < 16 || (address & 7) || !has_top(image, address) || !elf_image_word(image, address - 8, &info))
                return NULL;
        if (info.symbol)
                return class_of_info_symbol(info.symbol);
        if (!info.value || (info.value & 7) || !elf_image_word(image, info.value + 8, &name) || name.symbol)
                return NULL;
        encoded = elf_image_string(image, name.value);
        return encoded ? class_of_encoded(encoded) : NULL;
}
