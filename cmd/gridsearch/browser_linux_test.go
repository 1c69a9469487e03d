package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

var (
	browser = flag.String("browser", "", "program of a Chromium, for TestLivePage")
	shots   = flag.String("shots", "", "folder for screenshots of TestLivePage")
)

// browserPatience is how long a page may take to show what it is waited for.
const browserPatience = 40 * time.Second

// visit is a page in a browser that is watched: what it asks for, and what it complains of.
type visit struct {
	t   *testing.T
	ctx context.Context

	mutex   sync.Mutex
	foreign []string // addresses on other hosts
	errors  []string // of the console
	away    bool     // the server is not there, which the browser may complain of
}

func newVisit(t *testing.T) *visit {
	allocated, end := chromedp.NewExecAllocator(t.Context(), append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(*browser))...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	v := &visit{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, v.request); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			v.complaint(m)
		}
	}()
	return v
}

// request notes what a page asks of another host than this one.
func (v *visit) request(event any) {
	sent, ok := event.(*network.EventRequestWillBeSent)
	if !ok {
		return
	}
	at, err := url.Parse(sent.Request.URL)
	if err == nil && (at.Hostname() == "127.0.0.1" || at.Scheme == "data") {
		return
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.foreign = append(v.foreign, sent.Request.URL)
}

// complaint notes an error on the console, but for a connection while the server is away.
func (v *visit) complaint(m chromedp.ConsoleMessage) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	serious := m.IsException() || m.Type == "error" || m.Type == "warning"
	if serious && !(v.away && m.Source == "network") {
		v.errors = append(v.errors, m.String())
	}
}

func (v *visit) setAway(away bool) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.away = away
}

// do does steps in the page.
func (v *visit) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

// until waits for an expression of JavaScript, on whichever page the browser is then.
func (v *visit) until(expression string) {
	v.t.Helper()
	var err error
	for end := time.Now().Add(browserPatience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var met bool
		met, err = chromedp.Run(v.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if met {
			return
		}
	}
	text, _ := chromedp.Run(v.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	v.t.Fatalf("waiting for %s: %v; the page says\n%s", expression, err, text)
}

// value is that of an expression.
func value[T any](v *visit, expression string) T {
	v.t.Helper()
	got, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// shoot looks at the page in a scheme and width, saves what it sees where that is asked for, and
// fails where something stands out to the right.
func (v *visit) shoot(name, scheme string, width int64) {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		v.t.Fatal(err)
	}
	v.do(chromedp.EmulateViewport(width, 900))
	if wide := value[int64](v, "document.documentElement.scrollWidth"); wide > width {
		v.t.Errorf("%s is %d pixels wide on a screen of %d", name, wide, width)
	}
	if *shots == "" {
		return
	}
	picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name+".png"), picture, 0o644)
	}
	if err != nil {
		v.t.Error(err)
	}
}

// pageAddress is the address that a program has said, once it has.
func pageAddress(t *testing.T, said *messages) string {
	t.Helper()
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found := address.FindString(said.String()); found != "" {
			return found
		}
	}
	t.Fatalf("no address is said: %s", said.String())
	return ""
}

// begin starts a command in a process group of its own.
func (s session) begin(args ...string) (*exec.Cmd, *messages) {
	s.t.Helper()
	cmd, _, _ := s.command(args...)
	said := &messages{}
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may be gone
	})
	return cmd, said
}

// TestLivePage watches a real study in a browser: the page renews itself, survives the death of the
// coordinator and of the server, and complains of nothing.
func TestLivePage(t *testing.T) {
	if *browser == "" {
		t.Skip("-browser PROGRAM runs it, with a Chromium")
	}
	s := newSession(t)
	study := []string{"run", "small.toml", "--progress", "none", "--workers", "1",
		"--set", "train.epochs=600", "--set", "replication.seeds=8"}
	if err := os.Mkdir(filepath.Join(s.folder, "studies"), 0o755); err != nil {
		t.Fatal(err)
	}
	server, said := s.begin("serve", "studies", "--addr", "127.0.0.1:0")
	address := pageAddress(t, said)
	v := newVisit(t)
	v.do(chromedp.Navigate(address))
	v.until(`document.body.innerText.includes("There is no study")`)
	coordinator, _ := s.begin(study...)
	v.until(`document.querySelector("#studies .chip.running")`) // without a reload
	v.shoot("folder", "light", 1100)
	v.do(chromedp.Click("#studies a"))
	v.until(`document.querySelector("#running .runs li")`)
	value[int](v, "window.loadedOnce = 1")
	const done = `Number(document.querySelector("#progress b").textContent)`
	v.until(done + " >= 2")
	v.until(`document.querySelector("#trials tbody tr") && document.querySelector("#figures img")`)
	v.until(`document.querySelector("#running .spark circle")`)
	v.shoot("running", "light", 1100)
	v.shoot("running-dark", "dark", 1100)
	v.shoot("running-phone", "light", 390)

	// the coordinator dies, with its workers, and returns
	if err := syscall.Kill(-coordinator.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = coordinator.Wait()
	v.until(fmt.Sprintf(`document.getElementById("coordinator")?.innerText.includes("process %d is gone")`,
		coordinator.Process.Pid))
	v.until(`!document.querySelector("#best").innerText.includes("compared soon")`)
	v.shoot("died", "light", 1100)
	v.keyboard()
	before := value[int](v, done)
	coordinator, _ = s.begin(study...)
	v.until(`document.querySelector("#state .chip.running")`)
	v.until(fmt.Sprintf("%s > %d", done, before))

	// the server dies, and returns at the same address
	v.setAway(true)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	v.until(`document.getElementById("connection").innerText.startsWith("No connection since")`)
	v.shoot("no-connection", "dark", 390)
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server, _ = s.begin("serve", "studies", "--addr", at.Host)
	v.until(`document.getElementById("connection").hidden`)
	v.setAway(false)
	if value[int](v, "window.loadedOnce") != 1 {
		t.Error("the page was loaded anew")
	}
	if err := coordinator.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = coordinator.Wait()
	v.until(`document.querySelector("#state .chip.stopped")`)
	if err := server.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); server.ProcessState.ExitCode() != exitInterrupted+int(syscall.SIGINT) {
		t.Errorf("Ctrl-C ends the server with %v", err)
	}
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if len(v.foreign) > 0 || len(v.errors) > 0 {
		t.Errorf("asked of other hosts: %q; on the console: %q", v.foreign, v.errors)
	}
}

// keyboard goes through the page by the Tab key: everything that can be used is reached, in the
// order of the page, and shows that it has the focus.
func (v *visit) keyboard() {
	v.t.Helper()
	value[bool](v, `document.querySelectorAll("details").forEach((d) => { d.open = true; }),
		document.activeElement.blur(), getSelection().removeAllRanges(), scrollTo(0, 0), true`)
	const name = `(e) => e.id || e.getAttribute("aria-label") || e.textContent.trim()`
	want := value[[]string](v, `[...document.querySelectorAll("a, summary, [tabindex='0']")].map(`+name+`)`)
	v.do(chromedp.Focus("a.skip"))
	var reached []string
	for range want {
		reached = append(reached, value[string](v, `(`+name+`)(document.activeElement)`))
		if !value[bool](v, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			v.t.Errorf("%s has the focus, and does not show it", reached[len(reached)-1])
		}
		v.do(chromedp.KeyEvent("\t"))
	}
	if !slices.Equal(reached, want) || !strings.HasPrefix(reached[0], "Skip") {
		v.t.Errorf("the Tab key reaches %q, want %q", reached, want)
	}
}
