// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sandbox_calls.c - the system calls of a profiler that is attached, each group with what it is for. */
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "safety/sandbox_calls.h"

#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}
#define ONLY(name, nr, v) {.number = SCMP_SYS(name), .argument = nr, .mask = 0xffffffff, .value = v}
#define NONE_OF(name, nr, bits) {.number = SCMP_SYS(name), .argument = nr, .mask = bits, .value = 0}

const struct sandbox_call sandbox_calls[] = {
	/* Memory, and files in it, but none that could be made code: that is all there is from here on. */
	ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise), ANY(memfd_create), NONE_OF(mmap, 2, PROT_EXEC),
	NONE_OF(mprotect, 2, PROT_EXEC),

	/* The target: its memory, its place in /proc, its programs and libraries, their debug information. To read. */
	ANY(process_vm_readv), ANY(get_robust_list), ANY(pidfd_open), NONE_OF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC),
	ANY(read), ANY(readv), ANY(pread64), ANY(lseek), ANY(close), ANY(fcntl), ANY(getdents64), ANY(readlink), ANY(readlinkat),
	ANY(fstat), ANY(newfstatat), ANY(statx), ANY(stat), ANY(lstat), ANY(statfs), ANY(fstatfs),
	ANY(access), ANY(faccessat), ANY(faccessat2), ANY(getcwd),

	/* The kernel's figures, and the programs that are loaded, on more or fewer places. No new programs and no new maps. */
	ONLY(bpf, 0, BPF_MAP_LOOKUP_ELEM), ONLY(bpf, 0, BPF_MAP_UPDATE_ELEM), ONLY(bpf, 0, BPF_MAP_DELETE_ELEM),
	ONLY(bpf, 0, BPF_MAP_GET_NEXT_KEY), ONLY(bpf, 0, BPF_MAP_LOOKUP_AND_DELETE_ELEM), ONLY(bpf, 0, BPF_MAP_LOOKUP_BATCH),
	ONLY(bpf, 0, BPF_MAP_LOOKUP_AND_DELETE_BATCH), ONLY(bpf, 0, BPF_MAP_UPDATE_BATCH), ONLY(bpf, 0, BPF_MAP_DELETE_BATCH),
	ONLY(bpf, 0, BPF_OBJ_GET_INFO_BY_FD), ONLY(bpf, 0, BPF_LINK_CREATE), ONLY(bpf, 0, BPF_LINK_DETACH),
	ONLY(bpf, 0, BPF_RAW_TRACEPOINT_OPEN), ONLY(bpf, 0, BPF_ITER_CREATE), ONLY(bpf, 0, BPF_ENABLE_STATS),
	ANY(perf_event_open), ONLY(ioctl, 1, PERF_EVENT_IOC_SET_BPF), ONLY(ioctl, 1, PERF_EVENT_IOC_ENABLE),
	ONLY(ioctl, 1, PERF_EVENT_IOC_DISABLE), ONLY(ioctl, 1, PERF_EVENT_IOC_PERIOD),

	/* Waiting for the clock, a target, a key, a client, or the command that we started. */
	ANY(poll), ANY(ppoll), ANY(select), ANY(pselect6), ANY(epoll_wait), ANY(epoll_pwait), ANY(epoll_ctl), ANY(epoll_create1),
	ANY(nanosleep), ANY(clock_nanosleep), ANY(clock_gettime), ANY(clock_getres), ANY(gettimeofday), ANY(time),
	ANY(restart_syscall), ANY(wait4), ANY(waitid), ANY(futex), ANY(sched_yield),

	/* Those who ask for a report: sockets of this machine alone. */
	ONLY(socket, 0, AF_UNIX), ANY(bind), ANY(listen), ANY(accept), ANY(accept4), ANY(shutdown), ANY(getsockopt),
	ANY(setsockopt), ANY(getsockname), ANY(getpeername), ANY(recvfrom), ANY(recvmsg), ANY(sendto), ANY(sendmsg),

	/* The report: to files that are open already, and their names. */
	ANY(write), ANY(writev), ANY(pwrite64), ANY(ftruncate), ANY(fsync), ANY(fdatasync),
	ANY(rename), ANY(renameat), ANY(renameat2), ANY(linkat), ANY(unlink), ANY(unlinkat),

	/* The terminal of the live table. Not TIOCSTI, which types for the user. */
	ONLY(ioctl, 1, TCGETS), ONLY(ioctl, 1, TCSETS), ONLY(ioctl, 1, TCSETSW), ONLY(ioctl, 1, TCSETSF), ONLY(ioctl, 1, TCFLSH),
	ONLY(ioctl, 1, TIOCGWINSZ), ONLY(ioctl, 1, TIOCGPGRP), ONLY(ioctl, 1, FIONREAD),

	/* Signals: Ctrl-C, and Ctrl-Z, which the live table sends to itself again. */
	ANY(rt_sigaction), ANY(rt_sigprocmask), ANY(rt_sigreturn), ANY(rt_sigsuspend), ANY(rt_sigpending), ANY(sigaltstack),
	ONLY(kill, 1, SIGTSTP), ONLY(kill, 1, 0), ANY(tgkill),

	/* What the C library asks for by itself. */
	ANY(getpid), ANY(getppid), ANY(gettid), ANY(getpgrp), ANY(getpgid), ANY(getsid), ANY(getuid), ANY(geteuid),
	ANY(getgid), ANY(getegid), ANY(uname), ANY(sysinfo), ANY(getrusage), ANY(getrlimit), ANY(sched_getaffinity), ANY(getrandom),
	ANY(times), {.number = SCMP_SYS(prlimit64), .argument = 2, .mask = ~0ULL, .value = 0}, ANY(rseq), ANY(set_robust_list),
	ANY(pipe2), ANY(dup),

	/* The end. */
	ANY(exit), ANY(exit_group),
};

const size_t sandbox_nr_calls = sizeof(sandbox_calls) / sizeof(sandbox_calls[0]);
