// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * names.c - hostile section names: control characters, broken UTF-8, quotes, markup, 10,000 characters.
 *
 *     names [--each K] [--many N]
 *
 * Each name is used a different number of times, K for the first, K + 1 for the next and so on:
 * "names": [{"bytes", "count", "hex"}]. hex is the first HEX_BYTES bytes as the library gets them. --many registers
 * "many-0" to "many-(N-1)" after them, each used K times: `did_not_fit` names are timed together as "(other)",
 * `other_count` times.
 */
#include "bpfprof/marker_abi.h"
#include "dcbs/markers.h"
#include "truth.h"

#define RESERVED 2		/* of DCBS_NAMES: the empty name, and "(other)" */
#define LONG 10000
#define HEX_BYTES 128

static char long_ascii[LONG + 1], long_utf8[LONG + 1], long_twin[LONG + 1];

/* The two long names with the same beginning differ in their last character only. */
static const char *const names[] = {
	"plain",
	"tab\tand\nnewline\rreturn",
	"\033[31mred\033[0m \033]0;title\007 \x01\x02\x7f",
	"broken \xff\xfe \xc3 \xe2\x82 \xed\xa0\x80 \xf8\x88\x80\x80\x80 utf-8",
	"c1 \xc2\x9b""31m and bidi \xe2\x80\xae evil",
	"quotes \" ' ` \\ \\n \\u0000 %s %n $(id)",
	"<script>alert(\"x\")</script> &amp; <b>",
	"na\xc3\xafve \xe8\xa9\x95\xe4\xbe\xa1 \xf0\x9f\x94\xa5",
	"a,b;c|d{e=\"f\"}",
	" ",
	"(other) ",
	long_ascii,
	long_twin,
	long_utf8,
};

#define NAMES (sizeof(names) / sizeof(*names))

static void make_long_names(void)
{
	int i;

	memset(long_ascii, 'x', LONG);
	memcpy(long_twin, long_ascii, LONG);
	long_twin[LONG - 1] = 'y';
	long_utf8[0] = 'e';	/* so that a cut at a fixed byte falls inside a character */
	for (i = 1; i + 2 <= LONG; i += 2)
		memcpy(&long_utf8[i], "\xc3\xa9", 2);
}

static void use(dcbs_id id, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++)
		dcbs_section_end(dcbs_section_begin(id));
}

static void print_names(uint64_t each)
{
	size_t i, j;

	printf(",\"names\":[");
	for (i = 0; i < NAMES; i++) {
		printf("%s{\"bytes\":%zu,\"count\":%" PRIu64 ",\"hex\":\"", i ? "," : "", strlen(names[i]), each + i);
		for (j = 0; names[i][j] && j < HEX_BYTES; j++)
			printf("%02x", (unsigned char)names[i][j]);
		printf("\"}");
	}
	printf("]");
}

/* A name that fits gets a number of its own; the others share that of "(other)". */
static uint64_t use_many(uint64_t many, uint64_t each)
{
	uint64_t i, did_not_fit = 0;
	char name[32];

	for (i = 0; i < many; i++) {
		dcbs_id id;

		snprintf(name, sizeof(name), "many-%" PRIu64, i);
		id = dcbs_section_name(name);
		did_not_fit += id == DCBS_NAME_OTHER;
		use(id, each);
	}
	return did_not_fit;
}

int main(int argc, char **argv)
{
	uint64_t each = 3, many = 0, room = DCBS_NAMES - RESERVED - NAMES, did_not_fit, i;
	const struct truth_option options[] = {
		{.name = "--each", .number = &each},
		{.name = "--many", .number = &many},
		{0},
	};

	truth_options(argc, argv, options);
	make_long_names();
	truth_gate();
	for (i = 0; i < NAMES; i++)
		use(dcbs_section_name(names[i]), each + i);
	did_not_fit = use_many(many, each);
	truth_open();
	print_names(each);
	truth_number("many", many);
	truth_number("each", each);
	truth_number("did_not_fit", did_not_fit);
	truth_number("other_count", did_not_fit * each);
	truth_close();
	return did_not_fit == (many > room ? many - room : 0) ? 0 : 1;
}
