// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * copies.c - two copies of the marker library in one process: the program's own, and that of a plugin.
 *
 *     copies [--plugin FILE] [--times N]
 *
 * Compiled with -DPLUGIN, -shared and libdcbs-markers.a it is the plugin, with the library inside. "program" runs N times
 * around "plugin", which the plugin marks around "back", which the program marks. "plugin-thread" runs N times on a thread
 * that only the plugin marks. Without a plugin the program's copy marks everything. A program that is compiled with
 * -DSTATIC and -static can load no plugin.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"

enum { PROGRAM, IN_PLUGIN, BACK, THREAD, SECTIONS };

/* The plugin's entry: runs a section of its own around a call. */
void plugin_section(const char *name, void (*inside)(void));

void plugin_section(const char *name, void (*inside)(void))
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name(name));

	if (inside)
		inside();
	dcbs_section_end(token);
}

#ifndef PLUGIN

static struct truth truths[SECTIONS] = {
	[PROGRAM] = {.name = "program"},
	[IN_PLUGIN] = {.name = "plugin"},
	[BACK] = {.name = "back"},
	[THREAD] = {.name = "plugin-thread"},
};
static void (*in_plugin)(const char *name, void (*inside)(void)) = plugin_section;
static uint64_t times = 100;

static void back(void)
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name("back"));

	truth_spin_ns(2000);
	dcbs_section_end(token);
	truths[BACK].count++;
}

static void program(void)
{
	uint64_t before = truth_now_ns(), begun, ending;
	dcbs_token token = dcbs_section_begin(dcbs_section_name("program"));

	begun = truth_now_ns();
	truth_spin_ns(1000);
	in_plugin("plugin", back);
	truths[IN_PLUGIN].count++;
	ending = truth_now_ns();
	dcbs_section_end(token);
	truth_add(&truths[PROGRAM], before, begun, ending, truth_now_ns());
}

static void *thread(void *arg)
{
	for (; truths[THREAD].count < times; truths[THREAD].count++)
		in_plugin("plugin-thread", NULL);
	return arg;
}

#ifdef STATIC
#define dlopen(file, flags) NULL
#define dlsym(plugin, name) NULL
#define dlerror() "a static program loads no plugins"
#endif

static int load(const char *file)
{
	void *plugin = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (plugin)
		in_plugin = (void (*)(const char *, void (*)(void)))dlsym(plugin, "plugin_section");
	if (plugin && in_plugin)
		return 0;
	fprintf(stderr, "%s\n", dlerror());
	return -1;
}

int main(int argc, char **argv)
{
	const char *plugin = NULL;
	const struct truth_option options[] = {
		{.name = "--plugin", .text = &plugin},
		{.name = "--times", .number = &times},
		{0},
	};
	pthread_t other;
	uint64_t i;

	truth_options(argc, argv, options);
	if (plugin && load(plugin))
		return 1;
	truth_gate();
	if (pthread_create(&other, NULL, thread, NULL))
		return 1;
	for (i = 0; i < times; i++)
		program();
	pthread_join(other, NULL);
	truth_open();
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}

#endif
