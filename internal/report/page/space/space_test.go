package space

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// page is one with a still picture, a scene of two trials and what turns it; then the checks act
// like a reader and say what they have seen.
const page = `<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<style>body { width: 600px }` + "%STYLE%" + `</style>
<figure data-figure="space-3d"><div class="picture"><svg></svg></div>
<script type="application/json">{
"axes": [{"name": "width", "ticks": [{"at": 0, "text": "1"}]}, {"name": "depth", "ticks": []},
	{"name": "resolution", "ticks": []}],
"points": [
	{"name": "\u003cb>one", "at": [0, 0, 0], "shade": 0, "look": "", "tied": false, "label": "",
		"text": "70.0 %"},
	{"name": "two", "at": [1, 0.5, 0.5], "shade": null, "look": "", "tied": true, "label": "best",
		"text": "no result"}],
"surface": {"name": "cost 2", "triangles": [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]},
"line": {"name": "line", "below": [[0, 0, 0], [0.5, 0.5, 0.5]], "beyond": null},
"scale": {"label": "top-1, %", "low": 70, "high": 80}, "colours": ["#000000", "#ffffff"],
"shapes": {"": [[-1, -1], [1, -1], [0, 1]]}, "view": {"azimuth": 60, "elevation": 24}}</script>
</figure>
<script>
// a browser without a screen draws no frames
window.requestAnimationFrame = (draw) => setTimeout(draw, 0);
window.cancelAnimationFrame = clearTimeout;
</script>
<script>` + "%SCRIPT%" + `</script>
<script>
const seen = {}, canvas = document.querySelector("canvas"), tip = document.querySelector(".tip");
const said = document.querySelector(".said");
const press = (key) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
const frame = () => new Promise((done) => setTimeout(() => done(canvas.toDataURL()), 50));
const point = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y,
	pointerId: 1, pointerType: "mouse" }));
canvas.setPointerCapture = () => {};
(async function () {
	press("Home");
	const first = await frame();
	seen.still = getComputedStyle(document.querySelector(".picture")).display === "none";
	seen.focus = (canvas.focus(), document.activeElement === canvas);
	seen.tipHidden = tip.hidden;
	seen.kept = press("x") && press("Tab");
	seen.taken = !press("ArrowLeft");
	const left = await frame();
	seen.turned = left !== first;
	press("ArrowRight");
	seen.turnedBack = await frame() === first;
	for (const [name, key] of [["higher", "ArrowUp"], ["lower", "ArrowDown"], ["zoomed", "+"]]) {
		press("Home");
		press(key);
		seen[name] = await frame() !== first;
	}
	press("Home");
	seen.home = await frame() === first;
	press("n");
	await frame();
	seen.said = said.textContent === "<b>one: 70.0 %" && !tip.hidden;
	press("p");
	await frame();
	seen.previous = said.textContent === "two: no result" && tip.textContent === "twono result";
	press("Escape");
	seen.left = await frame() === first && tip.hidden;
	const area = canvas.getBoundingClientRect();
	const x = area.left + area.width / 2, y = area.top + area.height / 2;
	point("pointermove", x + 1000, y);
	point("pointerdown", x + 200, y + 150);
	point("pointermove", x + 120, y + 150);
	canvas.dispatchEvent(new PointerEvent("lostpointercapture"));
	const dragged = await frame();
	seen.dragged = dragged !== first;
	point("pointermove", x + 200, y + 150);
	seen.released = await frame() === dragged;
	document.querySelector(".buttons button:last-child").click();
	seen.button = await frame() === first;
	seen.list = document.querySelectorAll(".turn details li").length === 2 &&
		!document.querySelector(".turn b b, .turn details b");
	seen.named = canvas.getAttribute("aria-label") !== "" && document.getElementById(
		canvas.getAttribute("aria-describedby")).textContent !== "";
	document.body.dataset.seen = JSON.stringify(seen);
})();
</script></html>`

// browser is the path of a browser, or the test is skipped.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium is here")
	return ""
}

// TestTurning: in a browser the still picture makes way for one that keys, pointers and buttons
// turn; keys of no meaning are left to the page; trials can be gone through and listed.
func TestTurning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.html")
	text := regexp.MustCompile("%STYLE%").ReplaceAllLiteralString(page, Style)
	text = regexp.MustCompile("%SCRIPT%").ReplaceAllLiteralString(text, Script)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(browser(t), "--headless", "--no-sandbox", "--disable-gpu",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=20000", "--dump-dom", "file://"+path)
	run.WaitDelay = 10 * time.Second
	dom, err := run.Output()
	found := regexp.MustCompile(`data-seen="([^"]*)"`).FindSubmatch(dom)
	if err != nil || found == nil {
		t.Fatalf("the browser has not come to the end: %v\n%s", err, dom)
	}
	var seen map[string]bool
	plain := regexp.MustCompile("&quot;").ReplaceAllLiteral(found[1], []byte(`"`))
	if err := json.Unmarshal(plain, &seen); err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for name, ok := range seen {
		if !ok {
			wrong = append(wrong, name)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 || len(seen) != 19 {
		t.Errorf("of %d checks these fail: %q", len(seen), wrong)
	}
}
