// SPDX-License-Identifier: MIT
/* name_table.c - registers names in dcbs_marker_state. */
#include <stdio.h>
#include <string.h>

#include "name_table.h"
#include "process_state.h"

static uint32_t hash_name(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

/* Writes the name as it stands in the table. A long name is cut between UTF-8 characters and ends in ~ and its hash. */
static void cut_name(char *dst, const char *text, uint32_t hash)
{
	size_t n = strlen(text);

	if (n < DCBS_NAME_BYTES) {
		memcpy(dst, text, n + 1);
		return;
	}
	n = DCBS_NAME_BYTES - sizeof("~12345678");
	while (n && (text[n] & 0xc0) == 0x80)
		n--;
	memcpy(dst, text, n);
	snprintf(dst + n, DCBS_NAME_BYTES - n, "~%08x", hash);
}

static uint16_t find_name(const char *text, uint32_t hash, uint8_t kind)
{
	uint32_t i;

	for (i = 2; i < dcbs_marker_state.names_used; i++) {
		const struct dcbs_name *n = &dcbs_marker_state.names[i];

		if (n->hash == hash && n->kind == kind && !strcmp(n->text, text))
			return (uint16_t)i;
	}
	return 0;
}

uint16_t dcbs_name_table_register(const char *text, uint8_t kind)
{
	char cut[DCBS_NAME_BYTES] = "";	/* zeros to the end: the profiler compares all bytes when it merges processes */
	uint32_t hash;
	uint16_t id;

	if (!text || !*text)
		text = "(unnamed)";
	hash = hash_name(text);
	cut_name(cut, text, hash);
	pthread_mutex_lock(&dcbs_marker_lock);
	id = find_name(cut, hash, kind);
	if (!id && dcbs_marker_state.names_used == DCBS_NAMES) {
		dcbs_marker_state.names_lost++;
		id = DCBS_NAME_OTHER;
	} else if (!id) {
		struct dcbs_name *n = &dcbs_marker_state.names[dcbs_marker_state.names_used];

		memcpy(n->text, cut, sizeof(cut));
		n->hash = hash;
		__atomic_store_n(&n->kind, kind, __ATOMIC_RELEASE);
		id = (uint16_t)dcbs_marker_state.names_used++;
	}
	pthread_mutex_unlock(&dcbs_marker_lock);
	return id;
}
