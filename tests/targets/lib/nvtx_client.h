/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * nvtx_client.h - for a target that has NVTX ranges: the part of a program that NVIDIA's header nvToolsExt.h of version 3 makes.
 *
 * As there, the first call loads the library of NVTX_INJECTION64_PATH and calls its InitializeInjectionNvtx2() with a function that
 * returns the export tables. Through them the library stores its own functions in pointers of this file, through which each call goes.
 * Pointers that it leaves alone become null, and calls through them do nothing.
 */
#ifndef TARGETS_NVTX_CLIENT_H
#define TARGETS_NVTX_CLIENT_H

#include <dlfcn.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

typedef uint64_t nvtxRangeId_t;
typedef struct nvtxDomainRegistration_st *nvtxDomainHandle_t;
typedef struct nvtxStringRegistration_st *nvtxStringHandle_t;

enum { NVTX_MESSAGE_TYPE_ASCII = 1, NVTX_MESSAGE_TYPE_UNICODE = 2, NVTX_MESSAGE_TYPE_REGISTERED = 3 };

typedef struct nvtxEventAttributes_v2 {
	uint16_t version;
	uint16_t size;
	uint32_t category;
	int32_t colorType;
	uint32_t color;
	int32_t payloadType;
	int32_t reserved0;
	union { uint64_t ullValue; double dValue; } payload;
	int32_t messageType;
	union { const char *ascii; const wchar_t *unicode; nvtxStringHandle_t registered; } message;
} nvtxEventAttributes_t;

typedef void (*nvtx_any)(void);

/* The numbers of the functions in their modules, and the sizes of the modules. */
enum { CORE_MARK_A = 2, CORE_START_EX = 4, CORE_START_A, CORE_START_W, CORE_END, CORE_PUSH_EX, CORE_PUSH_A, CORE_PUSH_W, CORE_POP, CORE_SIZE = 16 };
enum { CORE2_MARK = 1, CORE2_START_EX, CORE2_END, CORE2_PUSH_EX, CORE2_POP, CORE2_REGISTER_A = 10, CORE2_REGISTER_W, CORE2_CREATE_A,
	CORE2_CREATE_W, CORE2_SIZE = 16 };

static nvtx_any nvtx_core_pointers[CORE_SIZE], nvtx_core2_pointers[CORE2_SIZE];
static nvtx_any *nvtx_core_table[CORE_SIZE + 1], *nvtx_core2_table[CORE2_SIZE + 1];
static volatile unsigned int nvtx_init_state;	/* 0: fresh, 1: started, 2: complete */

static int nvtx_get_table(int module, nvtx_any ***table, unsigned int *size)
{
	if (module != 1 && module != 5)
		return 0;
	if (size)
		*size = module == 1 ? CORE_SIZE : CORE2_SIZE;
	if (table)
		*table = module == 1 ? nvtx_core_table : nvtx_core2_table;
	return 1;
}

static const void *nvtx_export_table(uint32_t id)
{
	static const struct { size_t struct_size; int (*get_table)(int, nvtx_any ***, unsigned int *); } callbacks = {
		sizeof(callbacks), nvtx_get_table,
	};

	return id == 1 ? &callbacks : NULL;
}

/* The pointers of functions that the library stores are no longer this one. */
static void nvtx_init_function(void)
{
}

static int nvtx_load(void)
{
	const char *path = getenv("NVTX_INJECTION64_PATH");
	int (*initialize)(const void *(*)(uint32_t));
	void *library;

	if (!path)
		return 0;
	library = dlopen(path, RTLD_LAZY);
	if (!library)
		return 0;
	initialize = (int (*)(const void *(*)(uint32_t)))dlsym(library, "InitializeInjectionNvtx2");
	if (initialize && initialize(nvtx_export_table))
		return 1;
	dlclose(library);
	return 0;
}

static void nvtx_fill(nvtx_any *pointers, nvtx_any **table, size_t size)
{
	size_t i;

	for (i = 1; i < size; i++) {
		pointers[i] = nvtx_init_function;
		table[i] = &pointers[i];
	}
}

static void nvtx_set_noops(nvtx_any *pointers, size_t size, int all)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (all || pointers[i] == nvtx_init_function)
			pointers[i] = NULL;
}

static void nvtx_init_once(void)
{
	int loaded;

	if (nvtx_init_state == 2)
		return;
	if (!__sync_bool_compare_and_swap(&nvtx_init_state, 0, 1)) {
		while (nvtx_init_state != 2)
			sched_yield();
		return;
	}
	nvtx_fill(nvtx_core_pointers, nvtx_core_table, CORE_SIZE);
	nvtx_fill(nvtx_core2_pointers, nvtx_core2_table, CORE2_SIZE);
	loaded = nvtx_load();
	nvtx_set_noops(nvtx_core_pointers, CORE_SIZE, !loaded);
	nvtx_set_noops(nvtx_core2_pointers, CORE2_SIZE, !loaded);
	__sync_synchronize();
	nvtx_init_state = 2;
}

#define NVTX_CALL(module, id, type, otherwise, ...) \
	(nvtx_init_once(), nvtx_##module##_pointers[id] ? ((type)nvtx_##module##_pointers[id])(__VA_ARGS__) : (otherwise))

static inline int nvtxRangePushA(const char *text)
{
	return NVTX_CALL(core, CORE_PUSH_A, int (*)(const char *), -2, text);
}

static inline int nvtxRangePushW(const wchar_t *text)
{
	return NVTX_CALL(core, CORE_PUSH_W, int (*)(const wchar_t *), -2, text);
}

static inline int nvtxRangePop(void)
{
	return NVTX_CALL(core, CORE_POP, int (*)(void), -2);
}

static inline nvtxRangeId_t nvtxRangeStartA(const char *text)
{
	return NVTX_CALL(core, CORE_START_A, nvtxRangeId_t (*)(const char *), 0, text);
}

static inline void nvtxRangeEnd(nvtxRangeId_t id)
{
	NVTX_CALL(core, CORE_END, void (*)(nvtxRangeId_t), (void)0, id);
}

static inline void nvtxMarkA(const char *text)
{
	NVTX_CALL(core, CORE_MARK_A, void (*)(const char *), (void)0, text);
}

static inline nvtxDomainHandle_t nvtxDomainCreateA(const char *name)
{
	return NVTX_CALL(core2, CORE2_CREATE_A, nvtxDomainHandle_t (*)(const char *), NULL, name);
}

static inline nvtxStringHandle_t nvtxDomainRegisterStringA(nvtxDomainHandle_t domain, const char *text)
{
	return NVTX_CALL(core2, CORE2_REGISTER_A, nvtxStringHandle_t (*)(nvtxDomainHandle_t, const char *), NULL, domain, text);
}

static inline int nvtxDomainRangePushEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t *event)
{
	return NVTX_CALL(core2, CORE2_PUSH_EX, int (*)(nvtxDomainHandle_t, const nvtxEventAttributes_t *), -2, domain, event);
}

static inline int nvtxDomainRangePop(nvtxDomainHandle_t domain)
{
	return NVTX_CALL(core2, CORE2_POP, int (*)(nvtxDomainHandle_t), -2, domain);
}

#endif
