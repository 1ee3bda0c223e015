// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* json_hist.c - histograms to and from the document. */
#include "bpfprof/hist.h"
#include "render/json/json_hist.h"

json_t *json_hist_object(const struct dcbs_histogram *h, int scale)
{
	json_t *buckets = json_array();
	size_t i;

	for (i = 0; i < h->nr_buckets; i++)
		if (json_array_append_new(buckets, json_pack("[i, I]", (int)h->buckets[i].index,
							     (json_int_t)h->buckets[i].count))) {
			json_decref(buckets);
			return NULL;
		}
	return json_pack("{s:i, s:I, s:o}", "scale", scale, "zero_count", (json_int_t)h->zero_count, "buckets", buckets);
}

static bool read_bucket(const json_t *pair, struct dcbs_bucket *b, int places)
{
	const json_t *index = json_array_get(pair, 0), *count = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_integer(index) || !json_is_integer(count))
		return false;
	if (json_integer_value(index) < HIST_MIN_INDEX || json_integer_value(index) >= places + HIST_MIN_INDEX)
		return false;
	b->index = (int32_t)json_integer_value(index);
	b->count = (uint64_t)json_integer_value(count);
	return json_integer_value(count) > 0;
}

void json_hist_read(struct json_get *r, const json_t *o, struct dcbs_histogram *h, int scale, int places)
{
	const json_t *array = json_get_array(r, o, "buckets", &h->buckets, sizeof(*h->buckets));
	int64_t zeros = json_get_integer(r, o, "zero_count");
	size_t i;

	if (o && json_get_integer(r, o, "scale") != scale)
		json_get_wrong(r, "histogram.scale", scale == HIST_SCALE ? "5" : "2");
	h->zero_count = zeros == DCBS_UNKNOWN ? 0 : (uint64_t)zeros;
	for (i = 0; i < json_array_size(array) && !r->err; i++) {
		if (!read_bucket(json_array_get(array, i), &h->buckets[i], places) ||
		    (i && h->buckets[i].index <= h->buckets[i - 1].index))
			json_get_wrong(r, "histogram.buckets", "an array of [index, count] in ascending order");
		h->nr_buckets = i + 1;
	}
}
