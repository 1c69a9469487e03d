// usage: node check.js FOLDER report.html...     screenshots and a PDF of each page go into FOLDER/shots
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const views = { light: ["light", 1280], dark: ["dark", 1280], phone: ["light", 390] };
const longest = 2000; // milliseconds until a page is painted
let wrong = 0;

function check(ok, ...what) {
	if (!ok) {
		wrong++;
		console.log("  WRONG:", ...what);
	}
}

// sorted says whether Enter on the heading of a column sorts by it, both ways.
async function sorts(page) {
	const head = await page.$("table.sortable th:nth-child(2) button");
	const order = () => page.$$eval("table.sortable tbody", (bodies) =>
		Array.from(bodies[0].rows, (row) => parseFloat(row.cells[1].textContent)).filter((v) => !isNaN(v)));
	await head.focus();
	await page.keyboard.press("Enter");
	const up = await order();
	const said = await head.evaluate((button) => button.parentElement.getAttribute("aria-sort"));
	await page.keyboard.press("Enter");
	const down = await order();
	check(said === "ascending", "aria-sort is", said);
	check(up.every((v, i) => i === 0 || up[i - 1] <= v), "not sorted upwards:", up.slice(0, 5));
	check(down.every((v, i) => i === 0 || down[i - 1] >= v), "not sorted downwards:", down.slice(0, 5));
}

async function look(browser, file, name, view, shots) {
	const [scheme, width] = views[view];
	const page = await browser.newPage();
	page.on("console", (m) => check(m.type() !== "error" && m.type() !== "warn", "console:", m.text()));
	page.on("pageerror", (e) => check(false, String(e)));
	page.on("dialog", (d) => { check(false, "dialog:", d.message()); d.dismiss(); });
	page.on("request", (r) => check(/^(file|data):/.test(r.url()), "asks for", r.url()));
	await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
	await page.setViewport({ width, height: 900 });
	const began = Date.now();
	await page.goto("file://" + path.resolve(file), { waitUntil: "load" });
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	const took = Date.now() - began;
	const loaded = await page.evaluate(() => Math.round(performance.getEntriesByType("navigation")[0].loadEventEnd));
	if (took > longest) console.log(`${name}, ${view}: more than ${longest} ms, on this machine`); // no failure: it may be busy
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	check(wide <= 0, "wider than the window by", wide);
	await page.screenshot({ path: `${shots}/${name}-${view}.png`, fullPage: true });
	await sorts(page);
	await page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
	const session = await page.createCDPSession(); // past the page's policy
	await session.send("Runtime.evaluate", { expression: axe });
	const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
	for (const v of found.violations) {
		check(false, v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join("\n    "));
	}
	console.log(`${name}, ${view}: loaded after ${loaded} ms, painted after ${took} ms; axe-core ${found.testEngine.version}: ` +
		`${found.violations.length} violations, ${found.passes.length} rules passed`);
	await page.close();
}

(async () => {
	const [folder, ...files] = process.argv.slice(2);
	const shots = path.join(folder, "shots");
	fs.mkdirSync(shots, { recursive: true });
	const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		headless: true, args: ["--no-sandbox", "--disable-gpu"] });
	for (const file of files) {
		const name = path.basename(path.dirname(path.resolve(file)));
		for (const view in views) await look(browser, file, name, view, shots);
		const page = await browser.newPage();
		await page.goto("file://" + path.resolve(file));
		await page.pdf({ path: `${shots}/${name}.pdf`, format: "A4", timeout: 120000 });
		await page.close();
	}
	await browser.close();
	console.log(wrong ? `${wrong} things are wrong` : "all is well");
	process.exit(wrong ? 1 : 0);
})();
