/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* json.h - what the writer and the reader of the JSON document agree on beyond the names of its keys. */
#ifndef RENDER_JSON_JSON_H
#define RENDER_JSON_JSON_H

#define JSON_TOOL	"dcbs-bpfprof"
#define JSON_MIB	1048576.0	/* sizes whose key ends in _mb are counted in these, as psutil users do */

/* Words for enum dcbs_ended_by and enum dcbs_cause, NULL: none; and for the kinds of a section. */
extern const char *const json_ended_by[];
extern const char *const json_causes[];
extern const char *const json_kinds[];
extern const int json_nr_ended_by, json_nr_causes, json_nr_kinds;

#endif
