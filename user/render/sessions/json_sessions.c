// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_sessions.c - see json_sessions.h. */
#include "render/json/json_value.h"
#include "render/sessions/json_sessions.h"

json_t *json_sessions_session(const struct dcbs_session *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:{s:o, s:o, s:o}}", "name", string_or_null(s->name),
			 "host", string_or_null(s->host), "pid", s->pid ? integer_or_null(s->pid) : json_null(),
			 "processes", integer_or_null(s->processes),
			 "window", "started_at", real_or_null(s->started_at), "duration_s", real_or_null(s->duration_s),
			 "memory", "rss_start_bytes", integer_or_null(s->rss_start_bytes),
			 "rss_end_bytes", integer_or_null(s->rss_end_bytes), "rss_peak_bytes", integer_or_null(s->rss_peak_bytes));
}

static void read_session(struct json_get *r, const json_t *o, struct dcbs_session *s)
{
	const json_t *window = json_get_object(r, o, "window"), *memory = json_get_object(r, o, "memory");

	*s = (struct dcbs_session) {
		.name = json_get_name(r, o, "name"), .host = json_get_string(r, o, "host"), .pid = json_get_optional_pid(r, o, "pid"),
		.processes = json_get_integer(r, o, "processes"), .started_at = json_get_real(r, window, "started_at"),
		.duration_s = json_get_real(r, window, "duration_s"), .rss_start_bytes = json_get_integer(r, memory, "rss_start_bytes"),
		.rss_end_bytes = json_get_integer(r, memory, "rss_end_bytes"),
		.rss_peak_bytes = json_get_integer(r, memory, "rss_peak_bytes"),
	};
}

void json_sessions_read(struct json_get *r, const json_t *doc, struct dcbs_report *to)
{
	const json_t *array = json_get_array(r, doc, "sessions", &to->sessions, sizeof(*to->sessions));
	size_t i;

	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		to->nr_sessions = i + 1;
		read_session(r, json_get_enter(r, array, "sessions", i), &to->sessions[i]);
	}
	json_get_leave(r);
}

static json_t *place_object(size_t session, double mean_s)
{
	return json_pack("{s:I, s:o}", "session", (json_int_t)session, "mean_s", real_or_null(mean_s));
}

json_t *json_sessions_skew(const struct dcbs_session_skew *skew)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "count", integer_or_null(skew->sessions), "skew", real_or_null(skew->ratio),
			 "slowest", place_object(skew->slowest, skew->slowest_mean_s),
			 "fastest", place_object(skew->fastest, skew->fastest_mean_s));
}

static size_t read_place(struct json_get *r, const json_t *o, size_t nr_sessions, double *mean_s)
{
	int64_t session = json_get_integer(r, o, "session");

	*mean_s = json_get_real(r, o, "mean_s");
	if (session >= 0 && (uint64_t)session < nr_sessions)
		return (size_t)session;
	json_get_wrong(r, "session", "the place of one of the sessions");
	return 0;
}

void json_sessions_read_skew(struct json_get *r, const json_t *section, struct dcbs_session_skew *to, size_t nr_sessions)
{
	const json_t *o = json_get_object(r, section, "sessions");

	*to = (struct dcbs_session_skew){.ratio = json_get_real(r, o, "skew")};
	if (!o)
		return;
	to->sessions = json_get_integer(r, o, "count");
	to->slowest = read_place(r, json_get_object(r, o, "slowest"), nr_sessions, &to->slowest_mean_s);
	to->fastest = read_place(r, json_get_object(r, o, "fastest"), nr_sessions, &to->fastest_mean_s);
}
