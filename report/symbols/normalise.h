/*
 * normalise.h: function names that survive a rebuild, for fingerprints and
 * comparisons.
 */
#ifndef WEIR_NORMALISE_H
#define WEIR_NORMALISE_H

/* Shortens a function's name (demangled or not) in place: without compiler
 * clones (".part.0", ".constprop.1", ".isra.2", ".cold", ".lto_priv.3",
 * "[clone …]", a nested function's ".0"), symbol versions ("@@V1"), "[abi:…]"
 * tags and Rust hashes ("::h0123456789abcdef").  Parameters and template
 * arguments stay.  Never empties a name. */
void symbol_normalise(char *name);

#endif
