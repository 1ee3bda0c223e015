// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* program_copies.c - programs that are attached several times where the kernel may preempt them. */
#include <errno.h>

#include "collect/kernel/program_copies.h"
#include "host/bpf_stats.h"
#include "host/kernel_release.h"

#define FAMILIES 4
#define MEMBERS_MAX 4

/* A program and its copies, up to a NULL. */
struct family {
	struct bpf_program *progs[MEMBERS_MAX + 1];
};

static struct family family_at(const struct bpfprof *skel, int i)
{
	const struct family families[FAMILIES] = {
		{{skel->progs.on_exit, skel->progs.on_exit_copy}},
		{{skel->progs.on_exec, skel->progs.on_exec_copy}},
		{{skel->progs.on_prepare_exec, skel->progs.on_prepare_exec_copy}},
		{{skel->progs.on_fork, skel->progs.on_fork_copy_1, skel->progs.on_fork_copy_2, skel->progs.on_fork_copy_3}},
	};

	return families[i];
}

static struct family family_of(const struct bpfprof *skel, struct bpf_program *prog)
{
	int i;

	for (i = 0; i < FAMILIES; i++)
		if (family_at(skel, i).progs[0] == prog)
			return family_at(skel, i);
	return (struct family){{prog}};
}

bool program_copies_needed(void)
{
	return kernel_release_at_least(7, 0);
}

void program_copies_choose(struct bpfprof *skel)
{
	int i, j;

	for (i = 0; i < FAMILIES; i++) {
		struct family family = family_at(skel, i);

		for (j = 1; family.progs[j]; j++)
			bpf_program__set_autoload(family.progs[j], program_copies_needed() && bpf_program__autoload(family.progs[0]));
	}
}

int program_copies_attach(const struct bpfprof *skel, struct bpf_program *prog, struct links *links)
{
	struct family family = family_of(skel, prog);
	int i, err = bpf_program__autoload(prog) ? 0 : -ENOENT;

	for (i = 0; family.progs[i] && bpf_program__autoload(family.progs[i]) && !err; i++)
		err = links_keep(links, bpf_program__attach(family.progs[i]), bpf_program__section_name(prog));
	return err;
}

__u64 program_copies_missed(const struct bpfprof *skel, struct bpf_program *prog)
{
	struct family family = family_of(skel, prog);
	__u64 least = bpf_stats_missed(prog);
	int i;

	for (i = 1; family.progs[i] && bpf_program__autoload(family.progs[i]); i++) {
		__u64 missed = bpf_stats_missed(family.progs[i]);

		least = missed < least ? missed : least;
	}
	return least;
}
