// SPDX-License-Identifier: GPL-2.0-only OR MIT
// SECTIONS: a tree with bars by cause; below an opened row its histogram and ledgers.

// Sections in the order of the tree: each below the section around it, siblings in the order of the session.
function sectionTree() {
	const below = new Map(), order = [], seen = new Set();
	for (const s of sections) {
		const around = s.parent !== null && s.parent !== undefined && sectionByName.has(s.parent) ? s.parent : null;
		below.set(around, [...(below.get(around) || []), s]);
	}
	function add(s, depth) {
		if (seen.has(s))
			return;
		seen.add(s);
		order.push({s, depth});
		if (sectionByName.get(s.name) === s)
			(below.get(s.name) || []).forEach((inner) => add(inner, depth + 1));
	}
	(below.get(null) || []).forEach((s) => add(s, 0));
	sections.forEach((s) => add(s, 0));	// those in a circle
	return order;
}

function rateOf(s) {
	return known(s.items_per_s) ? formatNumber(s.items_per_s) + "/s" : "-";
}

// Whether calls took longer and longer, or began slowly, if that was established.
function trendRows(trend) {
	if (!trend)
		return [];
	const change = trend.change, word = change < 0 ? "shorter" : "longer";
	return [
		known(change) && ["trend of a call", formatShare(Math.abs(change)) + " " + word, "\u00b1 " + formatShare(trend.change_error) +
			" over " + formatTime(trend.over_s)],
		known(trend.warm_up_s) && ["warm-up", formatTime(trend.warm_up_s),
			"calls took " + formatNumber(trend.warm_up_factor) + " times as long"],
	];
}

function sectionFacts(s) {
	const inFlight = s.in_flight || {};
	return pairs([
		["total", formatEstimate(s.total_s, s.error_s),
			known(windowSeconds) && formatShare(s.total_s / windowSeconds) + " of the window"],
		s.unseen_s > 0 && ["may be more by", formatTime(s.unseen_s)],
		["calls", formatCount(s.count), s.open > 0 ? formatCount(s.open) + " still open" : ""],
		s.open_at_start > 0 && ["open at the start", formatCount(s.open_at_start)],
		["mean", formatTime(s.mean_s), "min " + formatTime(s.min_s) + ", max " + formatTime(s.max_s)],
		["p50", formatTime(s.p50_s)], ["p90", formatTime(s.p90_s)], ["p95", formatTime(s.p95_s)], ["p99", formatTime(s.p99_s)],
		["p99.9", formatTime(s.p999_s)],
		known(inFlight.mean) && ["open at a time", formatNumber(inFlight.mean),
			known(inFlight.max) && "most seen " + formatCount(inFlight.max)],
		known(s.items) && ["items", formatCount(s.items), rateOf(s)],
		...trendRows(s.trend),
		s.errors > 0 && ["errors", formatCount(s.errors)], s.cancelled > 0 && ["cancelled", formatCount(s.cancelled)],
		s.unreturned > 0 && ["without a return", formatCount(s.unreturned)],
		known(s.profiling_s) && ["profiling added about", formatTime(s.profiling_s), known(s.profiling_per_call_s) &&
			formatTime(s.profiling_per_call_s) + " a call"],
	]);
}

const detailBlock = (title, content) => make("div", "block", [make("h3", "", title), content]);

function sectionDetail(s) {
	const self = causeShares(s.self_wall).length && s.self_s < s.total_s;
	return make("div", "blocks", [
		!isOutside(s) && make("div", "block wide", [make("h3", "", "Duration of a call"), durationHistogram(s)]),
		detailBlock("Figures", sectionFacts(s)),
		detailBlock("Wall time", wallLedger(s.wall, s.wall_parts, s.count, s.cpu_error_s)),
		self && detailBlock("Wall time, itself", wallLedger(s.self_wall, s.self_wall_parts, s.count)),
		detailBlock("Memory", memoryLedger(s)),
		s.gpu && detailBlock("GPU", gpuLedger(s.gpu)),
		s.processes && detailBlock("Processes", skewTable(s.processes)),
	]);
}

// The time by which processes are compared.
function processTime(p) {
	return known(p.mean_s) ? p.mean_s : known(p.mean_wait_s) ? p.mean_wait_s : p.total_s;
}

function skewTable(p) {
	const one = (word, q) => q && [word + ", PID " + q.pid, formatTime(processTime(q)),
		known(q.mean_s) ? "a call" : known(q.mean_wait_s) ? "a wait" : "in all"];
	return pairs([["processes", formatCount(p.count)], ["slowest to fastest", formatNumber(p.skew)], one("slowest", p.slowest),
		one("fastest", p.fastest)]);
}

const sectionValue = (key) => (row) => row.s[key];

function sectionsPane() {
	const rows = sectionTree();
	if (!rows.length)
		return null;
	const longest = Math.max(...rows.filter((row) => !isOutside(row.s)).map((row) => row.s.total_s || 0), windowSeconds || 0);
	const table = new Table([
		{title: "section", value: (row) => row.s.name, show: (row) => row.s.name, text: true},
		{title: "why", left: true, value: (row) => row.s.total_s,
			show: (row) => causeBar(row.s.wall, (row.s.total_s || 0) / longest),
			hint: "the length is its total time, the colours are its causes"},
		{title: "total", value: sectionValue("total_s"), show: (row) => formatEstimate(row.s.total_s, row.s.error_s)},
		shareColumn("share", (row) => known(row.s.total_s) ? row.s.total_s / windowSeconds : null, "of the window"),
		timeColumn("self", sectionValue("self_s"), "with no other section open inside"),
		countColumn("calls", sectionValue("count")), timeColumn("mean", sectionValue("mean_s")),
		timeColumn("p50", sectionValue("p50_s")),
		timeColumn("p95", sectionValue("p95_s")), timeColumn("p99", sectionValue("p99_s")), timeColumn("max", sectionValue("max_s")),
		{title: "items/s", value: sectionValue("items_per_s"), show: (row) => rateOf(row.s)},
	], rows, {detail: (row) => sectionDetail(row.s), indent: (row) => row.depth, atFirst: 60});
	const slowest = rows.findIndex((row) => row.s.name === slowestSection());
	if (slowest >= 0 && slowest < 60)
		table.openRow(slowest);
	return makePane("sections", "Sections", [causeLegend(rows.map((row) => row.s.wall)), table.element,
		leftOutNote("sections", "sections")]);
}

// The innermost section with most of the time: down from the largest one, as long as one inside has half of it.
function slowestSection() {
	const inner = sections.filter((s) => !isOutside(s) && known(s.total_s));
	let at = null;
	for (;;) {
		const below = inner.filter((s) => (s.parent === undefined ? null : s.parent) === (at && at.name));
		const next = below.reduce((most, s) => !most || s.total_s > most.total_s ? s : most, null);
		if (!next || (at && next.total_s < at.total_s / 2))
			return at && at.name;
		at = next;
	}
}

// ---- slowest calls ----

function callDetail(call) {
	return make("div", "blocks", [
		call.wall && detailBlock("Wall time", wallLedger(call.wall, null, 0)),
		call.frames && detailBlock("A stack sampled inside",
			make("ol", "stack", call.frames.map((name) => make("li", "", String(name))))),
	]);
}

function slowestPane() {
	const calls = sections.flatMap((s) => (s.slowest || []).map((call) => ({s, call})));
	if (!calls.length)
		return null;
	const value = (key) => (row) => row.call[key];
	const table = new Table([
		textColumn("section", (row) => row.s.name), timeColumn("duration", value("duration_s")),
		{title: "why", left: true, value: (row) => row.call.duration_s,
			show: (row) => causeBar(row.call.wall, row.call.duration_s / row.s.max_s),
			hint: "the length is by the longest call of the section"},
		column("times the mean", (row) => row.call.duration_s / row.s.mean_s, formatNumber),
		timeColumn("at", value("at_s"), "after the start of the window"), column("process", value("pid"), formatId),
		{title: "thread", value: value("tid"), show: (row) => formatId(row.call.tid) + (row.call.flow ? ", in a coroutine" : "")},
		countColumn("items", value("items")),
	], calls, {detail: (row) => callDetail(row.call)});
	return makePane("slowest", "Slowest calls", [table.element]);
}
