// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sandbox_calls.c - the list of system calls of an attached profiler, in groups by purpose. */
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "safety/sandbox_calls.h"

#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}
#define ONLY(name, nr, v) {.number = SCMP_SYS(name), .argument = nr, .mask = 0xffffffff, .value = v}
#define OWN(name) {.number = SCMP_SYS(name), .argument = 0, .mask = 0xffffffff, .value = SANDBOX_OWN_PID}
#define NONE_OF(name, nr, bits) {.number = SCMP_SYS(name), .argument = nr, .mask = bits, .value = 0}

const struct sandbox_call sandbox_calls[] = {
	/* Memory and mapped files, but nothing executable. */
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise), ANY(memfd_create), NONE_OF(mmap, 2, PROT_EXEC),
	NONE_OF(mprotect, 2, PROT_EXEC),

	/* Reading the target: its memory, its files in /proc, its programs and libraries and their debug information. */
	ANY(process_vm_readv), ANY(get_robust_list), ANY(pidfd_open), NONE_OF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC),
	ANY(read), ANY(readv), ANY(pread64), ANY(lseek), ANY(close), SANDBOX_DESCRIPTORS, ANY(getdents64),
	ANY(readlink), ANY(readlinkat),
	ANY(fstat), ANY(newfstatat), ANY(statx), ANY(stat), ANY(lstat), ANY(statfs), ANY(fstatfs),
	ANY(access), ANY(faccessat), ANY(faccessat2), ANY(getcwd),

	/*
	 * Reading and changing BPF maps, and enabling the profiler's programs at the places that they were loaded for. No new
	 * programs, maps or places: BPF_LINK_CREATE takes any place of any file, and the kernel adds 1 to any word of it.
	 */
	ONLY(bpf, 0, BPF_MAP_LOOKUP_ELEM), ONLY(bpf, 0, BPF_MAP_UPDATE_ELEM), ONLY(bpf, 0, BPF_MAP_DELETE_ELEM),
	ONLY(bpf, 0, BPF_MAP_GET_NEXT_KEY), ONLY(bpf, 0, BPF_MAP_LOOKUP_AND_DELETE_ELEM), ONLY(bpf, 0, BPF_MAP_LOOKUP_BATCH),
	ONLY(bpf, 0, BPF_MAP_LOOKUP_AND_DELETE_BATCH), ONLY(bpf, 0, BPF_MAP_UPDATE_BATCH), ONLY(bpf, 0, BPF_MAP_DELETE_BATCH),
	ONLY(bpf, 0, BPF_OBJ_GET_INFO_BY_FD), ONLY(bpf, 0, BPF_LINK_DETACH),
	ONLY(bpf, 0, BPF_RAW_TRACEPOINT_OPEN), ONLY(bpf, 0, BPF_ITER_CREATE), ONLY(bpf, 0, BPF_ENABLE_STATS),
	ONLY(ioctl, 1, PERF_EVENT_IOC_DISABLE),

	/* Changing the period of the sampling ticks. */
	ONLY(ioctl, 1, PERF_EVENT_IOC_PERIOD),

	/* Waiting for a timer, a target, a key, a client, or the command that the profiler started. */
	ANY(poll), ANY(ppoll), ANY(select), ANY(pselect6), ANY(epoll_wait), ANY(epoll_pwait), ANY(epoll_ctl), ANY(epoll_create1),
	ANY(nanosleep), ANY(clock_nanosleep), ANY(clock_gettime), ANY(clock_getres), ANY(gettimeofday), ANY(time),
	ANY(restart_syscall), ANY(wait4), ANY(waitid), ANY(futex), ANY(sched_yield),

	/* Clients that ask for a report, and helper processes. No new sockets, no other addresses, no descriptors sent. */
	ANY(accept), ANY(accept4), ANY(shutdown), ANY(getsockopt), ANY(setsockopt), ANY(getsockname), ANY(getpeername),
	ANY(recvfrom), ANY(recvmsg), {.number = SCMP_SYS(sendto), .argument = 4, .mask = ~0ULL, .value = 0},

	/* Writing the report to files that are open already. The keeper of file_keeper.h gives them their names. */
	ANY(write), ANY(writev), ANY(pwrite64), ANY(ftruncate), ANY(fsync), ANY(fdatasync),

	/* The terminal of the live table. Not TIOCSTI, which inserts input. */
	ONLY(ioctl, 1, TCGETS), ONLY(ioctl, 1, TCSETS), ONLY(ioctl, 1, TCSETSW), ONLY(ioctl, 1, TCSETSF), ONLY(ioctl, 1, TCFLSH),
	ONLY(ioctl, 1, TIOCGWINSZ), ONLY(ioctl, 1, TIOCGPGRP), ONLY(ioctl, 1, FIONREAD),

	/* Signals: Ctrl-C, and Ctrl-Z, which the live table sends to its own process. No signals to others. */
	ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(rt_sigsuspend), ANY(rt_sigpending), ANY(sigaltstack),
	OWN(kill), OWN(tgkill), ONLY(kill, 1, 0),

	/* Calls of the C library. */
	ANY(getpid), ANY(getppid), ANY(gettid), ANY(getpgrp), ANY(getpgid), ANY(getsid), ANY(getuid), ANY(geteuid),
	ANY(getgid), ANY(getegid), ANY(uname), ANY(sysinfo), ANY(getrusage), ANY(getrlimit), ANY(sched_getaffinity), ANY(getrandom),
	ANY(times), ONLY(prlimit64, 0, 0), ANY(rseq), ANY(set_robust_list),
	ANY(pipe2), ANY(dup),

	/* The end. */
	ANY(exit), ANY(exit_group),
};

const size_t sandbox_nr_calls = sizeof(sandbox_calls) / sizeof(sandbox_calls[0]);
