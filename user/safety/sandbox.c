// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sandbox.c - limits a process to the rights that it still needs. */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "safety/capabilities.h"
#include "safety/invoker.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"

/* ---- capabilities ---- */

static int fill_capability_set(cap_t caps, __u64 keep)
{
	cap_value_t cap;

	for (cap = 0; cap < cap_max_bits(); cap++)
		if (keep & CAPABILITY_BIT(cap) && (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET) ||
					cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET)))
			return -errno;
	return 0;
}

/* Emptying the bounding set needs CAP_SETPCAP. Without it, no_new_privs alone prevents new capabilities. */
static void empty_outer_sets(void)
{
	cap_value_t cap;

	cap_reset_ambient();
	for (cap = 0; cap < cap_max_bits(); cap++)
		cap_drop_bound(cap);
}

int sandbox_capabilities(__u64 keep)
{
	cap_t caps = cap_init();
	int err;

	if (!caps)
		return fail(-ENOMEM, "out of memory");
	empty_outer_sets();
	err = fill_capability_set(caps, keep & capabilities_held());
	if (!err)
		err = invoker_become();
	if (!err && (cap_set_proc(caps) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)))
		err = fail(-errno, "cannot give up capabilities: %s", strerror(errno));
	cap_free(caps);
	return err;
}

/* ---- system calls ---- */

static int allow_call(scmp_filter_ctx filter, const struct sandbox_call *call)
{
	const __u64 value = call->value == SANDBOX_OWN_PID ? (__u64)getpid() : call->value;
	const struct scmp_arg_cmp only = {.arg = (unsigned int)call->argument, .op = SCMP_CMP_MASKED_EQ,
					  .datum_a = call->mask, .datum_b = value};

	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, call->argument >= 0, &only);
}

#ifdef __SANITIZE_ADDRESS__
#define WITH_FILTERS false	/* AddressSanitizer makes many system calls of its own */
#else
#define WITH_FILTERS true
#endif

int sandbox_system_calls(const struct sandbox_call *calls, size_t nr)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	size_t i;
	int err = 0;

	if (!filter)
		return fail(-ENOMEM, "out of memory");
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (i = 0; i < nr && (!err || err == -EDOM); i++)	/* this architecture has no such call */
		err = allow_call(filter, &calls[i]);
	if (err == -EDOM)
		err = 0;
	if (!err && WITH_FILTERS)
		err = seccomp_load(filter);
	seccomp_release(filter);
	if (err == -EINVAL || err == -ENOSYS)	/* a kernel without filters; `check` reports it */
		return 0;
	return err ? fail(err, "cannot give up system calls: %s", strerror(-err)) : 0;
}

/* ---- the profiler ---- */

int sandbox_profiler(__u64 keep)
{
	int err = sandbox_capabilities(keep);

	return err ? err : sandbox_system_calls(sandbox_calls, sandbox_nr_calls);
}
