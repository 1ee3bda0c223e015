/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* requirements.h - what profiling needs of this kernel and of our rights. One table serves every run and the command `check`. */
#ifndef HOST_REQUIREMENTS_H
#define HOST_REQUIREMENTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum requirement_state { REQUIREMENT_OK, REQUIREMENT_DEGRADED, REQUIREMENT_MISSING };

struct requirement {
	const char *name;
	enum requirement_state (*look)(void);
	const char *otherwise;	/* what is lost, or how to mend it */
	bool optional;		/* never missing, only degraded */
};

extern const struct requirement requirements[];
extern const size_t nr_requirements;

/* Returns 0, or -EPERM and a line that names what is missing. */
int requirements_check(void);

/* Turns a failed load into a line that says what to do. Returns err. */
int requirements_explain(int err, const char *what);

/* Returns true if CAP_PERFMON counts for nothing on this machine (kernel.perf_event_paranoid above 2, on Debian's kernels and their kin). */
bool requirements_are_paranoid(void);

/* The capabilities that a profiler needs once it is attached to these processes: to read their memory and files, and to probe markers that they load later. */
__u64 requirements_after_attach(const pid_t *pids, size_t nr_pids);

#endif
