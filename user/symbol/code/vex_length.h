/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* vex_length.h - the length of a vector instruction in VEX or EVEX encoding, known or not. */
#ifndef SYMBOL_CODE_VEX_LENGTH_H
#define SYMBOL_CODE_VEX_LENGTH_H

#include <stddef.h>
#include <stdint.h>

/* 0: the bytes are no such instruction, or it is not all there. */
size_t vex_length(const uint8_t *bytes, size_t left);

#endif
