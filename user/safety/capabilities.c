// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* capabilities.c - the capabilities that this process may use. */
#include "safety/capabilities.h"

__u64 capabilities_held(void)
{
	cap_t caps = cap_get_proc();
	__u64 all = 0;
	cap_value_t cap;

	for (cap = 0; caps && cap < cap_max_bits(); cap++) {
		cap_flag_value_t value = CAP_CLEAR;

		cap_get_flag(caps, cap, CAP_EFFECTIVE, &value);
		all |= (__u64)(value == CAP_SET) << cap;
	}
	cap_free(caps);
	return all;
}
