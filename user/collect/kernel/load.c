// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* load.c - loads the BPF programs that this kernel accepts, and their maps. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"
#include "base/error.h"
#include "collect/kernel/programs.h"
#include "collect/kernel/stat_maps.h"
#include "host/kernel_release.h"
#include "host/requirements.h"

/* libbpf's own messages about a failed load are for developers. The user gets one line from the profiler. */
static int libbpf_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && getenv("DCBS_BPFPROF_DEBUG"))
		return vfprintf(stderr, fmt, args);
	return 0;
}

static size_t processes_bytes(const struct programs *bpf)
{
	return bpf_map__max_entries(bpf->skel->maps.processes) * sizeof(struct process);
}

static int map_processes(struct programs *bpf)
{
	void *at = mmap(NULL, processes_bytes(bpf), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bpf->skel->maps.processes), 0);

	if (at == MAP_FAILED)
		return fail(-errno, "cannot map the processes: %s", strerror(errno));
	bpf->processes = at;
	return 0;
}

static void reserve_sections(struct programs *bpf)
{
	struct section_name other = {.text = "(other)", .kind = DCBS_NAME_SECTION};
	__u32 section_id = SECTION_OTHER;

	bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.section_ids), &other, &section_id, BPF_ANY);
	bpf_map_update_elem(bpf_map__fd(bpf->skel->maps.section_names), &section_id, &other, BPF_ANY);
	bpf->skel->bss->counters.section_ids_used = SECTION_FIRST;
	bpf->skel->bss->rss_locals_fd = bpf_map__fd(bpf->skel->maps.rss_locals);
}

/*
 * Gives the pages of the embedded object back once libbpf has read it: the kernel's type information needs the most memory of all,
 * and comes next. They would be read from the file again.
 */
static void drop_object_pages(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	size_t size;
	uintptr_t start = (uintptr_t)bpfprof__elf_bytes(&size), end = (start + size) & ~page;

	start = (start + page) & ~page;
	if (end > start)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

static int load_chosen(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets, const struct program_choice *choice)
{
	int err;

	bpf->skel = bpfprof__open();
	if (!bpf->skel)
		return -errno;
	drop_object_pages();
	programs_configure(bpf, opts, nr_targets, choice);
	err = bpfprof__load(bpf->skel);
	if (!err)
		return 0;
	bpfprof__destroy(bpf->skel);
	bpf->skel = NULL;
	return err;
}

/*
 * Loads are tried until the kernel accepts one, each with fewer programs: those that are missed least are left out first. Nearly
 * always the first try loads all programs.
 */
int programs_load(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets)
{
	const bool old = !kernel_release_at_least(6, 16);	/* later kernels have a trace point in place of those functions */
	const struct program_choice choices[] = {
		{.fentry = old, .memory = true, .waking = true},
		{.fentry = false, .memory = true, .waking = true},
		{.fentry = old, .memory = false, .waking = true},
		{.fentry = false, .memory = false, .waking = true},
		{.fentry = false, .memory = false, .waking = false},
	};
	size_t i;
	int err;

	libbpf_set_print(libbpf_quiet);
	for (i = 0; i < ARRAY_SIZE(choices); i++) {
		err = load_chosen(bpf, opts, nr_targets, &choices[i]);
		if (!err || err == -EPERM)
			break;
	}
	if (err)
		return requirements_explain(err, "cannot load the BPF programs");
	reserve_sections(bpf);
	err = map_processes(bpf);
	return err ? err : stat_maps_open(bpf);
}

void programs_unload(struct programs *bpf)
{
	if (bpf->processes)
		munmap(bpf->processes, processes_bytes(bpf));
	bpf->processes = NULL;
	stat_maps_close(bpf);
	bpfprof__destroy(bpf->skel);
	bpf->skel = NULL;
}

/* Returns the memory that the kernel accounts to a map. */
static __u64 map_bytes(const struct bpf_map *map)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	info = bpf_map__fd(map) >= 0 ? fopen(path, "re") : NULL;
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info) && sscanf(line, "memlock: %llu", &bytes) != 1)
		;
	fclose(info);
	return bytes;
}

__u64 programs_map_bytes(const struct programs *bpf)
{
	const struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, bpf->skel->obj)
		sum += map_bytes(map);
	return sum;
}

__u64 programs_thread_bytes(const struct programs *bpf)
{
	const struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, bpf->skel->obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_TASK_STORAGE && bpf_map__autocreate(map))
			sum += bpf_map__value_size(map);
	return sum;
}
