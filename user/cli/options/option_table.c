// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* option_table.c - the table of options. */
#include <limits.h>
#include <stdio.h>

#include "cli/options/option_table.h"

#define PROFILE OPTION_COMMAND(COMMAND_PROFILE)
#define SHOW (PROFILE | OPTION_COMMAND(COMMAND_REPORT))
#define ALL OPTION_ALL_COMMANDS

#define KEY_MAX_OVERHEAD 0x100	/* no letter, like the next ones */
#define KEY_RETURN_PROBES 0x101
#define KEY_CHECKPOINT 0x102
#define KEY_AS_ROOT 0x103
#define KEY_FLAT 0x104
#define KEY_WIDTH 0x105
#define KEY_SLOWEST 0x106
#define KEY_NO_GPU_PROBES 0x107
#define KEY_SUMMARY 0x108
#define KEY_REPEAT 0x109
#define KEY_SECTIONS 0x10a
#define KEY_NVTX 0x10b
#define KEY_LISTEN 0x10c
#define KEY_LICENSES 0x10d

/* Returns the names, or the suffixes, of all formats: "text, json". */
static const char *join_formats(char *list, size_t size, bool suffixes)
{
	const struct render_format *f;
	size_t n = 0;

	for (f = render_formats; f->name && n < size; f++)
		n += (size_t)snprintf(list + n, size - n, "%s%s", n ? ", " : "", suffixes ? f->suffix : f->name);
	return list;
}

static const char *format_names(void)
{
	static char list[256];

	return join_formats(list, sizeof(list), false);
}

static const char *format_suffixes(void)
{
	static char list[256];

	return join_formats(list, sizeof(list), true);
}

static const char *order_names(void)
{
	return "cumulative, self (tottime), calls, name, file, line";
}

const struct option_row option_table[OPTION_ROWS + 1] = {
	{
		.name = "pid", .key = 'p', .argument = "PID", .type = OPTION_PID, .commands = PROFILE | OPTION_COMMAND(COMMAND_CHECK), .min = 1, .max = INT_MAX,
		.help = "attach to this process; may be given several times",
		.manual = "Attach to this process. May be given several times: sections of the same name are then added up. With the command check: "
			"say which drivers of GPUs it has loaded.",
	}, {
		.name = "children", .key = 'c', .type = OPTION_FLAG, .commands = PROFILE, .offset = offsetof(struct opts, profile.children),
		.help = "follow the processes that the targets start",
		.manual =
			"Follow the processes that the targets start, and the processes that these start, whether by fork, vfork, "
			"posix_spawn or exec, as well as children that exist already. Sections of the same name are added up. The report "
			"shows when each process started and ended, and for a section that several processes ran, which of them was the "
			"slowest and which the fastest. The profile ends when all of them have ended. A section that is open at a fork is "
			"open in the child, too, from the fork on; its call is counted in the process where it began.\n\n"
			"With -- COMMAND, everything that the command starts is counted from its first section on: a process that loads a "
			"copy of the markers without a probe waits for the probe, at most two seconds. With -p and a target that has not "
			"loaded the markers itself, sections that a process ends before the profiler could attach to it are reported as "
			"lost. At most 1024 processes are followed at a time, including those that ended a moment ago; the report counts "
			"the processes beyond that. Native functions of --section are timed only in the processes given with -p. The probe "
			"sits on the file of the markers: other processes that use this file are not counted, but their sections cost "
			"them as much as if they were profiled.",
	}, {
		.name = "duration", .key = 'd', .argument = "SECONDS", .type = OPTION_SECONDS, .commands = PROFILE, .min = 0.001, .max = 1e9,
		.offset = offsetof(struct opts, duration_s),
		.help = "stop after this time",
		.manual =
			"Stop after this time, such as 90, 5m or 1h30m. Without it the profile ends at Ctrl-C or when all targets have ended.",
	}, {
		.name = "interval", .key = 'i', .argument = "SECONDS", .type = OPTION_SECONDS, .commands = PROFILE, .min = 0.05, .max = 3600,
		.preset = "1", .offset = offsetof(struct opts, interval_s),
		.help = "time between two updates of the live table",
		.manual = "Time between two updates of the live table.",
	}, {
		.name = "section", .key = 's', .argument = "NAME=BINARY:FUNCTION", .type = OPTION_SECTION, .commands = PROFILE,
		.help = "time a native function as section NAME, or, with python:QUALNAME, a Python function, from samples; may be "
			"given several times",
		.manual =
			"Time a native function as section NAME. BINARY is a path as the target sees it, or the base name of a file that it "
			"has mapped; FUNCTION is a symbol, mangled or not. May be given several times. A path may contain colons.\n\n"
			"FUNCTION names all functions of that name: the overloads and template instances of ns::f, static functions of several "
			"files, and the copies that a compiler makes of one (.constprop, .isra). The calls of all count, and the report lists "
			"them; with parameters it names one, as in ns::f(int). The present version of a symbol counts, unless one is named, as in "
			"f@V. For a function that a process chooses at start (an IFUNC, such as memcpy), the chosen one is probed. Names are "
			"looked up in the file that the process has mapped, even if it was deleted or replaced, and in its debug file. A file "
			"that is not mapped yet is probed once it is. A section without calls has the reason in the notes.\n\n"
			"A call is timed by probes at the function's entry and at each place where it is left: its return instructions and "
			"its jumps to other functions, which the profiler finds in its code. They change nothing else in the process, so "
			"fibers, exceptions, Go and Rust go on as without them. Calls that end by an exception or longjmp are counted, and not "
			"timed. A function whose ends cannot be found in its code is refused with the reason. A hit on a return instruction "
			"costs about a microsecond on bare metal and up to 15 on a virtual machine. Beyond --max-overhead, calls are still "
			"counted and timed in on-periods; a function that is called too often even for that is timed from samples of the "
			"stack.\n\n"
			"With NAME=python:QUALNAME, a Python function is section NAME. Its times come from samples of the stack, and the "
			"program needs no change. QUALNAME is module.qualname, or the qualname alone, as in run.Evaluation.answer. Several "
			"functions of that name are added up, and the report lists them; python:FILE:LINE picks one, as in "
			"answer=python:run.py:41. LINE is a line of the function's head, FILE the end of its path. Python before 3.11 does "
			"not keep the class of a function; the profiler finds it in the source, if that has not changed since the process "
			"started. Otherwise the function is not counted, and the report lists those that it may be. The total, "
			"self time, waits and functions of the section are known within the error that the report shows (a standard "
			"deviation, error_s in the JSON document); its number of calls is unknown. Samples see an `async def` only while it "
			"runs, so its total is unknown, too.",
	}, {
		.name = "sections", .key = KEY_SECTIONS, .argument = "PRESET", .type = OPTION_PRESET, .commands = PROFILE,
		.help = "time the functions of a package as sections: transformers, vllm, lm-eval, llama.cpp, torch, or a file; may be given "
			"several times",
		.manual =
			"Time the functions of a known package as sections, in a program that marks nothing: generate, prefill, decode, tokenise, "
			"sample, load, collate and the like. PRESET is transformers, vllm, lm-eval, llama.cpp or torch, or a file of your own; see "
			"PRESETS. May be given several times, and beside --section; all of them together may name 64 functions.\n\n"
			"The functions are timed as --section times them: Python functions from samples of the stack, with their errors and without "
			"a number of calls, and native functions by probes, with all their calls. A preset names functions of many versions of its "
			"package, and of parts of it that a program may not use, so functions that are not found are no error: one note counts "
			"them. Native functions are looked for in the files that the process has mapped when the profiler attaches: with -- COMMAND "
			"it has mapped none yet, so use -p for those.",
	}, {
		.name = "threshold", .key = 't', .argument = "SECONDS", .type = OPTION_SECONDS, .commands = PROFILE, .min = 0, .max = 1e9,
		.preset = "1", .offset = offsetof(struct opts, profile.threshold_s),
		.help = "sections of at least this total time are bottlenecks",
		.manual = "Sections of at least this total time are listed as bottlenecks.",
	}, {
		.name = "slowest", .key = KEY_SLOWEST, .argument = "NUMBER", .type = OPTION_WHOLE_NUMBER, .commands = PROFILE,
		.min = 0, .max = 50, .preset = "5", .offset = offsetof(struct opts, profile.slowest),
		.help = "calls of each section that are kept one by one, the slowest ones; 0: none",
		.manual =
			"Keep this many of the slowest calls of each section one by one: when they began, on which thread, how long "
			"they took, why, and a stack that was sampled in them. They are listed with --verbose and are in the JSON "
			"document (slowest); -o FILE.trace.json writes them for https://ui.perfetto.dev and chrome://tracing.",
	}, {
		.name = "output", .key = 'o', .argument = "FILE", .type = OPTION_OUTPUT, .commands = SHOW, .choices = format_suffixes,
		.help = "write the session to FILE as well; its suffix selects the format; may be given several times",
		.manual =
			"Write the session to FILE as well. Its suffix selects the format: .txt is the report as text, .html the report as a "
			"page for the browser, with charts, in one file that needs no network, .json a document for scripts and for "
			"dcbs-bpfprof report, .json.gz the same compressed, .md and .summary.json are "
			"short forms for pull requests, scripts and language models, .folded has one stack a line for other tools, .svg is a flame graph for "
			"the browser, .speedscope.json is for speedscope, .pb.gz is for pprof, .prom has figures for Prometheus, "
			"and .trace.json has the slowest calls for https://ui.perfetto.dev and chrome://tracing. May be given several times. In the name, %h is the host, %p the first "
			"process, %t the time of the start in UTC (20261130T195950), %n the number of the run, and %% a percent sign; report takes "
			"them from the session. FOLDER/ is FOLDER/run-%n.json. A name with such letters never replaces anything but a session.\n\n"
			"The profiler finds out before the run whether the file can be written. The file belongs to the user who called sudo, "
			"only that user may read it (mode 0600, less the umask; 0644 of a .prom file, whose reader is a service), and it replaces an older file only when it is complete. "
			"A symbolic link is not followed, and a file of another user is left alone. A pipe of the user that has a reader, and "
			"a device such as /dev/null, are written to directly, after standard output.\n\n"
			"If the file cannot be written at the end after all, the report is kept: under another name in the same folder, as "
			"run.LETTERS.json, if something else has the name by then; in $TMPDIR, /tmp or /var/tmp if the folder is gone, the disk "
			"is full or a limit is reached. One line on standard error names the place, and the exit status says that something "
			"went wrong. A report that standard output does not take is kept in the same way if no FILE has it.",
	}, {
		.name = "repeat", .key = KEY_REPEAT, .argument = "NUMBER", .type = OPTION_WHOLE_NUMBER, .commands = PROFILE,
		.min = 1, .max = MERGE_SESSIONS, .offset = offsetof(struct opts, repeat),
		.help = "run COMMAND so often, each time with a session of its own; needs -o with %n in the name, or a folder",
		.manual =
			"Run COMMAND so often, one run after the other. Each run is profiled by itself and is a session: the names of -o need %n, "
			"and one of them must be a session (.json, .json.gz). Standard output gets one report, of all sessions together. After a "
			"run that ends with another status than 0, and after Ctrl-C, no other run follows; the sessions so far are kept.",
	}, {
		.name = "checkpoint", .key = KEY_CHECKPOINT, .argument = "SECONDS", .type = OPTION_SECONDS, .commands = PROFILE,
		.min = 0, .max = 1e9, .preset = "300", .offset = offsetof(struct opts, checkpoint_s),
		.help = "time between updates of the files of -o during the profile; 0: only at the end",
		.manual =
			"Bring the files of -o up to date so often, so that a crash of the machine, or the end of the profiler by SIGKILL, "
			"costs no more than that. Each file is written completely under a hidden name, synchronised, and then takes the place "
			"of the last one. 0 writes them only at the end. Pipes, devices, and files in a folder in which none can be created "
			"are written only at the end. SIGUSR1 brings the files up to date at once; without such a file it writes the report so "
			"far, as text, to standard error.",
	}, {
		.name = "listen", .key = KEY_LISTEN, .argument = "ADDR:PORT", .type = OPTION_LISTEN, .commands = PROFILE,
		.help = "answer Prometheus at http://ADDR:PORT/metrics while profiling; a PORT alone is one of 127.0.0.1",
		.manual =
			"Answer scrapers of Prometheus at http://ADDR:PORT/metrics as long as the profile runs: the figures of a .prom file, with "
			"counters that never fall, as text, or by Protocol Buffers with native histograms if the scraper prefers that. ADDR is a "
			"number, IPv6 in brackets, or localhost. A PORT alone, or :PORT, is one of 127.0.0.1, which only this machine "
			"reaches. With another ADDR everybody who reaches it can read the names and times of sections: there is no password and no "
			"encryption. PORT is 1024 or higher.\n\n"
			"The socket is opened before the profiler attaches; if another program has the port, one line says so and the exit status "
			"is 1 (125 with -- COMMAND). A scraper that is slow to ask or to read is dropped after some seconds, at most 8 are "
			"answered at a time, and figures are made at most twice a second.",
	}, {
		.name = "format", .key = 'f', .argument = "FORMAT", .type = OPTION_FORMAT, .commands = SHOW, .preset = "text",
		.choices = format_names,
		.help = "format of standard output",
		.manual =
			"Format of standard output. md is Markdown of some KiB, with the answer first, for pull requests; in a job of "
			"GitHub, -f md >> \"$GITHUB_STEP_SUMMARY\" shows it on the page of the job.",
	}, {
		.name = "summary", .key = KEY_SUMMARY, .type = OPTION_FLAG, .commands = SHOW, .offset = offsetof(struct opts, summary),
		.help = "write at most 4 KiB of JSON to standard output, as -f summary does",
		.manual =
			"Write the essence of the report to standard output as JSON of at most 4 KiB, for scripts and language models: the "
			"answer, the largest sections, the bottlenecks, memory, losses, and how many entries were left out. The same as "
			"-f summary.",
	}, {
		.name = "sort-by", .key = 'S', .argument = "KEY", .type = OPTION_ORDER, .commands = SHOW, .preset = "cumulative",
		.choices = order_names,
		.help = "order of functions, also in the words of cProfile",
		.manual = "Order of the functions of a section. The words of cProfile are understood as well.",
	}, {
		.name = "flat", .key = KEY_FLAT, .type = OPTION_FLAG, .commands = SHOW, .offset = offsetof(struct opts, flat),
		.help = "list the sections by their time, not as a tree",
		.manual =
			"List the sections of the text report by their time. Without this option each stands below the section around it, as "
			"far as samples of the stack show that.",
	}, {
		.name = "width", .key = KEY_WIDTH, .argument = "COLUMNS", .type = OPTION_WHOLE_NUMBER, .commands = SHOW, .min = 40,
		.max = 10000, .offset = offsetof(struct opts, width),
		.help = "columns of the text on standard output",
		.manual =
			"Columns of the text on standard output. The default is the width of the terminal; names that do not fit are shortened. "
			"Without a terminal, and in files, it is 100 columns, and lines are longer where a name needs it.",
	}, {
		.name = "frequency", .key = 'F', .argument = "HZ", .type = OPTION_WHOLE_NUMBER, .commands = PROFILE, .min = 0, .max = 10000,
		.preset = "99", .offset = offsetof(struct opts, profile.frequency_hz),
		.help = "stack samples a second; 0: none",
		.manual =
			"Take the stack of each running thread this many times a second on average, at intervals that change at random, and the "
			"stacks of about as many waits: Python "
			"functions with file and line, and native functions below and above them. The functions of sections, flame graphs, "
			"and Python functions as sections come from these samples. With 0 no stacks are taken; an output that shows stacks "
			"alone is then empty and says so.\n\n"
			"Native frames are found with the call frame information of programs (.eh_frame) in the innermost 6 KiB of the stack, "
			"2 KiB of a thread that waits, and with frame pointers beyond that. Of a thread in Python only the native functions "
			"that its innermost Python function has called are found. Neighbouring functions that their library does not name "
			"are shown as one: (unknown). Of a stack with more than 128 Python frames the 96 innermost and the 32 outermost are "
			"taken; the stack shows (more frames) for those between them, and in place of the outermost of 127 native frames. "
			"A native stack whose walk did not reach the function in which its thread began has (callers unknown) outermost. "
			"A function that was gone before its name could be read, a tenth of a second later, has the name "
			"(unknown) and is counted as lost.",
	}, {
		.name = "return-probes", .key = KEY_RETURN_PROBES, .type = OPTION_FLAG, .commands = PROFILE,
		.offset = offsetof(struct opts, profile.return_probes),
		.help = "time native functions by return probes: cheaper, but see the manual page for the programs that they break",
		.manual =
			"Time the native functions of --section by return probes, which cost a tenth of the default on a virtual machine. A "
			"return probe replaces the return address on the stack of the process. Programs that switch stacks inside the "
			"function (fibers, coroutines of C), leave it by longjmp or pthread_cancel, or look at their own stacks may return "
			"to the wrong place or be killed. It is refused for files with Go, Rust or C++ code that can unwind, and on Linux 6.11 "
			"to 6.12.13 and 6.13 to 6.13.2 for a process with a system call filter (seccomp), which these kernels would end.",
	}, {
		.name = "no-gpu-probes", .key = KEY_NO_GPU_PROBES, .type = OPTION_FLAG, .commands = PROFILE,
		.offset = offsetof(struct opts, profile.no_gpu_probes),
		.help = "do not time the calls of GPUs' drivers by probes: waits for a GPU are then estimates from samples",
		.manual =
			"Leave the drivers of GPUs alone. Without this option the calls of libcuda and libamdhip64 that wait or copy are timed by return "
			"probes in processes that have such a library; see GPUS.",
	}, {
		.name = "max-overhead", .key = KEY_MAX_OVERHEAD, .argument = "PERCENT", .type = OPTION_NUMBER, .commands = PROFILE,
		.min = 0.01, .max = 100, .preset = "1", .offset = offsetof(struct opts, profile.max_overhead_percent),
		.given_offset = offsetof(struct opts, profile.end_over_budget),
		.help = "CPU time that profiling may cost the targets, in percent of one CPU",
		.manual =
			"CPU time that profiling may cost the targets, in percent of one CPU: the time in its BPF programs, which the kernel "
			"measures, and the traps of its probes, which are measured at the start. 100 is no limit.\n\n"
			"If the cost exceeds the limit for the better part of a second, the profiler reduces what costs most: it takes fewer "
			"stacks, and it observes page faults, changes of RSS, switches of threads, and calls of --section functions only part "
			"of the time. The rest is estimated: growth from the memory of the whole process, waits from the kernel's account of "
			"the time that a thread ran, calls from the time in sampled stacks and from the calls that were timed. Functions so "
			"short that a probe takes most of their time are timed from stacks alone. Markers flush their sections less "
			"often.\n\n"
			"If the markers alone still exceed the limit, at some hundred thousand sections a second, and this option was given, "
			"the run ends and the report is made. The report says what was reduced, when, and which numbers are estimates because "
			"of it; nothing is missing.",
	}, {
		.name = "as-root", .key = KEY_AS_ROOT, .type = OPTION_FLAG, .commands = PROFILE, .offset = offsetof(struct opts, as_root),
		.help = "under sudo, run COMMAND as root instead of as the user who called sudo",
		.manual =
			"Run COMMAND with the rights of the profiler. Without this option, a profiler that is root for another user (sudo, "
			"set-user-ID) runs COMMAND as that user: with the user's groups, and with HOME, SHELL, USER and LOGNAME of the user "
			"database; the rest of the environment is the profiler's.",
	}, {
		.name = "nvtx", .key = KEY_NVTX, .type = OPTION_FLAG, .commands = PROFILE, .offset = offsetof(struct opts, nvtx),
		.help = "with COMMAND: make sections of its NVTX ranges, by a library that it loads into itself",
		.manual =
			"Make sections of the NVTX ranges of COMMAND, such as those of torch.cuda.nvtx, NCCL and vLLM. Unlike everything else here, "
			"this is in the process: COMMAND gets the variable NVTX_INJECTION64_PATH, which is NVTX's own, and at its first range loads "
			"libdcbs-nvtx.so by itself. With -p it is too late for that. A range is then a section of the markers, with count, "
			"percentiles and causes, and is timed also by a profiler that attaches later. It costs a few dozen nanoseconds with no "
			"profiler attached.\n\n"
			"Ranges of push and pop, of start and end, on any threads, and of domains are sections; the name of a domain stands before "
			"the range, as in NCCL:ncclAllReduce. Marks are ignored. 256 names are sections, and the ranges of all other names are the "
			"section (other NVTX ranges). A range of start and end belongs to no thread, so its time is `await`. At most 4096 of these may "
			"be open at a time; the others are the calls of (NVTX ranges not timed).",
	}, {
		.name = "quiet", .key = 'q', .type = OPTION_FLAG, .commands = PROFILE, .offset = offsetof(struct opts, quiet),
		.help = "no live table",
		.manual = "Show no live table.",
	}, {
		.name = "verbose", .key = 'v', .type = OPTION_FLAG, .commands = SHOW, .offset = offsetof(struct opts, verbose),
		.help = "say on standard error what is being done; a longer report",
		.manual =
			"Say on standard error what is being done. The text report is longer: all sections, verdicts and threads, more functions, "
			"what profiling cost in detail, and how well sums agree with the kernel's own account.",
	}, {
		.name = "help", .key = 'h', .type = OPTION_HELP, .commands = ALL,
		.help = "print this and exit",
		.manual = "Print a summary of the options and exit.",
	}, {
		.name = "version", .key = 'V', .type = OPTION_VERSION, .commands = ALL,
		.help = "print the version and exit",
		.manual = "Print the version and exit.",
	}, {
		.name = "licenses", .key = KEY_LICENSES, .type = OPTION_LICENSES, .commands = ALL,
		.help = "print the licences of the program and of what is linked into it, and exit",
		.manual = "Print the licences of the program and of the libraries that are linked into it, and exit.",
	},
	{.name = NULL},
};
