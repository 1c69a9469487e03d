package experiments

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gridsearch/search"
	"gridsearch/search/planner"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// golden compares a text with a file of testdata, or writes it there.
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
		t.Errorf("%s differs (go test -update rewrites it):\n%s\nwant\n%s", path, got, want)
	}
}

// published says what the data sets of the ready files hold, which are not opened here.
var published = map[string]struct{ classes, channels, native int }{
	"motifs":        {16, 3, 72},
	"fashion-mnist": {10, 1, 28},
	"image-folder":  {10, 3, 96}, // clothing.toml's
}

// readyPlan reads an embedded file and makes its plan.
func readyPlan(t *testing.T, name string) (*Experiment, *planner.Plan) {
	t.Helper()
	text, err := Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	data := published[""]
	if e.Data != nil {
		data = published[e.Data.Dataset]
	}
	base, err := e.Baseline(data.classes, data.channels)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := e.Plan(base, data.native)
	if err != nil {
		t.Fatal(err)
	}
	return e, plan
}

func readyNames(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(Files, "*.toml")
	if err != nil || len(names) < 5 {
		t.Fatalf("ready files are %v: %v", names, err)
	}
	return names
}

// TestReadyPlans compares what each ready file would train, with its exact cost, with the recorded
// plans; the order of trials is the search's to test.
func TestReadyPlans(t *testing.T) {
	var out bytes.Buffer
	for _, name := range readyNames(t) {
		e, plan := readyPlan(t, name)
		fmt.Fprintf(&out, "%s: %d points, %d kept, %d networks, %d trials, %d seeds\n", name,
			plan.Points, plan.Kept, plan.Networks, len(plan.Trials), e.Replication.Seeds)
		var lines []string
		for _, trial := range plan.Trials {
			c := trial.Network.Cost
			lines = append(lines, fmt.Sprintf("  %s: %d multiply-adds (x %.3f), %d parameters, "+
				"%d activations, repeats %v, channels %v%s\n", trial.Name, c.MAdds, trial.MAddsRatio,
				c.Params, c.Activations, trial.Network.Repeats, trial.Network.Channels, trial.ExcludedBy))
		}
		slices.Sort(lines)
		out.WriteString(strings.Join(lines, ""))
	}
	golden(t, "plans.golden", out.Bytes())
}

// TestReadyFilesSayWhatToExpect: a file opens with its question, the command, the time that it
// takes and the result.
func TestReadyFilesSayWhatToExpect(t *testing.T) {
	for _, name := range readyNames(t) {
		text, err := Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		opening, _, _ := strings.Cut(string(text), "\nschema_version = 1\n")
		for i, heading := range []string{"# Question: ", "# Command:  ", "# Time:     ", "# Result:   "} {
			if at := strings.Index(opening, heading); at < 0 || i == 0 && at > 0 {
				t.Errorf("%s does not say %q before its schema_version", name, heading)
			}
		}
	}
}

// TestReadyFilesServeTheirPurpose holds the properties that the files promise: how many networks
// and seeds, and the controls; no network is so small that its last map has fewer than 4 pixels.
func TestReadyFilesServeTheirPurpose(t *testing.T) {
	for name, want := range map[string]struct{ networks, seeds int }{
		"quickstart.toml":    {6, 5},
		"fashion-mnist.toml": {12, 3},
		"paper-search.toml":  {46, 3},
	} {
		e, plan := readyPlan(t, name)
		trained, controls := map[string]bool{}, map[string]bool{}
		for _, trial := range plan.Trials {
			if trial.ExcludedBy == "" {
				trained[trial.Network.ID] = true
			}
			for _, label := range trial.Labels {
				controls[label.Control] = true
			}
			if trial.Network.FinalMap < 4 {
				t.Errorf("%s: the last map of %s is %d pixels wide", name, trial.Name,
					trial.Network.FinalMap)
			}
		}
		if len(trained) != want.networks || e.Replication.Seeds != want.seeds {
			t.Errorf("%s: %d networks with %d seeds, want %d with %d", name, len(trained),
				e.Replication.Seeds, want.networks, want.seeds)
		}
		for _, control := range []string{"base", "paper", "depth", "width", "resolution"} {
			if !controls[control] {
				t.Errorf("%s: no control %q", name, control)
			}
		}
	}
}

// TestQuickstartMixes: the paper's triple makes the quickstart's base deeper, wider and larger.
func TestQuickstartMixes(t *testing.T) {
	_, plan := readyPlan(t, "quickstart.toml")
	networks := map[string]search.Network{}
	for _, trial := range plan.Trials {
		for _, label := range trial.Labels {
			networks[label.Control] = trial.Network
		}
	}
	base, paper := networks["base"], networks["paper"]
	if slices.Compare(paper.Repeats, base.Repeats) <= 0 || paper.Pixels <= base.Pixels ||
		paper.Channels[1] <= base.Channels[1] {
		t.Errorf("the base is %+v, the paper's triple makes %+v", base, paper)
	}
}

// TestReadyCurves: a curve has five points beside the base, and the one of resolution on
// Fashion-MNIST ends at the native size.
func TestReadyCurves(t *testing.T) {
	for _, name := range []string{"single-vs-compound.toml", "single-vs-compound-fashion.toml"} {
		e, plan := readyPlan(t, name)
		families, largest := map[string]int{}, 0
		for _, trial := range plan.Trials {
			if trial.ExcludedBy != "" {
				continue
			}
			for _, l := range trial.Labels {
				families[l.Control]++
				if l.Control == "resolution" {
					largest = max(largest, trial.Network.Pixels)
				}
			}
			if trial.Network.FinalMap < 4 {
				t.Errorf("%s: the last map of %s is %d pixels wide", name, trial.Name, trial.Network.FinalMap)
			}
		}
		for _, family := range []string{"depth", "width", "resolution", "compound"} {
			if families[family] < 5 {
				t.Errorf("%s has %d points of %s, want 5 or more for a curve", name, families[family], family)
			}
		}
		if native := published[e.Data.Dataset].native; e.Data.Dataset == "fashion-mnist" &&
			largest != native {
			t.Errorf("%s: resolution ends at %d pixels, not at the native %d", name, largest, native)
		}
		if e.Replication.Seeds != 3 {
			t.Errorf("%s has %d seeds, want 3", name, e.Replication.Seeds)
		}
	}
}

// TestPaperGrid are the published facts about the paper's own grid on B0.
func TestPaperGrid(t *testing.T) {
	e, plan := readyPlan(t, "paper-grid.toml")
	if e.Data != nil || e.Train != nil {
		t.Error("paper-grid.toml is to be planned, not run")
	}
	least, most := math.Inf(1), 0.
	for _, trial := range plan.Trials {
		for _, l := range trial.Labels {
			if l.Control == "" {
				least, most = min(least, trial.MAddsRatio), max(most, trial.MAddsRatio)
			}
		}
	}
	got := fmt.Sprintf("%d points, %d kept, %d networks, %.2f to %.2f, base %d", plan.Points,
		plan.Kept, plan.Networks, least, most, plan.Base.Cost.MAdds)
	if want := "9261 points, 109 kept, 65 networks, 1.93 to 3.33, base 385814752"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
