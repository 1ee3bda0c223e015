// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* presets.c - the presets of --sections: files NAME.sections in the folders of the user, of this machine, and of this program. */
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/options/section_word.h"
#include "cli/presets/presets.h"
#include "safety/invoker.h"

#define FOLDERS 4
#define PATH_BYTES 4096
#define NAMES_BYTES 256
#define SUFFIX ".sections"

struct preset_folders {
	char paths[FOLDERS][PATH_BYTES];
	size_t nr;
};

/* ---- folders ---- */

static void add_folder(struct preset_folders *folders, const char *base, size_t base_length, const char *below)
{
	char *path = folders->paths[folders->nr];

	if (base_length && snprintf(path, PATH_BYTES, "%.*s%s", (int)base_length, base, below) < PATH_BYTES)
		folders->nr++;
}

/* A profiler that is root for another user has no HOME. */
static void add_user_folder(struct preset_folders *folders)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const struct passwd *user = !home && !invoker_find() ? getpwuid(invoker_uid()) : NULL;

	home = user ? user->pw_dir : home;
	if (config && *config == '/')
		add_folder(folders, config, strlen(config), "/dcbs-bpfprof");
	else if (home && *home == '/')
		add_folder(folders, home, strlen(home), "/.config/dcbs-bpfprof");
}

static void find_folders(struct preset_folders *folders)
{
	char program[PATH_BYTES] = "";
	const char *slash;

	folders->nr = 0;
	add_user_folder(folders);
	add_folder(folders, "/etc", strlen("/etc"), "/dcbs-bpfprof");
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0 || !(slash = strrchr(program, '/')))
		return;
	add_folder(folders, program, (size_t)(slash - program) + 1, "../share/dcbs-bpfprof");
	add_folder(folders, program, (size_t)(slash - program) + 1, "presets");
}

/* ---- names ---- */

static bool is_preset_name(const char *name)
{
	return *name && *name != '.' && strlen(name) < PRESET_NAME_BYTES &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")];
}

/* Returns the length of the preset's name in that of a file; 0: it is no preset. */
static size_t preset_name_length(const char *file)
{
	size_t n = strlen(file), suffix = strlen(SUFFIX);

	return n > suffix && n - suffix < PRESET_NAME_BYTES && !strcmp(file + n - suffix, SUFFIX) && *file != '.' ? n - suffix : 0;
}

/* Calls visit(ctx, name, path) for each preset that there is. A name that comes again is another file of that name. */
static void each_preset(void (*visit)(void *ctx, const char *name, const char *path), void *ctx)
{
	char name[PRESET_NAME_BYTES], path[2 * PATH_BYTES];
	struct preset_folders folders;
	struct dirent *entry;
	size_t i, n;
	DIR *dir;

	find_folders(&folders);
	for (i = 0; i < folders.nr; i++) {
		dir = opendir(folders.paths[i]);
		while (dir && (entry = readdir(dir))) {
			n = preset_name_length(entry->d_name);
			snprintf(name, sizeof(name), "%.*s", (int)n, entry->d_name);
			snprintf(path, sizeof(path), "%s/%s", folders.paths[i], entry->d_name);
			if (n && is_preset_name(name))
				visit(ctx, name, path);
		}
		if (dir)
			closedir(dir);
	}
}

static void list_name(void *ctx, const char *name, const char *path)
{
	char *list = ctx;
	size_t n = strlen(list);

	(void)path;
	if (n + strlen(name) + 3 < NAMES_BYTES && !strstr(list, name))
		snprintf(list + n, NAMES_BYTES - n, "%s%s", n ? ", " : "", name);
}

/* ---- one preset ---- */

static int find_preset(char path[2 * PATH_BYTES], const char *name)
{
	struct preset_folders folders;
	char list[NAMES_BYTES] = "";
	size_t i;

	find_folders(&folders);
	for (i = 0; i < folders.nr && is_preset_name(name); i++) {
		snprintf(path, 2 * PATH_BYTES, "%s/%s" SUFFIX, folders.paths[i], name);
		if (!access(path, F_OK))
			return 0;
	}
	each_preset(list_name, list);
	return fail(-ENOENT, "there is no such preset; there are: %s; a file has a slash in its name, or ends in " SUFFIX,
		    *list ? list : "none");
}

static int add_functions(struct opts *opts, const struct preset *preset, const char *word)
{
	struct dcbs_options *profile = &opts->profile;
	size_t i;

	for (i = 0; i < preset->nr_functions; i++) {
		if (section_word_find(opts->sections, profile->nr_sections, &preset->functions[i]))
			continue;
		if (section_word_mixes(opts->sections, profile->nr_sections, &preset->functions[i]))
			return fail(-EINVAL, "section %s has native functions and functions of Python; it may have one kind",
				    preset->functions[i].name);
		if (profile->nr_sections == OPTS_MAX)
			return fail(-E2BIG, "its functions are too many: at most %d may be sections", OPTS_MAX);
		opts->sections[profile->nr_sections] = preset->functions[i];
		opts->sections[profile->nr_sections++].preset = word;
	}
	return 0;
}

/* The strings of the sections are those of the file, which is never freed. */
int presets_add(struct opts *opts, const char *word)
{
	size_t length = preset_name_length(word);
	char path[2 * PATH_BYTES];
	struct preset preset;
	int err = 0;

	if (strchr(word, '/') || length)
		snprintf(path, sizeof(path), "%s", word);
	else
		err = find_preset(path, word);
	if (!err)
		err = preset_file_read(&preset, path);
	return err ? err : add_functions(opts, &preset, word);
}

/* ---- all presets, for proposals ---- */

static void read_package(void *ctx, const char *name, const char *path)
{
	struct preset_list *all = ctx;
	struct preset *preset = &all->presets[all->nr];
	size_t i;

	for (i = 0; i < all->nr; i++)
		if (!strcmp(all->names[i], name))
			return;
	if (all->nr == PRESETS_MOST || preset_file_read(preset, path))
		return;
	snprintf(all->names[all->nr], sizeof(all->names[all->nr]), "%s", name);
	all->packages[all->nr] = (struct dcbs_package){all->names[all->nr], preset->paths, preset->nr_paths};
	all->nr++;
}

void presets_find(struct preset_list *all)
{
	all->nr = 0;
	each_preset(read_package, all);
}

void presets_free(struct preset_list *all)
{
	while (all->nr)
		preset_file_free(&all->presets[--all->nr]);
}
