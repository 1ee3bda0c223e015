/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sandbox_folders.h - limits a process to some folders in which it may create, write, rename and remove files. */
#ifndef SAFETY_SANDBOX_FOLDERS_H
#define SAFETY_SANDBOX_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Limits the calling process, permanently, by Landlock (Linux 5.13). Within these folders and below them it may create, write,
 * rename and remove regular files; files are not moved from one folder to another. Reading is not limited. The process must have
 * no_new_privs. Returns false, and limits nothing, on a kernel without Landlock, or if a folder cannot be allowed.
 */
bool sandbox_folders(const int *folders, size_t nr);

#endif
