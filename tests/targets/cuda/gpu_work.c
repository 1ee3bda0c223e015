// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_work.c - an evaluation on a GPU that has one planted bottleneck after the other, each in a section of its name.
 *
 *     LD_LIBRARY_PATH=FOLDER_OF_THE_STUB gpu_work SECONDS NAME...
 *
 * With GPU_WORK_BARE in the environment there are no sections; with GPU_WORK_LATE it loads the driver only when it begins; with
 * GPU_WORK_RUNTIME it calls libcudart instead of the driver, and with GPU_WORK_HIP libamdhip64. Names: see the table. The driver is stub/libcuda.c. The JSON line has for each name what its calls of the driver took by the
 * driver's own account, and how many they were. hang never ends; streams has two threads:
 *
 *     "gpu": {NAME: {"total_ns", "around_ns", "sync_ns", "copy_ns", "launch_ns", "full_ns", "syncs", "copies", "launches", "idle",
 *                    "h2d_bytes", "d2h_bytes"}}
 */
#include <dlfcn.h>
#include <pthread.h>

#include "dcbs/markers.h"
#include "truth.h"
#include "open_library.h"

#define COPY_BYTES (64 << 20)

struct driver_account {
	uint64_t sync_ns, copy_ns, launch_ns, full_ns, syncs, copies, launches, idle, h2d_bytes, d2h_bytes;
};

enum copy_kind { TO_DEVICE = 1, TO_HOST = 2 };

static struct {
	int (*synchronise)(void *stream);
	int (*synchronise_own)(void *stream);
	int (*record)(uint64_t *event, void *stream);
	int (*wait)(uint64_t *event);
	int (*launch_graph)(void *graph, void *stream);
	int (*upload)(uint64_t to, const void *from, size_t bytes);
	int (*download)(void *to, uint64_t from, size_t bytes);
	int (*launch)(void *kernel, unsigned int gx, unsigned int gy, unsigned int gz, unsigned int bx, unsigned int by, unsigned int bz,
		      unsigned int shared, void *stream, void **parameters, void **extra);
	const struct driver_account *(*account)(void);
} driver;

/* All NULL: the driver is called. */
static struct {
	int (*synchronise)(void *stream);
	int (*copy)(void *to, const void *from, size_t bytes, int kind, void *stream);
	int (*launch)(void *kernel, unsigned int blocks, unsigned int threads);
} runtime;

/* ---- calls ---- */

/* The time of calls that wait or copy, by the caller's clock. A probe at the driver's entry is in it, and not in the driver's account. */
static uint64_t around_ns;

static void synchronise(void)
{
	uint64_t start = truth_now_ns();

	if (runtime.synchronise)
		runtime.synchronise(NULL);
	else
		driver.synchronise(NULL);
	around_ns += truth_now_ns() - start;
}

static void upload(const void *from, size_t bytes)
{
	uint64_t start = truth_now_ns();

	if (runtime.copy)
		runtime.copy((void *)1, from, bytes, TO_DEVICE, NULL);
	else
		driver.upload(1, from, bytes);
	around_ns += truth_now_ns() - start;
}

static void download(void *to, size_t bytes)
{
	uint64_t start = truth_now_ns();

	if (runtime.copy)
		runtime.copy(to, (void *)1, bytes, TO_HOST, NULL);
	else
		driver.download(to, 1, bytes);
	around_ns += truth_now_ns() - start;
}

static void wait_for_event(uint64_t *event)
{
	uint64_t start = truth_now_ns();

	driver.wait(event);
	around_ns += truth_now_ns() - start;
}

static void launch(uintptr_t kernel_ns)
{
	if (runtime.launch)
		runtime.launch((void *)kernel_ns, 1, 1);
	else
		driver.launch((void *)kernel_ns, 1, 1, 1, 1, 1, 1, 0, NULL, NULL, NULL);
}

/* ---- evaluations ---- */

static void launch_kernels(int n, uintptr_t kernel_ns, uint64_t host_ns)
{
	while (n--) {
		launch(kernel_ns);
		truth_spin_ns(host_ns);
	}
}

static void do_gpu(void)
{
	launch_kernels(20, 400000, 0);
	synchronise();
}

static void do_launch(void)
{
	launch_kernels(200, 2000, 8000);
	synchronise();
}

static void do_copy(void)
{
	upload(&driver, COPY_BYTES);
}

static void do_item(void)
{
	float logit;

	launch_kernels(30, 20000, 2000);
	download(&logit, sizeof(logit));
}

/* Nothing waits for the results. */
static void do_full(void)
{
	launch_kernels(100, 50000, 0);
}

static void do_graph(void)
{
	uint64_t event;

	driver.launch_graph((void *)900000, NULL);
	driver.record(&event, NULL);
	truth_spin_ns(50000);
	wait_for_event(&event);
}

/* There is little to wait for. */
static void do_poll(void)
{
	int i;

	for (i = 0; i < 1000; i++) {
		launch(1000);
		synchronise();
	}
}

/* A thousand steps a second, with 85 launches in each. */
static void do_steps(void)
{
	launch_kernels(85, 2000, 7700);
	synchronise();
}

static void do_hang(void)
{
	launch(3600000000000);
	synchronise();
}

static void work_on_stream(void *stream)
{
	int i;

	for (i = 0; i < 10; i++)
		driver.launch((void *)400000, 1, 1, 1, 1, 1, 1, 0, stream, NULL, NULL);
	driver.synchronise_own(stream);
}

static void *second_stream(void *unused)
{
	dcbs_token token = dcbs_section_begin(dcbs_section_name("second"));

	work_on_stream((void *)1);
	dcbs_section_end(token);
	return unused;
}

static void do_streams(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, second_stream, NULL);
	work_on_stream(NULL);
	pthread_join(thread, NULL);
}

static void do_cpu(void)
{
	truth_spin_ns(5000000);
}

static const struct work {
	const char *name;
	void (*once)(void);
} works[] = {
	{"gpu", do_gpu}, {"launch", do_launch}, {"copy", do_copy}, {"item", do_item}, {"full", do_full}, {"cpu", do_cpu},
	{"graph", do_graph}, {"hang", do_hang}, {"poll", do_poll}, {"streams", do_streams},
	{"steps", do_steps},
};

static void open_runtime(const char *file, const char *synchronise_name, const char *copy_name, const char *launch_name)
{
	void *library = open_library(file);

	*(void **)&runtime.synchronise = dlsym(library, synchronise_name);
	*(void **)&runtime.copy = dlsym(library, copy_name);
	*(void **)&runtime.launch = dlsym(library, launch_name);
}

static void open_driver(void)
{
	bool hip = getenv("GPU_WORK_HIP");
	void *library = open_library(hip ? "libamdhip64.so.6" : "libcuda.so.1");

	*(void **)&driver.synchronise = dlsym(library, "cuStreamSynchronize");
	*(void **)&driver.upload = dlsym(library, "cuMemcpyHtoD_v2");
	*(void **)&driver.download = dlsym(library, "cuMemcpyDtoH_v2");
	*(void **)&driver.launch = dlsym(library, "cuLaunchKernel");
	*(void **)&driver.synchronise_own = dlsym(library, "cuStreamSynchronize_ptsz");
	*(void **)&driver.record = dlsym(library, "cuEventRecord");
	*(void **)&driver.wait = dlsym(library, "cuEventSynchronize");
	*(void **)&driver.launch_graph = dlsym(library, "cuGraphLaunch");
	*(void **)&driver.account = dlsym(library, "stub_account");
	if (hip)
		open_runtime("libamdhip64.so.6", "hipStreamSynchronize", "hipMemcpyAsync", "hipLaunchKernel");
	else if (getenv("GPU_WORK_RUNTIME"))
		open_runtime("libcudart.so.12", "cudaStreamSynchronize", "cudaMemcpyAsync", "cudaLaunchKernel");
}

static void work_for(const struct work *work, double seconds, bool bare, const char *comma)
{
	dcbs_id id = bare ? 0 : dcbs_section_name(work->name);
	struct driver_account before = *driver.account(), after;
	uint64_t start = truth_now_ns(), end = start + (uint64_t)(seconds * 1e9);
	dcbs_token token;

	around_ns = 0;
	while (truth_now_ns() < end) {
		if (!bare)
			token = dcbs_section_begin(id);
		work->once();
		if (!bare)
			dcbs_section_end(token);
	}
	end = truth_now_ns();
	after = *driver.account();
	printf("%s\"%s\":{\"total_ns\":%" PRIu64, comma, work->name, end - start);
	truth_number("around_ns", around_ns);
	truth_number("sync_ns", after.sync_ns - before.sync_ns);
	truth_number("copy_ns", after.copy_ns - before.copy_ns);
	truth_number("launch_ns", after.launch_ns - before.launch_ns);
	truth_number("full_ns", after.full_ns - before.full_ns);
	truth_number("syncs", after.syncs - before.syncs);
	truth_number("copies", after.copies - before.copies);
	truth_number("launches", after.launches - before.launches);
	truth_number("idle", after.idle - before.idle);
	truth_number("h2d_bytes", after.h2d_bytes - before.h2d_bytes);
	truth_number("d2h_bytes", after.d2h_bytes - before.d2h_bytes);
	printf("}");
	synchronise();
}

int main(int argc, char **argv)
{
	bool bare = getenv("GPU_WORK_BARE"), late = getenv("GPU_WORK_LATE");
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
	const char *comma = "";
	size_t k;
	int i;

	if (!late)
		open_driver();
	truth_gate();
	if (late)
		open_driver();
	truth_open();
	printf(",\"gpu\":{");
	for (i = 2; i < argc; i++)
		for (k = 0; k < sizeof(works) / sizeof(*works); k++)
			if (!strcmp(works[k].name, argv[i])) {
				work_for(&works[k], seconds, bare, comma);
				comma = ",";
			}
	printf("}");
	truth_close();
	return 0;
}
