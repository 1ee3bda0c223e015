// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cmd_list.c - `dcbs-bpfprof list`: lists the running processes that carry markers. */
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "base/sanitize.h"
#include "cli/cmd_list.h"
#include "dcbs/profiler.h"

#define COLUMNS_BEFORE 37	/* of the command */
#define USER_BYTES 10

/* The name of a user, or its number if it has none. */
static void format_user(uid_t uid, char *to, size_t size)
{
	const struct passwd *user = uid == (uid_t)-1 ? NULL : getpwuid(uid);
	char *clean = user ? sanitize(user->pw_name, USER_BYTES) : NULL;

	if (clean)
		snprintf(to, size, "%s", clean);
	else if (uid == (uid_t)-1)
		snprintf(to, size, "-");
	else
		snprintf(to, size, "%u", (unsigned int)uid);
	free(clean);
}

/* In whole seconds, as the start is not known better than that. */
static struct human format_age(const struct dcbs_process *p)
{
	struct human age = {"-"};
	struct timespec now;
	double s;

	clock_gettime(CLOCK_REALTIME, &now);
	s = floor(fmax((double)now.tv_sec - p->started_at, 0));
	if (isnan(p->started_at))
		return age;
	if (s >= 60)
		return human_tight(human_time(s));
	snprintf(age.text, sizeof(age.text), "%ds", (int)s);
	return age;
}

/* The bytes of a command that a line of the terminal has room for: all of them without a terminal. No character is cut. */
static int command_bytes(const char *command)
{
	struct winsize size;
	size_t bytes = strlen(command);

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col <= COLUMNS_BEFORE ||
	    bytes <= (size_t)size.ws_col - COLUMNS_BEFORE)
		return (int)bytes;
	bytes = (size_t)size.ws_col - COLUMNS_BEFORE;
	while (bytes && ((unsigned char)command[bytes] & 0xc0) == 0x80)
		bytes--;
	return (int)bytes;
}

static void print_process(const struct dcbs_process *p)
{
	char user[32];

	format_user(p->uid, user, sizeof(user));
	printf("%8d %-10s %8s %6lld  %.*s\n", (int)p->pid, user, format_age(p).text, (long long)p->names,
	       command_bytes(p->command), p->command);
}

int cmd_list(void)
{
	struct dcbs_process *list;
	size_t i, nr;
	int err = dcbs_profiler_list(&list, &nr);

	if (err)
		return err;
	if (nr)
		printf("%8s %-10s %8s %6s  %s\n", "PID", "USER", "AGE", "NAMES", "COMMAND");
	else
		printf("no running process carries markers%s\n", geteuid() ? " that this user may see (root sees all)" : "");
	for (i = 0; i < nr; i++)
		print_process(&list[i]);
	dcbs_profiler_list_free(list, nr);
	return 0;
}
