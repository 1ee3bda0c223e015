// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The page as a whole: its parts in order, the search, and the keyboard.

const ENDED = {duration: "for the time asked for", signal: "until stopped by hand", "target-exit": "until the target exited",
	cost: "until profiling cost too much"};

function windowWords() {
	const w = session.window || {}, hasDate = known(w.started_at) && w.started_at > 0 && w.started_at < 4e11;
	const start = hasDate ? " from " + new Date(w.started_at * 1000).toLocaleString() : "";
	const more = processes.length - 1 + (session.more_targets || 0), others = more > 0 ? " and " + formatCount(more) + " more" : "";
	return [processes.length && "PID " + processes[0].pid + others,
		formatTime(w.duration_s) + start + ", " + (ENDED[w.ended_by] || "still running"),
		session.tool + " " + session.version].filter(Boolean).join(" \u00b7 ");
}

// ---- search ----

const searchBox = make("input");
let searchTimer = 0;

function searchNow() {
	clearTimeout(searchTimer);
	for (const table of tables)
		table.search(searchBox.value);
	if (flame)
		flame.search(searchBox.value);
}

function clearSearch() {
	searchBox.value = "";
	searchNow();
}

// ---- help ----

const KEYS = [
	["/", "search names in all tables and in the flame graph"], ["\u2191 \u2193", "move in a table or in the flame graph"],
	["\u2192 \u2190", "open and close the row; in the flame graph, to the side"],
	["Enter", "open or close the row; zoom the flame graph"], ["Esc", "clear the search, zoom out, close this"], ["?", "these keys"],
];

const help = make("dialog", "", [make("h2", "", "Keys"), pairs(KEYS.map(([key, words]) => [make("kbd", "", key), "", words])),
	button("Close", () => help.close())]);

function showHelp() {
	if (!help.open)
		help.showModal();
}

// ---- keyboard ----

// The next row of the table in that direction that can be moved to.
function rowBeside(row, step) {
	let at = row;
	do
		at = step > 0 ? at.nextSibling : at.previousSibling;
	while (at && at.className === "detail");
	return at;
}

function keyInTable(e, row) {
	const step = {ArrowDown: 1, ArrowUp: -1}[e.key];
	if (step) {
		const to = rowBeside(row, step);
		if (to)
			to.focus();
	} else if (row.toggleDetail && ["ArrowRight", "ArrowLeft", "Enter"].includes(e.key)) {
		row.toggleDetail(e.key === "Enter" ? undefined : e.key === "ArrowRight");
	} else {
		return;
	}
	e.preventDefault();
}

function goBack() {
	clearSearch();
	searchBox.blur();
	if (flame)
		flame.zoom(flame.root);
}

function onKey(e) {
	const typing = e.target instanceof HTMLInputElement || e.target instanceof HTMLSelectElement;
	if (e.ctrlKey || e.metaKey || e.altKey || help.open)
		return;
	if (e.key === "Escape") {
		goBack();
	} else if (!typing && e.key === "/") {
		searchBox.focus();
		e.preventDefault();
	} else if (!typing && e.key === "?") {
		showHelp();
	} else if (!typing && e.target.tagName === "TR") {
		keyInTable(e, e.target);
	} else if (e.target === document.body && e.key === "ArrowDown" && tables.length && tables[0].body.firstChild) {
		tables[0].body.firstChild.focus();
		e.preventDefault();
	}
}

// ---- the page ----

function addTools(panes) {
	searchBox.type = "search";
	searchBox.id = "search";
	searchBox.placeholder = "Search ( / )";
	searchBox.setAttribute("aria-label", "search names");
	searchBox.addEventListener("input", () => { clearTimeout(searchTimer); searchTimer = setTimeout(searchNow, 120); });
	const contents = make("nav", "", panes.map((pane) => {
		const link = make("a", "", pane.querySelector("h2").textContent);
		link.href = "#" + pane.id;
		return link;
	}));
	append(document.getElementById("tools"), [searchBox, button("?", showHelp), contents]);
}

function drawPage() {
	const text = document.getElementById("text");
	document.getElementById("verdicts").before(...[sectionsPane()].filter(Boolean));
	text.before(...[timelinePane(), slowestPane(), flamePane(), functionsPane(), operatorsPane(), memoryPane(), gpuPane(),
		loopsPane(), awaitingPane(), modelPane(), cachesPane(), processesPane(), threadsPane(), costPane()].filter(Boolean));
	text.open = false;
	document.getElementById("window").textContent = windowWords();
	addTools([...document.querySelectorAll("main > section")]);
	document.body.append(help);
	document.addEventListener("keydown", onKey);
}

drawPage();
