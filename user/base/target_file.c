// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* target_file.c - opens the files of a target. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/budget.h"
#include "base/clock.h"
#include "base/files/file_system.h"
#include "base/files/opener.h"
#include "base/files/resolve.h"
#include "base/target_file.h"

#define NR_SILENT 64		/* a power of two */
#define SILENT_NS 30000000000ULL	/* after a file has not answered, its file system is not asked again for so long */
#define MIN_WAIT_NS 50000000ULL		/* with less time left, silence would prove nothing */
#define BY_PID (1ULL << 63)

/* File systems that do not answer, by device number. Those of paths are not known beforehand, so they go by process. */
static struct silence {
	__u64 key;
	__u64 until_ns;
} silent[NR_SILENT];
static __u64 unanswered;
static unsigned int users;	/* calls of target_file_start() without one of target_file_stop() */

static __u64 silence_key(const struct file_request *request)
{
	return request->kind == FILE_MAPPED ? request->dev : BY_PID | (__u32)request->pid;
}

static struct silence *find_silence(__u64 key)
{
	return &silent[(key ^ key >> 8) & (NR_SILENT - 1)];
}

static bool is_silent(__u64 key, __u64 now)
{
	const struct silence *silence = find_silence(key);

	return silence->key == key && now < silence->until_ns;
}

/* The time for waiting is shared by all files, however many do not answer. */
static int ask_opener(struct file_request *request)
{
	__u64 now = clock_now_ns(), key = silence_key(request), wait = budget_wait_ns();
	bool copied;
	int fd;

	if (is_silent(key, now)) {
		unanswered++;
		return -ETIMEDOUT;
	}
	if (wait < MIN_WAIT_NS) {
		budget_give_up();
		return -EAGAIN;
	}
	fd = opener_ask(request, wait, &copied);
	budget_waited(clock_now_ns() - now);
	if (fd != -ETIMEDOUT)
		return fd;
	unanswered++;
	*find_silence(key) = (struct silence){key, now + SILENT_NS};
	return fd;
}

static int open_request(struct file_request *request)
{
	bool copied;
	int fd;

	if (!opener_was_started())
		return resolve_open(request, &copied);
	/* The most frequent case needs nobody's help. */
	if (request->kind == FILE_MAPPED && file_system_is_local(request->pid, request->dev)) {
		fd = resolve_open_mapping(request);
		if (fd >= 0)
			return fd;
	}
	return ask_opener(request);
}

static int open_mapping(const struct target_mapping *mapping, enum file_use use)
{
	struct file_request request = {
		.kind = FILE_MAPPED, .use = use, .pid = mapping->pid, .start = mapping->start, .end = mapping->end,
		.dev = mapping->dev, .ino = mapping->ino,
	};

	snprintf(request.path, sizeof(request.path), "%s", mapping->path ? mapping->path : "");
	return open_request(&request);
}

static int open_path(pid_t pid, const char *path, enum file_kind kind, enum file_use use)
{
	struct file_request request = {.kind = kind, .use = use, .pid = pid};

	if (snprintf(request.path, sizeof(request.path), "%s", path) >= (int)sizeof(request.path))
		return -ENAMETOOLONG;
	return open_request(&request);
}

int target_file_start(int (*limit)(void *ctx), void *ctx)
{
	int err = opener_start(limit, ctx);

	users += !err;
	return err;
}

void target_file_stop(void)
{
	if (users && !--users)
		opener_stop();
}

int target_file_open_mapping(const struct target_mapping *mapping)
{
	return open_mapping(mapping, FILE_TO_READ);
}

int target_file_open_mapping_head(const struct target_mapping *mapping)
{
	return open_mapping(mapping, FILE_TO_READ_HEAD);
}

int target_file_open_mapping_probe(const struct target_mapping *mapping)
{
	return open_mapping(mapping, FILE_TO_PROBE);
}

int target_file_open_named(pid_t pid, const char *path)
{
	return open_path(pid, path, FILE_NAMED, FILE_TO_READ);
}

int target_file_open_named_probe(pid_t pid, const char *path)
{
	return open_path(pid, path, FILE_NAMED, FILE_TO_PROBE);
}

int target_file_open_shared(pid_t pid, const char *path)
{
	return open_path(pid, path, FILE_SHARED, FILE_TO_READ);
}

int target_file_open_own(pid_t pid, const char *path)
{
	return open_path(pid, path, FILE_OWN, FILE_TO_READ);
}

int target_file_open_program(pid_t pid)
{
	return open_path(pid, "", FILE_PROGRAM, FILE_TO_READ_HEAD);
}

__u64 target_file_unanswered(void)
{
	return unanswered;
}
