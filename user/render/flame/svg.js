// SPDX-License-Identifier: GPL-2.0-only OR MIT
// The flame graph in a browser: a click zooms, the search box marks frames. The picture is complete without this script.
(function () {
"use strict";
var root = document.documentElement;
var frames = Array.prototype.map.call(root.querySelectorAll(".f"), function (e) {
	var title = e.querySelector("title").textContent;
	return {
		e: e, x: parseFloat(e.getAttribute("x")), w: parseFloat(e.getAttribute("width")),
		y: parseFloat(e.getAttribute("y")), title: title, name: title.split("\n")[0], text: e.querySelector("text"),
	};
});
var details = document.getElementById("details"), found = document.getElementById("found");
var search = document.getElementById("search"), letter = 7.3, near = 3e-5, zoomed = frames[0];

function hint() {
	details.textContent = "Click a frame to zoom, the top row or Esc to go back; / searches (a regular expression).";
}

function label(f, percent) {
	var letters = Math.floor((percent / 100 * root.clientWidth - 6) / letter);
	if (letters < 3) {
		if (f.text)
			f.text.textContent = "";
		return;
	}
	if (!f.text) {
		f.text = document.createElementNS("http://www.w3.org/2000/svg", "text");
		f.text.setAttribute("x", "3");
		f.text.setAttribute("y", "13");
		f.e.appendChild(f.text);
	}
	f.text.textContent = f.name.length > letters ? f.name.slice(0, letters - 1) + "\u2026" : f.name;
}

// Positions have five decimals and no frame is narrower than 0.01 %, so `near` is below every width and above rounding.
// Frames above the zoomed one fill the width, frames below it are stretched, all others are hidden.
function zoom(to) {
	zoomed = to;
	frames.forEach(function (f) {
		var inside = f.x >= to.x - near && f.x + f.w <= to.x + to.w + near;
		var above = f.y < to.y && f.x <= to.x + near && f.x + f.w >= to.x + to.w - near;
		var shown = above || (inside && f.y >= to.y);
		var x = above ? 0 : (f.x - to.x) * 100 / to.w, w = above ? 100 : f.w * 100 / to.w;
		f.e.style.display = shown ? "" : "none";
		f.e.classList.toggle("x", above && f.y > frames[0].y);
		if (!shown)
			return;
		f.e.setAttribute("x", x + "%");
		f.e.setAttribute("width", w + "%");
		label(f, w);
	});
}

// A frame comes before the frames below it, from left to right; a match inside another match does not add to the sum.
function find() {
	var wanted = null, share = 0, end = -1;
	search.classList.remove("bad");
	try {
		wanted = search.value ? new RegExp(search.value, "i") : null;
	} catch (e) {
		search.classList.add("bad");
	}
	frames.forEach(function (f) {
		var match = wanted !== null && wanted.test(f.name);
		f.e.classList.toggle("m", match);
		if (!match || f.x + near < end)
			return;
		share += f.w;
		end = f.x + f.w;
	});
	found.textContent = wanted ? "matched: " + share.toFixed(1) + "%" : "";
}

function reset() {
	search.value = "";
	find();
	zoom(frames[0]);
}

frames.forEach(function (f) {
	f.e.addEventListener("click", function () { zoom(f); });
	f.e.addEventListener("mouseover", function () { details.textContent = f.title.replace(/\n/g, " \u00b7 "); });
	f.e.addEventListener("mouseout", hint);
});
search.addEventListener("input", find);
document.getElementById("reset").addEventListener("click", reset);
document.addEventListener("keydown", function (e) {
	if (e.key === "Escape") {
		reset();
	} else if (e.key === "/" && e.target !== search) {
		search.focus();
		e.preventDefault();
	}
});
window.addEventListener("resize", function () { zoom(zoomed); });
if (frames.length) {
	hint();
	zoom(frames[0]);
}
})();
