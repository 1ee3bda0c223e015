// SPDX-License-Identifier: MIT
/* cache_object.c - Cache, the base of CacheProfiler: hands hits, misses and sizes to the markers and counts them itself. */
#include "own_record.h"

struct totals {
	uint64_t hits, misses, sizes;
	uint64_t size_bytes, size_max_bytes;
	double size_sum_bytes;
	double time_sum_s, time_min_s, time_max_s;	/* of hits and misses alike */
};

struct cache {
	PyObject_HEAD
	dcbs_cache *handle;
	struct totals totals;
	struct buckets times;	/* in ns */
};

static PyObject *type;

static int cache_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char keyword[] = "name", *keywords[] = {keyword, NULL};
	PyObject *name = NULL;

	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Cache", keywords, &name))
		return -1;
	if (name)
		return names_cache(name, &((struct cache *)self)->handle);
	((struct cache *)self)->handle = dcbs_cache_name("cache");
	return 0;
}

/* What does not fit is more than 292 years. */
static uint64_t to_ns(double seconds)
{
	return seconds < 9.2e9 ? (uint64_t)(seconds * 1e9 + 0.5) : UINT64_MAX;
}

static void add_time(struct cache *c, double seconds)
{
	struct totals *t = &c->totals;

	buckets_add(&c->times, to_ns(seconds));
	if (t->hits + t->misses == 0 || seconds < t->time_min_s)
		t->time_min_s = seconds;
	if (seconds > t->time_max_s)
		t->time_max_s = seconds;
	t->time_sum_s += seconds;
}

static PyObject *record_hit(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct cache *c = (struct cache *)self;
	PyObject *access_time = Py_None;
	double seconds;

	if (markers_argument(args, nargs, kwnames, "access_time", &access_time) || markers_seconds(access_time, &seconds))
		return NULL;
	dcbs_record_hit(c->handle, seconds);
	add_time(c, seconds);
	c->totals.hits++;
	return none();
}

static PyObject *record_miss(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct cache *c = (struct cache *)self;
	PyObject *computation_time = Py_None;
	double seconds;

	if (markers_argument(args, nargs, kwnames, "computation_time", &computation_time) ||
	    markers_seconds(computation_time, &seconds))
		return NULL;
	dcbs_record_miss(c->handle, seconds);
	add_time(c, seconds);
	c->totals.misses++;
	return none();
}

static PyObject *record_size(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
	struct totals *t = &((struct cache *)self)->totals;
	PyObject *number = Py_None;
	uint64_t size_bytes;

	if (markers_argument(args, nargs, kwnames, "size_bytes", &number) || markers_count(number, &size_bytes))
		return NULL;
	dcbs_record_size(((struct cache *)self)->handle, size_bytes);
	t->size_bytes = size_bytes;
	t->size_sum_bytes += (double)size_bytes;
	if (size_bytes > t->size_max_bytes)
		t->size_max_bytes = size_bytes;
	t->sizes++;
	return none();
}

/* In the order of _noop.Totals. */
static PyObject *cache_totals(PyObject *self, PyObject *unused)
{
	const struct totals *t = &((struct cache *)self)->totals;

	(void)unused;
	return Py_BuildValue("KKKKKdddd", (unsigned long long)t->hits, (unsigned long long)t->misses,
			     (unsigned long long)t->sizes, (unsigned long long)t->size_bytes,
			     (unsigned long long)t->size_max_bytes, t->size_sum_bytes,
			     t->time_sum_s, t->time_min_s, t->time_max_s);
}

static PyObject *cache_histogram(PyObject *self, PyObject *unused)
{
	(void)unused;
	return buckets_values(&((struct cache *)self)->times);
}

static PyObject *cache_clear(PyObject *self, PyObject *unused)
{
	(void)unused;
	buckets_reset(&((struct cache *)self)->times);
	((struct cache *)self)->totals = (struct totals){0};
	return none();
}

static void cache_dealloc(PyObject *self)
{
	buckets_free(&((struct cache *)self)->times);
	markers_free(self);
}

static PyMethodDef methods[] = {
	{"record_hit", METHOD(record_hit), METH_FASTCALL | METH_KEYWORDS,
	 "record_hit(access_time)\n--\n\nA look-up that the cache answered, and the seconds it took."},
	{"record_miss", METHOD(record_miss), METH_FASTCALL | METH_KEYWORDS,
	 "record_miss(computation_time)\n--\n\nA look-up that it did not, and the seconds it took to compute the value."},
	{"record_size", METHOD(record_size), METH_FASTCALL | METH_KEYWORDS,
	 "record_size(size_bytes)\n--\n\nThe size of the cache now."},
	{"_totals", cache_totals, METH_NOARGS, "What this object was told."},
	{"_histogram", cache_histogram, METH_NOARGS, "(zero_count, [(index, count), ...]) of the times in ns."},
	{"clear", cache_clear, METH_NOARGS, "clear()\n--\n\nForgets what this object was told; a profiler that is attached forgets nothing."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, "A cache of the evaluation, by its name."},
	{Py_tp_init, SLOT(cache_init)},
	{Py_tp_dealloc, SLOT(cache_dealloc)},
	{Py_tp_methods, methods},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "dcbs_profiler._markers.Cache",
	.basicsize = sizeof(struct cache),
	.flags = MARKERS_TYPE_FLAGS | Py_TPFLAGS_BASETYPE,
	.slots = slots,
};

int cache_types(PyObject *module)
{
	return markers_add_type(module, &spec, &type);
}
