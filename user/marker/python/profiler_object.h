/* SPDX-License-Identifier: MIT */
/* profiler_object.h - the types Profiler and Model, the bases of PerformanceProfiler and ModelProfiler. */
#ifndef PYTHON_PROFILER_OBJECT_H
#define PYTHON_PROFILER_OBJECT_H

#include "extension.h"

int profiler_object_add_types(PyObject *module);

#endif
