// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * capstone_calls.c - loads libcapstone when it is first needed, and passes its functions' calls on.
 *
 * The library takes more than 3 MiB of memory as soon as it is loaded, for the tables of all machines that it knows. Only a
 * profiler that probes functions needs it.
 */
#include <dlfcn.h>

#include "base/array.h"
#include "symbol/code/decoder.h"

#define SONAME(major) "libcapstone.so." STRING(major)
#define STRING(number) #number

static struct {
	cs_err (*open)(cs_arch, cs_mode, csh *);
	cs_err (*option)(csh, cs_opt_type, size_t);
	cs_err (*close)(csh *);
	cs_insn *(*malloc)(csh);
	void (*free)(cs_insn *, size_t);
	bool (*disasm_iter)(csh, const uint8_t **, size_t *, uint64_t *, cs_insn *);
} library;

static bool find_calls(void *handle)
{
	const struct {
		const char *name;
		void *to;
	} calls[] = {
		{"cs_open", &library.open}, {"cs_option", &library.option}, {"cs_close", &library.close}, {"cs_malloc", &library.malloc},
		{"cs_free", &library.free}, {"cs_disasm_iter", &library.disasm_iter},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!(*(void **)calls[i].to = dlsym(handle, calls[i].name)))
			return false;
	return true;
}

bool decoder_load(void)
{
	static bool loaded;
	void *handle;

	if (loaded)
		return true;
	handle = dlopen(SONAME(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
	loaded = handle && find_calls(handle);
	return loaded;
}

cs_err cs_open(cs_arch arch, cs_mode mode, csh *handle)
{
	return library.open(arch, mode, handle);
}

cs_err cs_option(csh handle, cs_opt_type type, size_t value)
{
	return library.option(handle, type, value);
}

cs_err cs_close(csh *handle)
{
	return library.close(handle);
}

cs_insn *cs_malloc(csh handle)
{
	return library.malloc(handle);
}

void cs_free(cs_insn *insn, size_t count)
{
	library.free(insn, count);
}

bool cs_disasm_iter(csh handle, const uint8_t **code, size_t *size, uint64_t *address, cs_insn *insn)
{
	return library.disasm_iter(handle, code, size, address, insn);
}
