// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * headless.c - a process whose main thread has ended before the attach.
 *
 *     headless [--sections K]
 *
 * Another thread prints "ready", runs "late" K times after the go, and ends the process.
 */
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"

static struct truth late = {.name = "late"};
static uint64_t sections = 5000;
static pthread_t main_thread;

static void *outlive(void *arg)
{
	dcbs_id id = dcbs_section_name(late.name);

	(void)arg;
	pthread_join(main_thread, NULL);
	truth_gate();
	for (; late.count < sections; late.count++)
		dcbs_section_end(dcbs_section_begin(id));
	truth_open();
	truth_sections(&late, 1);
	truth_close();
	exit(0);
}

int main(int argc, char **argv)
{
	const struct truth_option options[] = {{.name = "--sections", .number = &sections}, {0}};
	pthread_t thread;

	truth_options(argc, argv, options);
	main_thread = pthread_self();
	if (pthread_create(&thread, NULL, outlive, NULL))
		return 1;
	pthread_exit(NULL);
}
