// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * static_program.c - a program of `make static` loads no code at run time.
 *
 * A shared library of the system would bring the system's C library, which need not be of the version that is linked in.
 * This file is part of the static program alone.
 */
#include <dlfcn.h>
#include <nss.h>

#include "symbol/code/decoder.h"

/* Users and groups come from /etc/passwd and /etc/group: any other source is a module that the C library loads. */
static void __attribute__((constructor)) name_services_restrict(void)
{
	static const char *const databases[] = {"passwd", "group", "initgroups"};
	size_t i;

	for (i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		__nss_configure_lookup(databases[i], "files");
}

/* Takes the place of the C library's: libdw asks for libdebuginfod at its start. */
void *dlopen(const char *file, int mode)
{
	(void)file, (void)mode;
	return NULL;
}

/* Takes the place of capstone_calls.c: libcapstone is linked in. */
bool decoder_load(void)
{
	return true;
}
