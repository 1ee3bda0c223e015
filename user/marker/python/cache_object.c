// SPDX-License-Identifier: MIT
/* cache_object.c - Cache, the base of CacheProfiler: passes hits, misses and sizes to the markers and counts them itself. */
#include "buckets.h"
#include "cache_object.h"
#include "convert.h"
#include "dcbs/markers.h"
#include "name_objects.h"

struct cache_totals {
	uint64_t hits, misses, sizes;
	uint64_t size_bytes, size_max_bytes;
	double size_sum_bytes;
	double time_sum_s, time_min_s, time_max_s;	/* of hits and misses alike */
};

struct cache_object {
	PyObject_HEAD
	dcbs_cache *handle;
	struct cache_totals totals;
	struct buckets times;	/* in ns */
};

static PyObject *cache_type;

static int cache_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char keyword[] = "name", *keywords[] = {keyword, NULL};
	PyObject *name = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Cache", keywords, &name))
		return -1;
	if (name)
		return name_objects_cache(name, &((struct cache_object *)self)->handle);
	((struct cache_object *)self)->handle = dcbs_cache_name("cache");
	return 0;
}

/* Values that do not fit, of more than 292 years, become the largest number. */
static uint64_t seconds_to_ns(double seconds)
{
	return seconds < 9.2e9 ? (uint64_t)(seconds * 1e9 + 0.5) : UINT64_MAX;
}

static void add_access_time(struct cache_object *c, double seconds)
{
	struct cache_totals *t = &c->totals;

	buckets_add(&c->times, seconds_to_ns(seconds));
	if (t->hits + t->misses == 0 || seconds < t->time_min_s)
		t->time_min_s = seconds;
	if (seconds > t->time_max_s)
		t->time_max_s = seconds;
	t->time_sum_s += seconds;
}

static PyObject *cache_record_hit(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct cache_object *c = (struct cache_object *)self;
	PyObject *access_time = Py_None;
	double seconds;

	if (convert_argument(args, nargs, kwnames, "access_time", &access_time) || convert_seconds(access_time, &seconds))
		return NULL;
	dcbs_record_hit(c->handle, seconds);
	add_access_time(c, seconds);
	c->totals.hits++;
	return extension_none();
}

static PyObject *cache_record_miss(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct cache_object *c = (struct cache_object *)self;
	PyObject *computation_time = Py_None;
	double seconds;

	if (convert_argument(args, nargs, kwnames, "computation_time", &computation_time) ||
	    convert_seconds(computation_time, &seconds))
		return NULL;
	dcbs_record_miss(c->handle, seconds);
	add_access_time(c, seconds);
	c->totals.misses++;
	return extension_none();
}

static PyObject *cache_record_size(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct cache_totals *t = &((struct cache_object *)self)->totals;
	PyObject *number = Py_None;
	uint64_t size_bytes;

	if (convert_argument(args, nargs, kwnames, "size_bytes", &number) || convert_count(number, &size_bytes))
		return NULL;
	dcbs_record_size(((struct cache_object *)self)->handle, size_bytes);
	t->size_bytes = size_bytes;
	t->size_sum_bytes += (double)size_bytes;
	if (size_bytes > t->size_max_bytes)
		t->size_max_bytes = size_bytes;
	t->sizes++;
	return extension_none();
}

static PyObject *cache_totals(PyObject *self, PyObject *unused)
{
	const struct cache_totals *t = &((struct cache_object *)self)->totals;

	(void)unused;
	return Py_BuildValue("KKKKKdddd", (unsigned long long)t->hits, (unsigned long long)t->misses,
			     (unsigned long long)t->sizes, (unsigned long long)t->size_bytes,
			     (unsigned long long)t->size_max_bytes, t->size_sum_bytes,
			     t->time_sum_s, t->time_min_s, t->time_max_s);
}

static PyObject *cache_histogram(PyObject *self, PyObject *unused)
{
	(void)unused;
	return buckets_values(&((struct cache_object *)self)->times);
}

static PyObject *cache_clear(PyObject *self, PyObject *unused)
{
	(void)unused;
	buckets_reset(&((struct cache_object *)self)->times);
	((struct cache_object *)self)->totals = (struct cache_totals){0};
	return extension_none();
}

static void cache_dealloc(PyObject *self)
{
	buckets_free(&((struct cache_object *)self)->times);
	extension_free_object(self);
}

static PyMethodDef cache_methods[] = {
	{"record_hit", METHOD(cache_record_hit), METH_FASTCALL | METH_KEYWORDS,
	 "record_hit(access_time)\n--\n\nRecords a look-up that the cache answered, and the seconds it took."},
	{"record_miss", METHOD(cache_record_miss), METH_FASTCALL | METH_KEYWORDS,
	 "record_miss(computation_time)\n--\n\n"
	 "Records a look-up that the cache did not answer, and the seconds it took to compute the value."},
	{"record_size", METHOD(cache_record_size), METH_FASTCALL | METH_KEYWORDS,
	 "record_size(size_bytes)\n--\n\nRecords the current size of the cache in bytes."},
	{"_totals", cache_totals, METH_NOARGS, "Counts, bytes and seconds of this object's records, in the order of _noop.Totals."},
	{"_histogram", cache_histogram, METH_NOARGS, "Returns (zero_count, [(index, count), ...]) of the times in ns."},
	{"clear", cache_clear, METH_NOARGS, "clear()\n--\n\nForgets the records of this object; an attached profiler keeps its own."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot cache_slots[] = {
	{Py_tp_doc, "A cache of the evaluation, identified by its name."},
	{Py_tp_init, SLOT(cache_init)},
	{Py_tp_dealloc, SLOT(cache_dealloc)},
	{Py_tp_methods, cache_methods},
	{0, NULL},
};

static PyType_Spec cache_spec = {
	.name = "dcbs_profiler._markers.Cache",
	.basicsize = sizeof(struct cache_object),
	.flags = EXTENSION_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = cache_slots,
};

int cache_object_add_type(PyObject *module)
{
	return extension_add_type(module, &cache_spec, &cache_type);
}
