/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* line_table.h - the line of a Python instruction, by the table of its code object. */
#ifndef SYMBOL_PYTHON_LINE_TABLE_H
#define SYMBOL_PYTHON_LINE_TABLE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * minor: of Python 3, at least 8: the table is co_lnotab up to 3.9, co_linetable from 3.10 on. first_line: of the code object.
 * offset: of the instruction, in bytes; negative: the frame has not started. Returns false if the instruction has no line or
 * the table is damaged.
 */
bool line_table_find(unsigned int minor, const unsigned char *table, size_t bytes, __u32 first_line, __s32 offset, __u32 *line);

/* Returns the smallest line behind first_line among those of the first instructions; 0: there is none. */
__u32 line_table_body(unsigned int minor, const unsigned char *table, size_t bytes, __u32 first_line);

#endif
