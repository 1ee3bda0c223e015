// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * vex_length.c - the length of a vector instruction in VEX or EVEX encoding.
 *
 * Intel's manual, volume 2, "VEX prefix" and "EVEX prefix": the prefix, one byte of opcode, ModRM, then SIB and displacement
 * as ModRM tells, and an immediate byte for all of opcode map 3 and for some of map 1.
 */
#include <stdbool.h>

#include "symbol/code/vex_length.h"

#define MAP_0F 1
#define MAP_0F3A 3
#define MAP_LAST 7

static bool has_immediate(unsigned int map, uint8_t opcode)
{
	if (map == MAP_0F3A)
		return true;
	return map == MAP_0F && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || opcode == 0xc4 || opcode == 0xc5 || opcode == 0xc6);
}

/* Bytes of ModRM and of all that it brings along; EVEX compresses its displacement to one byte as VEX does. */
static size_t modrm_length(const uint8_t *bytes, size_t left)
{
	uint8_t mod, rm;
	size_t n = 1;

	if (!left)
		return 0;
	mod = bytes[0] >> 6;
	rm = bytes[0] & 7;
	if (mod == 3)
		return n;
	if (rm == 4) {
		if (left < 2)
			return 0;
		n++;
		if (mod == 0 && (bytes[1] & 7) == 5)
			return n + 4;
	}
	if (mod == 1)
		return n + 1;
	return mod == 2 || rm == 5 ? n + 4 : n;
}

/* Bytes of the prefix; stores the opcode map. 0: there is none. */
static size_t prefix_length(const uint8_t *bytes, size_t left, unsigned int *map)
{
	if (left >= 2 && bytes[0] == 0xc5) {
		*map = MAP_0F;
		return 2;
	}
	if (left >= 3 && bytes[0] == 0xc4) {
		*map = bytes[1] & 0x1f;
		return 3;
	}
	if (left >= 4 && bytes[0] == 0x62) {
		*map = bytes[1] & 7;
		return 4;
	}
	return 0;
}

size_t vex_length(const uint8_t *bytes, size_t left)
{
	unsigned int map = 0;
	size_t n = prefix_length(bytes, left, &map), modrm, length;

	if (!n || !map || map > MAP_LAST || n >= left)
		return 0;
	if (map == MAP_0F && bytes[n] == 0x77)		/* vzeroupper has no ModRM */
		return n + 1;
	modrm = modrm_length(bytes + n + 1, left - n - 1);
	length = n + 1 + modrm + has_immediate(map, bytes[n]);
	return modrm && length <= left ? length : 0;
}
