// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Functions, operators, memory, GPU, event loops, model, caches, processes, threads; the cost of profiling, losses and notes.

const value = (key) => (row) => row[key];
const of = (group, key) => (row) => row[group] ? row[group][key] : null;

// ---- functions ----

function hotLines(f) {
	const lines = (f.lines || []).filter((line) => Array.isArray(line)), all = plus(lines.map((line) => line[1]));
	return lines.map(([line, samples]) => line + (all > 0 ? " (" + formatCount(samples) + ")" : "")).join(", ");
}

function functionDetail(f) {
	return make("div", "blocks", [detailBlock(f.function, pairs([
		["section", f.section], ["file", f.file || "-", known(f.line) ? "defined on line " + f.line : ""],
		f.lines && f.lines.length && ["hottest lines (samples)", hotLines(f)],
		["self", formatEstimate(f.self_s, f.self_s_error),
			formatTime(f.self_cpu_s) + " running, " + formatTime(f.self_off_s) + " waiting"],
		["total", formatEstimate(f.cumulative_s, f.cumulative_s_error),
			formatTime(f.cumulative_cpu_s) + " running, " + formatTime(f.cumulative_off_s) + " waiting"],
		["samples", formatCount(f.self_samples), formatCount(f.cumulative_samples) + " with those that it called"],
	]))]);
}

// A function of a section inside another one is in the rows of both: at first the page shows those of one section.
function sectionChoice(table, rows) {
	const names = [...new Set(rows.map((f) => f.section))], first = slowestSection();
	const choice = makeChoice(["all sections", ...names], names.includes(first) ? names.indexOf(first) + 1 : 0, (at) =>
		table.keepRows(at ? (f) => f.section === names[at - 1] : null));
	choice.id = "functions-section";
	return make("label", "", ["Section ", choice]);
}

function functionsPane() {
	const rows = listOf("functions");
	if (!rows.length)
		return null;
	const table = new Table([
		textColumn("function", value("function")), timeColumn("self", value("self_s")),
		timeColumn("\u00b1", value("self_s_error"), "standard deviation of self"),
		timeColumn("running", value("self_cpu_s")), timeColumn("waiting", value("self_off_s")),
		timeColumn("total", value("cumulative_s"), "with the functions that it called"), countColumn("samples", value("self_samples")),
		{title: "place", value: (f) => f.file || "", show: (f) => formatPlace(f.file, f.line), text: true,
			hint: "file and line of the definition"},
		column("hottest line", (f) => f.lines && f.lines.length ? f.lines[0][0] : null, formatId),
		textColumn("section", value("section")),
	], rows, {detail: functionDetail});
	table.sortBy(1);
	const source = make("p", "note", "From samples of the stack, at " + formatCount(session.frequency_hz) +
		" Hz. The times of a section's functions add up to the time of that section.");
	return makePane("functions", "Functions", [source, sectionChoice(table, rows), table.element,
		leftOutNote("functions", "functions")]);
}

function operatorsPane() {
	const rows = listOf("operators");
	return rows.length && makePane("operators", "Operators of PyTorch", [new Table([
		textColumn("operator", value("operator")), textColumn("section", value("section")),
		{title: "self", value: value("self_s"), show: (o) => formatEstimate(o.self_s, o.self_s_error)},
		timeColumn("total", value("cumulative_s")), countColumn("samples", value("self_samples")),
	], rows).element, leftOutNote("operators", "operators")]);
}

// ---- memory ----

function memoryPane() {
	const m = session.memory || {}, rows = sections.filter((s) => s.memory && known(s.memory.rss_delta_bytes));
	if (!rows.length && !known(m.rss_end_bytes))
		return null;
	const table = rows.length > 0 && new Table([
		textColumn("section", value("name")), growthColumn("growth", of("memory", "rss_delta_bytes")),
		growthColumn("itself", of("self_memory", "rss_delta_bytes"), "with no other section open inside"),
		growthColumn("anonymous", of("memory", "anon_delta_bytes")), growthColumn("files", of("memory", "file_delta_bytes")),
		growthColumn("most in a call", of("memory", "peak_delta_bytes")), sizeColumn("came", of("memory", "grown_bytes")),
		sizeColumn("went", of("memory", "shrunk_bytes")), countColumn("faults", of("memory", "minor_faults")),
		countColumn("from disk", of("memory", "major_faults")),
	], rows);
	return makePane("memory", "Memory", [pairs([
		["RSS at the start", formatSize(m.rss_start_bytes)], ["RSS at the end", formatSize(m.rss_end_bytes)],
		["peak", formatSize(m.rss_peak_bytes)], ["growth in sections", formatGrowth(m.sections_bytes)],
		["outside of sections", formatGrowth(m.outside_bytes)], ["by other tasks", formatGrowth(m.others_bytes)],
		["unexplained", formatGrowth(m.unexplained_bytes)],
	]), m.estimated && make("p", "note", "Memory was observed part of the time: faults and growth of sections are estimates."),
	table && table.element]);
}

// ---- GPU, event loops ----

// How the times of a section are known, and the parts that the table has not.
function gpuDetail(s) {
	const g = s.gpu;
	return make("div", "blocks", [detailBlock(s.name, pairs([
		["known from", g.level > 0 ? "timed calls, and samples" : "samples"],
		g.untimed_s > 0 && ["not timed for at most", formatTime(g.untimed_s), "before its driver was probed"],
		known(g.h2d_s) && ["copying to the GPU", formatTime(g.h2d_s)], known(g.d2h_s) && ["copying to the host", formatTime(g.d2h_s)],
		known(g.spin_s) && ["spinning while it waited", formatTime(g.spin_s), "running time by the kernel's account"],
		g.runqueue_s > 0 && ["waiting for a CPU meanwhile", formatTime(g.runqueue_s)],
		g.throttled_s > 0 && ["stopped by the CPU quota meanwhile", formatTime(g.throttled_s)],
		known(g.open_s) && ["a call that goes on", formatTime(g.open_s), "so long at the end of the window"],
	]))]);
}

function gpuPane() {
	const rows = sections.filter((s) => s.gpu), libraries = listOf("gpu_libraries");
	if (!rows.length && !libraries.length)
		return null;
	const gpu = (title, key) => ({title, value: of("gpu", key), show: (s) => formatEstimate(s.gpu[key], s.gpu[key + "_error"])});
	return makePane("gpu", "GPU", [
		libraries.length > 0 && make("p", "note", "Drivers and runtimes: " + libraries.join(", ") + ". Times with an error are from samples. " +
			(rows.some((s) => s.gpu.level > 0) ? "Calls that wait or copy were timed." : "Calls were not counted.")),
		rows.length > 0 && new Table([textColumn("section", value("name")), gpu("in the driver", "driver_s"), gpu("waiting", "wait_s"),
			gpu("copying", "copy_s"), gpu("launching", "launch_s"), gpu("memory", "alloc_s"), gpu("other", "other_s"),
			gpu("not known", "unknown_s"), countColumn("waits", of("gpu", "syncs"), "timed calls that waited for the GPU, copies included"),
			countColumn("found it idle", of("gpu", "syncs_idle"), "of these: the GPU had nothing left to do"),
			sizeColumn("to the GPU", of("gpu", "h2d_bytes")), sizeColumn("to the host", of("gpu", "d2h_bytes")),
			column("GB/s", of("gpu", "copy_gb_per_s"), formatNumber, "bytes copied by the time that copies took")], rows, {detail: gpuDetail}).element]);
}

function holders(loop) {
	if (!loop.holders || !loop.holders.length)
		return null;
	return new Table([
		textColumn("held by", value("function")), textColumn("place", (h) => formatPlace(h.file, h.line)),
		column("hottest line", value("hot_line"), formatId),
		{title: "time", value: value("held_s"), show: (h) => formatEstimate(h.held_s, h.error_s)},
		shareColumn("share", value("share")),
		timeColumn("step", value("step_s"), "the longest that a step had lasted when a sample found it there"),
	], loop.holders).element;
}

function loopsPane() {
	const rows = listOf("event_loops");
	return rows.length && makePane("loops", "Event loops", rows.map((l) => make("div", "", [
		make("h3", "", l.thread + " " + l.tid), pairs([
			["busy", formatShare(l.busy_share), formatTime(l.held_s) + " held, " + formatTime(l.waited_s) + " in the selector"],
			["in flight", formatNumber(l.in_flight.mean), "at most " + formatCount(l.in_flight.max)],
			["held between two waits, p50", formatTime(l.hold.p50_s)], ["p99", formatTime(l.hold.p99_s)],
			["max", formatTime(l.hold.max_s), known(l.hold.in_flight) && "with " + formatCount(l.hold.in_flight) + " in flight"],
			...Object.keys(l.waited_for || {}).filter((key) => l.waited_for[key] > 0).map((key) =>
				["waited for: " + key.slice(0, -2), formatTime(l.waited_for[key])]),
			["longest step", formatTime(l.step.max_s), known(l.step.error_s) && "at most " + formatTime(l.step.error_s) + " more"],
		]), holders(l)])).concat([leftOutNote("event_loops", "event loops")]));
}

// Tasks of asyncio by the place at which they are suspended, from looks at the process.
function awaitingPane() {
	const a = session.awaiting;
	if (!a || !Array.isArray(a.places))
		return null;
	const rows = a.places.filter((p) => p && p.tasks), inner = (p) => p.inner && p.inner.function !== p.function ? p.inner.function : "-";
	return makePane("awaiting", "Awaiting", [
		make("p", "note", "Suspended tasks of asyncio, by " + formatCount(a.looks) + " looks: the innermost line of the program's own, and the " +
			"coroutine that it awaits." + (a.more ? " A process had more tasks than were read." : "")),
		rows.length > 0 ? new Table([
			column("tasks", of("tasks", "mean"), formatNumber, "mean of all looks"), countColumn("most", of("tasks", "max")),
			textColumn("suspended at", value("function")),
			{title: "place", value: (p) => p.file || "", show: (p) => formatPlace(p.file, p.line), text: true},
			textColumn("which awaits", inner),
			{title: "at", value: (p) => p.inner && p.inner.file || "", show: (p) => p.inner ? formatPlace(p.inner.file, p.inner.line) : "-", text: true},
		], rows).element : make("p", "note", "No task was suspended."),
		a.others > 0 && make("p", "note", "And " + formatNumber(a.others) + " tasks, on average, at further places."),
	]);
}

// ---- model, caches ----

function modelRow(word, m) {
	if (!m)
		return null;
	const tokens = known(m.tokens) ? "; " + formatCount(m.tokens) + " tokens, " + formatNumber(m.tokens_per_s) + "/s" : "";
	return [word, formatCount(m.count) + " in " + formatTime(m.total_time),
		"mean " + formatTime(m.mean_time) + ", max " + formatTime(m.max_time) + tokens];
}

function modelPane() {
	const m = session.model || {}, mib = (v) => formatSize(known(v) ? v * 1048576 : null);
	if (!m.forward_pass && !m.generation && !m.memory)
		return null;
	return makePane("model", "Model", [pairs([modelRow("forward passes", m.forward_pass), modelRow("generations", m.generation),
		m.memory && ["RSS after a call", mib(m.memory.mean_memory_mb), "least " + mib(m.memory.min_memory_mb) + ", most " +
			mib(m.memory.peak_memory_mb)]])]);
}

// Hits and misses are timed together: the misses took at least their part, if a miss is no faster than a hit.
const missTime = (c) => c.misses > 0 && c.timing ? c.timing.mean_access_time * c.misses : null;

function cachesPane() {
	const rows = listOf("caches"), mib = (key) => (c) => c.size && known(c.size[key]) ? c.size[key] * 1048576 : null;
	return rows.length && makePane("caches", "Caches", [new Table([
		textColumn("cache", value("name")), shareColumn("hits", value("hit_rate")), countColumn("accesses", value("total_accesses")),
		countColumn("misses", value("misses")), {title: "misses took at least", value: missTime, show: (c) => formatTime(missTime(c))},
		timeColumn("access", of("timing", "mean_access_time"), "mean"), timeColumn("p99", of("timing", "p99_access_time")),
		sizeColumn("size", mib("current_size_mb")), sizeColumn("most", mib("max_size_mb")),
	], rows).element, leftOutNote("caches", "caches")]);
}

// ---- processes, threads ----

function endOf(p) {
	return known(p.signal) ? "killed by signal " + p.signal : known(p.exit_status) ? "status " + p.exit_status : "-";
}

function skewOfSections() {
	const rows = sections.filter((s) => s.processes);
	const one = (title, key) => ({title, value: (s) => s.processes[key].pid, show: (s) => {
		return "PID " + s.processes[key].pid + ", " + formatTime(processTime(s.processes[key]));
	}});
	return rows.length > 0 && new Table([textColumn("section", value("name")), countColumn("processes", (s) => s.processes.count),
		column("slowest to fastest", (s) => s.processes.skew, formatNumber), one("slowest", "slowest"), one("fastest", "fastest"),
	], rows).element;
}

function processesPane() {
	const more = session.more_targets;
	return processes.length > 1 && makePane("processes", "Processes", [new Table([
		textColumn("process", value("comm")), column("PID", value("pid"), formatId), textColumn("command", value("command")),
		column("parent", value("parent"), formatId), column("rank", value("rank"), formatId), countColumn("calls", value("sections")),
		timeColumn("in sections", value("sections_s")), textColumn("end", endOf),
	], processes).element, more > 0 && make("p", "note", "And " + formatCount(more) + " children that came and went."),
	leftOutNote("processes", "processes"), skewOfSections()]);
}

// Time outside of sections by process and by what its threads are for, where the session has it.
function outsideTable() {
	const rows = listOf("outside"), most = Math.max(...rows.map((o) => o.total_s || 0));
	return rows.length > 0 && make("div", "", [make("h3", "", "Outside of sections"), new Table([
		textColumn("threads", value("role")), column("PID", value("pid"), formatId), countColumn("number", value("threads")),
		{title: "why", left: true, value: value("total_s"), show: (o) => causeBar(o.wall, (o.total_s || 0) / most)},
		{title: "outside", value: value("total_s"), show: (o) => formatEstimate(o.total_s, o.total_s_error)},
		timeColumn("wall", value("wall_s")),
	], rows).element]);
}

function threadsPane() {
	const rows = listOf("threads");
	if (!rows.length)
		return outsideTable() && makePane("threads", "Threads", [outsideTable()]);
	const most = Math.max(...rows.map((t) => t.wall_s || 0));
	return makePane("threads", "Threads", [new Table([
		textColumn("thread", (t) => t.name + (t.tid ? "" : ", " + formatCount(t.threads))),
		column("PID", (t) => t.pid || null, formatId), column("TID", (t) => t.tid || null, formatId),
		{title: "why", left: true, value: value("wall_s"), show: (t) => causeBar(t.wall, (t.wall_s || 0) / most),
			hint: "the length is its time in the window"},
		timeColumn("computing", of("wall", "cpu_s")),
		timeColumn("by the kernel", value("kernel_cpu_s"), "CPU time by the kernel's own account"),
		timeColumn("run queue", of("wall", "runqueue_s")), timeColumn("wall", value("wall_s")),
		textColumn("sections", (t) => t.sections ? "yes" : t.idle ? "idle" : "no"),
	], rows, {detail: (t) => make("div", "blocks", [detailBlock("Wall time", wallLedger(t.wall, t.wall_parts, 0))])}).element,
	outsideTable(), neighbourWords(), leftOutNote("threads", "threads")]);
}

function neighbourWords() {
	const rows = listOf("neighbours");
	return rows.length > 0 && make("p", "note", "While threads waited for a CPU, it had: " + rows.map((n) =>
		n.comm + " " + n.pid + " " + formatShare(n.cpu_share) + (n.is_target ? " (a target)" : "")).join(", ") + ".");
}

// ---- cost, losses, notes ----

const LOSSES = [["sections", "calls"], ["processes", "processes"], ["records", "records of calls"], ["samples", "samples"],
	["stacks", "stacks"], ["names", "names"]];

// Losses, and those that are unknown.
function lossRows(lost) {
	const rows = LOSSES.filter(([key]) => lost[key] !== 0).map(([key, word]) => ["lost " + word, formatCount(lost[key])]);
	return rows.length ? rows : [["lost", "nothing"]];
}

function costPane() {
	const o = session.overhead || {}, check = session.wall_check || {};
	const host = session.host || {}, name = [host.name, host.kernel, host.cpu, host.cpus && host.cpus + " CPUs"];
	return makePane("cost", "Cost, losses, notes", [
		name.some(Boolean) && make("p", "note", "On " + name.filter(Boolean).join(", ") + "."),
		pairs([["cost", formatShare(o.target_cpu_share), "of one CPU"],
			["a section", known(o.ns_per_section) ? formatTime(o.ns_per_section * 1e-9) : "-", formatCount(o.flushes) + " probe hits of " +
				(known(o.ns_per_flush) ? formatTime(o.ns_per_flush * 1e-9) : "-")],
			["samples", formatCount(o.samples)], ["context switches", formatCount(o.switches)],
			["CPU time of all threads", formatTime(check.ledger_cpu_s), formatTime(check.kernel_cpu_s) + " by the kernel's own account"],
			...lossRows(session.lost || {})]),
		make("ul", "", [...(o.reduced || []).map((line) => "Reduced: " + line), ...listOf("notes")].map(
			(line) => make("li", "", line))),
		leftOutNote("notes", "notes")]);
}
