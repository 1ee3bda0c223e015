/* SPDX-License-Identifier: MIT */
/* name_table.h - the process's table of section and cache names. */
#ifndef DCBS_MARKER_NAME_TABLE_H
#define DCBS_MARKER_NAME_TABLE_H

#include <stdint.h>

#include "compiler.h"

/* Returns the number of a name of that enum dcbs_name_kind; DCBS_NAME_OTHER if the table is full. */
HIDDEN uint16_t dcbs_name_table_register(const char *text, uint8_t kind);

#endif
