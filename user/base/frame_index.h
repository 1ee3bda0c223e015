/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* frame_index.h - which frames are of one function: the same name in the same file, whatever the line. */
#ifndef BASE_FRAME_INDEX_H
#define BASE_FRAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "dcbs/profiler.h"

/*
 * Numbers the functions of `nr` frames, by name and file; returns how many there are. of_frame[i]: the number of frames[i];
 * functions[n]: of function n the frame of the smallest line, unknown ones last. Both have room for nr.
 */
uint32_t frame_index_build(const struct dcbs_frame *frames, size_t nr, uint32_t *of_frame, const struct dcbs_frame **functions);

#endif
