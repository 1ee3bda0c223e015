// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* target_file.c - types of file systems, headers of ELF files that are traps, and the budget of time and memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/files/file_system.h"
#include "base/process_memory.h"
#include "base/target_file.h"
#include "symbol/native/elf_open.h"

/* ---- file systems ---- */

static void test_mount_line(void **state)
{
	char plain[] = "36 35 98:1 /root /mnt\\040x rw,noatime master:1 shared:2 - ext4 /dev/sda1 rw,errors=continue\n";
	char bare[] = "24 1 0:5 / / rw - nfs4 server:/ rw\n", broken[] = "24 1 x\n", cut[] = "24 1 0:5 / / rw";
	struct mount_line mount;

	(void)state;
	assert_true(file_system_parse_mount(plain, &mount));
	assert_int_equal(mount.dev, makedev(98, 1));
	assert_string_equal(mount.point, "/mnt\\040x");
	assert_string_equal(mount.type, "ext4");
	assert_string_equal(mount.options, "rw,errors=continue");
	assert_true(file_system_parse_mount(bare, &mount));
	assert_string_equal(mount.type, "nfs4");
	assert_false(file_system_parse_mount(broken, &mount));
	assert_false(file_system_parse_mount(cut, &mount));
}

static void test_types(void **state)
{
	static const char *const remote[] = {"nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "fuseblk", "9p", "ceph", "lustre", "autofs", ""};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		assert_false(file_system_type_is_local(remote[i]));
	assert_true(file_system_type_is_local("ext4"));
	assert_true(file_system_type_is_local("xfs"));
	assert_true(file_system_type_is_local("tmpfs"));
}

static void test_devices(void **state)
{
	struct stat st;
	int fd = memfd_create("local", 0);

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(file_system_is_local(getpid(), st.st_dev));
	assert_false(file_system_is_local(getpid(), makedev(0, 1048000)));
	close(fd);
}

/* ---- files ---- */

static void test_only_regular_files(void **state)
{
	char fifo[] = "/tmp/dcbs-fifo-XXXXXX";
	int fd;

	(void)state;
	assert_int_equal(target_file_open_named(getpid(), "/proc/self/exe"), -ELOOP);
	assert_int_equal(target_file_open_named(getpid(), "/dev/null"), -ENOEXEC);
	assert_int_equal(target_file_open_named(getpid(), "/tmp"), -ENOEXEC);
	assert_true(mkstemp(fifo) >= 0);
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(target_file_open_named(getpid(), fifo), -ENOEXEC);
	assert_int_equal(target_file_open_own(getpid(), fifo), -ENOEXEC);
	unlink(fifo);
	fd = target_file_open_program(getpid());
	assert_true(fd >= 0);
	close(fd);
}

static void test_links(void **state)
{
	char folder[] = "/tmp/dcbs-links-XXXXXX", file[64], link[64];
	FILE *f;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(link, sizeof(link), "%s/link", folder);
	f = fopen(file, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(symlink(file, link), 0);
	fd = target_file_open_own(getpid(), file);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(target_file_open_own(getpid(), link), -ENOEXEC);
	fd = target_file_open_shared(getpid(), link);
	assert_true(fd >= 0);
	close(fd);
	if (!geteuid()) {	/* a stranger's */
		assert_int_equal(chown(file, 12345, 12345), 0);
		assert_int_equal(target_file_open_own(getpid(), file), -EPERM);
		assert_int_equal(target_file_open_shared(getpid(), file), -EPERM);
	}
	unlink(link);
	unlink(file);
	rmdir(folder);
}

/* ---- ELF ---- */

static int make_elf(const Elf64_Ehdr *head, const Elf64_Shdr *sections, size_t nr)
{
	int fd = memfd_create("elf", 0);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, head, sizeof(*head), 0), sizeof(*head));
	assert_int_equal(pwrite(fd, sections, nr * sizeof(*sections), sizeof(*head)), nr * sizeof(*sections));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	return fd;
}

static bool is_opened(Elf64_Ehdr head, const Elf64_Shdr *sections, size_t nr)
{
	int fd = make_elf(&head, sections, nr);
	Elf *elf = elf_open(fd);
	bool opened = elf;

	elf_end(elf);
	close(fd);
	return opened;
}

static void test_headers(void **state)
{
	Elf64_Ehdr head = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_EXEC, .e_machine = EM_X86_64,
		.e_version = EV_CURRENT, .e_ehsize = sizeof(head), .e_shoff = sizeof(head), .e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3, .e_shstrndx = 1,
	};
	Elf64_Shdr sections[8] = {{0}, {.sh_type = SHT_STRTAB, .sh_offset = 4096, .sh_size = 64}, {.sh_type = SHT_PROGBITS, .sh_size = 4096}};
	Elf64_Ehdr other;
	int i;

	(void)state;
	assert_true(is_opened(head, sections, 3));
	other = head;
	other.e_shnum = 0;	/* the first section tells how many */
	sections[0].sh_size = 1 << 30;
	assert_false(is_opened(other, sections, 3));
	sections[0].sh_size = 0;
	sections[1].sh_size = 2 << 20;
	assert_false(is_opened(head, sections, 3));
	sections[1].sh_size = 64;
	for (i = 2; i < 8; i++)
		sections[i] = (Elf64_Shdr){.sh_type = SHT_DYNSYM, .sh_offset = 4096, .sh_size = 900 << 10};
	other = head;
	other.e_shnum = 8;
	assert_false(is_opened(other, sections, 8));
	other.e_shnum = 3;
	assert_true(is_opened(other, sections, 8));
	other = head;
	other.e_ident[EI_CLASS] = ELFCLASS32;
	assert_false(is_opened(other, sections, 3));
}

/* ---- memory ---- */

static void test_memory(void **state)
{
	char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), copy[3 * 4096];
	size_t i;

	(void)state;
	pages[4096] = 'x';	/* the others are never touched */
	memset(copy, 'y', sizeof(copy));
	assert_int_equal(process_memory_read(getpid(), (uintptr_t)pages, copy, sizeof(copy)), 0);
	for (i = 0; i < sizeof(copy); i++)
		assert_int_equal(copy[i], i == 4096 ? 'x' : 0);
	munmap(pages + 2 * 4096, 4096);
	assert_int_equal(process_memory_read(getpid(), (uintptr_t)pages + 4090, copy, 4102), 0);
	assert_int_equal(process_memory_read(getpid(), (uintptr_t)pages + 4090, copy, 4103), -EFAULT);
	assert_int_equal(process_memory_read(getpid(), 1ULL << 55, copy, 8), -EFAULT);
	munmap(pages, 2 * 4096);
}

/* ---- budget ---- */

static void test_time(void **state)
{
	struct budget_file file = {0};
	__u64 begin, given_up;
	int stretches;

	(void)state;
	budget_reset();
	given_up = budget_given_up();
	for (stretches = 0; budget_begin(&file); stretches++) {
		begin = clock_now_ns();
		while (!budget_is_over())
			assert_true(clock_now_ns() - begin < 20 * NS_PER_S);
		budget_end(&file);
	}
	assert_in_range(stretches, 1, 3);	/* a quarter of the time comes back meanwhile */
	assert_true(budget_given_up() > given_up);
	assert_false(file.exhausted);		/* but not for this file */
	budget_reset();
	file.used_ns = 100 * NS_PER_S;
	assert_false(budget_begin(&file));
	assert_true(file.exhausted);
	budget_reset();
}

static void test_bytes(void **state)
{
	size_t n = 0;

	(void)state;
	while (budget_reserve(1 << 20))
		n++;
	assert_in_range(n, 16, 112);
	budget_release(1 << 20);
	assert_true(budget_reserve(1 << 20));
	assert_false(budget_reserve(SIZE_MAX));
	budget_release(n << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount_line), cmocka_unit_test(test_types), cmocka_unit_test(test_devices),
		cmocka_unit_test(test_only_regular_files), cmocka_unit_test(test_links), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_memory), cmocka_unit_test(test_time), cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
