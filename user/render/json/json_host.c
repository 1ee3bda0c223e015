// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_host.c - the machine to and from the document. */
#include "render/json/json_host.h"
#include "render/json/json_value.h"

json_t *json_host_object(const struct dcbs_report *r)
{
	const struct dcbs_host *h = &r->host;

	return json_pack("{s:o, s:o, s:o, s:o, s:{s:o}, s:{s:o, s:o}}", "name", string_or_null(h->name),
			 "kernel", string_or_null(h->kernel),
			 "cpu", string_or_null(h->cpu), "cpus", integer_or_null(h->cpus),
			 "cgroup", "cpu_limit", real_or_null(h->cpu_limit),
			 "versions", "dcbs-bpfprof", string_or_null(r->version), "libbpf", string_or_null(h->libbpf));
}

void json_host_read(struct json_get *r, const json_t *doc, struct dcbs_host *host)
{
	const json_t *o = json_get_object(r, doc, "host"), *versions = json_get_object(r, o, "versions");

	*host = (struct dcbs_host) {
		.name = json_get_string(r, o, "name"), .kernel = json_get_string(r, o, "kernel"),
		.cpu = json_get_string(r, o, "cpu"), .cpus = json_get_integer(r, o, "cpus"),
		.cpu_limit = json_get_real(r, json_get_object(r, o, "cgroup"), "cpu_limit"),
		.libbpf = json_get_string(r, versions, "libbpf"),
	};
}
