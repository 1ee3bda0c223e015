// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * marker_object.c - finds the copies of the marker library in a process.
 *
 * The program headers of a mapped file lead to its note. The file belongs to the target and may hold anything, so every offset
 * is bounded.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/elf_file.h"
#include "base/mapped_files.h"
#include "base/target_file.h"
#include "collect/target/marker_object.h"
#include "host/isolate.h"

#define MAX_NOTES 4096	/* bytes of a note segment that are read */

/* Each word of the note holds the distance from the word itself to the address. */
static __u64 address_in_note(const struct dcbs_note *note, __u64 note_vaddr, size_t word)
{
	__s64 distance;

	memcpy(&distance, (const char *)note + word, sizeof(distance));
	return note_vaddr + word + (__u64)distance;
}

/* Fills what does not depend on the address at which the file is mapped. */
static int places_from_note(struct marker *m, const struct elf_file *elf, const struct dcbs_note *note, __u64 vaddr)
{
	m->abi = note->abi;
	return elf_file_offset(elf, address_in_note(note, vaddr, offsetof(struct dcbs_note, flush)), &m->flush_offset) ||
	       elf_file_offset(elf, address_in_note(note, vaddr, offsetof(struct dcbs_note, semaphore)), &m->semaphore_offset) ?
	       -ENOEXEC : 0;
}

static int marker_from_note(struct marker *m, const struct elf_file *elf, const struct mapped_file *map,
			    const struct dcbs_note *note, __u64 vaddr)
{
	__u64 bias;

	if (places_from_note(m, elf, note, vaddr) || elf_file_bias(elf, map->start, map->offset, &bias))
		return -ENOEXEC;
	m->state = address_in_note(note, vaddr, offsetof(struct dcbs_note, state)) + bias;
	m->start = map->start;
	m->end = map->end;
	m->dev = map->dev;
	m->ino = map->ino;
	snprintf(m->path, sizeof(m->path), "%s", map->path);
	return 0;
}

/* Searches one note segment. Stores the note and its address. */
static int note_in_segment(struct dcbs_note *note, __u64 *vaddr, const struct elf_file *elf, const Elf64_Phdr *p)
{
	char buf[MAX_NOTES];
	size_t size = p->p_filesz < sizeof(buf) ? p->p_filesz : sizeof(buf), at = 0;

	if (pread(elf->fd, buf, size, p->p_offset) != (ssize_t)size)
		return -ENOEXEC;
	while (at + sizeof(Elf64_Nhdr) <= size) {
		Elf64_Nhdr n;
		size_t name = at + sizeof(n), desc;

		memcpy(&n, buf + at, sizeof(n));
		if (n.n_namesz > size || n.n_descsz > size)
			return -ENOEXEC;
		desc = name + ((n.n_namesz + 3) & ~3u);
		if (n.n_type == DCBS_NOTE_TYPE && n.n_namesz == sizeof(DCBS_NOTE_OWNER) && n.n_descsz >= sizeof(*note) &&
		    desc + sizeof(*note) <= size && !memcmp(buf + name, DCBS_NOTE_OWNER, sizeof(DCBS_NOTE_OWNER))) {
			memcpy(note, buf + desc, sizeof(*note));
			*vaddr = p->p_vaddr + desc;
			return 0;
		}
		at = desc + ((n.n_descsz + 3) & ~3u);
	}
	return -ENOENT;
}

static bool has_notes(const Elf64_Phdr *p)
{
	return p->p_type == PT_NOTE && p->p_align <= 4;
}

static int marker_in_file(struct marker *m, int fd, const struct mapped_file *map)
{
	struct dcbs_note note;
	struct elf_file elf;
	__u64 vaddr;
	int i, err = elf_file_open(&elf, fd);

	if (err)
		return err;
	for (i = 0; i < elf.nr_phdrs; i++)
		if (has_notes(&elf.phdrs[i]) && !note_in_segment(&note, &vaddr, &elf, &elf.phdrs[i]) &&
		    !marker_from_note(m, &elf, map, &note, vaddr))
			return 0;
	return -ENOENT;
}

static bool has_seldom_code(int fd, __u64 offset)
{
	char code[sizeof(DCBS_PROBE_SELDOM_CODE) - 1];

	return pread(fd, code, sizeof(code), (off_t)offset - 1) == sizeof(code) && !memcmp(code, DCBS_PROBE_SELDOM_CODE, sizeof(code));
}

bool marker_object_has_seldom(const struct marker *marker)
{
	return has_seldom_code(marker->fd, marker->flush_offset + DCBS_PROBE_SELDOM);
}

static bool is_place_of(const struct marker *marker, int fd, __u64 offset, __u64 semaphore)
{
	if (marker->semaphore_offset != semaphore)
		return false;
	return offset == marker->flush_offset + DCBS_PROBE_NOP1 ||
	       (offset == marker->flush_offset + DCBS_PROBE_SELDOM && has_seldom_code(fd, offset));
}

bool marker_object_has_place(int fd, __u64 offset, __u64 semaphore)
{
	struct dcbs_note note;
	struct marker marker;
	struct elf_file elf;
	__u64 vaddr;
	int i;

	if (elf_file_open(&elf, fd))
		return false;
	for (i = 0; i < elf.nr_phdrs; i++)
		if (has_notes(&elf.phdrs[i]) && !note_in_segment(&note, &vaddr, &elf, &elf.phdrs[i]) &&
		    !places_from_note(&marker, &elf, &note, vaddr) && is_place_of(&marker, fd, offset, semaphore))
			return true;
	return false;
}

struct marker_search {
	int err, found;
	struct marker markers[MARKER_COPIES];
};

static bool take_marker_of_file(void *ctx, int fd, const struct mapped_file *map)
{
	struct marker_search *search = ctx;

	search->found += !marker_in_file(&search->markers[search->found], fd, map);
	close(fd);
	return search->found < MARKER_COPIES;
}

static void search_files(void *ctx, void *result)
{
	struct marker_search *search = result;
	const pid_t *pid = ctx;

	*search = (struct marker_search){0};
	search->err = mapped_files_each_head(*pid, take_marker_of_file, search);
}

int marker_object_find(pid_t pid, struct marker *markers)
{
	struct marker_search search;
	int i, n = 0, err = isolate_call(search_files, &pid, &search, sizeof(search));

	if (err == -ETIMEDOUT || err == -EIO)	/* a file does not answer: as if it were not there */
		return 0;
	if (err || search.err)
		return err ? err : search.err;
	for (i = 0; i < search.found; i++) {
		const struct marker *found = &search.markers[i];
		const struct target_mapping mapping = {pid, found->start, found->end, found->dev, found->ino, found->path};

		markers[n] = *found;
		markers[n].fd = target_file_open_mapping_probe(&mapping);
		n += markers[n].fd >= 0;
	}
	return n;
}

void marker_object_close(struct marker *marker)
{
	if (marker->fd > 0)
		close(marker->fd);
	marker->fd = -1;
}
