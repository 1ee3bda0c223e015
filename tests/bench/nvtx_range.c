// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* nvtx_range.c - the cost of a pushed and popped NVTX range, with the library of NVTX_INJECTION64_PATH or without one. */
#include "../targets/lib/nvtx_client.h"
#include "burst.h"

static void loop_range(uint64_t n)
{
	for (; n; n--) {
		nvtxRangePushA("forward_pass");
		burst_barrier();
		nvtxRangePop();
	}
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"range", loop_range, CLOCK_THREAD_CPUTIME_ID, NULL},
		{NULL, NULL, 0, NULL},
	};

	return burst_serve(modes, argc, argv);
}
