// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * pystack.c - a reference for the walkers of Python stacks: pystack PID [FIELD=VALUE...]
 *
 * Walks the stacks of all threads of a process that sleeps, with the offsets that the profiler found for it, and
 * prints one line of JSON:
 *
 *	{"status", "reason", "ms": how long interpreter_find() took, "layout": {...},
 *	 "threads": {"TID": [{"function", "name", "file": [bytes per character, hex] or null, "offset", "firstlineno"}, ...]}}
 *
 * Frames innermost first. FIELD=VALUE changes an offset, and then it is verify_offsets() that is asked what it thinks.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "collect/python/interpreter.h"
#include "collect/python/layout.h"
#include "collect/python/verify.h"
#include "collect/target/target.h"

#define MAX_FRAMES 2000
#define MAX_STRING 4096

#ifdef __aarch64__
#define SELF_TO_ROBUST 0xe0
#else
#define SELF_TO_ROBUST 0x2e0
#endif

#define FIELD(name) {#name, offsetof(struct python_offsets, layout.name)}

static const struct { const char *name; size_t at; } fields[] = {
	FIELD(tstate_thread_id), FIELD(tstate_frame), FIELD(cframe_frame), FIELD(frame_code), FIELD(frame_back),
	FIELD(frame_instr), FIELD(frame_owner), FIELD(code_type_offset), FIELD(code_firstlineno), FIELD(code_adaptive),
	FIELD(code_name), FIELD(code_qualname), FIELD(code_filename), FIELD(unicode_ascii), FIELD(unicode_compact),
	FIELD(interpreters_head),
	{"interpreter_threads", offsetof(struct python_offsets, interpreter_threads)},
	{"tstate_next", offsetof(struct python_offsets, tstate_next)},
	{"tstate_interpreter", offsetof(struct python_offsets, tstate_interpreter)},
};

#define FIELDS (sizeof(fields) / sizeof(*fields))

static pid_t pid;
static struct python_layout layout;

static __u64 word(__u64 address)
{
	__u64 value = 0;

	return target_peek(pid, address, &value, sizeof(value)) ? 0 : value;
}

static __s32 number(__u64 address)
{
	__s32 value = 0;

	return target_peek(pid, address, &value, sizeof(value)) ? 0 : value;
}

/* [bytes per character, hex], or null for what is no string. */
static void print_string(__u64 string)
{
	static unsigned char data[MAX_STRING];
	__u32 state = (__u32)number(string + 32), kind = state >> 2 & 7, ascii = state >> 6 & 1;
	__u64 length = word(string + 16), i;

	if (!string || !(state & 32) || (kind != 1 && kind != 2 && kind != 4) || length > MAX_STRING / kind ||
	    target_peek(pid, string + (ascii ? layout.unicode_ascii : layout.unicode_compact), data, length * kind)) {
		printf("null");
		return;
	}
	printf("[%u,\"", kind);
	for (i = 0; i < length * kind; i++)
		printf("%02x", data[i]);
	printf("\"]");
}

static int print_frame(__u64 frame, __u64 code, bool first)
{
	__s64 offset = (__s64)(word(frame + layout.frame_instr) - code - layout.code_adaptive);

	if (layout.minor <= 10)
		offset = number(frame + layout.frame_instr) * (layout.minor == 10 ? 2 : 1);
	if (word(code + layout.code_type_offset) != layout.code_type)
		return -EPROTO;
	printf("%s{\"function\":", first ? "" : ",");
	print_string(word(code + (layout.code_qualname ? layout.code_qualname : layout.code_name)));
	printf(",\"name\":");
	print_string(word(code + layout.code_name));
	printf(",\"file\":");
	print_string(word(code + layout.code_filename));
	printf(",\"offset\":%lld,\"firstlineno\":%d}", offset, number(code + layout.code_firstlineno));
	return 0;
}

/*
 * An entry from native code, 3.12 and later, or what 3.13 and later put between __init__() and the call of the class:
 * the interpreter's own code, which has no line and one string for its file and its name. Tracebacks have neither.
 */
static bool is_internal(__u64 frame, __u64 code)
{
	if (layout.minor >= 12 && (number(frame + layout.frame_owner) & 0xff) >= 3)
		return true;
	return layout.minor >= 13 && !number(code + layout.code_firstlineno) &&
	       word(code + layout.code_name) == word(code + layout.code_filename);
}

static void print_stack(__u64 tstate)
{
	__u64 frame = word(tstate + layout.tstate_frame);
	int printed = 0, seen;

	if (layout.minor == 11 || layout.minor == 12)
		frame = word(frame + layout.cframe_frame);
	for (seen = 0; frame && seen < MAX_FRAMES; seen++) {
		__u64 code = word(frame + layout.frame_code) & ~7ULL;

		if (!is_internal(frame, code) && print_frame(frame, code, !printed++))
			break;
		frame = word(frame + layout.frame_back);
	}
}

/* By the slot of the key, as the BPF programs do; 0: not Python's. */
static __u64 thread_state(pid_t tid)
{
	__u32 key = (__u32)number(layout.runtime + layout.tss_key + 4);
	__u64 robust = 0, tstate;
	size_t length;

	if (syscall(SYS_get_robust_list, tid, &robust, &length) || !robust)
		return 0;
	tstate = word(word(robust + 0x230 + 8 * (key / 32)) + 16 * (key % 32) + 8);
	return tstate && word(tstate + layout.tstate_thread_id) == robust - SELF_TO_ROBUST ? tstate : 0;
}

static void print_threads(void)
{
	struct dirent *entry;
	bool first = true;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		__u64 tstate = thread_state(atoi(entry->d_name));

		if (!tstate)
			continue;
		printf("%s\"%s\":[", first ? "" : ",", entry->d_name);
		print_stack(tstate);
		printf("]");
		first = false;
	}
	if (dir)
		closedir(dir);
}

static int change(struct python_offsets *offsets, const char *text)
{
	const char *value = strchr(text, '=');
	size_t i;

	for (i = 0; value && i < FIELDS; i++) {
		if (strlen(fields[i].name) != (size_t)(value - text) || strncmp(fields[i].name, text, (size_t)(value - text)))
			continue;
		*(__u16 *)((char *)offsets + fields[i].at) = (__u16)atoi(value + 1);
		return 0;
	}
	fprintf(stderr, "pystack: no such field: %s\n", text);
	return 2;
}

static void print_layout(const struct python_offsets *offsets)
{
	size_t i;

	printf("\"layout\":{\"minor\":%u,\"tss_key\":%u,\"runtime\":%llu,\"code_type\":%llu", layout.minor, layout.tss_key,
	       layout.runtime, layout.code_type);
	for (i = 0; i < FIELDS; i++)
		printf(",\"%s\":%u", fields[i].name, *(const __u16 *)((const char *)offsets + fields[i].at));
	printf("}");
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return 1e3 * (double)ts.tv_sec + 1e-6 * (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	struct python_offsets offsets = {};
	char reason[256];
	int i, err, status;
	double start;

	if (argc < 2)
		return 2;
	pid = atoi(argv[1]);
	start = now_ms();
	status = interpreter_find(pid, &layout, reason, sizeof(reason));
	printf("{\"ms\":%.3f,", now_ms() - start);
	if (!status)
		layout_from_table(layout.minor, &offsets);
	offsets.layout = layout;
	for (i = 2; i < argc; i++) {
		err = change(&offsets, argv[i]);
		if (err)
			return err;
	}
	if (argc > 2)
		status = verify_offsets(pid, &offsets, reason, sizeof(reason));
	printf("\"status\":%d,\"reason\":\"%s\",", status, status ? reason : "");
	print_layout(&offsets);
	printf(",\"threads\":{");
	if (!status)
		print_threads();
	printf("}}\n");
	return 0;
}
