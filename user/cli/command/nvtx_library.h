/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* nvtx_library.h - the library that makes sections of NVTX ranges, for --nvtx. */
#ifndef CLI_COMMAND_NVTX_LIBRARY_H
#define CLI_COMMAND_NVTX_LIBRARY_H

#define NVTX_VARIABLE "NVTX_INJECTION64_PATH"	/* NVTX's own: the library that a program with ranges loads */
#define NVTX_LIBRARY_BYTES 4096

/*
 * Finds it beside this program, or in the folder lib beside this program's. Returns -ENOENT if it is in neither, and -EEXIST if the
 * variable is set already.
 */
int nvtx_library_find(char path[NVTX_LIBRARY_BYTES]);

#endif
