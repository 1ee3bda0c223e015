/* SPDX-License-Identifier: MIT */
/*
 * leader.h - which of several copies of the library in a process records.
 *
 * One copy may be in the Python extension and another shared by C++ libraries. The copy that is
 * loaded first leads, and the others call it. So a thread has one record, and a section of one copy
 * nests in a section of the other.
 */
#ifndef DCBS_MARKER_LEADER_H
#define DCBS_MARKER_LEADER_H

#include <stdint.h>

#include "bpfprof/marker_abi.h"
#include "compiler.h"
#include "dcbs/markers.h"

/* The functions that a copy offers to other copies of the same DCBS_ABI, which find this table through the ELF note. */
struct dcbs_calls {
	uint16_t (*name)(const char *text, uint8_t kind);
	dcbs_token (*begin)(dcbs_id name);
	void (*end)(dcbs_token token, uint8_t flags);
	void (*items)(dcbs_token token, uint64_t n);
	void (*cache)(dcbs_id name, uint8_t kind, uint64_t value);
	unsigned int (*attached)(void);
	void (*flow)(uint64_t id, const void *at);
	struct dcbs_state *state;
};

/* Returns the calls of the copy that records for this process; NULL if this copy does. Starts the library if need be. */
HIDDEN const struct dcbs_calls *dcbs_leader_elsewhere(void);

#endif
