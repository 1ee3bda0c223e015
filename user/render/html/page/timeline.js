// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The window by time slices: where a section's time went in each, its calls, and the memory of all processes.

const NO_CAUSES = ["total_s", "self_s"], CHART_HEIGHT = 100, CHART_WIDTH = 1000;

// [key, word] of the causes that the slices of a section have.
function sliceCauses(slices) {
	return causesOf(slices).filter(([key]) => Array.isArray(slices[key]) && !NO_CAUSES.includes(key));
}

// The slices of a section; null: it has none.
function slicesOf(s, nr) {
	const slices = s.slices;
	return slices && Array.isArray(slices.total_s) && slices.total_s.length === nr ? slices : null;
}

// Begin and end of each slice, in seconds after the start of the window. Single slices may be shorter or longer than others.
function sliceTimes(slices) {
	const ends = slices.end_s, times = [];
	for (let i = 0; i < slices.count; i++) {
		const begin = i ? times[i - 1].end : 0, end = Array.isArray(ends) && known(ends[i]) ? ends[i] : (i + 1) * slices.width_s;
		times.push({begin, end: Math.max(end, begin), length: Math.max(end - begin, 1e-9)});
	}
	return times;
}

const wholeOf = (times) => times[times.length - 1].end || 1;

// ---- charts ----

// A rectangle over the width of slice i, from `low` up by `height`, both of CHART_HEIGHT.
function sliceBox(times, i, low, height, className, children) {
	const scale = CHART_WIDTH / wholeOf(times), x = times[i].begin * scale, width = times[i].length * scale;
	return makeSvg("rect", {x, width, y: CHART_HEIGHT - low - height, height, class: className}, children);
}

// Invisible and as high as the chart, so that the mouse finds it.
function sliceWords(times, i, words) {
	const text = formatTime(times[i].begin) + " to " + formatTime(times[i].end) + ": " + words;
	return sliceBox(times, i, 0, CHART_HEIGHT, "column", [makeSvg("title", {}, [text])]);
}

function chartOf(shapes) {
	const viewBox = "0 0 " + CHART_WIDTH + " " + CHART_HEIGHT;
	return makeSvg("svg", {viewBox, preserveAspectRatio: "none", "aria-hidden": "true"}, shapes);
}

// Above 0, as heights are divided by it.
function largest(values) {
	return Math.max(...values.filter(known), 1e-12);
}

// How many were in the section at a time, by cause.
function causeChart(slices, times) {
	const keys = sliceCauses(slices), shapes = [];
	const open = slices.total_s.map((total, i) => known(total) ? total / times[i].length : null), most = largest(open);
	for (let i = 0; i < times.length; i++) {
		const sum = plus(keys.map(([key]) => slices[key][i])), height = CHART_HEIGHT * (open[i] || 0) / most;
		let low = 0;
		for (const [key] of sum > 0 ? keys : []) {
			const part = height * Math.max(slices[key][i] || 0, 0) / sum;
			if (part > 0)
				shapes.push(sliceBox(times, i, low, part, causeClass(key)));
			low += part;
		}
		if (!(sum > 0) && height > 0)
			shapes.push(sliceBox(times, i, 0, height, "cause-unknown"));
		const parts = keys.filter(([key]) => slices[key][i] > 0).map(([key, word]) => ", " + word + " " + formatTime(slices[key][i]));
		shapes.push(sliceWords(times, i, formatTime(slices.total_s[i]) + parts.join("")));
	}
	return [chartOf(shapes), "at most " + formatNumber(most) + " open at a time"];
}

function columnChart(values, times, show) {
	const most = largest(values), shapes = [];
	for (let i = 0; i < times.length; i++) {
		if (known(values[i]) && values[i] > 0)
			shapes.push(sliceBox(times, i, 0, CHART_HEIGHT * values[i] / most, "plain"));
		shapes.push(sliceWords(times, i, known(values[i]) ? show(values[i]) : "unknown"));
	}
	return [chartOf(shapes), "at most " + show(most)];
}

// ---- the timeline ----

function strip(title, [drawn, words]) {
	return make("div", "strip", [make("div", "strip-head", [make("b", "", title), make("span", "", words)]), drawn]);
}

function timelineAxis(times) {
	const axis = make("div", "axis"), ticks = 5;
	for (let i = 0; i <= ticks; i++)
		axis.append(place(make("span", "", i ? formatTime(wholeOf(times) * i / ticks) : "0 s"), 100 * i / ticks));
	return axis;
}

function timelineStrips(s, times) {
	const slices = slicesOf(s, times.length), rss = session.slices.rss_bytes;
	const counts = Array.isArray(slices.count) ? slices.count : [];
	const rates = counts.map((n, i) => known(n) ? n / times[i].length : null);
	const means = counts.map((n, i) => n > 0 && known(slices.total_s[i]) ? slices.total_s[i] / n : null);
	return [
		strip("Time by cause", causeChart(slices, times)),
		rates.length > 0 && strip("Calls a second", columnChart(rates, times, formatNumber)),
		means.some(known) && strip("Time for each call that ended", columnChart(means, times, formatTime)),
		Array.isArray(rss) && rss.some(known) && strip("RSS of all processes", columnChart(rss, times, formatSize)),
		timelineAxis(times),
	];
}

function timelinePane() {
	const slices = session.slices, drawn = slices && slices.count > 0 ? sections.filter((s) => slicesOf(s, slices.count)) : [];
	if (!drawn.length)
		return null;
	const times = sliceTimes(slices), strips = make("div", "strips"), legend = make("div");
	const first = Math.max(drawn.findIndex((s) => s.name === slowestSection()), 0);
	const choice = makeChoice(drawn.map((s) => s.name), first, (at) => {
		const sums = sliceCauses(drawn[at].slices).map(([key]) => [key, plus(drawn[at].slices[key])]);
		strips.replaceChildren(...timelineStrips(drawn[at], times).filter(Boolean));
		legend.replaceChildren(causeLegend([Object.fromEntries(sums)]));
	});
	choice.id = "timeline-section";
	return makePane("timeline", "Timeline", [make("label", "", ["Section ", choice]), legend, strips,
		make("p", "note", formatCount(slices.count) + " slices of about " + formatTime(slices.width_s) + "."),
		slices.left_out > 0 && make("p", "note", formatCount(slices.left_out) + " sections with less time have no slices.")]);
}
