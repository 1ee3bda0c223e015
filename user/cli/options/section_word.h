/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* section_word.h - NAME=BINARY:FUNCTION and NAME=python:QUALNAME, as --section and the files of --sections have them. */
#ifndef CLI_OPTIONS_SECTION_WORD_H
#define CLI_OPTIONS_SECTION_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "dcbs/profiler.h"

/* Cuts the word into its parts, which stay where they are. Returns false, and leaves it whole, if a part is missing. */
bool section_word_split(struct dcbs_native_section *section, char *word);

/* Returns the one among `nr` sections that is the same function; NULL: there is none. */
const struct dcbs_native_section *section_word_find(const struct dcbs_native_section *sections, size_t nr,
						    const struct dcbs_native_section *function);

/* Returns true if a section of that name has functions of the other kind: native ones, or those of Python. Their times are known differently. */
bool section_word_mixes(const struct dcbs_native_section *sections, size_t nr, const struct dcbs_native_section *function);

#endif
