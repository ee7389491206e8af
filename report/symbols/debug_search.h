/*
 * debug_search.h: where a module's separate debug file is looked for.
 */
#ifndef WEIR_DEBUG_SEARCH_H
#define WEIR_DEBUG_SEARCH_H

#include <elfutils/libdwfl.h>

/* For struct Dwfl_Callbacks, in place of dwfl_standard_find_debuginfo, which
 * it is but for one thing: where no debuginfod server is named and the file is in
 * none of the usual places, it does not load the library that would ask the
 * server (and, with it, one for HTTP and one for TLS) to be told so. */
int debug_search(Dwfl_Module *module, void **user_data, const char *name, Dwarf_Addr start, const char *file,
                 const char *debug_link, GElf_Word debug_link_crc, char **found);

#endif
