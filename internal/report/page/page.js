
"use strict";
(function () {
	// a number at the head of a cell, whatever stands behind it; null for none
	function number(cell) {
		var text = cell.dataset.n || cell.textContent.replace(/\u2212/g, "-").replace(/^[<>]/, "");
		var value = parseFloat(text);
		return isNaN(value) ? null : value;
	}

	function sort(table, index, numeric, sign) {
		var body = table.tBodies[0];
		var keyed = Array.from(body.rows, function (row, place) {
			var cell = row.cells[index];
			return { row: row, place: place, key: numeric ? number(cell) : cell.textContent };
		});
		keyed.sort(function (a, b) {
			if (a.key === b.key) return a.place - b.place;
			if (a.key === null || a.key === "") return 1; // what has no value comes last
			if (b.key === null || b.key === "") return -1;
			if (numeric) return sign * (a.key - b.key);
			return sign * a.key.localeCompare(b.key, undefined, { numeric: true });
		});
		body.append.apply(body, keyed.map(function (k) { return k.row; }));
	}

	document.querySelectorAll("table.sortable").forEach(function (table) {
		var heads = Array.from(table.tHead.rows[0].cells);
		heads.forEach(function (head, index) {
			var numeric = head.classList.contains("n");
			var button = document.createElement("button");
			button.type = "button";
			button.textContent = head.textContent;
			head.replaceChildren(button);
			if (!head.hasAttribute("aria-sort")) head.setAttribute("aria-sort", "none");
			button.addEventListener("click", function () {
				var before = head.getAttribute("aria-sort");
				// numbers begin with the largest, words with the first
				var up = before === "none" ? !numeric : before === "descending";
				heads.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
				head.setAttribute("aria-sort", up ? "ascending" : "descending");
				sort(table, index, numeric, up ? 1 : -1);
			});
		});
	});

	// on paper nothing can be unfolded
	var folded = [];
	window.addEventListener("beforeprint", function () {
		folded = Array.from(document.querySelectorAll("details:not([open]):not(.screen)"));
		folded.forEach(function (one) { one.open = true; });
	});
	window.addEventListener("afterprint", function () {
		folded.forEach(function (one) { one.open = false; });
	});
})();
