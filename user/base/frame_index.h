/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* frame_index.h - groups frames by function: frames with the same name, file and first line are one function. */
#ifndef BASE_FRAME_INDEX_H
#define BASE_FRAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "dcbs/profiler.h"

/*
 * Numbers the functions of `nr` frames in the order of name, file and first line, and returns how many there are. Stores the number of
 * the function of frames[i] in of_frame[i], and in functions[n] the frame of function n with the smallest line; an unknown
 * line counts as the largest. Both arrays have room for nr elements.
 */
uint32_t frame_index_build(const struct dcbs_frame *frames, size_t nr, uint32_t *of_frame, const struct dcbs_frame **functions);

#endif
