// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * reload.c - loads a plugin that carries the markers, uses it, and unloads it, repeatedly.
 *
 *     reload --plugin FILE [--other FILE] [--rounds N] [--each K]
 *
 * In each round it loads the plugin (tests/targets/markers/copies.c with -DPLUGIN; every second time the other one). The
 * plugin runs "plugin" K times here and on a thread that ends before the plugin is unloaded, and "stays" on a thread that
 * ends after that. "program" runs K times in between. `unloaded` counts the rounds after which the plugin was unloaded.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"

typedef void (*plugin_section)(const char *name, void (*inside)(void));

enum { PLUGIN, STAYS, PROGRAM, SECTIONS };

static struct truth truths[SECTIONS] = {{.name = "plugin"}, {.name = "stays"}, {.name = "program"}};
static uint64_t each = 100;
static plugin_section in_plugin;
static pthread_barrier_t used, unloaded;

static void run_plugin(const char *name)
{
	uint64_t i;

	for (i = 0; i < each; i++)
		in_plugin(name, NULL);
}

static void *ends_before(void *arg)
{
	run_plugin("plugin");
	return arg;
}

static void *ends_after(void *arg)
{
	run_plugin("stays");
	pthread_barrier_wait(&used);
	pthread_barrier_wait(&unloaded);
	return arg;
}

static void program(void)
{
	uint64_t i;

	for (i = 0; i < each; i++)
		dcbs_section_end(dcbs_section_begin(dcbs_section_name("program")));
	truths[PROGRAM].count += each;
}

static void *load(const char *file)
{
	void *plugin = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	in_plugin = plugin ? (plugin_section)dlsym(plugin, "plugin_section") : NULL;
	if (in_plugin)
		return plugin;
	fprintf(stderr, "%s\n", dlerror());
	exit(1);
}

static bool is_gone(const char *file)
{
	void *plugin = dlopen(file, RTLD_NOW | RTLD_NOLOAD);

	if (plugin)
		dlclose(plugin);
	return !plugin;
}

/* Returns true if the plugin is unloaded at the end of the round. */
static bool round_of(const char *file)
{
	void *plugin = load(file);
	pthread_t before, after;
	bool gone;

	if (pthread_create(&before, NULL, ends_before, NULL) || pthread_create(&after, NULL, ends_after, NULL))
		exit(1);
	run_plugin("plugin");
	pthread_join(before, NULL);
	pthread_barrier_wait(&used);
	dlclose(plugin);
	gone = is_gone(file);
	pthread_barrier_wait(&unloaded);
	pthread_join(after, NULL);
	truths[PLUGIN].count += 2 * each;
	truths[STAYS].count += each;
	program();
	return gone;
}

int main(int argc, char **argv)
{
	const char *plugin = NULL, *other = NULL;
	uint64_t rounds = 50, gone = 0, i;
	const struct truth_option options[] = {
		{.name = "--plugin", .text = &plugin},
		{.name = "--other", .text = &other},
		{.name = "--rounds", .number = &rounds},
		{.name = "--each", .number = &each},
		{0},
	};

	truth_options(argc, argv, options);
	pthread_barrier_init(&used, NULL, 2);
	pthread_barrier_init(&unloaded, NULL, 2);
	dlclose(load(plugin));	/* the leading copy is loaded before the attach */
	truth_gate();
	for (i = 0; i < rounds; i++)
		gone += round_of(other && i % 2 ? other : plugin);
	truth_open();
	truth_number("unloaded", gone);
	truth_sections(truths, SECTIONS);
	truth_close();
	return 0;
}
