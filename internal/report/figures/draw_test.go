package figures

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/internal/figure"
	"gridsearch/internal/figure/sample"
	"gridsearch/internal/figure/values"
	"gridsearch/internal/report"
	"gridsearch/internal/report/made"
	"gridsearch/internal/study"
)

// shown are maps of no study.
var shown = Sources{Maps: func() (*values.Maps, error) { return sample.Maps(), nil }}

// saved draws the figures that a study asks for into its folder.
func saved(s *study.Study) (Outcome, error) {
	list, o := Pictures(s, report.New(s), shown, s.Experiment.Report.Figures)
	return Save(s, list, o)
}

// drawn draws a study's figures.
func drawn(t *testing.T, s *study.Study) Outcome {
	t.Helper()
	o, err := saved(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// in lists the files of a folder.
func in(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestStudy: every figure of the registry is drawn in all formats where the study has what it
// needs, and listed in the registry's order; of the others it is said why not.
func TestStudy(t *testing.T) {
	s := made.Timed(t)
	s.Experiment.Report.Formats = figure.Formats
	o := drawn(t, s)
	var want []string
	lacking := 0
	r := report.New(s)
	v := shown.gathered(s, r, figure.Names())
	for _, f := range figure.All {
		if f.Lack(v) != "" {
			lacking++
			continue
		}
		for _, format := range figure.Formats {
			path := s.Folder.Path(Folder, f.Name+"."+format)
			want = append(want, path)
			if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if !slices.Equal(o.Drawn, want) || len(o.Failed) != lacking || len(want) < 10 || o.Chosen {
		t.Errorf("got %+v, want %v", o, want)
	}
}

// TestFolderOfFigures: it has the rights that other folders have; where it cannot be made that is an
// error.
func TestFolderOfFigures(t *testing.T) {
	study := made.Study(t)
	scores := report.FromSheet(made.Sheet(t, "..", "sheet-families.csv"))
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, draw := range map[string]func(folder string) (Outcome, error){
		study.Folder.Path(Folder): func(string) (Outcome, error) { return saved(study) },
		filepath.Join(t.TempDir(), "new", "figures"): func(folder string) (Outcome, error) {
			return Sheet(scores, folder, "none")
		},
	} {
		_, err0 := draw(folder)
		got, err1 := os.Stat(folder)
		want, err2 := os.Stat(other)
		if err := errors.Join(err0, err1, err2); err != nil || got.Mode() != want.Mode() {
			t.Fatalf("its mode is %v, want %v (%v)", got.Mode(), want.Mode(), err)
		}
		if err := errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		var path *fs.PathError
		if o, err := draw(folder); !errors.As(err, &path) || path.Path != folder {
			t.Errorf("with a file of its name: %+v, %v", o, err)
		}
	}
}

// TestWhyNot: what cannot be drawn says why, each figure on a line; one line does where nothing can
// be drawn for one reason.
func TestWhyNot(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Report.Figures = []string{"accuracy-cost", "latency", "single", "compound"}
	got := drawn(t, s).Lines()
	if len(got) != 1 || !strings.HasPrefix(got[0],
		"latency is not drawn: no latency of one image is on record (latency = true") {
		t.Errorf("without latencies: %q", got)
	}
	s.Plan.Trials[2].Labels[0].Control = "paper"
	if got = drawn(t, s).Lines(); len(got) != 2 || !strings.HasPrefix(got[0], "compound and single "+
		"are not drawn: no family makes a curve") {
		t.Errorf("without compound scaling: %q", got)
	}
	s.Experiment.Report.Figures = []string{"latency"}
	if o := drawn(t, s); !o.Chosen || !strings.HasPrefix(o.Lines()[0], "no figure is drawn: no lat") {
		t.Errorf("of one that cannot be drawn: %+v", o)
	}
	s.Experiment.Report.Figures = nil
	got = drawn(t, s).Lines()
	if len(got) != 1 || got[0] != "no figure is drawn: the experiment file asks for none" {
		t.Errorf("of none: %q", got)
	}
	s.Records, s.Experiment.Report.Figures = nil, []string{"accuracy-cost", "params", "training"}
	got = drawn(t, s).Lines()
	if len(got) != 1 || got[0] != "no figure is drawn: no run is complete" {
		t.Errorf("without a complete run: %q", got)
	}
}

// TestBoxes: a figure with characters that no font has says so, where it is not SVG alone.
func TestBoxes(t *testing.T) {
	s := made.Study(t)
	s.Plan.Study = "花 🦊"
	s.Experiment.Report.Figures = []string{"accuracy-cost"}
	for _, c := range []struct {
		formats []string
		want    int
	}{{[]string{"svg"}, 0}, {[]string{"svg", "pdf"}, 1}} {
		s.Experiment.Report.Formats = c.formats
		o := drawn(t, s)
		if len(o.Boxes) != c.want || !slices.Equal(o.Lines(), o.Boxes) {
			t.Errorf("%v: %q", c.formats, o.Lines())
		}
		for _, line := range o.Boxes {
			if !strings.HasPrefix(line, `figure accuracy-cost: no font here has U+1F98A in "花 🦊`) {
				t.Error(line)
			}
		}
	}
}

// TestFormerFiguresAreNotListed: what an earlier call has drawn is not listed and does not stay; a
// file of another name does.
func TestFormerFiguresAreNotListed(t *testing.T) {
	s := made.Timed(t)
	folder := s.Folder.Path(Folder)
	drawn(t, s)
	if err := os.WriteFile(filepath.Join(folder, "mine.svg"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.Latencies = nil
	s.Experiment.Report.Formats = []string{"png"}
	s.Experiment.Report.Figures = []string{"latency", "accuracy-cost"}
	o := drawn(t, s)
	if !slices.Equal(o.Drawn, []string{filepath.Join(folder, "accuracy-cost.png")}) {
		t.Errorf("drawn are %v", o.Drawn)
	}
	if got := in(t, folder); !slices.Equal(got, []string{"accuracy-cost.png", "mine.svg"}) {
		t.Errorf("the folder has %v", got)
	}
}

// TestFiguresAreReplacedWhole: a figure takes the place of the old one, which is not written over,
// and leaves nothing beside it.
func TestFiguresAreReplacedWhole(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Report.Figures = []string{"accuracy-cost"}
	s.Experiment.Report.Formats = []string{"svg"}
	folder := s.Folder.Path(Folder)
	path := filepath.Join(folder, "accuracy-cost.svg")
	other := filepath.Join(t.TempDir(), "other name of the old file")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	drawn(t, s)
	old, err := os.ReadFile(other)
	if err != nil || string(old) != "old" {
		t.Errorf("the old figure is written over with %d bytes (%v)", len(old), err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
		t.Errorf("the new figure: %v", err)
	}
	if got := in(t, folder); len(got) != 1 {
		t.Errorf("%v are left", got)
	}
}

// TestSheet draws a file of scores, names another metric than top-1, leaves other files alone, and
// refuses losses.
func TestSheet(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	r := report.FromSheet(made.Sheet(t, "..", "sheet-families.csv"))
	r.Metric = "top5"
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(folder, "training.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := Sheet(r, folder, "none")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accuracy-cost", "compound", "single"} {
		picture, err := os.ReadFile(filepath.Join(folder, name+".svg"))
		if err != nil || !bytes.Contains(picture, []byte("top5, %")) ||
			!slices.Contains(o.Drawn, filepath.Join(folder, name+".png")) {
			t.Errorf("%s of %v: %v", name, o.Drawn, err)
		}
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("a file of the folder is %q (%v)", text, err)
	}
	if got := o.Lines(); !slices.Contains(got, "training is not drawn: no training curve is on "+
		"record") {
		t.Errorf("not drawn: %q", got)
	}
	if _, err := Sheet(report.FromSheet(made.Sheet(t, "..", "sheet-losses.csv")), folder, "none"); err == nil {
		t.Error("losses are drawn as accuracies")
	}
}

// TestNoRoomForAFigure: a figure that cannot be written is an error that names it.
func TestNoRoomForAFigure(t *testing.T) {
	s := made.Study(t)
	s.Experiment.Report.Figures = []string{"accuracy-cost"}
	inTheWay := s.Folder.Path(Folder, "accuracy-cost.svg", "folder")
	if err := os.MkdirAll(inTheWay, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := saved(s)
	if err == nil || !strings.HasPrefix(err.Error(), "figure accuracy-cost: ") {
		t.Errorf("a folder is in the figure's place: %v", err)
	}
}
