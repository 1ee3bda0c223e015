// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* lttng_section.c - the section of section.c in LTTng-UST: two tracepoints. */
#include "burst.h"

#if __has_include(<lttng/tracepoint.h>)

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "lttng_section_tp.h"

static void loop_section(uint64_t n)
{
	for (; n; n--) {
		lttng_ust_tracepoint(dcbs_bench, section_begin, 1);
		burst_barrier();
		lttng_ust_tracepoint(dcbs_bench, section_end, 1);
	}
}

static double call_attached(uint64_t unused)
{
	(void)unused;
	return lttng_ust_tracepoint_enabled(dcbs_bench, section_begin) &&
	       lttng_ust_tracepoint_enabled(dcbs_bench, section_end);
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"section", loop_section, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"attached", NULL, 0, call_attached},
		{NULL, NULL, 0, NULL},
	};

	return burst_serve(modes, argc, argv);
}

#else

int main(void)
{
	fputs("built without the LTTng-UST headers\n", stderr);
	return 1;
}

#endif
