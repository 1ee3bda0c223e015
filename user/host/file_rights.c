// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* file_rights.c - starts the process that opens the files of targets, with the rights that this needs. */
#include <fcntl.h>
#include <seccomp.h>

#include "base/array.h"
#include "base/target_file.h"
#include "host/file_rights.h"
#include "host/requirements.h"
#include "safety/capabilities.h"
#include "safety/helper.h"
#include "safety/sandbox.h"
#include "safety/sandbox_calls.h"

#define ANY(name) {.number = SCMP_SYS(name), .argument = -1}

/* It opens, copies into memory, and forks a successor for itself. */
static const struct sandbox_call calls[] = {
	ANY(openat), ANY(openat2), ANY(close), ANY(fstat), ANY(newfstatat), ANY(fstatfs), ANY(readlink), ANY(readlinkat), ANY(read),
	ANY(pread64), ANY(lseek), ANY(sendfile), ANY(memfd_create), ANY(ftruncate), SANDBOX_DESCRIPTORS, ANY(recvfrom), ANY(sendmsg),
	ANY(setitimer), ANY(poll), ANY(ppoll), ANY(pidfd_open), ANY(wait4), ANY(clone), ANY(clone3), ANY(set_robust_list), ANY(rseq),
	ANY(prctl), ANY(getpid), ANY(getppid), ANY(gettid), ANY(clock_gettime), ANY(rt_sigaction), ANY(rt_sigprocmask),
	ANY(rt_sigreturn), ANY(brk), ANY(munmap), ANY(mremap), ANY(madvise), ANY(getrandom),
	{.number = SCMP_SYS(mmap), .argument = 2, .mask = 4, .value = 0}, ANY(access), ANY(faccessat), ANY(faccessat2), ANY(exit),
	ANY(exit_group),
};

static int limit_rights(void *ctx)
{
	const __u64 *keep = ctx;
	int err;

	helper_ignore_signals();
	err = sandbox_capabilities(*keep);
	if (!err)
		err = sandbox_system_calls(calls, ARRAY_SIZE(calls));
	return err;
}

void file_rights_start(const pid_t *pids, size_t nr_pids)
{
	__u64 opening = CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH);
	__u64 keep = nr_pids ? opening & requirements_after_attach(pids, nr_pids) : opening;

	target_file_start(limit_rights, &keep);
}
