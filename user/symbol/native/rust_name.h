/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* rust_name.h - a Rust symbol of the old kind in the form of the source. */
#ifndef SYMBOL_NATIVE_RUST_NAME_H
#define SYMBOL_NATIVE_RUST_NAME_H

/*
 * Rust's old symbols look like those of C++: a path that ends with a hash. Removes the hash from a demangled name and replaces the
 * escapes, in place, as nm -C does. Other names stay as they are.
 */
void rust_name_clean(char *plain);

#endif
