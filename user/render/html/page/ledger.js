// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The causes of a section's time as bars and ledgers; histograms of the durations of its calls.

// Key of `wall`, word, class of the colour. In the order of the bar: work, what delays it, what it waits for.
const CAUSES = [
	["cpu_s", "computing"], ["runqueue_s", "run queue"], ["throttled_s", "throttled"], ["steal_s", "steal"], ["gil_s", "GIL"],
	["lock_s", "lock"], ["disk_s", "disk"], ["fault_s", "page faults"], ["network_s", "network"], ["gpu_s", "GPU"],
	["sleep_s", "sleep"], ["await_s", "await"], ["other_s", "other waits"],
];
const CAUSE_WORDS = new Map(CAUSES);
const BESIDE = ["worker_cpu_s", "residue_s"];

// A session of a later profiler may have causes that this page does not know.
function causesOf(wall) {
	const more = Object.keys(wall || {}).filter((key) => /_s$/.test(key) && !CAUSE_WORDS.has(key) && !BESIDE.includes(key));
	return [...CAUSES, ...more.map((key) => [key, key.slice(0, -2)])];
}

function causeClass(key) {
	return "cause-" + (CAUSE_WORDS.has(key) ? key.slice(0, -2) : "other");
}

// [key, word, seconds, share of the sum], for the causes above 0; empty if unknown.
function causeShares(wall) {
	if (!wall || !known(wall.cpu_s))
		return [];
	const list = causesOf(wall).map(([key, word]) => [key, word, Math.max(wall[key] || 0, 0)]);
	const sum = plus(list.map((cause) => cause[2]));
	return list.filter((cause) => cause[2] > 0).map((cause) => [...cause, cause[2] / sum]);
}

// A bar whose length is `part` of its cell, by cause; hatched: the causes are unknown.
function causeBar(wall, part) {
	const shares = causeShares(wall), bar = make("div", "bar");
	const inner = make("div", shares.length ? "fill" : "fill unknown", shares.map(([key, word, s, share]) => {
		const piece = make("i", causeClass(key));
		piece.style.width = 100 * share + "%";
		return piece;
	}));
	inner.style.width = 100 * Math.min(Math.max(part, 0), 1) + "%";
	bar.title = shares.length ? shares.map(([, word, , share]) => word + " " + formatShare(share)).join(", ") : "causes unknown";
	bar.append(inner);
	return bar;
}

function causeLegend(walls) {
	const used = new Map();
	for (const wall of walls)
		for (const [key, word, , share] of causeShares(wall))
			if (share >= 0.01)
				used.set(key, word);
	const list = [...CAUSES.map(([key]) => key), ...used.keys()].filter((key, i, all) => used.has(key) && all.indexOf(key) === i);
	return make("p", "legend", list.map((key) => make("span", "", [make("i", causeClass(key)), used.get(key)])));
}

// ---- ledgers ----

function wallLedger(wall, parts, count, error) {
	const shares = causeShares(wall);
	if (!shares.length)
		return make("p", "note", "The causes of its time are unknown.");
	const rows = shares.map(([key, word, s, share]) => [
		make("span", "", [make("i", "dot " + causeClass(key)), word]), formatTime(s),
		formatShare(share) + (count > 0 ? " \u00b7 " + formatTime(s / count) + " a call" : "")]);
	const partWords = {
		sync_s: "fsync, of disk", pipe_s: "pipes, of other", child_s: "children, of other", stopped_s: "stopped, of other",
	};
	for (const key of Object.keys(partWords))
		if (parts && parts[key] > 0)
			rows.push([partWords[key], formatTime(parts[key])]);
	if (wall.worker_cpu_s > 0)
		rows.push(["worker threads, besides", formatTime(wall.worker_cpu_s)]);
	if (wall.residue_s < 0)
		rows.push(["more than its time by", formatTime(-wall.residue_s)]);
	if (known(error) && error > 0)
		rows.push(["error of computing, await, GPU", "\u00b1 " + formatTime(error)]);
	return pairs(rows);
}

function memoryLedger(s) {
	const m = s.memory || {}, self = s.self_memory || {};
	if (!known(m.rss_delta_bytes))
		return make("p", "note", "Its memory is unknown.");
	return pairs([
		["growth of RSS", formatGrowth(m.rss_delta_bytes), "itself " + formatGrowth(self.rss_delta_bytes)],
		["anonymous", formatGrowth(m.anon_delta_bytes)], ["of files", formatGrowth(m.file_delta_bytes)],
		m.shmem_delta_bytes && ["shared", formatGrowth(m.shmem_delta_bytes)],
		["pages that came", formatSize(m.grown_bytes)], ["pages that went", formatSize(m.shrunk_bytes)],
		["most within a call", formatGrowth(m.peak_delta_bytes)],
		["page faults", formatCount(m.minor_faults), formatCount(m.major_faults) + " from the disk"],
		m.copied_bytes > 0 && ["copied on write, at most", formatSize(m.copied_bytes)],
		s.growth && ["growth a call, p50", formatGrowth(s.growth.p50_bytes), "p99 " + formatGrowth(s.growth.p99_bytes)],
		known(s.late_growth_bytes) && ["itself, late in the window", formatGrowth(s.late_growth_bytes)],
	]);
}

const GPU_WORDS = {driver_s: "in the driver", wait_s: "waiting for the GPU", copy_s: "copying, of waiting", d2h_s: "to the host",
	h2d_s: "to the GPU", launch_s: "launching", alloc_s: "memory", other_s: "other calls", unknown_s: "not known which"};

function gpuLedger(gpu) {
	return pairs([
		...Object.keys(GPU_WORDS).filter((key) => gpu[key] > 0).map((key) =>
			[GPU_WORDS[key], formatEstimate(gpu[key], gpu[key + "_error"])]),
		gpu.h2d_bytes > 0 && ["copied to the GPU", formatSize(gpu.h2d_bytes)],
		gpu.d2h_bytes > 0 && ["copied to the host", formatSize(gpu.d2h_bytes)],
		gpu.syncs > 0 && ["calls that waited for it", formatCount(gpu.syncs),
			known(gpu.syncs_idle) && formatCount(gpu.syncs_idle) + " of them with nothing left to do"],
	]);
}

// ---- histograms ----

const HISTOGRAM_BARS = 72;

// Buckets of the session, [index, count] for (2^(index/2^scale), 2^((index+1)/2^scale)], are added up to bars of equal width on a
// logarithmic scale.
function histogramBars(histogram) {
	const perDoubling = Math.pow(2, histogram.scale), buckets = histogram.buckets.filter((b) => b[1] > 0);
	if (!buckets.length)
		return null;
	const first = buckets[0][0], last = buckets[buckets.length - 1][0] + 1;
	const step = Math.max(1, Math.ceil((last - first) / HISTOGRAM_BARS)), nr = Math.ceil((last - first) / step);
	const counts = new Array(nr).fill(0);
	for (const [index, count] of buckets)
		counts[Math.floor((index - first) / step)] += count;
	const value = (index) => Math.pow(2, index / perDoubling);
	return {counts, low: value(first), high: value(first + nr * step), at: (i) => value(first + i * step)};
}

function place(element, left, width) {
	element.style.left = left + "%";
	if (width !== undefined)
		element.style.width = width + "%";
	return element;
}

// The powers of ten within, or 1, 2 and 5 times these where there is only one.
function logTicks(low, high) {
	const ticks = [], steps = high / low < 30 ? [1, 2, 5] : [1];
	for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
		for (const step of steps)
			if (step * Math.pow(10, power) >= low && step * Math.pow(10, power) <= high)
				ticks.push(step * Math.pow(10, power));
	return ticks.filter((tick, i) => i % Math.ceil(ticks.length / 8) === 0);
}

// Durations of the calls. The marks are the percentiles of the session, not of the bars.
function durationHistogram(s) {
	const bars = s.histogram && histogramBars(s.histogram);
	if (!bars)
		return make("p", "note", "No call of it ended in the window, or its calls are not timed.");
	const position = (ns) => 100 * Math.log(ns / bars.low) / Math.log(bars.high / bars.low), most = Math.max(...bars.counts);
	const plot = make("div", "plot", bars.counts.map((count, i) => {
		const bar = place(make("i", ""), 100 * i / bars.counts.length, 100 / bars.counts.length);
		bar.style.height = count ? Math.max(100 * count / most, 1) + "%" : "0";
		bar.title = formatTime(bars.at(i) * 1e-9) + " to " + formatTime(bars.at(i + 1) * 1e-9) + ": " + formatCount(count);
		return bar;
	}));
	const marks = make("div", "marks", [["p50", s.p50_s], ["p90", s.p90_s], ["p99", s.p99_s], ["max", s.max_s]].filter(
		(mark) => known(mark[1]) && mark[1] > 0).map(([word, value], i) => {
		const at = Math.min(Math.max(position(value * 1e9), 0), 100);
		const mark = place(make("div", at > 60 ? "mark-left" : "mark-right", make("span", "", word + " " + formatTime(value))), at);
		mark.firstChild.style.top = 1.2 * i + "em";
		return mark;
	}));
	const axis = make("div", "axis", logTicks(bars.low * 1e-9, bars.high * 1e-9).map((tick) =>
		place(make("span", "", formatTime(tick).replace(/\.0+(?= )/, "")), position(tick * 1e9))));
	const zero = s.histogram.zero_count > 0 && make("p", "note", formatCount(s.histogram.zero_count) + " calls took 0 ns.");
	const caption = make("figcaption", "", "calls by duration, logarithmic; the highest bar has " + formatCount(most));
	return make("figure", "histogram", [marks, plot, axis, caption, zero]);
}
