// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * demangle.c - the C++ runtime's own demangler, by the interface that hands its output over piece by piece.
 *
 * A symbol of a few hundred bytes can stand for gigabytes, by referring to its own parts again and again;
 * so the output is cut at a bound. This form of the demangler works on the stack alone, so that it can be left.
 */
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "symbol/native/demangle.h"

#define NAME_BYTES 4096

extern int __gcclibcxx_demangle_callback(const char *mangled, void (*piece)(const char *text, size_t size, void *ctx), void *ctx);

struct output {
	char text[NAME_BYTES];
	size_t used;
	jmp_buf full;
};

static void on_piece(const char *text, size_t size, void *ctx)
{
	struct output *out = ctx;

	if (size > NAME_BYTES - sizeof("...") - out->used)
		longjmp(out->full, 1);
	memcpy(out->text + out->used, text, size);
	out->used += size;
}

char *demangle(const char *symbol)
{
	struct output out;

	out.used = 0;
	out.text[0] = 0;
	if (strncmp(symbol, "_Z", 2))
		return NULL;
	if (setjmp(out.full))
		memcpy(out.text + out.used, "...", sizeof("..."));
	else if (__gcclibcxx_demangle_callback(symbol, on_piece, &out))
		return NULL;
	else
		out.text[out.used] = 0;
	return strdup(out.text);
}
