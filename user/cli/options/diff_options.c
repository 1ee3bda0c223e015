// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* diff_options.c - reads the command line of `diff` by its table of options. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sanitize.h"
#include "cli/options/diff_options.h"
#include "cli/options/getopt_table.h"
#include "cli/options/help.h"
#include "render/comparison_format.h"

/* The words of a command line that are no options. Without -- there must be two: OLD and NEW. */
struct diff_words {
	struct diff_opts *opts;
	bool is_new;		/* the words are behind -- */
	bool has_divider;
	bool metrics_given;
	enum command command;
};

static void add_file(const char **files, size_t *nr, const char *file)
{
	if (*nr == COMPARISON_SESSIONS)
		refuse("%s: at most %d sessions on each side", file, COMPARISON_SESSIONS);
	files[(*nr)++] = file;
}

static void add_side_word(void *ctx, char *arg)
{
	struct diff_words *words = ctx;

	if (words->is_new || (!words->has_divider && words->opts->nr_old == 1))
		add_file(words->opts->new_files, &words->opts->nr_new, arg);
	else
		add_file(words->opts->old_files, &words->opts->nr_old, arg);
}

/* ---- one function for each type of option ---- */

static double parse_percent(const struct option_row *row, const char *arg)
{
	char *end;
	double v = strtod(arg, &end);

	if (!strcmp(end, "%"))
		v /= 100;
	if (end == arg || (*end && strcmp(end, "%")) || !(v >= row->min && v <= row->max))
		refuse("--%s %s: must be from %g%% to %g%%", row->name, arg, row->min * 100, row->max * 100);
	return v;
}

/* The first one replaces the presets. */
static void add_metric(struct diff_words *words, const struct option_row *row, const char *arg)
{
	struct comparison_options *c = &words->opts->compare;

	if (!words->metrics_given)
		c->nr_metrics = 0;
	words->metrics_given = true;
	if (c->nr_metrics == METRIC_MOST)
		refuse("--%s: at most %d of them", row->name, METRIC_MOST);
	if (!metric_parse(&c->metrics[c->nr_metrics++], arg, strlen(arg)))
		refuse("--%s %s: there is no such metric; there are: %s", row->name, arg, metric_names());
}

static void set_change_order(struct diff_opts *opts, const struct option_row *row, const char *arg)
{
	static const char *const words[] = {
		[COMPARISON_BY_DELTA] = "delta", [COMPARISON_BY_CHANGE] = "change", [COMPARISON_BY_NAME] = "name",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], arg)) {
			opts->compare.order = (enum comparison_order)i;
			return;
		}
	refuse("--%s %s: there is no such order; there are: delta, change, name", row->name, arg);
}

/* The text is printed in the results. */
static void add_limit(struct diff_opts *opts, const struct option_row *row, const char *arg)
{
	char *text = sanitize(arg, 2 * LIMIT_TEXT_BYTES);

	if (opts->compare.nr_limits == LIMIT_MOST)
		refuse("--%s: at most %d of them", row->name, LIMIT_MOST);
	if (!text || limit_parse(&opts->compare.limits[opts->compare.nr_limits++], text))
		refuse("%s", dcbs_profiler_error());
	free(text);
}

static void set_inconclusive(struct diff_opts *opts, const struct option_row *row, const char *arg)
{
	opts->inconclusive_fails = !strcmp(arg, "fail");
	if (!opts->inconclusive_fails && strcmp(arg, "pass"))
		refuse("--%s %s: must be fail or pass", row->name, arg);
}

static void set_comparison_format(struct diff_opts *opts, const struct option_row *row, const char *arg)
{
	opts->format = arg;
	if (!comparison_format_by_name(arg))
		refuse("--%s %s: there is no such format; there are: %s", row->name, arg, comparison_format_names());
}

static void set_diff_option(void *ctx, const struct option_row *row, char *arg)
{
	struct diff_words *words = ctx;
	struct diff_opts *opts = words->opts;
	void *field = (char *)opts + row->offset;

	if (!(row->commands & OPTION_COMMAND(words->command)))
		refuse("--%s: `dcbs-bpfprof %s` does not take this option", row->name, words->command == COMMAND_GATE ? "gate" : "diff");
	switch (row->type) {
	case OPTION_OLD_FILE:
		return add_file(opts->old_files, &opts->nr_old, arg);
	case OPTION_NEW_FILE:
		return add_file(opts->new_files, &opts->nr_new, arg);
	case OPTION_METRIC:
		return add_metric(words, row, arg);
	case OPTION_PER:
		if (!metric_parse_per(&opts->compare.per, arg))
			refuse("--%s %s: must be call, item, second or run", row->name, arg);
		return;
	case OPTION_PERCENT:
		*(double *)field = parse_percent(row, arg);
		return;
	case OPTION_PATTERN:
		opts->compare.sections = arg;
		return;
	case OPTION_CHANGE_ORDER:
		return set_change_order(opts, row, arg);
	case OPTION_LIMIT:
		return add_limit(opts, row, arg);
	case OPTION_BUDGET:
		opts->budget = arg;
		return;
	case OPTION_SESSIONS_OUTPUT:
		opts->output = arg;
		return;
	case OPTION_INCONCLUSIVE:
		return set_inconclusive(opts, row, arg);
	case OPTION_COMPARISON_FORMAT:
		return set_comparison_format(opts, row, arg);
	case OPTION_WHOLE_NUMBER:
		*(int *)field = (int)getopt_table_number(row, arg);
		return;
	case OPTION_FLAG:
		*(bool *)field = true;
		return;
	default:
		exit(help_print(true));
	}
}

/* ---- the whole line ---- */

static void set_diff_presets(struct diff_words *words)
{
	static const enum metric_kind kinds[] = {METRIC_MEAN, METRIC_P50, METRIC_P99, METRIC_SELF, METRIC_RSS, METRIC_PEAK,
		METRIC_HIT_RATE};
	const struct option_row *row;
	size_t i;

	for (row = diff_option_table; row->name; row++)
		if (row->preset && row->type != OPTION_METRIC && row->commands & OPTION_COMMAND(words->command))
			set_diff_option(words, row, (char *)row->preset);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		words->opts->compare.metrics[words->opts->compare.nr_metrics++] = (struct metric){.kind = kinds[i]};
}

static void check_sides_given(const struct diff_opts *opts)
{
	if (!opts->nr_old && !opts->nr_new)
		refuse("diff: which sessions? Give OLD.json NEW.json, or OLD.json... -- NEW.json...");
	if (!opts->nr_old)
		refuse("diff: which OLD.json? Sessions of the old side come before --, or after --old");
	if (!opts->nr_new)
		refuse("diff: which NEW.json? Sessions of the new side come after --, or after --new");
}

void diff_options_parse(struct diff_opts *opts, int argc, char **argv)
{
	struct diff_words words = {.opts = opts, .command = COMMAND_DIFF};
	const struct getopt_visitor visitor = {add_side_word, set_diff_option, &words};
	int divider = 1;

	set_diff_presets(&words);
	while (divider < argc && strcmp(argv[divider], "--"))
		divider++;
	words.has_divider = divider < argc;
	getopt_table_walk(diff_option_table, divider, argv, &visitor);
	words.is_new = true;
	if (words.has_divider)
		getopt_table_walk(diff_option_table, argc - divider, argv + divider, &visitor);
	else if (opts->nr_old + opts->nr_new > 2 && opts->nr_old == 1)
		refuse("%s: several sessions need -- between the old and the new ones", opts->new_files[1]);
	check_sides_given(opts);
}

char **gate_options_parse(struct diff_opts *opts, int argc, char **argv)
{
	struct diff_words words = {.opts = opts, .has_divider = true, .command = COMMAND_GATE};
	const struct getopt_visitor visitor = {add_side_word, set_diff_option, &words};
	int divider = 1;

	set_diff_presets(&words);
	while (divider < argc && strcmp(argv[divider], "--"))
		divider++;
	getopt_table_walk(diff_option_table, divider, argv, &visitor);
	if (!opts->nr_old)
		refuse("gate: which BASELINE.json? Sessions to compare with come before --");
	if (divider + 1 >= argc)
		refuse("gate: which COMMAND? It comes after --");
	if (!opts->compare.nr_limits && !opts->budget)
		refuse("gate: what must not happen? Give --fail-if '*:mean>+5%%', or --budget FILE");
	return argv + divider + 1;
}
