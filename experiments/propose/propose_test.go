package propose

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/model"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// photographs are a folder of so many training images, evenly of each class.
func photographs(images, native int, classes ...string) Folder {
	f := Folder{Study: "mine", Path: "/data/mine", Classes: classes, Native: native, Channels: 3}
	for i := range images {
		f.Labels = append(f.Labels, i*len(classes)/images)
	}
	return f
}

// machine trains every network at the same speed.
var machine = Machine{Cores: 2, Speed: func(model.Architecture, int) (float64, error) {
	return 8e9, nil
}}

// read parses a proposal and plans it as gridsearch plan does.
func read(t *testing.T, f Folder, p *Proposal) (e *experiments.Experiment, seconds float64,
	networks int) {
	t.Helper()
	e, err := experiments.Parse("mine.toml", p.Text)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Text)
	}
	base, err := e.Baseline(len(f.Classes), f.Channels)
	if err != nil {
		t.Fatal(err)
	}
	if base.FinalMap() < leastMap {
		t.Errorf("native %d: a last map of %d pixels", f.Native, base.FinalMap())
	}
	plan, err := e.Plan(base, f.Native)
	if err != nil {
		t.Fatal(err)
	}
	train, validation := len(f.Labels), f.Validation
	if !e.Data.SplitsTraining {
		e.Data.ValidationFraction = 0
	} else {
		left, set, err := dataset.Split(f.Labels, e.Data.ValidationFraction, e.Data.TrainExamples,
			e.Study.Seed)
		if err != nil {
			t.Fatal(err)
		}
		train, validation = len(left), len(set)
	}
	if n := e.Data.TrainExamples; n > 0 {
		train = n
	}
	if e.Train.BatchSize > train {
		t.Errorf("a batch of %d for %d images", e.Train.BatchSize, train)
	}
	for _, trial := range plan.Trials {
		if trial.ExcludedBy != "" {
			t.Errorf("native %d: %s cannot be trained: %s", f.Native, trial.Name, trial.ExcludedBy)
			continue
		}
		seconds += float64(trial.Network.Cost.MAdds) * e.Train.Passes(train, validation) *
			float64(e.Replication.Seeds) / 8e9 / 2
	}
	return e, seconds, plan.Networks
}

// TestProposals: for folders of many kinds the file is whole, every network can be trained, their
// number is fit, and the study takes the time that was asked for.
func TestProposals(t *testing.T) {
	colour := []string{"cats", "dogs", "birds", "horses"}
	grey := func(f Folder) Folder { f.Channels = 1; return f }
	parted := func(f Folder, n int) Folder { f.Validation = n; return f }
	for _, c := range []struct {
		folder   Folder
		hours    float64
		pixels   int
		batch    int
		flip     string
		fraction float64 // 0 for the validation part
		warned   string  // of the time, where it is another
	}{
		{parted(photographs(3068, 96, colour...), 341), .1, 32, 64, "alternate", 0, ""},
		{parted(photographs(3068, 96, colour...), 341), 1, 32, 64, "alternate", 0, ""},
		{parted(photographs(3068, 96, colour...), 341), 8, 40, 64, "alternate", 0, ""},
		{parted(photographs(3068, 96, colour...), 341), 100, 48, 64, "alternate", 0, ""},
		{grey(photographs(60000, 28, "0", "1", "2")), .1, 14, 64, "none", .084, ""},
		{grey(photographs(60000, 28, "0", "1", "2")), 4, 14, 128, "none", .084, ""},
		{photographs(9000, 512, colour...), .5, 64, 64, "alternate", .1, ""},
		{photographs(1000, 512, colour...), 100, 96, 32, "alternate", .3, "the images allow no more"},
		{photographs(1000, 8, colour...), .2, 5, 32, "alternate", .3, ""},
		{photographs(1000, 6, colour...), .2, 4, 32, "alternate", .3, ""},
		{photographs(20, 50, colour...), 1, 24, 4, "alternate", .3, "the images allow no more"},
		{photographs(40, 224, "left hand", "right hand"), .1, 40, 8, "none", .3, ""},
		{photographs(40000, 224, many(20000)...), .05, 32, 128, "alternate", .1,
			"too little to say anything"},
	} {
		what := fmt.Sprintf("%d images of %d pixels in %v hours", len(c.folder.Labels),
			c.folder.Native, c.hours)
		p, err := Make(c.folder, c.hours, machine)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		e, seconds, networks := read(t, c.folder, p)
		if e.Model.Resolution != c.pixels || p.Pixels != c.pixels || e.Train.BatchSize != c.batch ||
			e.Data.Augmentation.Flip != c.flip || e.Data.ValidationFraction != c.fraction {
			t.Errorf("%s: %d pixels, batch %d, flip %s, fraction %v", what, e.Model.Resolution,
				e.Train.BatchSize, e.Data.Augmentation.Flip, e.Data.ValidationFraction)
		}
		if networks != p.Networks || networks < fewestNetworks || networks > mostNetworks ||
			e.Replication.Seeds < fewestSeeds {
			t.Errorf("%s: %d networks with %d seeds", what, networks, e.Replication.Seeds)
		}
		if seconds < .99*p.Seconds || seconds > 1.01*p.Seconds {
			t.Errorf("%s: %v seconds are said, %v are planned", what, p.Seconds, seconds)
		}
		asked := seconds > c.hours*3600/1.5 && seconds < c.hours*3600*1.5
		all := strings.Join(p.Warnings, "\n")
		warned := strings.Contains(all, "the study takes about")
		if asked == warned || warned != (c.warned != "") || !strings.Contains(all, c.warned) {
			t.Errorf("%s: takes %v seconds, warnings %q", what, seconds, p.Warnings)
		}
		again, err := Make(c.folder, c.hours, machine)
		if err != nil || !bytes.Equal(again.Text, p.Text) {
			t.Errorf("%s: the second file is another one", what)
		}
	}
}

func many(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("class ", i))
	}
	return names
}

// TestNoProposal: what cannot be studied is said, with what to do.
func TestNoProposal(t *testing.T) {
	single := photographs(1000, 40, many(1000)...)
	lacking := photographs(50, 40, "cats", "dogs")
	lacking.Classes, lacking.Validation = append(lacking.Classes, "cows"), 10
	bytesName := photographs(50, 40, "cats", "dogs")
	bytesName.Path = "/data/\xff"
	limited := photographs(50, 3, "cats", "dogs")
	limited.LimitedBy = "the icon a.png is the smallest"
	for _, c := range []struct {
		folder Folder
		hours  float64
		want   string
	}{
		{photographs(50, 40, "cats"), 1, "the one class cats: there is nothing to tell apart; put"},
		{photographs(2, 40, "cats", "dogs"), 1, "2 images are too few to train and validate on"},
		{single, 1, "300 classes of 1000 would have no training image"},
		{single, 1, "a class needs an image to train on and another to validate on"},
		{lacking, 1, "1 class of 3 would have no training image (cows): add images"},
		{photographs(50, 5, "cats", "dogs"), 1,
			"5 pixels leaves no room for scaling, which needs 6: use"},
		{limited, 1, "3 pixels leaves no room for scaling, which needs 6: the icon a.png"},
		{bytesName, 1, "is no UTF-8"},
		{photographs(50, 40, "cats", "dogs"), 0, "between 0.05 and 1000 hours, not 0"},
		{photographs(50, 40, "cats", "dogs"), -1, "between 0.05 and 1000 hours, not -1"},
		{photographs(50, 40, "cats", "dogs"), 1e9, "between 0.05 and 1000 hours, not 1e+09"},
	} {
		if _, err := Make(c.folder, c.hours, machine); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	broken := Machine{2, func(model.Architecture, int) (float64, error) {
		return 0, errors.New("no memory")
	}}
	if _, err := Make(photographs(50, 40, "cats", "dogs"), 1, broken); err == nil ||
		err.Error() != "no memory" {
		t.Errorf("a speed that cannot be measured gives %v", err)
	}
}

// TestGolden holds whole files: one of a folder with parts, and one of everything that may be said
// besides.
func TestGolden(t *testing.T) {
	plain := photographs(3068, 96, "dress", "hat", "shirt")
	plain.Study, plain.Path, plain.Validation = "clothing", "/data/clothing", 341
	rest := photographs(60000, 28, "0", "1", "2")
	rest.Channels, rest.List, rest.Unreadable, rest.Copies = 1, "labels.csv", 3, 12
	rest.Path = "C:\\a \"photo\"\x1b\u0085\n"
	for name, f := range map[string]Folder{"parts.toml": plain, "rest.toml": rest} {
		p, err := Make(f, .1, machine)
		if err != nil {
			t.Fatal(err)
		}
		e, _, _ := read(t, f, p)
		if e.Data.Path != f.Path || e.Data.List != f.List || e.Study.Name != f.Study {
			t.Errorf("%q is read as %q", f.Path, e.Data.Path)
		}
		strange := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
		if bytes.ContainsFunc(p.Text, strange) {
			t.Errorf("%s has control characters", name)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, p.Text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.Text, want) {
			t.Errorf("%s differs (go test -update rewrites it):\n%s", path, p.Text)
		}
	}
}

// TestEveryKeyHasAComment: in front of every key, or of the keys that follow one another, is why.
func TestEveryKeyHasAComment(t *testing.T) {
	p, err := Make(photographs(3000, 96, "cats", "dogs"), 1, machine)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{p.Text, Blank()} {
		section := ""
		commented := false
		for line := range strings.Lines(string(text)) {
			switch line = strings.TrimSpace(line); {
			case strings.HasPrefix(line, "#"):
				commented = true
			case strings.HasPrefix(line, "["), line == "":
				if section != line {
					section, commented = line, commented && strings.HasPrefix(line, "[[")
				}
			case strings.Contains(line, "=") && section != "" && !commented &&
				!strings.HasPrefix(line, "dataset"):
				t.Errorf("no comment in front of %q", line)
			}
		}
	}
}

// TestBlank: the file to be filled in is whole, but for the folder.
func TestBlank(t *testing.T) {
	f := photographs(3000, 96, "cats", "dogs")
	e, _, networks := read(t, f, &Proposal{Text: Blank()})
	if e.Data.Path != "photos" || networks < fewestNetworks || networks > mostNetworks {
		t.Errorf("path %q, %d networks", e.Data.Path, networks)
	}
}

// TestStudyName: the folder's name, as far as it makes one.
func TestStudyName(t *testing.T) {
	for path, want := range map[string]string{
		"/data/clothing96": "clothing96", "/data/my photos": "my photos", "/": "photographs",
		"/a/con": "_con", "/a/x\x1b[31m\ny": "x--31m-y", "/a/..b. ": "b", "/a/\xff": "photographs",
		"/a/花": "花", "/a/-": "photographs", "/a/" + strings.Repeat("é", 200): strings.Repeat("é", 119),
	} {
		if got := StudyName(path); got != want {
			t.Errorf("%q makes %q, want %q", path, got, want)
		}
	}
}
