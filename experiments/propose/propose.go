// Package propose writes an experiment file for a folder of photographs: which networks, at which
// sizes, trained on how many images for how long, so that the study takes about a given time.
//
// What is proposed is a function of the folder, the time and the speed of the machine alone; the
// package reads nothing and measures nothing itself.
package propose

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"gridsearch/dataset"
	"gridsearch/experiments"
	"gridsearch/internal/plural"
	"gridsearch/model"
)

// Folder is what is known of a folder of photographs.
type Folder struct {
	Study      string   // name of the study; one that makes a folder
	Path       string   // of the folder, absolute
	List       string   // CSV file in the folder that lists its images; empty for none
	Classes    []string // names, by number
	Labels     []int    // class of every training image that can be read
	Validation int      // images of the validation part; 0 where there is none
	Native     int      // pixels on a side
	Channels   int      // 1 or 3
	Unreadable int      // files of both parts that cannot be read
	Copies     int      // files that are copies of others
	LimitedBy  string   // a sentence on the few images that alone keep Native low; empty otherwise
}

// Machine is what trains the study.
type Machine struct {
	Cores int // runs at a time
	// Speed is the multiply-adds a second of one core that trains a network in batches of so many
	// images.
	Speed func(base model.Architecture, batch int) (float64, error)
}

// Hours that a study may be made for.
const (
	LeastHours = .05
	MostHours  = 1000
)

// CheckHours is the error of a time that no study is made for.
func CheckHours(hours float64) error {
	if !(hours >= LeastHours && hours <= MostHours) {
		return fmt.Errorf("the time must be between %v and %v hours, not %v", LeastHours, MostHours,
			hours)
	}
	return nil
}

// Proposal is an experiment file.
type Proposal struct {
	Text     []byte
	Pixels   int     // of the base network
	Networks int     // between base and controls
	Runs     int     // of all trials and seeds
	Seconds  float64 // of the whole study, by the speed given
	Warnings []string
}

// Make proposes an experiment for a folder that takes about so many hours. Errors say what is wrong
// with the folder, or with the hours.
func Make(f Folder, hours float64, m Machine) (*Proposal, error) {
	if err := CheckHours(hours); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	s, err := f.split()
	if err != nil {
		return nil, err
	}
	var best *sized
	cheapest := 0.
	for _, r := range rungs(f.Native) {
		c, err := f.candidate(r, s)
		if err != nil {
			return nil, err
		}
		speed, err := m.Speed(c.base, s.batch(s.Left))
		if err != nil {
			return nil, err
		}
		if best == nil {
			cheapest = c.madds
		}
		z := s.size(c, hours*3600*speed*float64(m.Cores), seedsFor(hours))
		if best != nil && z.seen < s.wanted()*math.Cbrt(c.madds/cheapest) {
			break
		}
		z.Seconds = z.work() / speed / float64(m.Cores)
		best = &z
	}
	return f.write(best, hours, m.Cores)
}

// check says what makes a study of the folder impossible.
func (f Folder) check() error {
	switch {
	case !utf8.ValidString(f.Path):
		return fmt.Errorf("%q is no UTF-8, which an experiment file is: rename the folder, or make "+
			"a link to it", f.Path)
	case len(f.Classes) < 2:
		return fmt.Errorf("the folder has the one class %s: there is nothing to tell apart; put "+
			"the images of every class into a folder of its own",
			dataset.Quote(strings.Join(f.Classes, "")))
	case f.Native < leastNative && f.LimitedBy != "":
		return fmt.Errorf("a native size of %s leaves no room for scaling, which needs %d: %s",
			plural.Of(f.Native, "pixel"), leastNative, f.LimitedBy)
	case f.Native < leastNative:
		return fmt.Errorf("a native size of %s leaves no room for scaling, which needs %d: use "+
			"larger images", plural.Of(f.Native, "pixel"), leastNative)
	}
	return nil
}

//go:embed experiment.toml.tmpl
var text string

var file = template.Must(template.New("experiment").Funcs(template.FuncMap{
	"quote": quote, "share": share, "count": plural.Of, "clock": clock,
}).Parse(text))

// values are what the file is written from.
type values struct {
	Folder
	*sized
	Hours         float64
	Cores         int
	Flip, FlipWhy string
}

// write renders the file, and holds it to what the parser says.
func (f Folder) write(z *sized, hours float64, cores int) (*Proposal, error) {
	v := values{Folder: f, sized: z, Hours: hours, Cores: cores}
	v.Flip, v.FlipWhy = f.flip()
	var out bytes.Buffer
	if err := file.Execute(&out, v); err != nil {
		return nil, err
	}
	if _, err := experiments.Parse("the proposal", out.Bytes()); err != nil {
		return nil, err
	}
	return &Proposal{Text: out.Bytes(), Pixels: z.Side, Networks: z.Networks,
		Runs: z.trials * z.Seeds, Seconds: z.Seconds, Warnings: v.warnings()}, nil
}

// warnings are what a reader of the file should know before anything is trained.
func (v values) warnings() (list []string) {
	if n := v.Used(); n < fewImages {
		list = append(list, fmt.Sprintf("%s to train on are few: the networks will know them by "+
			"heart, and the results say little about other images", plural.Of(n, "image")))
	}
	if n := v.ValidationImages; n < wantedValidation {
		list = append(list, fmt.Sprintf("%s to validate on: one of them is %.1f points of top-1, so "+
			"that only large differences will show; %d or more are better", plural.Of(n, "image"),
			100/float64(n), wantedValidation))
	}
	if ratio := v.Seconds / (v.Hours * 3600); ratio > 1.5 || ratio < 1/1.5 {
		why := "a shorter study would train on too little to say anything"
		if ratio < 1 {
			why = fmt.Sprintf("the images allow no more: after %s networks know them by heart",
				plural.Of(mostEpochs, "epoch"))
		}
		list = append(list, fmt.Sprintf("the study takes about %s, and not the %v hours: %s",
			clock(v.Seconds), v.Hours, why))
	}
	if v.LimitedBy != "" {
		list = append(list, v.LimitedBy)
	}
	return list
}

// flip says whether images are mirrored, and why.
func (f Folder) flip() (flip, why string) {
	sides := func(name string) bool {
		name = strings.ToLower(name)
		return strings.Contains(name, "left") || strings.Contains(name, "right")
	}
	characters := !slices.ContainsFunc(f.Classes, func(name string) bool {
		return utf8.RuneCountInString(name) > 2
	})
	switch {
	case f.Channels == 1:
		why = "grey ones are often text, scans or drawings"
	case characters:
		why = "the names of the classes look like letters or digits"
	case slices.ContainsFunc(f.Classes, sides):
		why = "left and right are classes"
	default:
		return "alternate", `mirrored every second time, as photographs may be; "none" where left ` +
			`and right matter`
	}
	return "none", "no mirror images: " + why + `; flip = "alternate" mirrors every second time, ` +
		`where a mirrored image is as good`
}

// quote writes a TOML string: control characters are escaped.
func quote(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case r < ' ' || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String() + `"`
}

// share is a number with two digits.
func share(v float64) string { return fmt.Sprintf("%.2g", v) }

// clock is a time in the unit that suits it.
func clock(seconds float64) string {
	switch minutes := int(math.Round(seconds / 60)); {
	case minutes < 1:
		return plural.Of(max(1, int(math.Round(seconds))), "second")
	case minutes < 100:
		return plural.Of(minutes, "minute")
	}
	return fmt.Sprintf("%.2g hours", seconds/3600)
}

//go:embed template.toml
var blank []byte

// Blank is an experiment file for a folder that is not known yet: its path is to be filled in.
func Blank() []byte { return slices.Clone(blank) }

// StudyName is a name for the study of a folder: the folder's, as far as that makes a name.
func StudyName(path string) string {
	return experiments.NameFrom(filepath.Base(path), "photographs")
}

// errNoTraining is the error of classes without training images.
func (f Folder) errNoTraining(without []int, single bool) error {
	var names []string
	for _, class := range without[:min(len(without), 10)] {
		names = append(names, dataset.Quote(f.Classes[class]))
	}
	if more := len(without) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	what := "add images to them, or remove them"
	if single {
		what = "a class needs an image to train on and another to validate on: " + what
	}
	return errors.New(plural.Of(len(without), "class") + " of " + fmt.Sprint(len(f.Classes)) +
		" would have no training image (" + strings.Join(names, ", ") + "): " + what)
}
