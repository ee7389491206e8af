#include "glob.h"

#include "../../preload/glob.h"

#include <stddef.h>
#include <string.h>

bool glob_matches(const char *pattern, const char *text)
{
        return glob_is(pattern, text);
}

/* The first place of the first `length` bytes of `piece` in the text. */
static const char *find(const char *text, const char *piece, size_t length)
{
        return memmem(text, strlen(text), piece, length);
}

bool template_matches(const char *pattern, const char *text)
{
        bool anchored = *pattern == '^', any = false;

        if (!*text)
                return false;
        pattern += anchored;
        while (*pattern && *pattern != '$') {
                size_t length = strcspn(pattern, "*$");
                const char *found;

                if (!length) {
                        pattern++;
                        anchored = false;
                        any = true;
                        continue;
                }
                found = find(text, pattern, length);
                if (!found || (anchored && found != text))
                        return false;
                text = found + length;
                pattern += length;
                anchored = any = false;
        }
        return *pattern != '$' || !*text || any;
}
