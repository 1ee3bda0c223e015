// SPDX-License-Identifier: MIT
/* process_state.c - see process_state.h. */
#include "process_state.h"

__thread struct dcbs_record *dcbs_record __attribute__((tls_model("initial-exec")));

struct dcbs_state dcbs_marker_state = {
	.magic = DCBS_STATE_MAGIC,
	.abi = DCBS_ABI,
	.names_used = 2,
	.names[DCBS_NAME_OTHER] = {.text = "(other)", .kind = DCBS_NAME_SECTION},
};

pthread_mutex_t dcbs_marker_lock = PTHREAD_MUTEX_INITIALIZER;
