/*
 * schema.h: the JSON Schema of a report, built into the program.
 */
#ifndef WEIR_SCHEMA_H
#define WEIR_SCHEMA_H

/* The text of weir-report-1.schema.json. */
const char *schema_text(void);

#endif
