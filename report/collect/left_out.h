/*
 * left_out.h: the programs of the tree that the user's choice leaves out.
 */
#ifndef WEIR_LEFT_OUT_H
#define WEIR_LEFT_OUT_H

#include "collector.h"

/* At the end of the run: takes what was left out from among the processes, and
 * counts it by name. */
void left_out_set_aside(struct collector_result *result);

#endif
