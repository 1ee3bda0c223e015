// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* return_check.c - checks that an address on a stack is a return address. */
#include <errno.h>

#include "collect/samples/return_check.h"

#if defined(__x86_64__)

static bool is_indirect_call(const unsigned char *end, int bytes)
{
	return end[-bytes] == 0xff && (end[1 - bytes] & 0x38) == 0x10;
}

static bool has_call_before(const struct target *target, __u64 address)
{
	unsigned char code[7], *end = code + sizeof(code);
	int err;

	err = target_read(target, address - sizeof(code), code, sizeof(code));
	if (err)
		return err == -ESRCH;
	return end[-5] == 0xe8 || is_indirect_call(end, 2) || is_indirect_call(end, 3) || is_indirect_call(end, 4) ||
	       is_indirect_call(end, 6) || is_indirect_call(end, 7);
}

#else

static bool has_call_before(const struct target *target, __u64 address)
{
	__u32 code;
	int err = target_read(target, address - sizeof(code), &code, sizeof(code));

	if (err)
		return err == -ESRCH;
	return code >> 26 == 0x25 || (code & 0xfffffc1f) == 0xd63f0000;	/* bl, blr */
}

#endif

bool return_check(struct return_cache *cache, const struct target *target, __u64 address)
{
	__u32 slot = (address ^ address >> 10) & (RETURN_CACHE - 1);

	if (cache->slots[slot].address == address && cache->slots[slot].pid == target->pid)
		return true;
	if (!has_call_before(target, address))
		return false;
	cache->slots[slot].address = address;
	cache->slots[slot].pid = target->pid;
	return true;
}
