// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* diff_option_table.c - the table of options of `diff`. */
#include "cli/options/option_table.h"
#include "render/comparison_format.h"

#define DIFF (OPTION_COMMAND(COMMAND_DIFF) | GATE)
#define GATE OPTION_COMMAND(COMMAND_GATE)
#define SIDES OPTION_COMMAND(COMMAND_DIFF)

#define KEY_OLD 0x100	/* no letter, like the next ones */
#define KEY_NEW 0x101
#define KEY_PER 0x102
#define KEY_CONFIDENCE 0x103
#define KEY_MIN_EFFECT 0x104
#define KEY_MIN_TIME 0x105
#define KEY_SECTIONS 0x106
#define KEY_SORT 0x107
#define KEY_FAIL_IF 0x108
#define KEY_INCONCLUSIVE 0x109
#define KEY_FORCE 0x10a
#define KEY_WIDTH 0x10b
#define KEY_BUDGET 0x10c
#define KEY_REPEAT 0x10d

static const char *orders(void)
{
	return "delta, change, name";
}

const struct option_row diff_option_table[] = {
	{
		.name = "old", .key = KEY_OLD, .argument = "FILE", .type = OPTION_OLD_FILE, .commands = SIDES,
		.help = "a session of the old side; may be given several times",
		.manual = "A session of the old side, like a word before \"--\". May be given several times.",
	}, {
		.name = "new", .key = KEY_NEW, .argument = "FILE", .type = OPTION_NEW_FILE, .commands = SIDES,
		.help = "a session of the new side; may be given several times",
		.manual = "A session of the new side, like a word behind \"--\". May be given several times.",
	}, {
		.name = "metric", .key = 'm', .argument = "METRIC", .type = OPTION_METRIC, .commands = DIFF,
		.choices = metric_names,
		.preset = "mean, p50, p99, self, rss, peak, hit_rate",
		.help = "what is compared; may be given several times, and the first one gives the verdict",
		.manual =
			"What is compared. May be given several times; the first metric of sections gives the verdict on a "
			"section. mean, p50, p95, p99 and max are of a call; self, cpu and wait:CAUSE (such as wait:gil or "
			"wait:disk) are seconds a call of the section; total and calls are by calls of the root section, the "
			"one around all others. rss and peak are the memory of the process at the end and at most; hit_rate "
			"is that of caches. A percentile needs ten calls above it. cpu is the most robust metric on a busy "
			"machine: it leaves out waits for a CPU.",
	}, {
		.name = "per", .key = KEY_PER, .argument = "WHAT", .type = OPTION_PER, .commands = DIFF, .preset = "call",
		.help = "by what amounts are divided: call, item, second, run",
		.manual =
			"By what total, self, cpu, wait:CAUSE and calls are divided, for sessions that did not do the same "
			"work: by calls, by items, by seconds of the window, or by nothing (run).",
	}, {
		.name = "confidence", .key = KEY_CONFIDENCE, .argument = "SHARE", .type = OPTION_PERCENT, .commands = DIFF,
		.min = 0.5, .max = 0.9999,
		.preset = "95%", .offset = offsetof(struct diff_opts, compare.confidence),
		.help = "of intervals and verdicts",
		.manual = "Confidence of intervals and verdicts.",
	}, {
		.name = "min-effect", .key = KEY_MIN_EFFECT, .argument = "SHARE", .type = OPTION_PERCENT, .commands = DIFF,
		.min = 0, .max = 10,
		.preset = "5%", .offset = offsetof(struct diff_opts, compare.min_effect),
		.help = "a smaller change is none",
		.manual = "A change that is smaller than this has no verdict, however sure it is.",
	}, {
		.name = "min-time", .key = KEY_MIN_TIME, .argument = "SHARE", .type = OPTION_PERCENT, .commands = DIFF,
		.min = 0, .max = 1,
		.preset = "1%", .offset = offsetof(struct diff_opts, compare.min_time),
		.help = "a section with a smaller share of the window has no verdict",
		.manual = "A section that takes less than this share of the window on both sides has no verdict.",
	}, {
		.name = "sections", .key = KEY_SECTIONS, .argument = "PATTERN", .type = OPTION_PATTERN, .commands = DIFF,
		.help = "compare only sections with such a name",
		.manual = "Compare only sections whose name matches this pattern of the shell, such as 'decode*'.",
	}, {
		.name = "sort", .key = KEY_SORT, .argument = "KEY", .type = OPTION_CHANGE_ORDER, .commands = DIFF,
		.preset = "delta", .choices = orders,
		.help = "order of sections",
		.manual =
			"Order of sections: delta puts those first whose change has the largest part of the window, change "
			"those whose change is the largest.",
	}, {
		.name = "fail-if", .key = KEY_FAIL_IF, .argument = "LIMIT", .type = OPTION_LIMIT, .commands = DIFF,
		.help = "end with status 3 if a change exceeds this; may be given several times",
		.manual =
			"End with status 3 if a change exceeds this limit and is more than chance. A limit is SECTION:METRIC, "
			"< or >, and a change with its sign, in percent or in a unit: 'forward_pass:p99>+10%', 'rss>+50MiB', "
			"'decode:items_per_s<-5%'. SECTION may be a pattern, as in '*:mean>+5%'; without it, all sections are "
			"meant. May be given several times: the more limits there are, the surer each must be (Holm), so that "
			"one in twenty comparisons of equal programs fails in all.",
	}, {
		.name = "budget", .key = KEY_BUDGET, .argument = "FILE", .type = OPTION_BUDGET, .commands = DIFF,
		.help = "end with status 3 if the new side exceeds a limit in FILE, such as p99 = \"< 80ms\"",
		.manual =
			"End with status 3 if the new side exceeds a limit in FILE. The file is TOML: a table for each "
			"section, [forward_pass], with a line for each metric, p99 = \"< 80ms\" or items_per_s = \"> 100\"; "
			"rss and peak stand before the first table. A limit is exceeded if the mean over the sessions is "
			"beyond it by more than chance, which takes three sessions of the new side.",
	}, {
		.name = "inconclusive", .key = KEY_INCONCLUSIVE, .argument = "WHAT", .type = OPTION_INCONCLUSIVE,
		.commands = DIFF, .preset = "fail",
		.help = "status if there are too few sessions to judge a limit: fail is 1, pass is 0",
		.manual = "The status if there are too few sessions to judge a limit: fail is 1, pass is 0. It is never 3.",
	}, {
		.name = "format", .key = 'f', .argument = "FORMAT", .type = OPTION_COMPARISON_FORMAT, .commands = DIFF,
		.preset = "text",
		.choices = comparison_format_names,
		.help = "format of standard output",
		.manual = "Format of standard output. md is for pull requests, junit has a test case for each limit, html is a page "
			"with the histograms of both sides, one over the other.",
	}, {
		.name = "force", .key = KEY_FORCE, .type = OPTION_FLAG, .commands = DIFF,
		.offset = offsetof(struct diff_opts, compare.force),
		.help = "compare sessions that should not be compared",
		.manual = "Compare although a session is given twice, or no section is in both sides.",
	}, {
		.name = "width", .key = KEY_WIDTH, .argument = "COLUMNS", .type = OPTION_WHOLE_NUMBER, .commands = DIFF,
		.min = 40, .max = 10000,
		.offset = offsetof(struct diff_opts, width),
		.help = "columns of the text",
		.manual = "Columns of the text. The default is the width of the terminal, and 100 without one.",
	}, {
		.name = "verbose", .key = 'v', .type = OPTION_FLAG, .commands = DIFF,
		.offset = offsetof(struct diff_opts, verbose),
		.help = "all sections, and how their calls are distributed",
		.manual = "Show all sections, and how the calls of each are distributed.",
	}, {
		.name = "repeat", .key = KEY_REPEAT, .argument = "NUMBER", .type = OPTION_WHOLE_NUMBER, .commands = GATE,
		.min = 1, .max = COMPARISON_SESSIONS, .preset = "5", .offset = offsetof(struct diff_opts, repeat),
		.help = "gate: runs of the command",
		.manual = "Of gate: how often the command is run. A verdict needs four runs.",
	}, {
		.name = "output", .key = 'o', .argument = "FILE", .type = OPTION_SESSIONS_OUTPUT, .commands = GATE,
		.help = "gate: keep the sessions of the runs as FILE, such as new-%n.json, or in FOLDER/",
		.manual =
			"Of gate: keep the sessions of the runs. The name needs %n, the number of the run, as in new-%n.json; FOLDER/ is "
			"FOLDER/run-%n.json. Without this option they are removed.",
	}, {
		.name = "children", .key = 'c', .type = OPTION_FLAG, .commands = GATE, .offset = offsetof(struct diff_opts, children),
		.help = "gate: profile the processes that the command starts, too",
		.manual = "Of gate: profile the processes that the command starts, too.",
	}, {
		.name = "help", .key = 'h', .type = OPTION_HELP, .commands = DIFF,
		.help = "print this and exit",
		.manual = "Print a summary of the options and exit.",
	},
	{.name = NULL},
};
