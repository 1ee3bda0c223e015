// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The script of the report's page. It is one text of several files, in this order: base, table, ledger, sections, timeline,
// page_flame, lists, page. Names from the target are put into the page as text only.
"use strict";

// ---- elements ----

// make("td", "num", "text") or make("div", "", [elements]); false, null and undefined among the children are left out.
function make(tag, className, children) {
	const element = document.createElement(tag);
	if (className)
		element.className = className;
	append(element, children);
	return element;
}

function append(element, children) {
	for (const child of Array.isArray(children) ? children : [children])
		if (child !== undefined && child !== null && child !== false)
			element.append(child);
}

function makeSvg(tag, attributes, children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const name of Object.keys(attributes))
		element.setAttribute(name, attributes[name]);
	append(element, children || []);
	return element;
}

function button(text, action) {
	const b = make("button", "", text);
	b.type = "button";
	b.addEventListener("click", action);
	return b;
}

// A list of words to choose from; chosen(index) is called at once, and at each change.
function makeChoice(words, first, chosen) {
	const choice = make("select", "", words.map((word, i) => {
		const option = make("option", "", word);
		option.value = i;
		return option;
	}));
	choice.value = first;
	choice.addEventListener("change", () => chosen(Number(choice.value)));
	chosen(first);
	return choice;
}

// A part of the page with a heading; it has an entry in the list of contents.
function makePane(id, title, children) {
	const pane = make("section", "", [make("h2", "", title), ...children]);
	pane.id = id;
	return pane;
}

// ---- numbers as people read them, as in the report as text ----

const known = (v) => typeof v === "number" && isFinite(v);
const plus = (list) => list.reduce((sum, v) => sum + (known(v) ? v : 0), 0);

function threeDigits(v) {
	return v < 9.995 ? v.toFixed(2) : v < 99.95 ? v.toFixed(1) : String(Math.round(v));
}

function scaled(v, steps, limit) {
	let i = 0;
	while (i + 1 < steps.length && v / steps[i][0] >= limit)
		i++;
	return threeDigits(v / steps[i][0]) + steps[i][1];
}

const pad2 = (n) => String(n).padStart(2, "0");

function formatTime(s) {
	if (!known(s) || s < 0)
		return "-";
	if (s === 0)
		return "0 s";
	if (s > 1e15)
		return "1e" + Math.floor(Math.log10(s)) + " s";
	if (s < 59.95)
		return scaled(s, [[1e-9, " ns"], [1e-6, " \u00b5s"], [1e-3, " ms"], [1, " s"]], 999.5);
	const seconds = Math.round(s), minutes = Math.round(s / 60), hours = Math.round(s / 3600);
	if (seconds < 3600)
		return Math.floor(seconds / 60) + "m" + pad2(seconds % 60) + "s";
	if (minutes < 24 * 60)
		return Math.floor(minutes / 60) + "h" + pad2(minutes % 60) + "m";
	return Math.floor(hours / 24) + "d" + pad2(hours % 24) + "h";
}

// An estimate has its error beside it.
function formatEstimate(s, error) {
	return formatTime(s) + (known(s) && known(error) && error > 0 ? " \u00b1 " + formatTime(error) : "");
}

function formatShare(share) {
	if (!known(share) || share < 0)
		return "-";
	if (share > 0 && share < 0.0005)
		return "<0.1%";
	return share < 0.9995 ? (share * 100).toFixed(1) + "%" : Math.round(share * 100) + "%";
}

function formatSize(bytes) {
	if (!known(bytes) || bytes < 0)
		return "-";
	if (bytes < 999.5)
		return Math.round(bytes) + " B";
	return scaled(bytes, [[1, " B"], [1024, " KiB"], [1048576, " MiB"], [1073741824, " GiB"], [1099511627776, " TiB"]], 999.5);
}

function formatGrowth(bytes) {
	if (!known(bytes))
		return "-";
	return (bytes < 0 ? "\u2212" : bytes > 0 ? "+" : "") + formatSize(Math.abs(bytes));
}

function formatNumber(n) {
	if (!known(n) || n < 0)
		return "-";
	return n === 0 ? "0" : scaled(n, [[1, ""], [1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]], 999.5);
}

function formatCount(n) {
	return known(n) ? String(n).replace(/\B(?=(\d{3})+$)/g, ",") : "-";
}

// Numbers of processes and threads.
function formatId(n) {
	return known(n) ? String(n) : "-";
}

function baseName(path) {
	return path ? path.slice(path.lastIndexOf("/") + 1) : "";
}

function formatPlace(file, line) {
	return file ? baseName(file) + (known(line) ? ":" + line : "") : "-";
}

// ---- the session ----

function readData(id) {
	return JSON.parse(document.getElementById(id).textContent);
}

const session = readData("session"), leftOut = readData("left-out");
const windowSeconds = session.window && session.window.duration_s;

// Returns false for a section to which a target gave that name.
const isOutside = (s) => s.name === "(outside)" && s.count === null;

const listOf = (key) => Array.isArray(session[key]) ? session[key] : [];
const sections = listOf("sections");
const processes = session.target ? [session.target] : listOf("targets");
const sectionByName = new Map();
for (const s of sections)
	if (!sectionByName.has(s.name))
		sectionByName.set(s.name, s);

// The names of the sections around one, outermost first, and its own. A damaged session may have circles.
function chainOf(name) {
	const chain = [];
	let s = sectionByName.get(name);
	while (s && !chain.includes(s.name)) {
		chain.unshift(s.name);
		s = s.parent === null ? undefined : sectionByName.get(s.parent);
	}
	return chain.length ? chain : [name];
}

function leftOutNote(key, what) {
	return leftOut[key] > 0 && make("p", "note", formatCount(leftOut[key]) + " " + what +
		" with less time are left out of this page; the JSON document has all.");
}
