/* SPDX-License-Identifier: MIT */
/* cache_object.h - the type Cache, the base of CacheProfiler. */
#ifndef PYTHON_CACHE_OBJECT_H
#define PYTHON_CACHE_OBJECT_H

#include "extension.h"

int cache_object_add_type(PyObject *module);

#endif
