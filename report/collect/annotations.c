#include "annotations.h"

#include "../mem.h"

#include <string.h>

void annotations_deinit(struct annotations *annotations)
{
        mem_free(annotations->roots);
        mem_free(annotations->suppressions.text);
        mem_free(annotations->options.text);
        *annotations = (struct annotations){ 0 };
}

static void remove_root(struct annotations *annotations, struct range root)
{
        for (size_t i = annotations->root_count; i-- > 0;) {
                struct range *at = &annotations->roots[i];

                if (at->start != root.start || at->end != root.end)
                        continue;
                memmove(at, at + 1, (--annotations->root_count - i) * sizeof *at);
                return;
        }
}

int annotations_root(struct annotations *annotations, uint64_t start, uint64_t size, bool is_root)
{
        struct range root = { .start = start, .end = size > UINT64_MAX - start ? UINT64_MAX : start + size };

        if (!is_root) {
                remove_root(annotations, root);
                return 0;
        }
        if (mem_grow(&annotations->roots, &annotations->root_capacity, annotations->root_count + 1,
                     sizeof *annotations->roots))
                return -1;
        annotations->roots[annotations->root_count++] = root;
        return 0;
}

int annotations_text(struct annotations_text *text, const void *more, size_t length)
{
        if (length > ANNOTATIONS_TEXT_MAX - text->length ||
            mem_grow(&text->text, &text->capacity, text->length + length + 1, 1))
                return -1;
        memcpy(text->text + text->length, more, length);
        text->length += length;
        text->text[text->length] = '\0';
        return 0;
}

int annotations_inherit(struct annotations *child, const struct annotations *parent)
{
        for (size_t i = 0; i < parent->root_count; i++)
                if (annotations_root(child, parent->roots[i].start, parent->roots[i].end - parent->roots[i].start,
                                     true))
                        return -1;
        return 0;
}

static bool is_word(const char *at, size_t length, const char *word)
{
        return length == strlen(word) && !memcmp(at, word, length);
}

/* Options are words between blanks, commas and colons; the last of a name counts. */
static bool is_off(const struct annotations *annotations, const char *name)
{
        static const char between[] = " \t\n\r,:";
        const char *at = annotations->options.text;
        size_t prefix = strlen(name);
        bool off = false;

        while (at && *(at += strspn(at, between))) {
                size_t length = strcspn(at, between);
                const char *value = at + prefix + 1;

                if (length > prefix && !memcmp(at, name, prefix) && at[prefix] == '=')
                        off = is_word(value, length - prefix - 1, "0") || is_word(value, length - prefix - 1, "no") ||
                              is_word(value, length - prefix - 1, "false");
                at += length;
        }
        return off;
}

bool annotations_detect_nothing(const struct annotations *annotations, bool checked)
{
        return is_off(annotations, "detect_leaks") || (!checked && is_off(annotations, "leak_check_at_exit"));
}
