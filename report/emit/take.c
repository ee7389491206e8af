#include "take.h"

#include "../mem.h"
#include "put.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static _Thread_local bool out_of_memory;

static void *allocate(size_t size)
{
        void *memory = mem_alloc(1, size);

        out_of_memory |= !memory;
        return memory;
}

json_t *take_load(const char *text, size_t length, const char *name, struct error *e)
{
        json_error_t error;
        json_t *root;

        json_set_alloc_funcs(allocate, mem_free);
        out_of_memory = false;
        root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
        if (root)
                return root;
        if (out_of_memory)
                (void)error_no_memory(e, "reading JSON");
        else if (!length)
                (void)error_set(e, ERROR_BAD_INPUT, "%s is empty", name);
        else if (json_error_code(&error) == json_error_premature_end_of_input)
                (void)error_set(e, ERROR_BAD_INPUT, "%s is truncated: it ends in line %d in the middle of a value",
                                name, error.line);
        else
                (void)error_set(e, ERROR_BAD_INPUT, "%s is not JSON: line %d: %s", name, error.line, error.text);
        return NULL;
}

/* ---- place ---------------------------------------------------------------- */

static size_t extend(struct take *at, const char *text)
{
        size_t before = at->length;
        int written = snprintf(at->path + before, sizeof at->path - before, "%s", text);

        at->length = before + (size_t)written;
        if (at->length >= sizeof at->path)
                at->length = sizeof at->path - 1;
        return before;
}

size_t take_down(struct take *at, const char *key)
{
        size_t before = at->length;

        if (before)
                extend(at, ".");
        extend(at, key);
        return before;
}

/* Likewise to an element. */
static size_t down_index(struct take *at, size_t index)
{
        char text[32];

        (void)snprintf(text, sizeof text, "[%zu]", index);
        return extend(at, text);
}

void take_up(struct take *at, size_t length)
{
        at->length = length;
        at->path[length] = '\0';
}

/* ---- errors --------------------------------------------------------------- */

/* What was found, short and on one line. */
static void describe(const json_t *found, char *text, size_t size)
{
        enum { MOST = 40 };
        const char *string;

        switch (found ? (int)json_typeof(found) : -1) {
        case JSON_STRING:
                string = json_string_value(found);
                (void)snprintf(text, size, "\"%.*s\"%s", MOST, string, strlen(string) > MOST ? "..." : "");
                break;
        case JSON_INTEGER:
                (void)snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(found));
                break;
        case JSON_REAL:
                (void)snprintf(text, size, "%g", json_real_value(found));
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                (void)snprintf(text, size, "%s", json_is_true(found) ? "true" : "false");
                break;
        case JSON_NULL:
                (void)snprintf(text, size, "null");
                break;
        case JSON_OBJECT:
                (void)snprintf(text, size, "an object");
                break;
        case JSON_ARRAY:
                (void)snprintf(text, size, "an array");
                break;
        default:
                (void)snprintf(text, size, "nothing");
        }
}

int take_expected(struct take *at, const char *what, const json_t *found)
{
        char text[200];

        describe(found, text, sizeof text);
        return error_set(at->e, ERROR_BAD_INPUT, "%s: %s: expected %s, found %s", at->file,
                         at->length ? at->path : "the whole", what, text);
}

static const char *type_name(json_type type)
{
        switch (type) {
        case JSON_OBJECT:
                return "an object";
        case JSON_ARRAY:
                return "an array";
        case JSON_STRING:
                return "a string";
        default:
                return "another value";
        }
}

/* ---- members -------------------------------------------------------------- */

int take_maybe(struct take *at, const json_t *object, const char *key, json_type type, json_t **member)
{
        size_t above = take_down(at, key);
        json_t *found = json_object_get(object, key);
        char what[64];

        *member = NULL;
        if (found && json_typeof(found) == type)
                *member = found;
        if (*member || (found && json_is_null(found))) {
                take_up(at, above);
                return 0;
        }
        (void)snprintf(what, sizeof what, "%s or null", type_name(type));
        return take_expected(at, what, found);
}

json_t *take_member(struct take *at, const json_t *object, const char *key, json_type type)
{
        size_t above = take_down(at, key);
        json_t *found = json_object_get(object, key);

        if (!found || json_typeof(found) != type) {
                take_expected(at, type_name(type), found);
                return NULL;
        }
        take_up(at, above);
        return found;
}

/* ---- values --------------------------------------------------------------- */

static int copy_text(struct take *at, const json_t *value, const char **to)
{
        size_t size = json_string_length(value) + 1;
        char *copy = report_array(at->report, size, 1);

        if (!copy)
                return error_no_memory(at->e, "reading a report");
        memcpy(copy, json_string_value(value), size);
        put_decode(copy);
        *to = copy;
        return 0;
}

static int text(struct take *at, const json_t *value, bool maybe, const char **to)
{
        if (json_is_string(value))
                return copy_text(at, value, to);
        *to = NULL;
        return maybe && json_is_null(value) ? 0 : take_expected(at, maybe ? "a string or null" : "a string", value);
}

static int fingerprint(struct take *at, const json_t *value, const char **to)
{
        const char *string = json_string_value(value);

        if (!string || strlen(string) != 16 || strspn(string, "0123456789abcdef") != 16)
                return take_expected(at, "16 hexadecimal digits", value);
        return copy_text(at, value, to);
}

static int integer(struct take *at, const json_t *value, int64_t least, int64_t most, int64_t *to)
{
        char what[100];

        if (json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= most) {
                *to = json_integer_value(value);
                return 0;
        }
        (void)snprintf(what, sizeof what, "an integer from %" PRId64 " to %" PRId64, least, most);
        return take_expected(at, what, value);
}

static int address(struct take *at, const json_t *value, uint64_t *to)
{
        const char *string = json_string_value(value);
        size_t digits = string && !strncmp(string, "0x", 2) ? strspn(string + 2, "0123456789abcdef") : 0;

        if (digits < 1 || digits > 16 || string[2 + digits])
                return take_expected(at, "an address like \"0x7f00\"", value);
        *to = strtoull(string, NULL, 16);
        return 0;
}

static int word(struct take *at, const json_t *value, const char *const *names, int *to)
{
        char what[200] = "one of";

        for (int i = 0; names[i]; i++) {
                size_t length = strlen(what);

                if (json_is_string(value) && !strcmp(json_string_value(value), names[i])) {
                        *to = i;
                        return 0;
                }
                (void)snprintf(what + length, sizeof what - length, " \"%s\"", names[i]);
        }
        return take_expected(at, what, value);
}

int take_value(struct take *at, const json_t *value, const struct take_field *field, void *base)
{
        char *to = (char *)base + field->offset;
        int64_t number = 0;
        int status;

        switch (field->type) {
        case TAKE_TEXT:
        case TAKE_MAYBE_TEXT:
                return text(at, value, field->type == TAKE_MAYBE_TEXT, (const char **)(void *)to);
        case TAKE_FINGERPRINT:
                return fingerprint(at, value, (const char **)(void *)to);
        case TAKE_U64:
                status = integer(at, value, 0, INT64_MAX, &number);
                *(uint64_t *)(void *)to = (uint64_t)number;
                return status;
        case TAKE_U32:
                status = integer(at, value, 0, UINT32_MAX, &number);
                *(uint32_t *)(void *)to = (uint32_t)number;
                return status;
        case TAKE_I32:
        case TAKE_PID:
                status = integer(at, value, field->type == TAKE_PID ? 0 : INT32_MIN, INT32_MAX, &number);
                *(int32_t *)(void *)to = (int32_t)number;
                return status;
        case TAKE_BOOL:
                if (!json_is_boolean(value))
                        return take_expected(at, "true or false", value);
                *(bool *)to = json_is_true(value);
                return 0;
        case TAKE_ADDRESS:
                return address(at, value, (uint64_t *)(void *)to);
        case TAKE_ENUM:
                return word(at, value, field->names, (int *)(void *)to);
        }
        return -1;
}

int take_fields(struct take *at, const json_t *object, const struct take_field *fields, size_t count, void *base)
{
        if (!json_is_object(object))
                return take_expected(at, "an object", object);
        for (size_t i = 0; i < count; i++) {
                const json_t *value = json_object_get(object, fields[i].key);
                size_t above;

                if (fields[i].optional && (!value || json_is_null(value)))
                        continue;
                above = take_down(at, fields[i].key);
                if (take_value(at, value, &fields[i], base))
                        return -1;
                take_up(at, above);
        }
        return 0;
}

int take_object(struct take *at, const json_t *object, const char *key, const struct take_field *fields, size_t count,
                void *base)
{
        size_t above = take_down(at, key);

        if (take_fields(at, json_object_get(object, key), fields, count, base))
                return -1;
        take_up(at, above);
        return 0;
}

int take_maybe_object(struct take *at, const json_t *object, const char *key, const struct take_field *fields,
                      size_t count, void *base, bool *there)
{
        json_t *value;

        if (take_maybe(at, object, key, JSON_OBJECT, &value))
                return -1;
        *there = value != NULL;
        return value ? take_object(at, object, key, fields, count, base) : 0;
}

int take_list(struct take *at, const json_t *object, const char *key, size_t size, take_element *read, void *list,
              size_t *count)
{
        json_t *array = take_member(at, object, key, JSON_ARRAY);
        size_t length = json_array_size(array), above;
        char *objects;

        if (!array)
                return -1;
        objects = report_array(at->report, length, size);
        if (!objects)
                return error_no_memory(at->e, "reading a report");
        above = take_down(at, key);
        for (size_t i = 0; i < length; i++) {
                size_t here = down_index(at, i);

                if (read(at, json_array_get(array, i), objects + i * size))
                        return -1;
                take_up(at, here);
        }
        take_up(at, above);
        *(void **)list = objects;
        *count = length;
        return 0;
}
