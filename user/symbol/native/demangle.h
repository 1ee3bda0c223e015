/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* demangle.h - a C++ symbol, or one of Rust's old kind, in the form of the source. */
#ifndef SYMBOL_NATIVE_DEMANGLE_H
#define SYMBOL_NATIVE_DEMANGLE_H

/* The caller frees the result; NULL: no C++ symbol. */
char *demangle(const char *symbol);

#endif
