// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Tables that are sorted by a click on a heading and searched by the box at the top.

const ROWS_AT_FIRST = 30, ROWS_MORE = 1000;
const tables = [];

// The value of a cell for sorting: unknown ones come last in either order.
function compareValues(a, b, descending) {
	const noA = a === null || a === undefined || a !== a, noB = b === null || b === undefined || b !== b;
	if (noA || noB)
		return noA - noB;
	const order = typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : a - b;
	return descending ? -order : order;
}

/*
 * columns: {title, value(row), show(row) -> text or element, text: true for columns of words, left: true for bars, hint}
 * options: detail(row) -> elements below an opened row; indent(row) -> depth of a tree, whose order the first column restores;
 *          atFirst: rows that are shown before "show more".
 */
class Table {
	constructor(columns, rows, options) {
		this.columns = columns;
		this.rows = rows;
		this.options = options || {};
		this.most = this.options.atFirst || ROWS_AT_FIRST;
		this.sorted = -1;
		this.descending = false;
		this.wanted = "";
		this.keep = null;
		this.open = new Set();
		this.body = make("tbody");
		this.footer = make("p", "note");
		this.heads = columns.map((column, i) => this.makeHead(column, i));
		const table = make("table", "", [make("thead", "", make("tr", "", this.heads)), this.body]);
		this.element = make("div", "table", [make("div", "scroll", table), this.footer]);
		this.words = rows.map((row) => columns.map((c) => c.text ? String(c.value(row)) : "").join("\n").toLowerCase());
		this.draw();
		tables.push(this);
	}

	makeHead(column, i) {
		const head = make("th", column.text || column.left ? "" : "num", button(column.title, () => this.sortBy(i)));
		head.scope = "col";
		if (column.hint)
			head.title = column.hint;
		return head;
	}

	// Numbers are sorted with the largest first, words from A to Z; a second click turns that round.
	sortBy(i) {
		const first = !this.columns[i].text;
		if (i === 0 && this.options.indent && this.sorted !== 0) {
			this.sorted = -1;
		} else {
			this.descending = this.sorted === i ? !this.descending : first;
			this.sorted = i;
		}
		this.draw();
	}

	search(wanted) {
		this.wanted = wanted.toLowerCase();
		this.draw();
	}

	// Shows only the rows for which keep(row) is true; null: all.
	keepRows(keep) {
		this.keep = keep;
		this.draw();
	}

	// The indexes of the rows that match, in the order of the table.
	order() {
		const found = [];
		for (let i = 0; i < this.rows.length; i++)
			if ((!this.keep || this.keep(this.rows[i])) && (!this.wanted || this.words[i].includes(this.wanted)))
				found.push(i);
		if (this.sorted < 0)
			return found;
		const values = this.rows.map(this.columns[this.sorted].value);
		return found.sort((a, b) => compareValues(values[a], values[b], this.descending) || a - b);
	}

	draw() {
		const order = this.order(), shown = order.slice(0, this.most);
		this.heads.forEach((head, i) => {
			if (i === this.sorted)
				head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
			else
				head.removeAttribute("aria-sort");
		});
		this.body.replaceChildren(...shown.flatMap((i) => this.makeRows(i)));
		if (this.body.firstChild)
			this.body.firstChild.tabIndex = 0;
		this.drawFooter(order.length, shown.length);
	}

	drawFooter(found, shown) {
		this.footer.replaceChildren();
		if (found > shown)
			append(this.footer, [formatCount(shown) + " of " + formatCount(found) + " shown. ",
				button("Show more", () => { this.most += ROWS_MORE; this.draw(); })]);
		else if (!found)
			append(this.footer, this.wanted ? "Nothing here matches the search." : "There are none.");
	}

	makeCell(column, row, first) {
		const cell = make("td", column.text ? "" : "num", column.show(row));
		if (first && this.options.indent && this.sorted < 0)
			cell.style.paddingLeft = 1.5 + 1.1 * this.options.indent(row) + "rem";
		if (first && this.options.detail)
			cell.prepend(make("span", "mark", ""));
		return cell;
	}

	makeRows(i) {
		const row = this.rows[i];
		const line = make("tr", "", this.columns.map((column, at) => this.makeCell(column, row, at === 0)));
		line.tabIndex = -1;
		if (!this.options.detail)
			return [line];
		line.classList.add("opens");
		line.setAttribute("aria-expanded", this.open.has(i));
		line.addEventListener("click", () => this.toggle(i, line));
		line.toggleDetail = (open) => { if (open === undefined || open !== this.open.has(i)) this.toggle(i, line); };
		return this.open.has(i) ? [line, this.makeDetail(row)] : [line];
	}

	makeDetail(row) {
		const cell = make("td", "", this.options.detail(row));
		cell.colSpan = this.columns.length;
		return make("tr", "detail", cell);
	}

	toggle(i, line) {
		const open = !this.open.delete(i);
		if (open) {
			this.open.add(i);
			line.after(this.makeDetail(this.rows[i]));
		} else {
			line.nextSibling.remove();
		}
		line.setAttribute("aria-expanded", open);
	}

	openRow(i) {
		this.open.add(i);
		this.draw();
	}
}

// ---- columns ----

const column = (title, value, show, hint) => ({title, value, show: (row) => show(value(row)), hint});
const timeColumn = (title, value, hint) => column(title, value, formatTime, hint);
const shareColumn = (title, value, hint) => column(title, value, formatShare, hint);
const countColumn = (title, value, hint) => column(title, value, formatCount, hint);
const sizeColumn = (title, value, hint) => column(title, value, formatSize, hint);
const growthColumn = (title, value, hint) => column(title, value, formatGrowth, hint);
const textColumn = (title, value, hint) =>
	({title, value: (row) => value(row) || "", show: (row) => value(row) || "-", text: true, hint});

// Rows of two columns: a name and a value.
function pairs(list) {
	return make("table", "pairs", make("tbody", "", list.filter(Boolean).map(([name, value, more]) =>
		make("tr", "", [make("td", "", name), make("td", "num", value), make("td", "more", more || "")]))));
}
