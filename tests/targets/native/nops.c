// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * nops.c - functions that begin with a nop of several bytes, which compilers leave for tracers, for --section.
 *
 *     nops [--calls N] [--children N] [--filter 1]
 *
 * Calls nop5() and nop10() N times each, and so does each of its children, which it forks while it is profiled. `crashed`
 * is the number of children that did not exit with 0. With --filter it has a system call filter that allows all system
 * calls but those that the kernel makes of probes: uretprobe() and uprobe().
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "truth.h"

#define URETPROBE 335
#define UPROBE 336

void nop5(void);
void nop10(void);
void nop_body(void);

#ifdef __x86_64__
__asm__(".globl nop5, nop10\n"
	".type nop5, @function\n.type nop10, @function\n"
	"nop5:	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n	jmp nop_body\n	.size nop5, . - nop5\n"
	"nop10:	.byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00\n	jmp nop_body\n	.size nop10, . - nop10\n");
#else
void nop5(void) { nop_body(); }
void nop10(void) { nop_body(); }
#endif

void nop_body(void)
{
	truth_spin_ns(2000);
}

static void work(uint64_t calls)
{
	while (calls--) {
		nop5();
		nop10();
	}
}

static bool child_crashes(uint64_t calls)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		work(calls);
		_exit(0);
	}
	return waitpid(pid, &status, 0) != pid || status;
}

static void filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, URETPROBE, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UPROBE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		perror("nops: system call filter");
}

int main(int argc, char **argv)
{
	uint64_t calls = 100, children = 4, filtered = 0, crashed = 0, i;
	const struct truth_option options[] = {
		{.name = "--calls", .number = &calls}, {.name = "--children", .number = &children},
		{.name = "--filter", .number = &filtered}, {0},
	};

	truth_options(argc, argv, options);
	if (filtered)
		filter();
	truth_gate();
	work(calls);
	for (i = 0; i < children; i++)
		crashed += child_crashes(calls);
	truth_open();
	truth_number("calls", calls);
	truth_number("crashed", crashed);
	truth_close();
	return 0;
}
