package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"gridsearch/internal/report/made"
	"gridsearch/internal/store"
	"gridsearch/internal/store/stages"
	"gridsearch/internal/study"
	"gridsearch/search/planner"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds a text to a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", name, got)
	}
}

// recorded is a study that was trained by an earlier version: 7 of 10 runs are complete.
func recorded(t *testing.T) Study {
	t.Helper()
	s, err := study.Load(made.Recorded(t, "../.."))
	if err != nil {
		t.Fatal(err)
	}
	return exported(t, s)
}

func exported(t *testing.T, s *study.Study) Study {
	t.Helper()
	all, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func content(t *testing.T, f File) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func TestGolden(t *testing.T) {
	all := recorded(t)
	for _, f := range all.CSV() {
		golden(t, f.Name, content(t, f))
	}
	golden(t, "runs.jsonl", content(t, File{Write: all.JSONL}))
	for _, f := range all.Parquet() {
		text := content(t, f)
		if again := content(t, f); !bytes.Equal(text, again) {
			t.Errorf("%s: written twice it differs", f.Name)
		}
		golden(t, f.Name+".txt", dump(t, text))
	}
}

// dump is a Parquet file as text: metadata, schema, rows.
func dump(t *testing.T, text []byte) []byte {
	t.Helper()
	file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	about, _ := file.Lookup("gridsearch")
	fmt.Fprintf(&out, "%s\n%s\n", about, file.Schema())
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		for range group.NumRows() {
			buffer := make([]parquet.Row, 1)
			if n, err := rows.ReadRows(buffer); n != 1 {
				t.Fatal(err)
			}
			for i, v := range buffer[0] {
				if i > 0 {
					fmt.Fprint(&out, " | ")
				}
				fmt.Fprint(&out, v)
			}
			fmt.Fprintln(&out)
		}
		rows.Close()
	}
	return out.Bytes()
}

// awkward is a study whose texts are what breaks formats, with runs of every state.
func awkward(names []string) *study.Study {
	start := time.Date(2026, 3, 1, 23, 59, 59, 123456789, time.FixedZone("", 3600))
	s := &study.Study{Plan: planner.Document{Study: "=cmd|' /C calc'!A0"}}
	states := []store.State{store.Complete, store.Failed, store.Waiting, store.Dropped}
	for i, name := range names {
		s.Plan.Trials = append(s.Plan.Trials, planner.DocumentTrial{Name: name, MAdds: 1 << 40,
			Params: 3, Activations: 4, MAddsRatio: 1.0 / 3, Depth: 1.1, Width: 1, Resolution: 32})
		for seed, state := range states {
			r := store.Record{Run: stages.Run{Key: fmt.Sprintf("%016x", i*10+seed), Trial: name,
				Seed: seed, Stage: stages.Search}, State: state}
			e := store.Execution{Key: r.Key, Attempt: 1, Started: start, Ended: start.Add(time.Hour),
				Outcome: store.OutcomeComplete, TrainSeconds: 1e-9, Host: name, CommandLine: name,
				Environment: store.Environment{CPU: name, KernelSet: "avx2"}}
			switch state {
			case store.Complete:
				r.Result = &store.Result{Top1: 1.0 / 3, Top5: 1, Loss: math.MaxFloat64, Examples: 3,
					Steps: 7, Curve: []store.CurvePoint{{Epoch: 1, Step: 7, Loss: 5e-324, Top1: 0}}}
				crashed := e
				crashed.Outcome, crashed.Error, crashed.Attempt = store.OutcomeCrashed, name, 0
				r.Executions = []store.Execution{crashed, e}
			case store.Failed:
				e.Outcome, e.Error = store.OutcomeFailed, name
				r.Error = "the loss became NaN: " + name
				r.Executions = []store.Execution{e}
			}
			s.Records = append(s.Records, r)
		}
	}
	return s
}

var awkwardNames = []string{"plain", "a,b;c\td", `say "no"`, "two\nlines", "=1+1", "@x", "-2+3", "+4",
	"\x1b[31mred\x00\x7f", "花の画像\u202e", " spaces ", "'", "<&>", "null", "\\N"}

// TestSurvive: every text comes back from every format as it is.
func TestSurvive(t *testing.T) {
	all := exported(t, awkward(awkwardNames))
	want := all.runs()
	lines, err := csv.NewReader(bytes.NewReader(content(t, File{Write: all.RunsCSV}))).ReadAll()
	if err != nil || len(lines) != len(want)+1 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, r := range want {
		back := lines[i+1]
		if back[0] != r.Study || back[2] != r.Trial || r.Error != nil && back[18] != *r.Error {
			t.Errorf("as CSV %q became %q", r.Trial, back)
		}
	}
	text := content(t, all.Parquet()[0])
	rows, err := parquet.Read[Run](bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range want {
		if r.Started != nil {
			cut := r.Started.Truncate(time.Microsecond)
			if !rows[i].Started.Equal(cut) {
				t.Errorf("%v became %v", cut, rows[i].Started)
			}
			until := r.Ended.Truncate(time.Microsecond)
			r.Started, r.Ended, rows[i].Started, rows[i].Ended = &cut, &until, &cut, &until
		}
		if !reflect.DeepEqual(rows[i], r) {
			t.Errorf("as Parquet\n%+v\nbecame\n%+v", r, rows[i])
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(content(t, File{Write: all.JSONL})))
	for _, e := range all.Runs {
		var back struct {
			Run
			Curve, Executions []json.RawMessage
		}
		if err := decoder.Decode(&back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.Run, e.Run) || len(back.Curve) != len(e.Curve) ||
			len(back.Executions) != len(e.Executions) {
			t.Errorf("as JSON\n%+v\nbecame\n%+v", e, back)
		}
	}
}

// TestStates: what is known of a run depends on its state, and a result's times are of the execution
// that gave it.
func TestStates(t *testing.T) {
	all := exported(t, awkward([]string{"a"}))
	complete, failed, waiting, dropped := all.Runs[0].Run, all.Runs[1].Run, all.Runs[2].Run,
		all.Runs[3].Run
	if complete.Attempts != 2 || *complete.TrainSeconds != 1e-9 || complete.Error != nil ||
		complete.Started.Location() != time.UTC || *complete.Top1 != 1.0/3 {
		t.Errorf("a complete run is %+v", complete)
	}
	if failed.Attempts != 1 || failed.Top1 != nil || failed.Started != nil ||
		!strings.Contains(*failed.Error, "NaN") {
		t.Errorf("a failed run is %+v", failed)
	}
	for _, r := range []Run{waiting, dropped} {
		if r.Attempts != 0 || r.Top1 != nil || r.Error != nil || *r.MAdds != 1<<40 {
			t.Errorf("a run without an execution is %+v", r)
		}
	}
}

// TestEmpty: a study without a result, and one without runs, give files with columns.
func TestEmpty(t *testing.T) {
	for runs, s := range []*study.Study{{Plan: planner.Document{Study: "none"}},
		{Plan: planner.Document{Study: "none"}, Later: []store.Record{{State: store.Waiting}}}} {
		all := exported(t, s)
		for i, f := range append(all.CSV(), all.Parquet()...) {
			text := content(t, f)
			want := 0
			if i%3 == 0 {
				want = runs
			}
			got := bytes.Count(text, []byte("\n")) - 1
			if strings.HasSuffix(f.Name, ".parquet") {
				file, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
				if err != nil {
					t.Fatal(err)
				}
				got = int(file.NumRows())
			}
			if got != want {
				t.Errorf("%s has %d rows, want %d", f.Name, got, want)
			}
		}
	}
}

// TestInvalidText: bytes that are no text become the character for that, in every format alike.
func TestInvalidText(t *testing.T) {
	all := exported(t, awkward([]string{"a\xffb"}))
	if got := all.Runs[0].Run.Trial; got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
	if got := all.Runs[0].Executions[0].Host; got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
}

// TestColumns: JSON and the other formats call a column by the same name, and what the views of the
// record have is here by their names.
func TestColumns(t *testing.T) {
	for _, row := range []reflect.Type{reflect.TypeFor[Run](), reflect.TypeFor[Epoch](),
		reflect.TypeFor[Execution]()} {
		for i, name := range columnsOf(row) {
			if tag := row.Field(i).Tag.Get("json"); tag != "-" && tag != name {
				t.Errorf("%s: %s is %s in JSON", row, name, tag)
			}
		}
	}
	page, err := os.ReadFile("../../docs/data.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, word := range strings.FieldsFunc(string(page), func(c rune) bool { return c == '`' }) {
		documented[word] = true
	}
	for _, row := range []reflect.Type{reflect.TypeFor[Run](), reflect.TypeFor[Epoch](),
		reflect.TypeFor[Execution]()} {
		for _, name := range columnsOf(row) {
			if !documented[name] {
				t.Errorf("docs/data.md says nothing of the column %s", name)
			}
		}
	}
}
