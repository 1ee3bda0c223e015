// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * empty_probe.c - the cost of one hit of a uprobe whose BPF program does nothing, at both entries of the marker function.
 *
 * No tool that traps can cost less. It uses bpf(2) and perf_event_open(2) alone, so that no library's cost is in it.
 */
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "burst.h"

#define PROBE_NOP1 0
#define PROBE_NOP5 1

void probed_nop1(void);
void probed_nop5(void);
void probed_none(void);

/* As dcbs_marker_flush in user/marker/probe.S. */
#if defined(__x86_64__)
#define MARKER_LIKE(name) __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name \
	":\n.byte 0x90\n.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n" \
	".byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00\nret\n.size " #name ", . - " #name "\n")
#else
#define MARKER_LIKE(name) __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", @function\n" #name \
	":\nnop\nret\n.size " #name ", . - " #name "\n")
#endif
MARKER_LIKE(probed_nop1);
MARKER_LIKE(probed_nop5);
MARKER_LIKE(probed_none);

static void loop_none(uint64_t n)
{
	for (; n; n--)
		probed_none();
}

static void loop_nop1(uint64_t n)
{
	for (; n; n--)
		probed_nop1();
}

static void loop_nop5(uint64_t n)
{
	for (; n; n--)
		probed_nop5();
}

static int fail(const char *what)
{
	fprintf(stderr, "empty_probe: %s: %s\n", what, strerror(errno));
	return -1;
}

/* return 0; */
static int load_program(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insns = (uint64_t)(uintptr_t)insns,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.license = (uint64_t)(uintptr_t)"Dual MIT/GPL",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? fail("cannot load a BPF program") : fd;
}

/* An address of this program -> offset in its file. */
static int file_offset(uintptr_t address, char *path, uint64_t *offset)
{
	unsigned long start, end, at;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[PATH_MAX + 128];
	int err = -1;

	if (!f)
		return fail("/proc/self/maps");
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095[^\n]", &start, &end, &at, path) == 4 &&
		    address >= start && address < end) {
			*offset = address - start + at;
			err = 0;
		}
	}
	fclose(f);
	return err ? fail("a function is in no mapping") : 0;
}

static int uprobe_type(void)
{
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	int type = -1;

	if (!f || fscanf(f, "%d", &type) != 1)
		fail("this kernel has no uprobes");
	if (f)
		fclose(f);
	return type;
}

static int attach(int prog, void (*function)(void), unsigned int entry)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .sample_period = 1, .wakeup_events = 1};
	char path[PATH_MAX];
	uint64_t offset = 0;
	int fd, type = uprobe_type();

#if !defined(__x86_64__)
	entry = 0;
#endif
	if (type < 0 || file_offset((uintptr_t)function, path, &offset))
		return -1;
	attr.type = (uint32_t)type;
	attr.config1 = (uint64_t)(uintptr_t)path;
	attr.config2 = offset + entry;
	fd = (int)syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return fail("cannot create a uprobe");
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return fail("cannot attach the BPF program");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct burst_mode modes[] = {
		{"none", loop_none, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"nop1", loop_nop1, CLOCK_THREAD_CPUTIME_ID, NULL},
		{"nop5", loop_nop5, CLOCK_THREAD_CPUTIME_ID, NULL},
		{NULL, NULL, 0, NULL},
	};
	int prog = load_program();

	if (prog < 0 || attach(prog, probed_nop1, PROBE_NOP1) || attach(prog, probed_nop5, PROBE_NOP5))
		return 1;
	return burst_serve(modes, argc, argv);
}
