// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The window by time slices: where a section's time went in each, its calls, and the memory of all processes.

const NO_CAUSES = ["total_s", "self_s"];

// [key, word] of the causes that the slices of a section have.
function sliceCauses(slices) {
	return causesOf(slices).filter(([key]) => Array.isArray(slices[key]) && !NO_CAUSES.includes(key));
}

// The slices of a section that make sense: all arrays have `count` entries.
function slicesOf(s, nr) {
	const slices = s.slices;
	return slices && Array.isArray(slices.total_s) && slices.total_s.length === nr ? slices : null;
}

function chart(nr, height, children) {
	return makeSvg("svg", {viewBox: "0 0 " + nr + " " + height, preserveAspectRatio: "none", "aria-hidden": "true"}, children);
}

const CHART_HEIGHT = 100;

// Above 0, as heights are divided by it.
function largest(values) {
	return Math.max(...values.filter(known), 1e-12);
}

function sliceWords(i, width, words) {
	return formatTime(i * width) + " to " + formatTime((i + 1) * width) + ": " + words;
}

function transparentColumn(i, words) {
	return makeSvg("rect", {x: i, y: 0, width: 1, height: CHART_HEIGHT, class: "column"}, makeSvg("title", {}, words));
}

// Stacked columns by cause. The height is how many were in the section at a time.
function causeChart(slices, nr, width) {
	const keys = sliceCauses(slices), most = largest(slices.total_s), shapes = [];
	for (let i = 0; i < nr; i++) {
		const sum = plus(keys.map(([key]) => slices[key][i])), total = slices.total_s[i];
		let y = CHART_HEIGHT;
		for (const [key] of sum > 0 ? keys : []) {
			const part = CHART_HEIGHT * total / most * Math.max(slices[key][i] || 0, 0) / sum;
			y -= part;
			if (part > 0)
				shapes.push(makeSvg("rect", {x: i, y, width: 1, height: part, class: causeClass(key)}));
		}
		if (!(sum > 0) && total > 0)
			shapes.push(makeSvg("rect", {x: i, y: CHART_HEIGHT * (1 - total / most), width: 1, height: CHART_HEIGHT * total / most,
				class: "cause-unknown"}));
		const parts = keys.filter(([key]) => slices[key][i] > 0).map(([key, word]) => ", " + word + " " + formatTime(slices[key][i]));
		shapes.push(transparentColumn(i, sliceWords(i, width, formatTime(total) + parts.join(""))));
	}
	return [chart(nr, CHART_HEIGHT, shapes), "at most " + formatNumber(most / width) + " open at a time"];
}

function columnChart(values, nr, width, show) {
	const most = largest(values), shapes = [];
	for (let i = 0; i < nr; i++) {
		const height = known(values[i]) ? CHART_HEIGHT * values[i] / most : 0;
		if (height > 0)
			shapes.push(makeSvg("rect", {x: i, y: CHART_HEIGHT - height, width: 1, height, class: "plain"}));
		shapes.push(transparentColumn(i, sliceWords(i, width, known(values[i]) ? show(values[i]) : "unknown")));
	}
	return chart(nr, CHART_HEIGHT, shapes);
}

function timelineRow(title, words, drawn) {
	return make("div", "strip", [make("div", "strip-head", [make("b", "", title), make("span", "", words)]), drawn]);
}

function timelineAxis(nr, width) {
	const axis = make("div", "axis"), ticks = 5;
	for (let i = 0; i <= ticks; i++)
		axis.append(place(make("span", "", i ? formatTime(nr * width * i / ticks) : "0 s"), 100 * i / ticks));
	return axis;
}

function timelineStrips(s, nr, width) {
	const slices = slicesOf(s, nr), [drawn, words] = causeChart(slices, nr, width);
	const rates = Array.isArray(slices.count) ? slices.count.map((n) => known(n) ? n / width : null) : null;
	const means = rates && slices.total_s.map((total, i) => slices.count[i] > 0 ? total / slices.count[i] : null);
	const rss = session.slices.rss_bytes;
	return [
		timelineRow("Time by cause", words, drawn),
		rates && timelineRow("Calls a second", "at most " + formatNumber(largest(rates)),
			columnChart(rates, nr, width, (v) => formatNumber(v) + " a second")),
		means && means.some(known) && timelineRow("Time for each call that ended", "at most " + formatTime(largest(means)),
			columnChart(means, nr, width, formatTime)),
		Array.isArray(rss) && rss.some(known) && timelineRow("RSS of all processes", "at most " + formatSize(largest(rss)),
			columnChart(rss, nr, width, formatSize)),
		timelineAxis(nr, width),
	];
}

function timelinePane() {
	const slices = session.slices, nr = slices && slices.count, width = slices && slices.width_s;
	const drawn = nr > 0 && width > 0 ? sections.filter((s) => slicesOf(s, nr)) : [];
	if (!drawn.length)
		return null;
	const strips = make("div", "strips"), legend = make("div");
	const first = Math.max(drawn.findIndex((s) => s.name === slowestSection()), 0);
	const choice = makeChoice(drawn.map((s) => s.name), first, (at) => {
		const slices = drawn[at].slices, sums = sliceCauses(slices).map(([key]) => [key, plus(slices[key])]);
		strips.replaceChildren(...timelineStrips(drawn[at], nr, width).filter(Boolean));
		legend.replaceChildren(causeLegend([Object.fromEntries(sums)]));
	});
	choice.id = "timeline-section";
	return makePane("timeline", "Timeline", [make("label", "", ["Section ", choice]), legend, strips,
		make("p", "note", formatCount(nr) + " slices of " + formatTime(width) + ".")]);
}
