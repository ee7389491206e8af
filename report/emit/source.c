#include "source.h"

#include "frames.h"

#include <stdio.h>
#include <string.h>

/* Removes the last name of path[0..length), but no `..` and not the root. */
static bool drop_last(const char *path, size_t *length)
{
        size_t start = *length;

        while (start && path[start - 1] != '/')
                start--;
        if (start == *length || (*length - start == 2 && !memcmp(path + start, "..", 2)))
                return false;
        *length = start > 1 ? start - 1 : start;
        return true;
}

/* Resolves `.`, `..` and double slashes in place. */
static void resolve(char *path)
{
        bool absolute = *path == '/';
        size_t used = absolute, length;

        for (const char *at = path; *(at += strspn(at, "/")); at += length) {
                bool up;

                length = strcspn(at, "/");
                up = length == 2 && !memcmp(at, "..", 2);
                if ((length == 1 && *at == '.') || (up && (drop_last(path, &used) || absolute)))
                        continue;
                if (used > absolute)
                        path[used++] = '/';
                memmove(path + used, at, length);
                used += length;
        }
        path[used] = '\0';
}

static bool is_system(const char *module)
{
        static const char *const places[] = { "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/", "/opt/" };

        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
                if (!strncmp(module, places[i], strlen(places[i])) && strncmp(module, "/usr/src/", 9))
                        return true;
        return false;
}

/* Makes the path relative to a root that it is below. */
static bool take_root(char *path, const char *root)
{
        size_t length = root ? strlen(root) : 0;

        while (length && root[length - 1] == '/')
                length--;
        if (!root || strncmp(path, root, length) || path[length] != '/' || !path[length + 1])
                return false;
        memmove(path, path + length + 1, strlen(path + length + 1) + 1);
        return true;
}

static bool join(struct source *source, const struct report_frame *frame)
{
        bool relative = frame->directory && *frame->file != '/';
        int length = snprintf(source->path, sizeof source->path, "%s%s%s", relative ? frame->directory : "",
                              relative ? "/" : "", frame->file);

        return length >= 0 && length < SOURCE_MOST;
}

bool source_of(struct source *source, const struct report_frame *frame, const struct format_options *options)
{
        source->frame = frame;
        source->below = false;
        if (!frame->file || !*frame->file || !frame->line)
                return false;
        if (!join(source, frame)) {
                /* No file system has such a name. */
                source->path[0] = '\0';
                return false;
        }
        resolve(source->path);
        if (*source->path == '/')
                source->below = take_root(source->path, options->root) || take_root(source->path, options->root_alias);
        else
                source->below = options->root && *source->path && strncmp(source->path, "../", 3) &&
                                !(frame->module && is_system(frame->module));
        return *source->path != '\0';
}

bool source_of_leak(struct source *source, const struct report_leak *leak, const struct format_options *options)
{
        const struct report_frame *site = frames_site(leak->stack, leak->stack_count);

        for (size_t i = 0; i < leak->stack_count; i++)
                if (source_of(source, &leak->stack[i], options) && source->below)
                        return true;
        source->frame = NULL;
        return site && source_of(source, site, options);
}
