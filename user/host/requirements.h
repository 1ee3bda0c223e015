/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* requirements.h - features of the kernel and rights that profiling needs. Every run and the command `check` use one table. */
#ifndef HOST_REQUIREMENTS_H
#define HOST_REQUIREMENTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum requirement_state { REQUIREMENT_OK, REQUIREMENT_DEGRADED, REQUIREMENT_MISSING };

struct requirement {
	const char *name;
	enum requirement_state (*check)(void);
	const char *otherwise;	/* the loss without it, or the remedy */
	bool optional;		/* never missing, only degraded */
};

extern const struct requirement requirements[];
extern const size_t nr_requirements;

/* Returns 0, or -EPERM with a line that names the missing requirement. */
int requirements_check(void);

/* Turns the failure of an action ("cannot load ...") into a line with the remedy. Returns err. */
int requirements_explain(int err, const char *action);

/*
 * Returns true if CAP_PERFMON has no effect on this machine: kernel.perf_event_paranoid is above 2, on Debian's kernels and
 * related ones.
 */
bool requirements_are_paranoid(void);

/* Returns the capabilities that an attached profiler needs for these processes: to read their memory and files. */
__u64 requirements_after_attach(const pid_t *pids, size_t nr_pids);

/* Returns the capabilities that the process of probe_keeper.h needs: to open files of targets, and to put probes into them. */
__u64 requirements_of_probes(void);

#endif
