package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gridsearch/internal/report"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/serve/events"
	"gridsearch/internal/store/database"
	"gridsearch/internal/study"
)

// options draw one picture, of the number of complete runs.
func options() Options {
	return Options{Host: "127.0.0.1",
		Command: func(name string, folder study.Folder) string {
			return "gridsearch " + name + " " + filepath.Base(string(folder))
		},
		Say: func(r report.Results) (answer, certainty []string) {
			return tables.Answer(r), tables.Certainty(r)
		},
		Draw: func(_ *study.Study, r report.Results) ([]Picture, []string) {
			n := 0
			for _, t := range r.Trials {
				n += t.N
			}
			svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg"><text>%d</text></svg>`, n)
			return []Picture{{"triangle", "shares of <depth>", "Look at <it>.", false, []byte(svg)}}, []string{"other is not drawn"}
		}}
}

// newServer is a server whose pages wait for the comparison of trials, however slow the machine is.
func newServer(source Source, o Options) *Server {
	s := New(source, o)
	s.patience = time.Hour
	return s
}

// got is what a server answers to GET.
func got(t *testing.T, s *Server, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", "http://localhost:8017"+path, nil)
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

// has fails where a text lacks something, or has what is preceded by "not ".
func has(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		no, not := strings.CutPrefix(want, "not ")
		if strings.Contains(text, no) == not {
			t.Errorf("%s: %q is wanted in\n%.4000s", what, want, text)
		}
	}
}

// TestPages shows a study in all its states.
func TestPages(t *testing.T) {
	dir := t.TempDir()
	p := plan(t, dir, small)
	s := newServer(Source{Dir: dir}, options())
	has(t, "nothing trained", got(t, s, "/study/small/").Body.String(), "<h1>small</h1>",
		"No run is complete yet", "Nobody works on it, and 10 runs wait", "gridsearch run small",
		"not Failures")
	p.complete(0, 7)
	p.fail(7, "the loss became NaN <at once>")
	working, err := database.Lock(p.Lock())
	if err != nil {
		t.Fatal(err)
	}
	p.say(study.Status{Total: 10, Complete: 7, Failed: 1, Running: []study.Active{{Key: "k",
		Trial: "running <trial>", Seed: 1, Step: 3, Steps: 12, Loss: 1.25, Heard: time.Now(),
		Curve: curve(2, 1.5)}}, Remaining: &study.Estimate{Low: 50, Mid: 61, High: 3700}})
	s = newServer(Source{Dir: dir}, options())
	text := got(t, s, "/study/small/").Body.String()
	has(t, "running", text, `class="chip running"`, "<b>8</b> of 10 runs", "about 1m01s",
		"(50s to 1h01m)", "running &lt;trial&gt;", "step 3 of 12", "loss 1.250", "<polyline points=",
		"became NaN &lt;at once&gt;", "figure/triangle.svg?v=", "shares of &lt;depth&gt;", "<th scope=\"row\">",
		"Other is not drawn", "cpu", "not id=\"coordinator\"", "gridsearch results small")
	figure := got(t, s, "/study/small/figure/triangle.svg")
	has(t, "the figure", figure.Body.String(), "<text>7</text>")
	if kind := figure.Header().Get("Content-Type"); kind != "image/svg+xml" {
		t.Errorf("a figure is %q", kind)
	}
	has(t, "the list", got(t, s, "/").Body.String(), `href="/study/small/"`, "8 of 10 runs", "1 failed")
	if err := working.Release(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Lock(), []byte("4321\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, "died", got(t, s, "/study/small/").Body.String(), "The coordinator died</strong> (process 4321",
		"the same command goes on: <code>gridsearch run small", "interrupted", "No worker trains")
	p.complete(8, 10)
	has(t, "finished", got(t, newServer(Source{Dir: dir}, options()), "/study/small/").Body.String(),
		"finished, with failed runs", "not Training now")
}

// TestManyFailures: the first are shown, the others a click away, each with its cause.
func TestManyFailures(t *testing.T) {
	dir := t.TempDir()
	p := plan(t, dir, small)
	for i := range 7 {
		p.fail(i, fmt.Sprintf("cause %d", i))
	}
	text := got(t, newServer(Source{Dir: dir}, options()), "/study/small/").Body.String()
	shown, folded, found := strings.Cut(text, `<details id="d-failures"><summary>3 more</summary>`)
	if !found || !strings.Contains(shown, "cause 3") || !strings.Contains(folded, "cause 6") {
		t.Errorf("of 7 failures (folded: %v) the page shows\n%.3000s", found, text)
	}
}

// TestEscaping: a study may be named as it likes, and so may its folder.
func TestEscaping(t *testing.T) {
	dir := t.TempDir()
	p := plan(t, dir, small)
	text, err := os.ReadFile(p.Path("plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	const name = `<script>alert(1)</script>`
	quoted, _ := json.Marshal(name)
	changed := strings.Replace(string(text), `"small"`, string(quoted), 1)
	folder := `<img src=x onerror=alert(2)> %2e é"&?#`
	err = errors.Join(os.WriteFile(p.Path("plan.json"), []byte(changed), 0o644),
		os.Rename(string(p.Folder), filepath.Join(dir, folder)))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(Source{Dir: dir}, options())
	for _, path := range []string{"/", studyPath(folder)} {
		has(t, path, got(t, s, path).Body.String(), "&lt;script&gt;alert(1)&lt;/script&gt;",
			"not <script>", "not <img src=x")
	}
	list := got(t, s, "/").Body.String()
	_, link, _ := strings.Cut(list, `<h2><a href="`)
	link, _, _ = strings.Cut(link, `"`)
	if w := got(t, s, html.UnescapeString(link)); w.Code != http.StatusOK {
		t.Errorf("the link %s of the list leads to %d", link, w.Code)
	}
}

// TestNoTraversal: a name is looked up among the studies and never made a path.
func TestNoTraversal(t *testing.T) {
	outer := t.TempDir()
	plan(t, outer, small)
	dir := filepath.Join(outer, "studies")
	plan(t, dir, small, `study.name="inner"`)
	s := newServer(Source{Dir: dir}, options())
	for _, path := range []string{"/study/..%2fsmall/", "/study/%2e%2e/", "/study/inner%2f..%2f..%2fsmall/",
		"/study/%2e%2e%2fsmall/events", "/study/inner/figure/..%2f..%2fplan.json",
		"/study/inner/figure/plan.json", "/study/inner/plan.json", "/study/inner%00/", "/assets/page.css",
		"/study//", "/study/" + strings.Repeat("a", 9000) + "/"} {
		if w := got(t, s, path); w.Code != http.StatusNotFound && w.Code/100 != 3 ||
			strings.Contains(w.Body.String(), "schema_version") {
			t.Errorf("%.60s: %d", path, w.Code)
		}
	}
	if w := got(t, s, "/study/inner/"); w.Code != http.StatusOK {
		t.Errorf("the study itself: %d", w.Code)
	}
	if w := got(t, newServer(Source{One: study.Folder(filepath.Join(dir, "inner"))}, options()),
		"/events"); w.Code != http.StatusNotFound {
		t.Errorf("events of a list that is not there: %d", w.Code)
	}
}

// TestUnreadableStudies: a folder of which one study is damaged shows the others, and why.
func TestUnreadableStudies(t *testing.T) {
	dir := t.TempDir()
	plan(t, dir, small)
	bad := plan(t, dir, small, `study.name="bad"`)
	if err := os.WriteFile(bad.Database(), []byte("no database <b>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := newServer(Source{Dir: dir}, options())
	has(t, "the list", got(t, s, "/").Body.String(), "cannot be read", "study.db", "/study/small/",
		"0 of 10 runs", "not notes.txt")
	has(t, "its page", got(t, s, "/study/bad/").Body.String(), "It cannot be read:", "study.db")
	has(t, "no study", got(t, newServer(Source{Dir: t.TempDir()}, options()), "/").Body.String(),
		"There is no study in ")
	gone := newServer(Source{Dir: filepath.Join(dir, "gone")}, options())
	has(t, "no folder", got(t, gone, "/").Body.String(), "The folder cannot be read: ")
}

// TestOneStudy: the first page leads to it, before it has begun too.
func TestOneStudy(t *testing.T) {
	folder := study.Folder(filepath.Join(t.TempDir(), "later"))
	s := newServer(Source{One: folder}, options())
	if w := got(t, s, "/"); w.Code != http.StatusFound || w.Header().Get("Location") != "/study/later/" {
		t.Errorf("the first page: %d to %q", w.Code, w.Header().Get("Location"))
	}
	has(t, "before it begins", got(t, s, "/study/later/").Body.String(), "There is no record yet",
		"not All studies")
}

// TestAssets are as they are, and a page asks for nothing else.
func TestAssets(t *testing.T) {
	s := newServer(Source{Dir: t.TempDir()}, options())
	for path, kind := range map[string]string{"/page.css": "text/css; charset=utf-8",
		"/page.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml"} {
		w := got(t, s, path)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Body.Len() < 100 {
			t.Errorf("%s: %d %q", path, w.Code, w.Header().Get("Content-Type"))
		}
		has(t, path, strings.ReplaceAll(w.Body.String(), "http://www.w3.org/2000/svg", ""),
			"not http:", "not https:", "not //cdn")
	}
	has(t, "a page", got(t, s, "/").Body.String(), "not style=", "not onclick", "not http:", "not https:",
		`<html lang="en">`, `class="skip"`, `role="status"`, "<noscript>")
}

// stream reads the events of a page from a running server.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	parts map[string]string // as the page has them
}

// next is the next event with its fragments, by their ids.
func (s stream) next() (event string, parts map[string]string) {
	s.t.Helper()
	parts = s.parts
	for s.lines.Scan() {
		line := s.lines.Text()
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = name
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var list []events.Fragment
			if err := json.Unmarshal([]byte(data), &list); err != nil {
				s.t.Fatal(err)
			}
			for _, f := range list {
				parts[f.ID] = string(f.HTML)
			}
		}
		if line == "" {
			return event, parts
		}
	}
	s.t.Fatalf("the stream has ended: %v", s.lines.Err())
	return "", nil
}

// until is the text of a fragment once it has a word.
func (s stream) until(id, word string) string {
	s.t.Helper()
	for !strings.Contains(s.parts[id], word) {
		s.next()
	}
	return s.parts[id]
}

// served runs a server, and returns its address; the second result ends it and says how it went.
func served(t *testing.T, source Source) (url string, end func() error) {
	t.Helper()
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	s := newServer(source, options())
	s.budget.Eager = true
	go func() { over <- s.Serve(ctx, listener) }()
	end = func() error {
		stop()
		return <-over
	}
	return URL(listener), end
}

// TestEvents follows a study through a run, a death, its end, and the end of the server.
func TestEvents(t *testing.T) {
	dir := t.TempDir()
	p := plan(t, dir, small)
	working, err := database.Lock(p.Lock())
	if err != nil {
		t.Fatal(err)
	}
	url, end := served(t, Source{Dir: dir})
	response, err := http.Get(url + "study/small/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s := stream{t, bufio.NewScanner(response.Body), map[string]string{}}
	s.lines.Buffer(nil, 1<<20)
	event, parts := s.next()
	for _, id := range slices.Concat(spoken, recorded) {
		if _, ok := parts[id]; !ok || event != "parts" {
			t.Errorf("the first event, %s, lacks %s", event, id)
		}
	}
	s.until("state", "running")
	p.say(study.Status{Total: 10, Complete: 0, Running: []study.Active{{Key: "k", Trial: "one",
		Steps: 12, Heard: time.Now()}}})
	s.until("running", "one")
	p.complete(0, 3)
	p.say(study.Status{Total: 10, Complete: 3})
	s.until("progress", "<b>3</b> of 10")
	s.until("trials", "<tbody><tr")
	if err := working.Release(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Lock(), []byte("4321\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.until("state", "coordinator died")
	if working, err = database.Lock(p.Lock()); err != nil { // it returns
		t.Fatal(err)
	}
	s.until("state", "running")
	p.complete(3, 10)
	if err := working.Release(); err != nil {
		t.Fatal(err)
	}
	has(t, "the end", s.until("state", "chip finished"), "not coordinator")
	if err := end(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Errorf("the stream ends with %v", err)
	}
}

// TestListEvents: the list of studies is renewed too.
func TestListEvents(t *testing.T) {
	dir := t.TempDir()
	url, end := served(t, Source{Dir: dir})
	defer end()
	response, err := http.Get(url + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s := stream{t, bufio.NewScanner(response.Body), map[string]string{}}
	s.until("studies", "There is no study")
	plan(t, dir, small)
	s.until("studies", "/study/small/")
}

// TestListen: an address that cannot be had says what to do; no host is this machine.
func TestListen(t *testing.T) {
	taken, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var address *AddressError
	for _, wrong := range []string{taken.Addr().String(), "8017", "localhost:http", "localhost:70000",
		"localhost:-1", "", "no such host:80"} {
		if _, err := Listen(wrong); !errors.As(err, &address) ||
			!strings.Contains(err.Error(), "another address with HOST:PORT") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for host, want := range map[string]string{"": "http://127.0.0.1:", "127.0.0.1": "http://127.0.0.1:",
		"0.0.0.0": "http://localhost:"} {
		l, err := Listen(net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		if url := URL(l); !strings.HasPrefix(url, want) || Public(l) != (host == "0.0.0.0") {
			t.Errorf("%q is served at %s, public: %v", host, url, Public(l))
		}
		l.Close()
	}
}

// TestSentence: the name of a trial keeps its letters.
func TestSentence(t *testing.T) {
	for line, want := range map[string]string{"two trials (*) are tied": "Two trials are tied.",
		"d=1 w=1 px=22 has a higher mean": "d=1 w=1 px=22 has a higher mean.", "": "."} {
		if got := sentence(line); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}

// TestSlowStudy: a page that is asked for before its study has been read waits until it is, and
// never says that there is none; who has gone is not waited for.
func TestSlowStudy(t *testing.T) {
	dir := t.TempDir()
	plan(t, dir, small)
	s := New(Source{Dir: dir}, options())
	s.patience = 0
	has(t, "at once", got(t, s, "/study/small/").Body.String(), "<h1>small</h1>", "10 runs wait")

	release := make(chan struct{})
	slow := options()
	slow.Draw = func(*study.Study, report.Results) ([]Picture, []string) {
		<-release
		return nil, nil
	}
	s = New(Source{Dir: dir}, slow)
	gone, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequest("GET", "http://localhost:8017/study/small/", nil).WithContext(gone)
	if p := s.page(study.Folder(filepath.Join(dir, "small"))); s.look(r, p) {
		t.Error("who has gone is answered")
	}
	close(release)
	has(t, "later", got(t, s, "/study/small/").Body.String(), "<h1>small</h1>")
}
