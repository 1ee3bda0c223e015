// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * patches.c - a program that replaces a function of its own in memory, as hot-patchers and memory hooks do.
 *
 *     patches [breakpoint|nothing]
 *
 * It puts a jump to instead() over the begin of patched(), or a breakpoint whose signal leads there, or nothing. After "ready" and a
 * line it calls patched() CALLS times and prints {"calls": CALLS, "right": the number of calls that got instead()'s result}.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "truth.h"

#define CALLS 1000
#define PAGE 4096

int patched(int x);
__attribute__((noinline)) static int instead(int x) { return x + 2; }

#ifdef __x86_64__
__asm__(".globl patched\n.type patched,@function\n.p2align 5\n"
	"patched: push %rbp\nmov %rsp,%rbp\nlea 1(%rdi),%eax\nnopl 0(%rax)\npop %rbp\nret\n.size patched,.-patched\n");

static void on_breakpoint(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)instead;
}

static bool patch(bool breakpoint)
{
	const struct sigaction action = {.sa_sigaction = on_breakpoint, .sa_flags = SA_SIGINFO};
	unsigned char *code = (unsigned char *)patched, jump[5] = {0xe9};
	int32_t distance = (int32_t)((uintptr_t)instead - (uintptr_t)(code + sizeof(jump)));
	void *page = (void *)((uintptr_t)code & ~(uintptr_t)(PAGE - 1));

	memcpy(jump + 1, &distance, sizeof(distance));
	if (mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	if (breakpoint)
		code[0] = 0xcc;
	else
		memcpy(code, jump, sizeof(jump));
	if (sigaction(SIGTRAP, &action, NULL))
		return false;
	return !mprotect(page, 2 * PAGE, PROT_READ | PROT_EXEC);
}
#else
int patched(int x) { return instead(x); }
static bool patch(bool breakpoint) { return breakpoint && false; }
#endif

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "jump";
	int (*volatile call)(int) = patched;
	int i, right = 0;

	if (strcmp(how, "nothing") && !patch(!strcmp(how, "breakpoint")))
		return 1;
	truth_gate();
	for (i = 0; i < CALLS; i++)
		right += call(i) == i + 2;
	printf("{\"calls\": %d, \"right\": %d", CALLS, right);
	truth_close();
	return 0;
}
