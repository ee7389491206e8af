#include "debug_search.h"

#include "../mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUG_ROOT "/usr/lib/debug"

/* Is there a file of this name in the directory?  Owns `path`. */
static bool exists(char *path)
{
        bool there = !path || !access(path, F_OK); /* without memory it may be */

        mem_free(path);
        return there;
}

/* Beside the module, in .debug/ there, and below the root for debug files
 * under the whole of the module's directory or the end of it. */
static bool may_be_near(const char *file, const char *name)
{
        const char *slash = strrchr(file, '/');
        int length = slash ? (int)(slash - file) : 0;

        if (!slash)
                return true;
        if (exists(mem_format("%.*s/%s", length, file, name)) ||
            exists(mem_format("%.*s/.debug/%s", length, file, name)))
                return true;
        for (const char *part = file; part && part <= slash; part = strchr(part + 1, '/'))
                if (exists(mem_format(DEBUG_ROOT "%.*s/%s", (int)(slash - part), part, name)))
                        return true;
        return exists(mem_format(DEBUG_ROOT "/%s", name));
}

static bool may_have_file(const char *file, const char *debug_link)
{
        const char *slash = file ? strrchr(file, '/') : NULL;
        char *name = debug_link ? mem_string(debug_link) : mem_format("%s.debug", slash ? slash + 1 : "");
        char *resolved = slash ? realpath(file, NULL) : NULL;
        bool may = !slash || !name || may_be_near(file, name) || (resolved && may_be_near(resolved, name));

        free(resolved);
        mem_free(name);
        return may;
}

int debug_search(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr start, const char *file,
                 const char *debug_link, GElf_Word debug_link_crc, char **found)
{
        const char *servers = getenv("DEBUGINFOD_URLS");
        int descriptor;

        if (!servers || !*servers) {
                descriptor = dwfl_build_id_find_debuginfo(module, user_data, name, start, file, debug_link,
                                                          debug_link_crc, found);
                if (descriptor >= 0 || *found || !may_have_file(file, debug_link))
                        return descriptor;
        }
        return dwfl_standard_find_debuginfo(module, user_data, name, start, file, debug_link, debug_link_crc, found);
}
