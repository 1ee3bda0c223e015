// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* mapped.c - the executable files that a process has mapped, as they are, and where they lie in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collect/mapped.h"

#define MAX_FILES 4096

int mapped_elf_open(struct elf_file *elf, int fd)
{
	Elf64_Ehdr h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	elf->fd = fd;
	elf->nr_phdrs = h.e_phnum < MAX_PHDRS ? h.e_phnum : MAX_PHDRS;
	if (pread(fd, elf->phdrs, elf->nr_phdrs * sizeof(Elf64_Phdr), h.e_phoff) !=
	    (ssize_t)(elf->nr_phdrs * sizeof(Elf64_Phdr)))
		return -ENOEXEC;
	return 0;
}

int mapped_elf_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset)
{
	int i;

	for (i = 0; i < elf->nr_phdrs; i++) {
		const Elf64_Phdr *p = &elf->phdrs[i];

		if (p->p_type == PT_LOAD && vaddr >= p->p_vaddr && vaddr - p->p_vaddr < p->p_filesz) {
			*offset = vaddr - p->p_vaddr + p->p_offset;
			return 0;
		}
	}
	return -ENOENT;
}

int mapped_elf_bias(const struct elf_file *elf, const struct mapping *map, __u64 *bias)
{
	int i;

	for (i = 0; i < elf->nr_phdrs; i++) {
		const Elf64_Phdr *p = &elf->phdrs[i];

		if (p->p_type == PT_LOAD && map->offset + 4095 >= p->p_offset && map->offset < p->p_offset + p->p_filesz) {
			*bias = map->start - (p->p_vaddr - p->p_offset + map->offset);
			return 0;
		}
	}
	return -ENOENT;
}

static int mapping_open(pid_t pid, const struct mapping *map)
{
	char path[384];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, map->start, map->end);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	/* map_files wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; the path wants neither, but may have been replaced. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, map->path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* One line of /proc/PID/maps; false if it maps no executable file. */
static bool mapping_parse(const char *line, struct mapping *map)
{
	unsigned int major, minor;
	char perms[8] = "";
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &map->start, &map->end, perms, &map->offset, &major, &minor,
		   &map->ino, &at) < 7 || !map->ino || perms[2] != 'x' || line[at] != '/')
		return false;
	map->dev = (__u64)major << 32 | minor;
	snprintf(map->path, sizeof(map->path), "%s", line + at);
	map->path[strcspn(map->path, "\n")] = 0;
	return true;
}

int mapped_each(pid_t pid, bool (*wants)(void *ctx, const struct mapping *map),
		bool (*visit)(void *ctx, int fd, const struct mapping *map), void *ctx)
{
	char path[64], line[4608];
	struct mapping map = {};
	bool go_on = true;
	__u64 last_ino = 0;
	int files = 0, fd;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (go_on && files < MAX_FILES && fgets(line, sizeof(line), maps)) {
		if (!mapping_parse(line, &map) || map.ino == last_ino)
			continue;
		last_ino = map.ino;
		files++;
		if (wants && !wants(ctx, &map))
			continue;
		fd = mapping_open(pid, &map);
		if (fd >= 0)
			go_on = visit(ctx, fd, &map);
	}
	fclose(maps);
	return 0;
}
