/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * output_names.h - names of output files with %h, %p, %t and %n: the host, the first process, the time of the start, the number of
 * the run. %% is a percent sign.
 */
#ifndef CLI_COMMAND_OUTPUT_NAMES_H
#define CLI_COMMAND_OUTPUT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The values of the letters. */
struct output_facts {
	const char *host;	/* NULL: unknown; signs that a file name should not have are replaced */
	pid_t pid;
	double started_at;	/* Unix time */
	int number;		/* from 1 */
};

/* This machine, now. */
void output_facts_here(struct output_facts *facts, pid_t pid, int number);

/* Returns the first letter that stands for nothing, with '%' alone at the end of the name as '%'; 0: all are known. */
char output_names_unknown(const char *pattern);

/* Returns true if the name has this letter; 0: any letter. */
bool output_names_has(const char *pattern, char letter);

/* Stores the name. Returns -ENAMETOOLONG if there is no room for it. */
int output_names_expand(char *to, size_t size, const char *pattern, const struct output_facts *facts);

/*
 * Returns -EEXIST, with a line, if a name that was made of letters is taken by something else than a session: nobody has chosen
 * this name, so it must not replace anything. Files are looked at with the rights of the invoker.
 */
int output_names_check(const char *path);

#endif
