/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* demangle.h - a C++ symbol as people write it. */
#ifndef SYMBOL_NATIVE_DEMANGLE_H
#define SYMBOL_NATIVE_DEMANGLE_H

/* To be freed; NULL if it is no C++ symbol. */
char *demangle(const char *symbol);

#endif
