// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* driver_functions.c - see driver_functions.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/elf_file.h"
#include "collect/gpu/driver_functions.h"
#include "collect/overhead/calibrate.h"

#define SECTIONS_MOST 128
#define SYMBOLS_MOST 32768	/* a driver exports some thousand */
#define SYMBOLS_READ 64		/* at a time */
#define NAME_BYTES 40

#define WAITS		GPU_COOKIE(GPU_SYNC, 0, 0, 0)
#define COPIES(kind)	GPU_COOKIE(kind, 1, 0, 0)
#define BEGINS(kind)	GPU_COOKIE(kind, 1, 0, 1)
#define UNTIMED(kind)	GPU_COOKIE(kind, 0, 0, 0)

/*
 * "_v2" tells versions of a function apart, "_ptds" and "_ptsz" those that use the calling thread's own stream. libcudart calls the same
 * functions of libcuda, whether it is linked into a program or not.
 */
static const struct {
	const char *name;
	__u64 cookie;
} known[] = {
	{"cuStreamSynchronize", WAITS}, {"cuStreamSynchronize_ptsz", WAITS}, {"cuCtxSynchronize", WAITS}, {"cuCtxSynchronize_v2", WAITS},
	{"cuEventSynchronize", WAITS},
	{"cuMemcpyHtoD_v2", COPIES(GPU_TO_DEVICE)}, {"cuMemcpyHtoD_v2_ptds", COPIES(GPU_TO_DEVICE)},
	{"cuMemcpyDtoH_v2", COPIES(GPU_TO_HOST)}, {"cuMemcpyDtoH_v2_ptds", COPIES(GPU_TO_HOST)},
	{"cuMemcpyDtoD_v2", COPIES(GPU_ON_DEVICE)}, {"cuMemcpyDtoD_v2_ptds", COPIES(GPU_ON_DEVICE)},
	{"cuMemcpy", COPIES(GPU_COPY)}, {"cuMemcpy_ptds", COPIES(GPU_COPY)},
	{"cuMemcpyHtoDAsync_v2", BEGINS(GPU_TO_DEVICE)}, {"cuMemcpyHtoDAsync_v2_ptsz", BEGINS(GPU_TO_DEVICE)},
	{"cuMemcpyDtoHAsync_v2", BEGINS(GPU_TO_HOST)}, {"cuMemcpyDtoHAsync_v2_ptsz", BEGINS(GPU_TO_HOST)},
	{"cuMemcpyDtoDAsync_v2", BEGINS(GPU_ON_DEVICE)}, {"cuMemcpyDtoDAsync_v2_ptsz", BEGINS(GPU_ON_DEVICE)},
	{"cuMemcpyAsync", BEGINS(GPU_COPY)}, {"cuMemcpyAsync_ptsz", BEGINS(GPU_COPY)},
	{"hipStreamSynchronize", WAITS}, {"hipStreamSynchronize_spt", WAITS}, {"hipDeviceSynchronize", WAITS},
	{"hipEventSynchronize", WAITS}, {"hipCtxSynchronize", WAITS},
	{"hipMemcpyHtoD", COPIES(GPU_TO_DEVICE)}, {"hipMemcpyDtoH", COPIES(GPU_TO_HOST)}, {"hipMemcpyDtoD", COPIES(GPU_ON_DEVICE)},
	{"hipMemcpyHtoDAsync", BEGINS(GPU_TO_DEVICE)}, {"hipMemcpyDtoHAsync", BEGINS(GPU_TO_HOST)},
	{"hipMemcpyDtoDAsync", BEGINS(GPU_ON_DEVICE)},
	{"hipMemcpy", GPU_COOKIE(GPU_COPY, 1, 1, 0)}, {"hipMemcpy_spt", GPU_COOKIE(GPU_COPY, 1, 1, 0)},
	{"hipMemcpyWithStream", GPU_COOKIE(GPU_COPY, 1, 1, 0)}, {"hipMemcpyAsync", GPU_COOKIE(GPU_COPY, 1, 1, 1)},
	{"hipMemcpyAsync_spt", GPU_COOKIE(GPU_COPY, 1, 1, 1)},
	{"cuMemAlloc_v2", UNTIMED(GPU_TAKE)}, {"cuMemAllocManaged", UNTIMED(GPU_TAKE)}, {"cuMemAllocPitch_v2", UNTIMED(GPU_TAKE_PITCHED)},
	{"cuMemAllocAsync", UNTIMED(GPU_TAKE)}, {"cuMemAllocAsync_ptsz", UNTIMED(GPU_TAKE)},
	{"cuMemAllocFromPoolAsync", UNTIMED(GPU_TAKE)}, {"cuMemAllocFromPoolAsync_ptsz", UNTIMED(GPU_TAKE)},
	{"cuMemFree_v2", UNTIMED(GPU_GIVE)}, {"cuMemFreeAsync", UNTIMED(GPU_GIVE)}, {"cuMemFreeAsync_ptsz", UNTIMED(GPU_GIVE)},
	{"cuMemCreate", UNTIMED(GPU_TAKE_HANDLE)}, {"cuMemRelease", UNTIMED(GPU_GIVE_HANDLE)},
	{"cuLaunchKernel", UNTIMED(GPU_LAUNCH)}, {"cuLaunchKernel_ptsz", UNTIMED(GPU_LAUNCH)}, {"cuLaunchKernelEx", UNTIMED(GPU_LAUNCH)},
	{"cuLaunchKernelEx_ptsz", UNTIMED(GPU_LAUNCH)}, {"cuGraphLaunch", UNTIMED(GPU_LAUNCH)}, {"cuGraphLaunch_ptsz", UNTIMED(GPU_LAUNCH)},
	{"hipLaunchKernel", UNTIMED(GPU_LAUNCH)}, {"hipLaunchKernel_spt", UNTIMED(GPU_LAUNCH)},
	{"hipModuleLaunchKernel", UNTIMED(GPU_LAUNCH)}, {"hipGraphLaunch", UNTIMED(GPU_LAUNCH)},
	{"hipMalloc", UNTIMED(GPU_TAKE)}, {"hipMallocManaged", UNTIMED(GPU_TAKE)}, {"hipExtMallocWithFlags", UNTIMED(GPU_TAKE)},
	{"hipMallocPitch", UNTIMED(GPU_TAKE_PITCHED)}, {"hipMemAllocPitch", UNTIMED(GPU_TAKE_PITCHED)},
	{"hipMallocAsync", UNTIMED(GPU_TAKE)}, {"hipMallocFromPoolAsync", UNTIMED(GPU_TAKE)},
	{"hipFree", UNTIMED(GPU_GIVE)}, {"hipFreeAsync", UNTIMED(GPU_GIVE)},
	{"hipMemCreate", UNTIMED(GPU_TAKE_HANDLE)}, {"hipMemRelease", UNTIMED(GPU_GIVE_HANDLE)},
};

_Static_assert(ARRAY_SIZE(known) <= DRIVER_FUNCTIONS_MAX, "there is room for all");

enum driver_group driver_functions_group(__u64 cookie)
{
	if (GPU_COOKIE_KIND(cookie) == GPU_LAUNCH)
		return DRIVER_LAUNCHES;
	return GPU_KIND_IS_TIMED(GPU_COOKIE_KIND(cookie)) ? DRIVER_CALLS : DRIVER_MEMORY;
}

bool driver_functions_are_known(enum library_kind kind)
{
	return kind == LIBRARY_CUDA || kind == LIBRARY_HIP;
}

/* Returns 0 if it is none of them. */
static __u64 cookie_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].cookie;
	return 0;
}

/* ---- entries ---- */

static bool begins_with(const unsigned char *code, size_t left, const char *bytes, size_t size)
{
	return left >= size && !memcmp(code, bytes, size);
}

/* The kernel may turn a probe on a nop of several bytes into a call, which children that are forked do not survive. */
static bool is_long_nop(const unsigned char *code)
{
	return (code[0] == 0x0f && code[1] == 0x1f) || (code[0] == 0x66 && (code[1] == 0x90 || code[1] == 0x0f || code[1] == 0x2e));
}

/* A probe behind endbr64, which the kernel would have to step over, sees the same stack. */
static void add_function(struct driver_functions *functions, int fd, __u64 offset, __u64 cookie)
{
	unsigned char code[DRIVER_CODE_BYTES + 4] = {0};
	ssize_t n = pread(fd, code, sizeof(code), (off_t)offset);
	size_t passed = n > 0 && begins_with(code, (size_t)n, "\xf3\x0f\x1e\xfa", 4) ? 4 : 0;
	struct driver_function *f = &functions->list[functions->nr];
	__u32 i;

	if (n < (ssize_t)sizeof(code) || is_long_nop(code + passed) || functions->nr == DRIVER_FUNCTIONS_MAX)
		return;
	*f = (struct driver_function){.offset = offset + passed, .cookie = cookie};
	memcpy(f->code, code + passed, sizeof(f->code));
	for (i = 0; i < functions->nr; i++)
		if (functions->list[i].offset == f->offset)
			return;
	functions->nr++;
	functions->stepped |= calibrate_is_stepped(f->code);
}

/* ---- symbols ---- */

struct symbol_tables {
	Elf64_Shdr symbols, names;
};

static int read_section(int fd, const Elf64_Ehdr *file, __u32 i, Elf64_Shdr *to)
{
	off_t at = (off_t)(file->e_shoff + (__u64)i * sizeof(*to));

	return i < file->e_shnum && pread(fd, to, sizeof(*to), at) == sizeof(*to) ? 0 : -ENOEXEC;
}

static int find_tables(struct symbol_tables *tables, int fd)
{
	Elf64_Ehdr file;
	__u32 i;

	if (pread(fd, &file, sizeof(file), 0) != sizeof(file) || file.e_shentsize != sizeof(Elf64_Shdr))
		return -ENOEXEC;
	for (i = 0; i < file.e_shnum && i < SECTIONS_MOST; i++)
		if (!read_section(fd, &file, i, &tables->symbols) && tables->symbols.sh_type == SHT_DYNSYM)
			return read_section(fd, &file, tables->symbols.sh_link, &tables->names);
	return -ENOEXEC;
}

static void look_at_symbol(struct driver_functions *functions, const struct elf_file *elf, const Elf64_Shdr *names, const Elf64_Sym *symbol)
{
	char name[NAME_BYTES + 1] = "";
	__u64 offset, cookie;

	if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_shndx || symbol->st_name >= names->sh_size ||
	    pread(elf->fd, name, NAME_BYTES, (off_t)(names->sh_offset + symbol->st_name)) <= 0)
		return;
	cookie = cookie_of(name);
	if (cookie && !elf_file_code_offset(elf, symbol->st_value, &offset))
		add_function(functions, elf->fd, offset, cookie);
}

int driver_functions_find(struct driver_functions *functions, int fd)
{
	struct symbol_tables tables;
	Elf64_Sym symbols[SYMBOLS_READ];
	struct elf_file elf;
	__u64 nr, at = 0;
	ssize_t n, i;

	memset(functions, 0, sizeof(*functions));
	if (elf_file_open(&elf, fd) || find_tables(&tables, fd))
		return -ENOEXEC;
	nr = tables.symbols.sh_size / sizeof(*symbols);
	for (nr = nr < SYMBOLS_MOST ? nr : SYMBOLS_MOST; at < nr; at += SYMBOLS_READ) {
		n = pread(fd, symbols, sizeof(symbols), (off_t)(tables.symbols.sh_offset + at * sizeof(*symbols)));
		for (i = 0; i < n / (ssize_t)sizeof(*symbols) && at + (__u64)i < nr; i++)
			look_at_symbol(functions, &elf, &tables.names, &symbols[i]);
	}
	return 0;
}

static bool has_place(const struct driver_functions *functions, __u64 offset, __u64 cookie)
{
	__u32 i;

	for (i = 0; i < functions->nr; i++)
		if (functions->list[i].offset == offset && functions->list[i].cookie == cookie)
			return true;
	return false;
}

bool driver_functions_have(int fd, const struct uprobe_places *places)
{
	struct driver_functions functions;
	__u32 i;

	if (!places->nr || places->nr > UPROBE_PLACES_MAX || driver_functions_find(&functions, fd))
		return false;
	for (i = 0; i < places->nr; i++)
		if (!has_place(&functions, places->offsets[i], places->cookies[i]))
			return false;
	return true;
}
