// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* configure.c - the constants of the BPF programs, and the choice of those that this kernel can load. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "base/proc.h"
#include "collect/kernel/program_copies.h"
#include "collect/kernel/programs.h"
#include "collect/kernel/section_ids.h"
#include "host/kernel_release.h"
#include "host/uprobe.h"
#include "safety/pid_namespace.h"
#include "safety/trace_right.h"

#define SAMPLE_USUAL_BYTES 8192		/* of a sample with a copy of the stack */
#define SAMPLES_BYTES_LEAST (1 << 19)
#define SAMPLES_BYTES_MOST (1 << 24)

/* The kind of thing that a blocked system call waits for. A call that is not listed waits for something else. */
static const struct {
	int number;
	enum syscall_kind kind;
} syscalls[] = {
	{SYS_read, SYSCALL_FD}, {SYS_write, SYSCALL_FD}, {SYS_readv, SYSCALL_FD}, {SYS_writev, SYSCALL_FD},
	{SYS_pread64, SYSCALL_FD}, {SYS_pwrite64, SYSCALL_FD}, {SYS_preadv, SYSCALL_FD}, {SYS_pwritev, SYSCALL_FD},
	{SYS_preadv2, SYSCALL_FD}, {SYS_pwritev2, SYSCALL_FD}, {SYS_ioctl, SYSCALL_FD}, {SYS_sendfile, SYSCALL_FD},
	{SYS_splice, SYSCALL_FD}, {SYS_tee, SYSCALL_FD}, {SYS_vmsplice, SYSCALL_FD},
	{SYS_fcntl, SYSCALL_FCNTL}, {SYS_copy_file_range, SYSCALL_FD}, {SYS_close, SYSCALL_FD},
	{SYS_flock, SYSCALL_LOCK}, {SYS_semop, SYSCALL_LOCK}, {SYS_semtimedop, SYSCALL_LOCK},
	{SYS_futex, SYSCALL_FUTEX}, {449 /* futex_waitv */, SYSCALL_LOCK}, {455 /* futex_wait */, SYSCALL_FUTEX},
	{SYS_nanosleep, SYSCALL_SLEEP}, {SYS_clock_nanosleep, SYSCALL_SLEEP}, {SYS_rt_sigtimedwait, SYSCALL_SLEEP},
	{SYS_rt_sigsuspend, SYSCALL_SLEEP},
#ifdef SYS_pause
	{SYS_pause, SYSCALL_SLEEP}, {SYS_poll, SYSCALL_POLL}, {SYS_select, SYSCALL_SELECT},
	{SYS_epoll_wait, SYSCALL_EPOLL}, {SYS_vfork, SYSCALL_CHILD},
#endif
	{SYS_ppoll, SYSCALL_PPOLL}, {SYS_pselect6, SYSCALL_PSELECT},
	{SYS_epoll_pwait, SYSCALL_EPOLL}, {441 /* epoll_pwait2 */, SYSCALL_EPOLL_TIMESPEC},
	{SYS_io_uring_enter, SYSCALL_RING}, {SYS_io_getevents, SYSCALL_AIO},
	{SYS_accept, SYSCALL_NETWORK}, {SYS_accept4, SYSCALL_NETWORK}, {SYS_connect, SYSCALL_NETWORK},
	{SYS_recvfrom, SYSCALL_NETWORK}, {SYS_recvmsg, SYSCALL_NETWORK}, {SYS_recvmmsg, SYSCALL_NETWORK},
	{SYS_sendto, SYSCALL_NETWORK}, {SYS_sendmsg, SYSCALL_NETWORK}, {SYS_sendmmsg, SYSCALL_NETWORK},
	{SYS_fsync, SYSCALL_SYNC}, {SYS_fdatasync, SYSCALL_SYNC}, {SYS_sync, SYSCALL_SYNC}, {SYS_syncfs, SYSCALL_SYNC},
	{SYS_sync_file_range, SYSCALL_SYNC}, {SYS_msync, SYSCALL_SYNC},
	{SYS_io_submit, SYSCALL_DISK},
	{SYS_openat, SYSCALL_DISK}, {SYS_openat2, SYSCALL_DISK}, {SYS_statx, SYSCALL_DISK}, {SYS_getdents64, SYSCALL_DISK},
	{SYS_unlinkat, SYSCALL_DISK}, {SYS_renameat2, SYSCALL_DISK}, {SYS_mkdirat, SYSCALL_DISK}, {SYS_truncate, SYSCALL_DISK},
	{SYS_ftruncate, SYSCALL_DISK}, {SYS_fallocate, SYSCALL_DISK}, {SYS_readahead, SYSCALL_DISK}, {SYS_fadvise64, SYSCALL_DISK},
#ifdef SYS_open
	{SYS_open, SYSCALL_DISK}, {SYS_stat, SYSCALL_DISK}, {SYS_lstat, SYSCALL_DISK}, {SYS_unlink, SYSCALL_DISK},
	{SYS_rename, SYSCALL_DISK}, {SYS_mkdir, SYSCALL_DISK}, {SYS_rmdir, SYSCALL_DISK},
#endif
	{SYS_wait4, SYSCALL_CHILD}, {SYS_waitid, SYSCALL_CHILD}, {SYS_clone, SYSCALL_CHILD}, {SYS_clone3, SYSCALL_CHILD},
	{SYS_munmap, SYSCALL_UNMAP}, {SYS_brk, SYSCALL_UNMAP}, {SYS_mremap, SYSCALL_UNMAP},
};

static void fill_syscall_kinds(struct bpfprof *skel)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(syscalls); i++)
		skel->rodata->syscall_kinds[syscalls[i].number] = (__u8)syscalls[i].kind;
}

/* The 8th figure of the first line of /proc/stat: time that a hypervisor took, since the boot. */
static bool kernel_knows_steal(void)
{
	unsigned long long steal = 0;
	FILE *stat = fopen("/proc/stat", "re");

	if (stat && fscanf(stat, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
		steal = 0;
	if (stat)
		fclose(stat);
	return steal > 0;
}

/* The third figure of /proc/PID/schedstat is how often a thread got a CPU. The kernel counts it where it counts the delays. */
static bool kernel_counts_delay(void)
{
	unsigned long long slices;
	char text[PROC_TEXT];

	return proc_read(getpid(), "schedstat", text, sizeof(text)) > 0 && sscanf(text, "%*u %*u %llu", &slices) == 1 && slices > 0;
}

static void fill_small_places(struct bpfprof *skel)
{
	__u32 ns;

	for (ns = 1; ns < ARRAY_SIZE(skel->rodata->small_place); ns++)
		skel->rodata->small_place[ns] = (__u16)hist_place(ns);
}

static void choose_loaded_programs(struct programs *bpf, const struct dcbs_options *opts, const struct program_choice *choice)
{
	bool functions = bpf->probe_functions, sampling = opts->frequency_hz > 0, fentry = choice->fentry;
	struct bpfprof *skel = bpf->skel;

	bpf_program__set_autoload(skel->progs.on_prepare_exec, kernel_release_at_least(6, 10));
	bpf_program__set_autoload(skel->progs.on_begin_exec, fentry && !kernel_release_at_least(6, 10));
	bpf_program__set_autoload(skel->progs.on_do_exit, fentry && !kernel_release_at_least(6, 16));
	bpf_program__set_autoload(skel->progs.on_rss, choice->memory);
	bpf_program__set_autoload(skel->progs.on_map, choice->memory);
	bpf_program__set_autoload(skel->progs.on_waking, choice->waking);
	bpf_program__set_autoload(skel->progs.on_wakeup, choice->waking);
	bpf_program__set_autoload(skel->progs.on_fork, choice->waking);
	bpf_program__set_autoload(skel->progs.on_iter_pid, !pid_namespace_is_initial());
	/*
	 * A killed thread is examined when it ends. On kernels where that event comes too late, or may be left out, the thread is
	 * examined when it gets the signal.
	 */
	bpf_program__set_autoload(skel->progs.on_signal, program_copies_needed() || (!fentry && !kernel_release_at_least(6, 16)));
	program_copies_choose(skel);
	uprobe_prepare(skel->progs.on_flush);
	uprobe_prepare(skel->progs.on_call);
	uprobe_prepare(skel->progs.on_return);
	uprobe_prepare(skel->progs.on_gpu_call);
	uprobe_prepare(skel->progs.on_gpu_return);
	bpf_program__set_autoload(skel->progs.on_call, functions);
	bpf_program__set_autoload(skel->progs.on_return, functions);
	bpf_map__set_autocreate(skel->maps.open_calls, functions);
	bpf_map__set_autocreate(skel->maps.calls, functions);
	bpf_program__set_autoload(skel->progs.on_call_end, functions);
	uprobe_prepare(skel->progs.on_call_end);
	bpf_program__set_autoload(skel->progs.on_sample, sampling);
	bpf_map__set_autocreate(skel->maps.samples, sampling);
	bpf_map__set_autocreate(skel->maps.walkers, sampling);
	bpf_map__set_autocreate(skel->maps.waits, sampling);
	bpf_map__set_autocreate(skel->maps.vacant, opts->children);
	bpf_map__set_autocreate(skel->maps.news, opts->children);
}

/* Sizes the maps that have entries for each process. */
static void size_process_maps(struct bpfprof *skel, __u32 processes)
{
	bpf_map__set_max_entries(skel->maps.processes, processes);
	bpf_map__set_max_entries(skel->maps.process_sums, processes);
	bpf_map__set_max_entries(skel->maps.targets, processes);
	bpf_map__set_max_entries(skel->maps.rss_locals, processes);
	bpf_map__set_max_entries(skel->maps.mms, 4 * processes);
	bpf_map__set_max_entries(skel->maps.pythons, processes);
	bpf_map__set_max_entries(skel->maps.vacant, processes);
}

static bool has_native_section(const struct dcbs_options *opts)
{
	size_t i;

	for (i = 0; i < opts->nr_sections; i++)
		if (!section_ids_option_is_python(&opts->sections[i]))
			return true;
	return false;
}

/*
 * The ring is emptied some times a second. It has room for the samples of a second on all CPUs, as the profiler may have to wait for a
 * busy disk when it reads symbols. The kernel requires a power of two.
 */
static __u32 samples_bytes(__u32 cpus, int hz)
{
	__u64 want = (__u64)cpus * (__u64)hz * SAMPLE_USUAL_BYTES, bytes = SAMPLES_BYTES_LEAST;

	while (bytes < want && bytes < SAMPLES_BYTES_MOST)
		bytes *= 2;
	return (__u32)bytes;
}

void programs_configure(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets,
			const struct program_choice *choice)
{
	struct bpfprof *skel = bpf->skel;

	bpf->probe_functions = has_native_section(opts);
	choose_loaded_programs(bpf, opts, choice);
	fill_small_places(skel);
	fill_syscall_kinds(skel);
	skel->rodata->switch_tells_state = kernel_release_at_least(5, 18);
	skel->rodata->kernel_counts_steal = kernel_knows_steal();
	skel->rodata->kernel_counts_delay = kernel_counts_delay();
	skel->rodata->nr_cpus = (__u32)libbpf_num_possible_cpus();
	skel->rodata->slow_kept = opts->slowest > 1 ? (__u32)opts->slowest : 1;	/* the longest call is known in any case */
	bpf_map__set_max_entries(skel->maps.slow_calls, BPFPROF_SECTIONS * skel->rodata->slow_kept);
	skel->rodata->map_syscall = SYS_mmap;
	skel->rodata->unmap_syscall = SYS_munmap;
	skel->rodata->sampling = opts->frequency_hz > 0;
	if (opts->frequency_hz > 0) {
		bpf_map__set_max_entries(skel->maps.samples, samples_bytes(skel->rodata->nr_cpus, opts->frequency_hz));
		skel->rodata->samples_half = bpf_map__max_entries(skel->maps.samples) / 2;
		skel->rodata->sample_period_ns = 1000000000ULL / (__u64)opts->frequency_hz;
	}
	skel->rodata->has_function_probes = bpf->probe_functions;
	skel->rodata->follow_children = opts->children;
	skel->rodata->leave_secure = trace_right_is_limited();
	if (opts->children)
		size_process_maps(skel, BPFPROF_FOLLOWED);
	else if (nr_targets == 1 && !skel->rodata->leave_secure)	/* a target that is left must be in a map */
		skel->rodata->one_target = true;
	if (skel->rodata->one_target)
		bpf_map__set_max_entries(skel->maps.parts, 1);
}
