package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure"
	"gridsearch/internal/report"
	"gridsearch/internal/report/figures"
	"gridsearch/internal/report/made"
	"gridsearch/internal/report/page"
	"gridsearch/internal/report/tables"
	"gridsearch/internal/store"
	"gridsearch/internal/study"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { made.Main(m) }

// packed is the archive of a study, its files by their paths.
func packed(t *testing.T, folder study.Folder, weights bool) (text []byte, files map[string]string,
	notes []string) {
	t.Helper()
	var out bytes.Buffer
	notes, err := Write(&out, folder, "it's", weights, derive)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range archive.File {
		file, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		name, ok := strings.CutPrefix(f.Name, "it's/")
		if !ok {
			t.Errorf("%s is not in the archive's folder", f.Name)
		}
		files[name] = string(content)
	}
	return out.Bytes(), files, notes
}

// derive writes a study's tables and draws its figures.
func derive(folder study.Folder) ([]string, error) {
	s, err := study.Load(folder)
	if err != nil {
		return nil, err
	}
	results := report.New(s)
	for name, format := range map[string]string{"results.csv": "csv", "summary.json": "json"} {
		var text bytes.Buffer
		if err := tables.Write(&text, results, format, false); err != nil {
			return nil, err
		}
		if err := folder.Write(name, text.Bytes()); err != nil {
			return nil, err
		}
	}
	var text bytes.Buffer
	if err := page.Write(&text, s, results, page.Parts{Answer: tables.Answer(results)}); err != nil {
		return nil, err
	}
	if err := folder.Write(page.FileName, text.Bytes()); err != nil {
		return nil, err
	}
	list, outcome := figures.Pictures(s, results, figures.Sources{}, figure.Names())
	outcome, err = figures.Save(s, list, outcome)
	return outcome.Lines(), err
}

// someRun is the key of the first complete run.
func someRun(t *testing.T, folder study.Folder) string {
	t.Helper()
	s, err := study.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Records {
		if r.Result != nil {
			return r.Key
		}
	}
	t.Fatal("no run is complete")
	return ""
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestBundle: the archive of a study has its checksums right, is the same when it is made again,
// leaves the study's folder as it is, and is itself a study with the same runs.
func TestBundle(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	before := listing(t, string(folder))
	text, files, notes := packed(t, folder, false)
	if after := listing(t, string(folder)); !slices.Equal(before, after) {
		t.Errorf("the study's folder has changed from %v to %v", before, after)
	}
	if again, _, _ := packed(t, folder, false); !bytes.Equal(text, again) {
		t.Error("made again it is another one")
	}
	checkSums(t, files)
	want := []string{"README.md", "SHA256SUMS", "curves.parquet", "environment.json",
		"executions.parquet", "experiment.toml", "figures/accuracy-cost.png",
		"figures/accuracy-cost.svg", "plan.json", "report.html", "results.csv", "runs.parquet", "study.db", "summary.json"}
	var got []string
	for path := range files {
		if !strings.HasPrefix(path, "figures/") || strings.Contains(path, "accuracy-cost") {
			got = append(got, path)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("it has %v, want %v", got, want)
	}
	if !slices.Contains(notes, "predictions of 7 of 7 complete runs are not in it: they were not kept") {
		t.Errorf("the notes are %q", notes)
	}
	unpacked := study.Folder(t.TempDir())
	for path, content := range files {
		put(t, unpacked.Path(path), content)
	}
	a, err1 := study.Load(folder)
	b, err2 := study.Load(unpacked)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	a.Folder, b.Folder = "", ""
	if !unpacked.Exists() || fmt.Sprintf("%+v", a.Records) == "" || len(a.Records) != len(b.Records) {
		t.Error("unpacked it is another study")
	}
	for i := range a.Records {
		if x, y := a.Records[i], b.Records[i]; x.Key != y.Key || x.State != y.State ||
			x.Result != nil && x.Result.Top1 != y.Result.Top1 {
			t.Errorf("run %s became %+v", x.Key, y)
		}
	}
	for _, name := range []string{"README.md", "environment.json"} {
		golden(t, name, files[name])
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		put(t, path, got)
	}
	if want, err := os.ReadFile(path); err != nil || got != string(want) {
		t.Errorf("%s (%v): got\n%s", name, err, got)
	}
}

// checkSums holds the files to the checksums beside them.
func checkSums(t *testing.T, files map[string]string) {
	t.Helper()
	listed := 0
	for line := range strings.Lines(files[sums]) {
		sum, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(files[path]))); got != sum {
			t.Errorf("%s has the checksum %s, listed is %s", path, got, sum)
		}
		listed++
	}
	if listed != len(files)-1 {
		t.Errorf("%d of %d files are listed", listed, len(files)-1)
	}
}

// listing is what is in a folder.
func listing(t *testing.T, folder string) (list []string) {
	t.Helper()
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			list = append(list, fmt.Sprint(path, info.Size(), info.ModTime()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRunFiles: predictions are in it, weights where they are asked for, those of the record's runs
// alone.
func TestRunFiles(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	key := someRun(t, folder)
	put(t, folder.Predictions(key), "logits")
	put(t, folder.Weights(key), "parameters")
	put(t, folder.Weights("0000000000000000"), "of no run")
	put(t, folder.Path("images.txt"), "0123456789abcdef a.png\n")
	predictions, weights := "runs/"+key+"/predictions.safetensors", "runs/"+key+"/weights.safetensors"
	_, without, _ := packed(t, folder, false)
	_, with, notes := packed(t, folder, true)
	for _, files := range []map[string]string{without, with} {
		checkSums(t, files)
		if files[predictions] != "logits" || files["images.txt"] == "" ||
			!strings.Contains(files["README.md"], "`runs/*/predictions.safetensors`") ||
			!strings.Contains(files["README.md"], "`images.txt`") {
			t.Errorf("its files are %v", files["SHA256SUMS"])
		}
	}
	if without[weights] != "" || with[weights] != "parameters" || len(with) != len(without)+1 ||
		!slices.Contains(notes, "weights of 6 of 7 complete runs are not in it: they were not kept") {
		t.Errorf("with weights it has\n%s\nnotes %q", with[sums], notes)
	}
}

// TestDamagedPredictions: a file that is not the record's is refused by its name.
func TestDamagedPredictions(t *testing.T) {
	folder := made.Recorded(t, "../../..")
	key := someRun(t, folder)
	s, err := study.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	path := folder.Predictions(key)
	put(t, path, "logits")
	i := slices.IndexFunc(s.Records, func(r store.Record) bool { return r.Key == key })
	r := s.Records[i]
	r.Result.Predictions = fmt.Sprintf("%x", sha256.Sum256([]byte("logits")))
	if text, err := predictionsOf(path, r); err != nil || string(text) != "logits" {
		t.Errorf("got %q, %v", text, err)
	}
	put(t, path, "logitz")
	var input *study.InputError
	if _, err := predictionsOf(path, r); !errors.As(err, &input) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}
