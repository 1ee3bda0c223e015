// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The flame graph: sections inside one another, then their functions from the outermost one on, then the cause of a wait.

const FLAME_ROW = 20, FLAME_LEAST = 0.0008, FLAME_MOST = 4000, FLAME_DEEPEST = 500;

class FlameNode {
	constructor(name, kind, parent) {
		this.name = name;
		this.kind = kind;
		this.parent = parent;
		this.depth = parent ? parent.depth + 1 : 0;
		this.time = this.waiting = this.samples = 0;
		this.lines = new Map();
		this.below = new Map();
		this.file = null;
	}

	child(key, name, kind) {
		let node = this.below.get(key);
		if (!node) {
			node = new FlameNode(name, kind, this);
			this.below.set(key, node);
		}
		return node;
	}

	add(running, waiting, samples) {
		this.time += running + waiting;
		this.waiting += waiting;
		this.samples += samples;
	}

	sorted() {
		return [...this.below.values()].sort((a, b) => b.time - a.time);
	}
}

function frameKind(frame) {
	if (frame.python && frame.function !== "(unknown)")
		return "python";
	return frame.function === "(unknown)" || (!frame.file && frame.function.startsWith("(")) ? "unknown" : "native";
}

function addStack(root, stack) {
	const [section, cpu, off, samples, indexes, cause] = stack;
	const path = [root], next = (node) => { path.push(node); return node; };
	let at = root;
	for (const name of chainOf(section))
		at = next(at.child("s" + name, name, "section"));
	for (const index of indexes.slice(0, FLAME_DEEPEST)) {
		const frame = listOf("frames")[index];
		if (!frame)
			continue;
		at = next(at.child("f" + frame.function + "\n" + frame.file + "\n" + frame.first_line, frame.function, frameKind(frame)));
		at.file = frame.file;
		if (known(frame.line))
			at.lines.set(frame.line, (at.lines.get(frame.line) || 0) + (cpu || 0) + (off || 0));
	}
	if (indexes.length > FLAME_DEEPEST)
		at = next(at.child("deeper", "(deeper frames are left out)", "unknown"));
	if (off > 0)
		next(at.child("w" + cause, "waiting: " + (CAUSE_WORDS.get(cause + "_s") || cause || "unknown cause"), "waiting"));
	for (const node of path)
		node.add(cpu || 0, off || 0, samples || 0);
}

function flameTree() {
	const root = new FlameNode("all sections", "all", null);
	for (const stack of listOf("stacks"))
		if (Array.isArray(stack) && Array.isArray(stack[4]))
			addStack(root, stack);
	return root;
}

function hottestLine(node) {
	let best = null;
	for (const [line, time] of node.lines)
		if (best === null || time > node.lines.get(best))
			best = line;
	return best;
}

function flameWords(node, root) {
	const line = hottestLine(node);
	let section = node;
	while (section.parent && section.kind !== "section")
		section = section.parent;
	return [node.name, node.file && node.file + (line === null ? "" : ", hottest line " + line),
		formatTime(node.time) + ", " + formatShare(node.time / root.time) + " of all" +
		(section !== node && section.kind === "section" ? ", " + formatShare(node.time / section.time) + " of " + section.name : ""),
		node.waiting > 0 && formatTime(node.waiting) + " of it waiting",
		formatCount(node.samples) + " samples"].filter(Boolean).join(" \u00b7 ");
}

class Flame {
	constructor(root) {
		this.root = this.zoomed = this.current = root;
		this.picture = make("div", "flame");
		this.picture.tabIndex = 0;
		this.picture.setAttribute("role", "application");
		this.picture.setAttribute("aria-label", "flame graph; arrow keys move, Enter zooms, Esc goes back");
		this.details = make("p", "details", "Click a frame to zoom, the top row or Esc to go back.");
		this.found = make("span", "found");
		this.wanted = "";
		this.picture.addEventListener("click", (e) => this.zoom(e.target.node || this.current));
		this.picture.addEventListener("mouseover", (e) => { if (e.target.node) this.tell(e.target.node); });
		this.picture.addEventListener("keydown", (e) => this.key(e));
		this.draw();
	}

	tell(node) {
		this.details.textContent = flameWords(node, this.root);
	}

	zoom(node) {
		this.zoomed = this.current = node;
		this.draw();
		this.tell(node);
	}

	search(wanted) {
		this.wanted = wanted.toLowerCase();
		this.draw();
	}

	matches(node) {
		return this.wanted !== "" && node.name.toLowerCase().includes(this.wanted);
	}

	// The time of the matches; one inside another does not add to it.
	matched(node) {
		return this.matches(node) ? node.time : plus([...node.below.values()].map((inner) => this.matched(inner)));
	}

	box(node, left, width) {
		const box = make("div", "frame kind-" + node.kind, width > 0.02 ? node.name : "");
		box.classList.toggle("match", this.matches(node));
		box.classList.toggle("current", node === this.current);
		box.classList.toggle("above", this.above(node));
		box.node = node;
		box.title = flameWords(node, this.root);
		box.style.top = FLAME_ROW * node.depth + "px";
		return place(box, 100 * left, 100 * width);
	}

	above(node) {
		for (let at = this.zoomed.parent; at; at = at.parent)
			if (at === node)
				return true;
		return false;
	}

	// Frames too narrow to be seen are left out, with all below them; their space stays empty.
	draw() {
		const boxes = [], whole = this.zoomed.time || 1;
		let deepest = 0;
		for (let at = this.zoomed.parent; at; at = at.parent)
			boxes.push(this.box(at, 0, 1));
		const visit = (node, left) => {
			const width = node.time / whole;
			if (width < FLAME_LEAST || boxes.length >= FLAME_MOST)
				return;
			boxes.push(this.box(node, left, width));
			deepest = Math.max(deepest, node.depth);
			for (const inner of node.sorted()) {
				visit(inner, left);
				left += inner.time / whole;
			}
		};
		visit(this.zoomed, 0);
		this.picture.style.height = FLAME_ROW * (deepest + 1) + "px";
		this.picture.replaceChildren(...boxes);
		this.found.textContent = this.wanted ? "matched: " + formatShare(this.matched(this.root) / (this.root.time || 1)) : "";
	}

	moveTo(node) {
		if (!node)
			return;
		this.current = node;
		for (const box of this.picture.children)
			box.classList.toggle("current", box.node === node);
		this.tell(node);
	}

	beside(step) {
		const all = this.current.parent ? this.current.parent.sorted() : [this.current];
		return all[all.indexOf(this.current) + step];
	}

	key(e) {
		const to = {ArrowUp: () => this.current.parent, ArrowDown: () => this.current.sorted()[0], ArrowLeft: () => this.beside(-1),
			ArrowRight: () => this.beside(1)}[e.key];
		if (to)
			this.moveTo(to());
		else if (e.key === "Enter")
			this.zoom(this.current);
		else
			return;
		e.preventDefault();
		e.stopPropagation();
	}
}

let flame = null;

function flamePane() {
	const root = flameTree();
	if (!root.time)
		return null;
	flame = new Flame(root);
	const kinds = [["section", "section"], ["python", "Python"], ["native", "native"], ["waiting", "waiting"],
		["unknown", "unknown"]];
	return makePane("flame", "Flame graph", [
		make("p", "legend", kinds.map(([kind, word]) => make("span", "", [make("i", "kind-" + kind), word]))),
		make("p", "flame-head", [flame.details, flame.found]), flame.picture,
		leftOut.stacks > 0 && make("p", "note", formatCount(leftOut.stacks) + " stacks of together " + formatTime(leftOut.stacks_s) +
			" are left out of this page.")]);
}
