/*
 * sarif_rules.h: what SARIF readers are told of weir and of each kind.
 */
#ifndef WEIR_SARIF_RULES_H
#define WEIR_SARIF_RULES_H

#include "put.h"

/* The member `tool`; the index of a kind's rule is the kind. */
void sarif_put_tool(struct put *j, const char *version);

#endif
