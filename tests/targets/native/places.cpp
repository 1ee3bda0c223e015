// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * places.cpp - code that prints where it is: each place as JSON, with the functions there, innermost first.
 *
 *	{"address": A, "return": 0 or 1, "expect": [["function", "file", line], ...]}
 *
 * A name that is null need not be known without DWARF. Then it prints a line "ready" and obeys commands: "jit NAME" puts
 * a function into anonymous memory and its name into /tmp/perf-PID.map, and prints the address; "register SYMBOL" registers it for
 * debuggers instead, with "lie N" the list of such functions goes on for ever (1), is not mapped (2), or has too large an object (3).
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "jit_object.h"

#define NOINLINE __attribute__((noinline, noclone))
#define INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#define HERE(pc) asm volatile("lea 0(%%rip), %0" : "=r"(pc))
#else
#define HERE(pc) asm volatile("adr %0, ." : "=r"(pc))
#endif

struct frame {
	const char *function;
	int line;
};

static bool first = true;

static void say(uint64_t address, bool is_return, const std::vector<frame> &frames)
{
	std::printf("%s{\"address\": %llu, \"return\": %d, \"expect\": [", first ? "" : ", ", (unsigned long long)address, is_return);
	for (size_t i = 0; i < frames.size(); i++)
		std::printf("%s[\"%s\", \"%s\", %d]", i ? ", " : "", frames[i].function, __FILE__, frames[i].line);
	std::printf("]}");
	first = false;
}

static uint64_t pc;
static int line;

extern "C" NOINLINE int plain_function(int x)
{
	HERE(pc); line = __LINE__;
	return x + 1;
}

static INLINE int innermost(int x)
{
	HERE(pc); line = __LINE__;
	return x * 3;
}

enum { MIDDLE_LINE = __LINE__ + 3 };
static INLINE int middle(int x)
{
	return innermost(x + 1) - 1;
}

enum { OUTER_LINE = __LINE__ + 3 };
extern "C" NOINLINE int outer_function(int x)
{
	return middle(x) + 7;
}

namespace space {

template <typename T> struct Thing {
	NOINLINE int method(T x) const
	{
		HERE(pc); line = __LINE__;
		return (int)x;
	}
};

} // namespace space

extern "C" NOINLINE uint64_t who_calls()
{
	asm volatile("");
	return (uint64_t)__builtin_return_address(0);
}

enum { CALL_LINE = __LINE__ + 3 };
extern "C" NOINLINE int calling_function(uint64_t *to)
{
	*to = who_calls();
	return 1;
}

static NOINLINE int local_function(int x)
{
	HERE(pc); line = __LINE__;
	return x;
}

static void *make_code()
{
	return mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* The function begins 64 bytes after the code's begin, and takes 256 bytes. */
static void register_object(const char *symbol)
{
	uint64_t code = (uint64_t)make_code();

	jit_object_register(symbol, code, 4096, 64, 256);
	std::printf("%llu\n", (unsigned long long)code + 64);
}

static void lie(int how)
{
	jit_code_entry *first = __jit_debug_descriptor.first;

	if (how == 1)
		first->next = first;
	else if (how == 2)
		first->next = (jit_code_entry *)4096;
	else
		first->size = 1ULL << 40;
	__jit_debug_descriptor.first = first;
	std::puts("0");
}

static void jit(const char *name)
{
	char path[64];
	void *code = make_code();
	std::FILE *map;

	std::snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = std::fopen(path, "a");
	if (map) {
		std::fprintf(map, "%llx 100 %s\n", (unsigned long long)code, name);
		std::fclose(map);
	}
	std::printf("%llu\n", (unsigned long long)code);
}

static void say_all()
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *in_vdso = vdso ? dlsym(vdso, "__vdso_clock_gettime") : nullptr;
	uint64_t caller;

	plain_function(1);
	say(pc, false, {{"plain_function", line}});
	outer_function(1);
	say(pc, false, {{"innermost", line}, {"middle", MIDDLE_LINE}, {"outer_function", OUTER_LINE}});
	space::Thing<int>().method(4);
	say(pc, false, {{"space::Thing<int>::method(int) const", line}});
	calling_function(&caller);
	say(caller, true, {{"calling_function", CALL_LINE}});
	local_function(2);
	say(pc, false, {{"local_function(int)", line}});
	std::printf("], \"libc\": %llu, \"vdso\": %llu, \"in_vdso\": %llu}\n",
		    (unsigned long long)dlsym(RTLD_DEFAULT, "getenv"), (unsigned long long)getauxval(AT_SYSINFO_EHDR),
		    (unsigned long long)in_vdso);
}

int main()
{
	char order[256];

	std::printf("{\"places\": [");
	say_all();
	std::fflush(stdout);
	while (std::fgets(order, sizeof(order), stdin)) {
		order[std::strcspn(order, "\n")] = 0;
		if (!std::strncmp(order, "jit ", 4))
			jit(order + 4);
		else if (!std::strncmp(order, "register ", 9))
			register_object(order + 9);
		else if (!std::strncmp(order, "lie ", 4))
			lie(std::atoi(order + 4));
		std::fflush(stdout);
	}
	return 0;
}
