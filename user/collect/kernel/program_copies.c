// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* program_copies.c - which programs have copies, and when. */
#include <errno.h>

#include <bpf/bpf.h>

#include "collect/kernel/program_copies.h"
#include "host/kernel_release.h"
#include "host/bpf_stats.h"

#define ROWS 4
#define ROW 4

struct row {
	struct bpf_program *progs[ROW + 1];	/* the first, its copies, NULL */
};

static struct row row_at(const struct bpfprof *skel, int i)
{
	const struct row rows[ROWS] = {
		{{skel->progs.on_exit, skel->progs.on_exit_copy}},
		{{skel->progs.on_exec, skel->progs.on_exec_copy}},
		{{skel->progs.on_prepare_exec, skel->progs.on_prepare_exec_copy}},
		{{skel->progs.on_fork, skel->progs.on_fork_copy_1, skel->progs.on_fork_copy_2, skel->progs.on_fork_copy_3}},
	};

	return rows[i];
}

static struct row row_of(const struct bpfprof *skel, struct bpf_program *prog)
{
	int i;

	for (i = 0; i < ROWS; i++)
		if (row_at(skel, i).progs[0] == prog)
			return row_at(skel, i);
	return (struct row){{prog}};
}

bool again_preempted(void)
{
	return kernel_release_at_least(7, 0);
}

void again_choose(struct bpfprof *skel)
{
	int i, j;

	for (i = 0; i < ROWS; i++) {
		struct row row = row_at(skel, i);

		for (j = 1; row.progs[j]; j++)
			bpf_program__set_autoload(row.progs[j], again_preempted() && bpf_program__autoload(row.progs[0]));
	}
}

int again_attach(struct session *session, struct bpf_program *prog)
{
	struct row row = row_of(session->skel, prog);
	int i, err = bpf_program__autoload(prog) ? 0 : -ENOENT;

	for (i = 0; row.progs[i] && bpf_program__autoload(row.progs[i]) && !err; i++)
		err = attach_keep(session, bpf_program__attach(row.progs[i]), bpf_program__section_name(prog));
	return err;
}

__u64 again_missed(const struct bpfprof *skel, struct bpf_program *prog)
{
	struct row row = row_of(skel, prog);
	__u64 least = bpf_stats_missed(prog);
	int i;

	for (i = 1; row.progs[i] && bpf_program__autoload(row.progs[i]); i++) {
		__u64 missed = bpf_stats_missed(row.progs[i]);

		least = missed < least ? missed : least;
	}
	return least;
}
