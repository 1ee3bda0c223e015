// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * marker.c - finds the copies of the marker library in a process.
 *
 * Each executable mapping's file is opened through /proc/PID/map_files, which is the right file even
 * if it was deleted, replaced, or lies in another mount namespace. Its program headers lead to the
 * note. The file belongs to the target and may hold anything, so every offset is bounded.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collect/marker.h"
#include "fail.h"

#define MAX_PHDRS 64
#define MAX_NOTES 4096	/* bytes of one note segment */
#define MAX_FILES 4096

struct elf_file {
	int fd;
	int nr_phdrs;
	Elf64_Phdr phdrs[MAX_PHDRS];
};

struct mapping {
	__u64 start, end, offset, dev, ino;
	char path[256];
};

static int elf_open(struct elf_file *elf, int fd)
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

static int elf_offset(const struct elf_file *elf, __u64 vaddr, __u64 *offset)
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

/* What to add to the file's addresses to get the process's. */
static int elf_bias(const struct elf_file *elf, const struct mapping *map, __u64 *bias)
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

int marker_elf_offset(int fd, __u64 vaddr, __u64 *offset)
{
	struct elf_file elf;
	int err = elf_open(&elf, fd);

	return err ? err : elf_offset(&elf, vaddr, offset);
}

/* A word of the note holds the distance from itself. */
static __u64 note_address(const struct dcbs_note *note, __u64 note_vaddr, size_t word)
{
	__s64 distance;

	memcpy(&distance, (const char *)note + word, sizeof(distance));
	return note_vaddr + word + (__u64)distance;
}

static int marker_from_note(struct marker *m, const struct elf_file *elf, const struct mapping *map,
			    const struct dcbs_note *note, __u64 vaddr)
{
	__u64 bias;

	m->abi = note->abi;
	if (elf_offset(elf, note_address(note, vaddr, offsetof(struct dcbs_note, flush)), &m->flush_offset) ||
	    elf_offset(elf, note_address(note, vaddr, offsetof(struct dcbs_note, semaphore)), &m->semaphore_offset) ||
	    elf_bias(elf, map, &bias))
		return -ENOEXEC;
	m->state = note_address(note, vaddr, offsetof(struct dcbs_note, state)) + bias;
	m->dev = map->dev;
	m->ino = map->ino;
	snprintf(m->path, sizeof(m->path), "%s", map->path);
	m->fd = elf->fd;
	return 0;
}

/* Looks through one note segment. */
static int marker_in_segment(struct marker *m, const struct elf_file *elf, const struct mapping *map, const Elf64_Phdr *p)
{
	char buf[MAX_NOTES];
	size_t size = p->p_filesz < sizeof(buf) ? p->p_filesz : sizeof(buf), at = 0;

	if (pread(elf->fd, buf, size, p->p_offset) != (ssize_t)size)
		return -ENOEXEC;
	while (at + sizeof(Elf64_Nhdr) <= size) {
		struct dcbs_note note;
		Elf64_Nhdr n;
		size_t name = at + sizeof(n), desc;

		memcpy(&n, buf + at, sizeof(n));
		if (n.n_namesz > size || n.n_descsz > size)
			return -ENOEXEC;
		desc = name + ((n.n_namesz + 3) & ~3u);
		if (n.n_type == DCBS_NOTE_TYPE && n.n_namesz == sizeof(DCBS_NOTE_OWNER) && n.n_descsz >= sizeof(note) &&
		    desc + sizeof(note) <= size && !memcmp(buf + name, DCBS_NOTE_OWNER, sizeof(DCBS_NOTE_OWNER))) {
			memcpy(&note, buf + desc, sizeof(note));
			return marker_from_note(m, elf, map, &note, p->p_vaddr + desc);
		}
		at = desc + ((n.n_descsz + 3) & ~3u);
	}
	return -ENOENT;
}

static int marker_in_file(struct marker *m, int fd, const struct mapping *map)
{
	struct elf_file elf;
	int i, err = elf_open(&elf, fd);

	if (err)
		return err;
	for (i = 0; i < elf.nr_phdrs; i++)
		if (elf.phdrs[i].p_type == PT_NOTE && elf.phdrs[i].p_align <= 4 &&
		    !marker_in_segment(m, &elf, map, &elf.phdrs[i]))
			return 0;
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

int marker_find(pid_t pid, struct marker *markers)
{
	char path[64], line[4608];
	int found = 0, files = 0;
	struct mapping map = {};
	__u64 last_ino = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (found < MARKER_COPIES && files < MAX_FILES && fgets(line, sizeof(line), maps)) {
		int fd;

		if (!mapping_parse(line, &map) || map.ino == last_ino)
			continue;
		last_ino = map.ino;
		files++;
		fd = mapping_open(pid, &map);
		if (fd < 0)
			continue;
		if (marker_in_file(&markers[found], fd, &map))
			close(fd);
		else
			found++;
	}
	fclose(maps);
	return found;
}

void marker_close(struct marker *marker)
{
	if (marker->fd > 0)
		close(marker->fd);
	marker->fd = -1;
}
