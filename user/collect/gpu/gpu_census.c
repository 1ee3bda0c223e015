// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* gpu_census.c - see gpu_census.h. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/target_file.h"
#include "collect/gpu/gpu_census.h"
#include "collect/kernel/stat_maps.h"

#define CENSUS_HITS 100
#define CENSUS_NS 5000000ULL		/* the longest one */
#define CENSUS_LOOK_US 400
#define CENSUS_SHARE 0.002		/* of the time: the most that hits may take */
#define CENSUS_EVERY_NS 500000000ULL	/* at most so often */
#define CENSUS_LEAST 3			/* fewer tell nothing about how rates vary */
#define USUAL_TRAP_NS 1000
#define PROGRAM_NS 1000
#define LEAST_PART 0.25			/* of a census, that hits leave */

static __u64 launches_so_far(const struct programs *bpf)
{
	return *(volatile __u64 *)&bpf->skel->bss->counters.gpu_launches;
}

/* ---- probes ---- */

static void attach_probe(struct gpu_probe *probe, const struct programs *bpf, bool *refused)
{
	int fd;

	if (!probe->functions)
		return;
	fd = target_file_open_mapping_probe(&probe->map);
	if (fd < 0)
		return;
	*refused |= gpu_links_attach(&probe->links[DRIVER_LAUNCHES], bpf, probe->pid, fd, probe->functions, DRIVER_LAUNCHES) < 0;
	close(fd);
}

/* Without a probe nothing would be counted, which is not the same as no launch. */
static bool has_probe(const struct gpu_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		if (probes->list[i].links[DRIVER_LAUNCHES].nr)
			return true;
	return false;
}

static void detach_probes(struct gpu_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->nr; i++)
		gpu_links_close(&probes->list[i].links[DRIVER_LAUNCHES]);
}

/* ---- a census ---- */

/* Returns how long launches were counted. */
static __u64 count_launches(struct gpu_census *census, const struct programs *bpf)
{
	volatile struct throttle *t = &bpf->skel->bss->throttle;
	__u64 start = clock_now_ns(), now;

	census->hits = launches_so_far(bpf);
	t->gpu_census = 1;
	do {
		usleep(CENSUS_LOOK_US);
		now = clock_now_ns();
	} while (now - start < CENSUS_NS && launches_so_far(bpf) - census->hits < CENSUS_HITS);
	t->gpu_census = 0;
	return now - start;
}

static void add_rate(struct census_rate *to, __u64 launches, double s)
{
	double rate = (double)(launches - to->launches) / s;

	to->launches = launches;
	to->sum += rate;
	to->sum2 += rate * rate;
}

static void add_rates(struct gpu_census *census, const struct programs *bpf, __u64 on_ns)
{
	int map = bpf_map__fd(bpf->skel->maps.gpu_sums);
	double hits = (double)(launches_so_far(bpf) - census->hits);
	double left_ns = fmax((double)on_ns - hits * census->hit_ns, LEAST_PART * (double)on_ns);
	__u32 id, used = (__u32)stat_maps_used(bpf);
	struct gpu_sum sum;

	for (id = SECTION_OTHER; id < used; id++)
		if (!bpf_map_lookup_elem(map, &id, &sum))
			add_rate(&census->rates[id], sum.launches, left_ns * S_PER_NS);
	census->launches += hits;
	census->on_ns += (double)on_ns;
	census->nr++;
}

static void hold_census(struct gpu_census *census, struct gpu_probes *probes, const struct programs *bpf)
{
	bool *refused = &probes->refused[DRIVER_LAUNCHES];
	__u64 on_ns;
	size_t i;

	for (i = 0; i < probes->nr && !*refused; i++)
		attach_probe(&probes->list[i], bpf, refused);
	if (!*refused && has_probe(probes)) {
		on_ns = count_launches(census, bpf);
		add_rates(census, bpf, on_ns);
	}
	detach_probes(probes);
}

/* The kernel removes the probes a little later, so hits are counted until the next one is due. */
static bool is_due(struct gpu_census *census, const struct programs *bpf, __u64 now)
{
	double cost_ns = (double)(launches_so_far(bpf) - census->hits) * census->hit_ns;
	__u64 wait_ns = cost_ns / CENSUS_SHARE > (double)CENSUS_EVERY_NS ? (__u64)(cost_ns / CENSUS_SHARE) : CENSUS_EVERY_NS;

	if (!census->next_ns)
		census->next_ns = now + CENSUS_EVERY_NS;
	if (now < census->next_ns)
		return false;
	census->hits = launches_so_far(bpf);
	if (!census->nr || wait_ns == CENSUS_EVERY_NS)
		return true;
	census->next_ns += wait_ns - CENSUS_EVERY_NS;
	return now >= census->next_ns;
}

void gpu_census_poll(struct gpu_census *census, struct gpu_probes *probes, const struct programs *bpf, const struct calibration *costs)
{
	__u64 now = clock_now_ns(), start = bpf->skel->bss->window.start_ns;
	double trap_ns = probes->stepped && costs->step_ns > 0 ? costs->step_ns : costs->trap_ns;

	if (!probes->attached || probes->left[DRIVER_LAUNCHES] || probes->refused[DRIVER_LAUNCHES] || !start || now < start)
		return;
	census->hit_ns = PROGRAM_NS + (isnan(trap_ns) ? USUAL_TRAP_NS : trap_ns);
	if (!is_due(census, bpf, now))
		return;
	if (!census->rates)
		census->rates = calloc(BPFPROF_SECTIONS, sizeof(*census->rates));
	if (!census->rates)
		return;
	hold_census(census, probes, bpf);
	census->next_ns = clock_now_ns() + CENSUS_EVERY_NS;
}

__u64 gpu_census_due(const struct gpu_census *census, __u64 now, __u64 next)
{
	return census->next_ns > now && census->next_ns < next ? census->next_ns : next;
}

/* ---- to a snapshot ---- */

static struct snapshot_launches launches_of(const struct gpu_census *census, const struct census_rate *rate)
{
	double mean = rate->sum / census->nr, variance = fmax(rate->sum2 / census->nr - mean * mean, 0) / (census->nr - 1);
	double made_up_for = fmin(census->launches * census->hit_ns / census->on_ns, 1 - LEAST_PART);

	return (struct snapshot_launches){
		.rate = mean,
		.error = sqrt(variance + 0.25 * made_up_for * made_up_for * mean * mean + mean / (census->on_ns * S_PER_NS)),
	};
}

void gpu_census_copy(const struct gpu_census *census, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index)
{
	__u32 id, used = (__u32)stat_maps_used(bpf);

	snap->ns_per_gpu_launch = census->hit_ns;
	snap->gpu_launches_known = census->nr >= CENSUS_LEAST && census->rates;
	for (id = SECTION_OTHER; id < used && snap->gpu_launches_known; id++) {
		if (id == SECTION_OUTSIDE)
			snap->outside_launches = launches_of(census, &census->rates[id]);
		else if (section_index[id] < snap->nr_sections)
			snap->sections[section_index[id]]->launches = launches_of(census, &census->rates[id]);
	}
}

void gpu_census_clear(struct gpu_census *census)
{
	free(census->rates);
	*census = (struct gpu_census){0};
}
