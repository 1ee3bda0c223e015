// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* libcudart.c - a libcudart.so.12 above the stub of the driver: each function has a frame and a name, and calls one of the driver. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum copy_kind { HOST_TO_DEVICE = 1, DEVICE_TO_HOST = 2 };

static void *driver_function(const char *name)
{
	static void *driver;
	void *function;

	driver = driver ? driver : dlopen("libcuda.so.1", RTLD_NOW);
	function = driver ? dlsym(driver, name) : NULL;
	if (!function)
		abort();
	return function;
}

/* A driver's function of that name, looked up once. */
#define DRIVER(name, type) static type name; if (!name) name = (type)driver_function(#name)

typedef int (*sync_function)(void *stream);
typedef int (*upload_function)(uint64_t to, const void *from, size_t bytes);
typedef int (*download_function)(void *to, uint64_t from, size_t bytes);
typedef int (*launch_function)(void *kernel, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by,
			       unsigned int bz, unsigned int shared, void *stream, void **parameters, void **extra);

int cudaStreamSynchronize(void *stream);
int cudaStreamSynchronize(void *stream)
{
	DRIVER(cuStreamSynchronize, sync_function);

	return cuStreamSynchronize(stream);
}

int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream);
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream)
{
	DRIVER(cuMemcpyHtoD_v2, upload_function);
	DRIVER(cuMemcpyDtoH_v2, download_function);

	if (stream)
		return 1;
	return kind == DEVICE_TO_HOST ? cuMemcpyDtoH_v2(to, (uintptr_t)from, bytes) : cuMemcpyHtoD_v2((uintptr_t)to, from, bytes);
}

int cudaLaunchKernel(void *kernel, unsigned int blocks, unsigned int threads);
int cudaLaunchKernel(void *kernel, unsigned int blocks, unsigned int threads)
{
	DRIVER(cuLaunchKernel, launch_function);

	return cuLaunchKernel(kernel, blocks, 1, 1, threads, 1, 1, 0, NULL, NULL, NULL);
}
