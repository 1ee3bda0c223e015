/* SPDX-License-Identifier: MIT */
/*
 * nvtx_abi.h - the part of NVTX 3 that an injected library meets: the arguments of ranges, and the tables in which the library stores
 * its functions. NVIDIA's header, which is compiled into the program, has the same layouts.
 */
#ifndef DCBS_MARKER_NVTX_ABI_H
#define DCBS_MARKER_NVTX_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#define NVTX_TABLE_CALLBACKS 1	/* the export table that leads to the others */
#define NVTX_NO_PUSH_POP -2	/* what push and pop return if there is no stack of ranges */

/* Modules, and the functions in them that are used here. */
enum nvtx_module { NVTX_CORE = 1, NVTX_CORE2 = 5 };
enum nvtx_core {
	NVTX_RANGE_START_EX = 4, NVTX_RANGE_START_A = 5, NVTX_RANGE_START_W = 6, NVTX_RANGE_END = 7,
	NVTX_RANGE_PUSH_EX = 8, NVTX_RANGE_PUSH_A = 9, NVTX_RANGE_PUSH_W = 10, NVTX_RANGE_POP = 11,
};
enum nvtx_core2 {
	NVTX_DOMAIN_START_EX = 2, NVTX_DOMAIN_END = 3, NVTX_DOMAIN_PUSH_EX = 4, NVTX_DOMAIN_POP = 5,
	NVTX_DOMAIN_REGISTER_A = 10, NVTX_DOMAIN_REGISTER_W = 11, NVTX_DOMAIN_CREATE_A = 12, NVTX_DOMAIN_CREATE_W = 13,
};

enum nvtx_message { NVTX_MESSAGE_ASCII = 1, NVTX_MESSAGE_WIDE = 2, NVTX_MESSAGE_REGISTERED = 3 };

/* nvtxEventAttributes_v2 */
struct nvtx_event {
	uint16_t version, size;		/* the whole structure, in bytes */
	uint32_t category;
	int32_t color_type;
	uint32_t color;
	int32_t payload_type, reserved;
	uint64_t payload;
	int32_t message_type;
	union {
		const char *ascii;
		const wchar_t *wide;
		const void *registered;
	} message;
};

_Static_assert(sizeof(struct nvtx_event) == 48 && offsetof(struct nvtx_event, message) == 40, "as NVIDIA's header has it");

typedef void (*nvtx_function)(void);

/* NvtxExportTableCallbacks: table[id] is the place of the pointer to the function of that number. */
struct nvtx_callbacks {
	size_t struct_size;
	int (*get_table)(int module, nvtx_function ***table, unsigned int *size);
};

typedef const void *(*nvtx_export_table)(uint32_t id);

#endif
