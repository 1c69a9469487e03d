package page

import (
	"bytes"
	"flag"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/report/made"
	"gridsearch/internal/report/page/space"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
)

var (
	update = flag.Bool("update", false, "write the golden file anew")
	pages  = flag.String("pages", "", "folder to write the pages of made-up studies into")
)

// TestMain keeps the tests out of the user's cache.
func TestMain(m *testing.M) { made.Main(m) }

// written is the page of a study, as a file too where -pages asks for it.
func written(t testing.TB, s *study.Study, name string) string {
	t.Helper()
	var text bytes.Buffer
	r := results(s)
	if err := Write(&text, s, r, parts(t, s, r)); err != nil {
		t.Fatal(err)
	}
	if *pages != "" {
		path := filepath.Join(*pages, name, FileName)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// results are those of a study. The statistics of hundreds of trials take seconds and are not the
// page's: a study that large has means alone, but for pages that people look at.
func results(s *study.Study) report.Results {
	records := s.Records
	if len(records) < 1000 || *pages != "" {
		return report.New(s)
	}
	s.Records = nil
	r := report.New(s)
	s.Records = records
	means := map[string]float64{}
	for _, one := range records {
		if one.Result != nil {
			means[one.Trial] = one.Result.Top1
		}
	}
	for i := range r.Trials {
		t := &r.Trials[i]
		mean, tied := means[t.Name], means[t.Name] > .78
		t.N, t.MeanTop1, t.Tied = 5, &mean, &tied
	}
	return r
}

// parts are those of a study, as gridsearch report puts them together.
func parts(t testing.TB, s *study.Study, r report.Results) Parts {
	t.Helper()
	p := Parts{Answer: tables.Answer(r), Certainty: tables.Certainty(r)}
	columns, rows := tables.Grid(r)
	p.Columns = columns
	for _, row := range rows {
		p.Rows = append(p.Rows, Row(row))
	}
	drawn, outcome := figures.Pictures(s, r, figures.Sources{}, s.Experiment.Report.Figures)
	p.Undrawn = outcome.Lines()
	for _, d := range drawn {
		svg, err := d.SVG()
		if err != nil {
			t.Fatal(err)
		}
		p.Pictures = append(p.Pictures, Picture{Name: d.Name, Caption: d.Caption, See: d.See, SVG: svg,
			Scene: d.Scene, PNG: d.PNG})
	}
	return p
}

// TestGolden: the page of a small study, without its figures, which package plots tests.
func TestGolden(t *testing.T) {
	s := made.Large(t, made.Size{Trials: 4, Seeds: 3, Epochs: 2, Ended: 11, Excluded: 1})
	s.Experiment.Report.Figures = nil
	whole := written(t, s, "golden")
	got := withoutAssets(t, whole)
	const path = "testdata/report.html"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || got != string(want) {
		t.Errorf("the page is not %s (%v): look at it and write it anew with -update", path, err)
	}
	if again := written(t, s, "golden"); again != whole {
		t.Error("written again it is another one")
	}
}

// withoutAssets has the names of the style sheets and scripts in place of their text, each of which
// must be there once.
func withoutAssets(t *testing.T, page string) string {
	t.Helper()
	for _, name := range []string{"page.css", "page.js"} {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		page = replaced(t, page, string(text), name)
	}
	page = replaced(t, page, space.Style, "space.css")
	return replaced(t, page, space.Script, "space.js")
}

// replaced puts a name in place of a text that must be there once.
func replaced(t *testing.T, page, text, name string) string {
	t.Helper()
	if n := strings.Count(page, text); n != 1 {
		t.Errorf("%s is there %d times", name, n)
	}
	return strings.Replace(page, text, "["+name+"]", 1)
}

// TestSizes: a page reads well at any number of results, says how far the study is, and stays small.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		name string
		size made.Size
		most int // bytes
		want []string
	}{
		{"planned", made.Size{Trials: 6, Seeds: 3, Epochs: 5}, 300_000, []string{
			"planned: none of 18 runs has ended", "There is no answer yet: no run is complete.",
			"are not drawn: no run is complete", "Nothing has been trained yet."}},
		{"one", made.Size{Trials: 6, Seeds: 3, Epochs: 5, Ended: 1}, 500_000, []string{
			"unfinished: 17 of 18 runs are still to be trained", "highest mean so far is that of base",
			"This is provisional: 17 of 18 runs are still to be trained."}},
		{"single", made.Size{Trials: 1, Seeds: 1, Epochs: 1, Ended: 1}, 200_000, []string{
			"finished: 1 of 1 run complete", "1 network with 1 seed each"}},
		{"excluded", made.Size{Trials: 2, Seeds: 1, Epochs: 1, Excluded: 7}, 500_000, []string{
			"more pixels than the data&#39;s native 28", "(7)"}},
		{"half", made.Size{Trials: 12, Seeds: 5, Epochs: 5, Ended: 31}, 700_000, []string{
			"unfinished: 29 of 60 runs"}},
		{"large", made.Size{Trials: 400, Seeds: 5, Epochs: 60, Ended: 2000}, 10_000_000, []string{
			"finished: 1960 of 2000 runs complete, 40 failed", "trials cannot be told from the best; 95",
			"the loss became NaN at step 7", "anvil", "forge"}},
	} {
		got := written(t, made.Large(t, c.size), c.name)
		if len(got) > c.most {
			t.Errorf("%s: the page has %d bytes, more than %d", c.name, len(got), c.most)
		}
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the page does not say %q", c.name, want)
			}
		}
		checkWhole(t, c.name, got)
	}
}

var (
	outside  = regexp.MustCompile(`(src|href|action|data|poster)="?(https?:|//)|url\((https?:|//)|@import`)
	tags     = regexp.MustCompile(`</?[a-zA-Z!][^<>]*`)
	headings = regexp.MustCompile(`<h([1-6])`)
	ids      = regexp.MustCompile(` id="([^"]*)"`)
	named    = regexp.MustCompile(` (?:href="#|aria-labelledby=")([^"]*)"`)
	images   = regexp.MustCompile(`<(svg|img)[ >][^>]*`)
)

// checkWhole checks what every page keeps: it loads nothing, ids are unique and there where they are
// named, no level of headings is left out, and every picture has an alternative text.
func checkWhole(t *testing.T, name, page string) {
	t.Helper()
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script>")]
	for _, found := range outside.FindAllString(body, -1) {
		if found != `href="https:` { // a link is followed when one asks for it
			t.Errorf("%s: the page asks for %s", name, found)
		}
	}
	known := map[string]bool{}
	for _, id := range ids.FindAllStringSubmatch(body, -1) {
		if known[id[1]] {
			t.Errorf("%s: two elements have the id %s", name, id[1])
		}
		known[id[1]] = true
	}
	for _, id := range named.FindAllStringSubmatch(body, -1) {
		if !known[id[1]] {
			t.Errorf("%s: nothing has the id %s", name, id[1])
		}
	}
	level := byte('0')
	for _, h := range headings.FindAllStringSubmatch(body, -1) {
		if h[1][0] > level+1 {
			t.Errorf("%s: a heading of level %s follows one of level %c", name, h[1], level)
		}
		level = h[1][0]
	}
	for _, image := range images.FindAllString(body, -1) {
		if !strings.Contains(image, `aria-label="Figure`) && !strings.Contains(image, `alt="Figure`) {
			t.Errorf("%s: a picture has no alternative text: %.80s", name, image)
		}
	}
}

// TestFigures: every figure of the registry that the study allows is on the page, by its caption,
// once; the others are said to be missing.
func TestFigures(t *testing.T) {
	s := made.Timed(t)
	page := written(t, s, "timed")
	_, o := figures.Pictures(s, report.New(s), figures.Sources{}, figure.Names())
	for _, f := range figure.All {
		want := 1
		if slices.ContainsFunc(o.Failed, func(u figures.Undrawn) bool { return u.Name == f.Name }) {
			want = 0
		}
		mark := fmt.Sprintf("<figure data-figure=%q", f.Name)
		if strings.Count(page, mark) != want {
			t.Errorf("%s is there %d times, want %d", f.Name, strings.Count(page, mark), want)
		}
	}
	checkWhole(t, "timed", page)
	page = written(t, made.Study(t), "untimed")
	if !strings.Contains(page, "latency is not drawn: no latency of one image is on record") {
		t.Error("why a figure is missing is not said")
	}
	s = made.Study(t)
	s.Experiment.Report.Figures = nil
	if page = written(t, s, "unasked"); !strings.Contains(page, "the experiment file asks for none") {
		t.Error("that no figure is asked for is not said")
	}
}

// outsider is a study in which every string that comes from outside is the text.
func outsider(t testing.TB, text string) *study.Study {
	s := made.Large(t, made.Size{Trials: 3, Seeds: 2, Epochs: 2, Ended: 6, Excluded: 1})
	s.Plan.Study, s.Experiment.Study.Description = text, text
	s.Origin = study.Origin{Text: "# Question: " + text, Settings: []string{text, text},
		DataPath: text, DataChecksum: text, NumericVersion: 1, Classes: []string{text, text}}
	s.Plan.Trials[3].ExcludedBy = text
	for i := range s.Plan.Trials {
		before := s.Plan.Trials[i].Name
		s.Plan.Trials[i].Name += text
		s.Plan.Trials[i].Labels[0].Control = text
		for k := range s.Records {
			if s.Records[k].Trial == before {
				s.Records[k].Trial += text
			}
		}
	}
	for i := range s.Records {
		r := &s.Records[i]
		r.Key, r.Condition, r.Stream = text+r.Key, text, text
		for k := range r.Executions {
			e := &r.Executions[k]
			e.Host, e.Error = text, text
			e.Environment.CPU, e.Environment.KernelSet, e.Environment.Revision = text, text, text
			e.Environment.OS, e.Environment.Arch, e.Environment.GoVersion = text, text, text
			e.Environment.BinaryHash = text
		}
	}
	s.Records[5].State, s.Records[5].Result, s.Records[5].Error = "failed", nil, text
	s.Largest = &study.Largest{Class: text, Share: .5}
	s.Later = []store.Record{{Run: stages.Run{Key: text, Trial: text, Stage: text, Condition: text}}}
	return s
}

// skeleton is what a page is made of without its texts: its elements, each with the names of its
// attributes. Figures have one for each character of another script, and are left out.
func skeleton(page string) (list []string) {
	for _, tag := range tags.FindAllString(pictures.ReplaceAllString(page, ""), -1) {
		list = append(list, values.ReplaceAllString(tag, ""))
	}
	return list
}

var (
	pictures = regexp.MustCompile(`(?s)<svg.*?</svg>`)
	values   = regexp.MustCompile(`="[^"]*"`)
)

// hostile are strings that would become elements, end the script, or leave an attribute.
var hostile = []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</style><b>",
	"<!--", "]]>", "{{.}}", "'\"`<>&", "&lt;b&gt;", "javascript:alert(1)", "</title></svg>",
	"a\x00b\x1b[31m\u202e", "\xff\xfe", "=1+1,\"x\"", "Größe 日本語 עברית 🦆", "<", "\ufffe"}

// TestEscaped: whatever a study's strings are, the page has the elements of the template and no
// other, and shows the name of the study.
func TestEscaped(t *testing.T) {
	want := skeleton(written(t, outsider(t, "plain"), "plain"))
	for i, text := range hostile {
		page := written(t, outsider(t, text), fmt.Sprint("hostile-", i))
		checkSame(t, text, want, page)
		checkWhole(t, text, page)
	}
	page := written(t, outsider(t, hostile[0]), "script")
	const name = "&lt;script&gt;alert(1)&lt;/script&gt;"
	if !strings.Contains(page, "<title>"+name+": report</title>") ||
		!strings.Contains(page, "<h1><bdi>"+name+"</bdi></h1>") ||
		strings.Count(page, "<script>") != 2 {
		t.Error("the study is not called by its name")
	}
}

// checkSame checks that a page has these elements.
func checkSame(t *testing.T, text string, want []string, page string) {
	t.Helper()
	got := skeleton(page)
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%q: element %d is %s, want %s", text, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%q: there are %d elements, want %d", text, len(got), len(want))
	}
}

// FuzzEscaped tries other strings.
func FuzzEscaped(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	unasked := func(t testing.TB, text string) string {
		s := outsider(t, text)
		s.Experiment.Report.Figures = nil
		return written(t, s, "fuzz")
	}
	want := skeleton(unasked(f, "plain"))
	f.Fuzz(func(t *testing.T, text string) {
		if strings.TrimSpace(text) != "" {
			checkSame(t, text, want, unasked(t, text))
		}
	})
}

// TestRecorded: the page of a study from its folder has the experiment file as it is there, what the
// command line had set, and the machines that the record names; it is the same when it is read again.
func TestRecorded(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	s, err := study.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	page := written(t, s, "recorded")
	file, err := os.ReadFile(folder.Path("experiment.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{template.HTMLEscapeString(string(file)), "7 of 10",
		"AMD EPYC (family 25, model 17)", "binary aae7256f7c7c"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if again := written(t, s, "recorded"); again != page {
		t.Error("it is another page when it is written again")
	}
	checkWhole(t, "recorded", page)
}

// TestPolicy: the policy allows the page's own scripts, by their sums, and nothing from elsewhere.
func TestPolicy(t *testing.T) {
	page := written(t, made.Study(t), "policy")
	if !strings.Contains(page, `content="default-src &#39;none&#39;; style-src`) ||
		strings.Count(page, "sha256-") != 2 || strings.Contains(page, "unsafe-eval") {
		t.Errorf("the policy is %q", regexp.MustCompile(`Policy" content="([^"]*)`).FindString(page))
	}
	own, err := files.ReadFile("page.js")
	for _, text := range []string{string(own), space.Script} {
		if err != nil || !strings.Contains(page, "<script>"+text+"</script>") {
			t.Errorf("%.40s is not there as the policy has summed it up (%v)", text, err)
		}
	}
}

// TestSorted: the table of trials says by what it is sorted, and its numbers can be sorted as such.
func TestSorted(t *testing.T) {
	s := made.Large(t, made.Size{Trials: 5, Seeds: 3, Epochs: 1, Ended: 15})
	r := report.New(s)
	g := trials(r, parts(t, s, r))
	var titles []string
	for _, c := range g.Columns {
		titles = append(titles, c.Title)
	}
	want := []string{"trial", "top-1 %", "behind best", "tied", "p", "chance best", "runs", "control",
		"α", "β", "γ", "FLOPs × base", "params"}
	if !slices.Equal(titles, want) || !g.Columns[1].Ranks || !g.Columns[1].Number ||
		g.Columns[3].Number {
		t.Errorf("its columns are %q, %+v", titles, g.Columns)
	}
	params := g.Rows[0].Cells[slices.Index(titles, "params")]
	if len(g.Rows) != 5 || params.Order == "" || !strings.HasSuffix(params.Text, " k") {
		t.Errorf("%d rows, parameters %+v", len(g.Rows), params)
	}
}
