// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * demangle.c - a C++ or Rust symbol in the form of the source, by the demangler of the C++ runtime.
 *
 * A symbol of a few hundred bytes can expand to gigabytes, because it may refer to its own parts repeatedly. So the output
 * is cut at a bound. This form of the demangler passes its output to a callback piece by piece and allocates no memory, so
 * the callback can leave it by longjmp().
 */
#include <assert.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "symbol/native/demangle.h"
#include "symbol/native/rust_name.h"

#define NAME_BYTES 4096

extern int __gcclibcxx_demangle_callback(const char *mangled, void (*piece)(const char *text, size_t size, void *ctx), void *ctx);

struct demangle_output {
	char text[NAME_BYTES];
	size_t used;
	jmp_buf full;
};

static void append_piece(const char *text, size_t size, void *ctx)
{
	struct demangle_output *out = ctx;

	assert(out->used <= NAME_BYTES - sizeof("..."));
	if (size > NAME_BYTES - sizeof("...") - out->used)
		longjmp(out->full, 1);
	memcpy(out->text + out->used, text, size);
	out->used += size;
}

char *demangle(const char *symbol)
{
	struct demangle_output out;

	out.used = 0;
	out.text[0] = 0;
	if (strncmp(symbol, "_Z", 2))
		return NULL;
	if (setjmp(out.full))
		memcpy(out.text + out.used, "...", sizeof("..."));
	else if (__gcclibcxx_demangle_callback(symbol, append_piece, &out))
		return NULL;
	else
		out.text[out.used] = 0;
	rust_name_clean(out.text);
	return strdup(out.text);
}
