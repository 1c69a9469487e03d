// The figure of the space of width, depth and resolution, which turns: by dragging, by keys and by
// buttons. The scene comes as JSON from the figure's element; here it is projected, no more.
"use strict";
document.querySelectorAll("figure[data-figure='space-3d']").forEach(function (figure) {
	const source = figure.querySelector("script[type='application/json']");
	const still = figure.querySelector(".picture");
	if (!source || !still) return;
	const scene = JSON.parse(source.textContent), points = scene.points;
	const triangles = scene.surface.triangles || [], beyond = scene.line.beyond || [];

	function element(parent, name, attributes, text) {
		const e = document.createElement(name);
		for (const key in attributes) e.setAttribute(key, attributes[key]);
		e.textContent = text || "";
		return parent.appendChild(e);
	}
	const box = element(figure, "div", { class: "turn" });
	still.after(box);
	const stage = element(box, "div", { class: "stage" });
	const canvas = element(stage, "canvas", { tabindex: "0", role: "application",
		"aria-roledescription": "picture that turns", "aria-describedby": "turn-help",
		"aria-label": "Trials in the space of width, depth and resolution" });
	const tip = element(stage, "div", { class: "tip", hidden: "" });
	const c = canvas.getContext("2d");

	let azimuth, elevation, zoom; // degrees; a factor
	let chosen = -1, spots = []; // index of the point with the tip; where the points are drawn
	let style, width, height, size, right, up, towards, walls;

	function first() { [azimuth, elevation, zoom] = [scene.view.azimuth, scene.view.elevation, 1]; }
	function rotate(by, higher) {
		[azimuth, elevation] = [azimuth + by, Math.max(-85, Math.min(85, elevation + higher))];
	}
	function scale(factor) { zoom = Math.max(.6, Math.min(6, zoom * factor)); }

	// look prepares the canvas and the projection.
	function look() {
		const ratio = window.devicePixelRatio || 1, degree = Math.PI / 180;
		style = getComputedStyle(canvas);
		width = stage.clientWidth;
		height = Math.round(Math.min(Math.max(.8 * width, 340), 560));
		[canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
		canvas.style.height = height + "px";
		c.setTransform(ratio, 0, 0, ratio, 0, 0);
		size = zoom * Math.min((width - 110) / 1.42, (height - 66) / 1.68);
		const [sa, se] = [azimuth, elevation].map((v) => Math.sin(v * degree));
		const [ca, ce] = [azimuth, elevation].map((v) => Math.cos(v * degree));
		[right, up, towards] = [[-sa, ca, 0], [-ca * se, -sa * se, ce], [ca * ce, sa * ce, se]];
		walls = towards.map((d) => d < 0 ? 1 : 0);
	}
	const along = (d, p) => d[0] * p[0] + d[1] * p[1] + d[2] * p[2];
	function project(p) {
		const q = p.map((v) => v - .5);
		return [width / 2 + size * along(right, q), height / 2 - size * along(up, q)];
	}
	const on = (p, axis, at) => p.map((v, i) => i === axis ? at : v);
	const colour = (name) => style.getPropertyValue("--turn-" + name).trim();

	// path draws a shape with a fill, or a line without one.
	function path(corners, fill, stroke, thickness, dash) {
		c.beginPath();
		corners.forEach((q) => c.lineTo(q[0], q[1]));
		if (fill) {
			c.closePath();
			c.fillStyle = fill;
			c.fill();
		}
		c.strokeStyle = stroke;
		c.lineWidth = thickness;
		c.setLineDash(dash || []);
		c.stroke();
	}
	const line = (corners, ...rest) => path(corners, null, ...rest);
	function circle(at, radius) { c.beginPath(); c.arc(at[0], at[1], radius, 0, 2 * Math.PI); }
	function drawWall(axis) {
		const u = (axis + 1) % 3, w = (axis + 2) % 3;
		const at = (a, b) => project(on(on(on([0, 0, 0], axis, walls[axis]), u, a), w, b));
		path([at(0, 0), at(1, 0), at(1, 1), at(0, 1)], colour("wall"), colour("grid"), 1);
		for (const t of scene.axes[u].ticks) line([at(t.at, 0), at(t.at, 1)], colour("grid"), 1);
		for (const t of scene.axes[w].ticks) line([at(0, t.at), at(1, t.at)], colour("grid"), 1);
	}

	// drawAxis draws numbers and name at the front of the floor, or at the left upright edge.
	function drawAxis(axis) {
		const [x0, y0, z0] = walls, other = [1 - x0, y0, 0];
		let from = [[0, 1 - y0, z0], [1 - x0, 0, z0], [x0, 1 - y0, 0]][axis];
		if (axis === 2 && project(other)[0] < project(from)[0]) from = other;
		const a = project(from), b = project(on(from, axis, 1));
		line([a, b], colour("text"), 1);
		let length = Math.hypot(b[0] - a[0], b[1] - a[1]);
		if (length < 20) return; // seen from its end
		const x = b[1] - a[1], y = a[0] - b[0];
		if (x * (a[0] - width / 2) + y * (a[1] - height / 2) < 0) length = -length;
		const out = (p, dx, dy) => [p[0] + dx * x / length, p[1] + dy * y / length];
		[c.fillStyle, c.textBaseline, c.textAlign] = [colour("text"), "middle", "center"];
		c.font = "12px " + style.fontFamily;
		for (const t of scene.axes[axis].ticks) {
			const p = project(on(from, axis, t.at));
			line([p, out(p, 5, 5)], colour("text"), 1);
			c.fillText(t.text, ...out(p, 17, 14));
		}
		c.save();
		c.translate(...out([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], 40, 34));
		const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
		c.rotate(Math.abs(angle) > Math.PI / 2 + .01 ? angle + Math.PI : angle);
		c.font = "13px " + style.fontFamily;
		c.fillText(scene.axes[axis].name + ", × base", 0, 0);
		c.restore();
	}

	function drawPoint(index) {
		const p = points[index], at = spots[index], trained = p.shade !== null;
		const failed = p.look === "failed", radius = trained || failed ? 5 : 3;
		const fill = trained ? scene.colours[Math.round(p.shade * (scene.colours.length - 1))] :
			colour(failed ? "failed" : "back");
		path(scene.shapes[p.look].map((q) => [at[0] + radius * q[0], at[1] - radius * q[1]]), fill,
			colour(trained ? "edge" : "soft"), 1);
		if (!p.tied && index !== chosen) return;
		circle(at, index === chosen ? 12 : 9);
		[c.strokeStyle, c.lineWidth] = [colour("text"), index === chosen ? 3 : 1.6];
		c.stroke();
	}

	// drawLabels draws labels beside their points, where they are free of others.
	function drawLabels() {
		const taken = [];
		c.font = "12px " + style.fontFamily;
		c.textAlign = "left";
		points.forEach(function (p, i) {
			const w = c.measureText(p.label).width, at = spots[i];
			const place = p.label && [[12, 0], [-12 - w, 0], [-w / 2, -16], [-w / 2, 16]]
				.map((d) => [at[0] + d[0], at[1] + d[1]])
				.find((q) => !taken.some((t) => q[0] < t[0] + t[2] && t[0] < q[0] + w &&
					Math.abs(q[1] - t[1]) < 14));
			if (!place) return;
			taken.push([place[0], place[1], w]);
			[c.strokeStyle, c.fillStyle, c.lineWidth] = [colour("back"), colour("text"), 3];
			c.strokeText(p.label, ...place);
			c.fillText(p.label, ...place);
		});
	}

	function draw() {
		look();
		if (width <= 0) return;
		[0, 1, 2].forEach(drawWall);
		[0, 1, 2].forEach(drawAxis);
		const near = (t) => along(towards, t[0]) + along(towards, t[1]) + along(towards, t[2]);
		for (const t of triangles.slice().sort((a, b) => near(a) - near(b)))
			path(t.map(project), colour("surface"), colour("mesh"), .8);
		c.fillStyle = colour("shadow");
		for (const p of points) for (const axis of [0, 1, 2]) {
			circle(project(on(p.at, axis, walls[axis])), 2.5);
			c.fill();
		}
		if (chosen >= 0) walls.forEach((wall, axis) => line([points[chosen].at,
			on(points[chosen].at, axis, wall)].map(project), colour("text"), 1, [2, 2]));
		const dash = along(towards, [1, 1, 1]) > 0 ? [[5, 4], []] : [[], [5, 4]];
		line(scene.line.below.map(project), colour("line"), 2, dash[0]);
		line(beyond.map(project), colour("line"), 2, dash[1]);
		spots = points.map((p) => project(p.at));
		points.map((p, i) => i).sort((a, b) => along(towards, points[a].at) -
			along(towards, points[b].at)).forEach(drawPoint);
		drawLabels();
		tip.hidden = chosen < 0;
		if (chosen < 0) return;
		tip.textContent = "";
		element(tip, "b", { dir: "auto" }, points[chosen].name);
		element(tip, "span", {}, points[chosen].text);
		const at = spots[chosen];
		tip.style.left = Math.max(0, Math.min(at[0] + 14, width - tip.offsetWidth)) + "px";
		tip.style.top = Math.max(0, at[1] - tip.offsetHeight - 14) + "px";
	}
	let asked = 0;
	function redraw() { cancelAnimationFrame(asked); asked = requestAnimationFrame(draw); }
	function choose(index, aloud) {
		chosen = index;
		if (aloud) said.textContent = points[index].name + ": " + points[index].text;
		redraw();
	}
	function pointAt(event) {
		const area = canvas.getBoundingClientRect();
		const far = spots.map((s) => Math.hypot(s[0] - event.clientX + area.left,
			s[1] - event.clientY + area.top));
		const least = Math.min(...far);
		return least < (event.pointerType === "touch" ? 24 : 12) ? far.indexOf(least) : -1;
	}
	let grip = null; // where the pointer holds the picture
	canvas.addEventListener("pointerdown", (event) => {
		grip = [event.clientX, event.clientY];
		canvas.setPointerCapture(event.pointerId);
		choose(pointAt(event));
	});
	canvas.addEventListener("pointermove", function (event) {
		if (grip) {
			rotate((grip[0] - event.clientX) / 2, (event.clientY - grip[1]) / 2);
			grip = [event.clientX, event.clientY];
			redraw();
		} else if (pointAt(event) !== chosen) choose(pointAt(event));
	});
	canvas.addEventListener("lostpointercapture", () => { grip = null; });
	canvas.addEventListener("pointerleave", (e) => { if (e.pointerType !== "touch") choose(-1); });
	const keys = { arrowleft: () => rotate(5, 0), arrowright: () => rotate(-5, 0),
		arrowup: () => rotate(0, 5), arrowdown: () => rotate(0, -5), "+": () => scale(1.2),
		"=": () => scale(1.2), "-": () => scale(1 / 1.2), home: first, escape: () => choose(-1),
		n: () => choose((chosen + 1) % points.length, true),
		p: () => choose((Math.max(chosen, 0) + points.length - 1) % points.length, true) };
	canvas.addEventListener("keydown", function (event) {
		const act = keys[event.key.toLowerCase()];
		if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
		event.preventDefault();
		act();
		redraw();
	});

	const buttons = element(box, "div", { class: "buttons" });
	for (const [text, name, key, times] of [["←", "Turn left", "arrowleft", 3],
		["→", "Turn right", "arrowright", 3], ["↑", "Look from higher", "arrowup", 3],
		["↓", "Look from lower", "arrowdown", 3], ["+", "Zoom in", "+", 1],
		["−", "Zoom out", "-", 1], ["first view", "Return to the first view", "home", 1]])
		element(buttons, "button", { type: "button", "aria-label": name, title: name }, text)
			.addEventListener("click", () => {
				for (let i = 0; i < times; i++) keys[key]();
				redraw();
			});
	element(box, "p", { class: "help", id: "turn-help" }, "Arrow keys turn, plus and minus zoom, " +
		"Home returns to the first view, N and P go through the trials, Escape leaves them.");
	const said = element(box, "p", { class: "said", "aria-live": "polite" });
	const legend = element(box, "ul", { class: "legend" });
	if (scene.scale) {
		const { label, low, high } = scene.scale;
		const li = element(legend, "li", {}, label + ": " + low.toFixed(1) + " ");
		element(li, "span", { class: "key scale" }).style.background =
			"linear-gradient(90deg," + scene.colours.join(",") + ")";
		li.append(" " + high.toFixed(1));
	}
	for (const [kind, text] of [["ring", points.some((p) => p.tied) && "tied with the best"],
		["open", points.some((p) => p.shade === null) && "without a result (a cross: failed)"],
		["sheet", scene.surface.name], ["stroke", scene.line.name + "; dashed behind the surface"]])
		if (text) element(element(legend, "li"), "span", { class: "key " + kind }).after(text);
	const details = element(box, "details");
	element(details, "summary", {}, "The same as a list");
	const list = element(details, "ul", { tabindex: "0", "aria-label": "Trials" });
	for (const p of points) element(list, "li", { dir: "auto" }, p.name + ": " + p.text);
	figure.classList.add("turns");
	first();
	new ResizeObserver(redraw).observe(stage);
	window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
});
