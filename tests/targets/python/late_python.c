// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* late_python.c - loads the interpreter after a while, as a plugin host does: late_python LIBPYTHON SECONDS_BEFORE SECONDS_AFTER */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char program[] =
	"import time\n"
	"def embedded_work():\n"
	"    end = time.perf_counter() + 0.05\n"
	"    while time.perf_counter() < end: pass\n"
	"end = time.time() + %s\n"
	"while time.time() < end: embedded_work()\n";

int main(int argc, char **argv)
{
	void *library;
	void (*start)(void);
	int (*run)(const char *);
	char text[512];

	if (argc != 4)
		return 2;
	usleep((useconds_t)(1e6 * atof(argv[2])));
	library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	if (!library)
		return 1;
	*(void **)&start = dlsym(library, "Py_Initialize");
	*(void **)&run = dlsym(library, "PyRun_SimpleString");
	snprintf(text, sizeof(text), program, argv[3]);
	start();
	return run(text) ? 1 : 0;
}
