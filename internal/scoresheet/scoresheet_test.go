package scoresheet

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// parse reads a table whose lines are given.
func parse(t *testing.T, metric string, lines ...string) *Sheet {
	t.Helper()
	s, err := Parse("f.csv", []byte(strings.Join(lines, "\n")), metric)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scores prints all scores of a sheet, trial by trial.
func scores(s *Sheet) string {
	var list []string
	for _, t := range s.Trials {
		line := t.Name
		for _, r := range t.Runs {
			line += fmt.Sprintf(" %d:", r.Seed)
			if r.Score != nil {
				line += fmt.Sprintf("%.4g", *r.Score)
			}
		}
		list = append(list, line)
	}
	return strings.Join(list, "; ")
}

// TestForms: separators, a byte order mark, line ends of Windows, quotes, empty rows, names in
// capitals and any order of lines give the same table.
func TestForms(t *testing.T) {
	const want = "base 1:0.7 2:0.71; b, wide 1:0.75 2:"
	for name, text := range map[string]string{
		"comma": "trial,seed,top1\n\"b, wide\",2,\nbase,1,.7\nbase,2,0.71\n\"b, " +
			"wide\",1,7.5e-1\n",
		"semicolon": "trial;seed;top1\nb, wide;2;\nbase;2;0.71\nbase;1;0.70\nb, wide;1;0.75",
		"tab": "Top1\ttrial\tSEED\n\tb, wide\t2\n.75\tb, " +
			"wide\t1\n.7\tbase\t1\n.71\tbase\t2\n",
		"windows": "\ufefftrial,seed,top1\r\n\"b, " +
			"wide\",1,75\r\n,,\r\nbase,1,70\r\nbase,2,71\r\n\"b, wide\",2,\r\n",
	} {
		s, err := Parse("f.csv", []byte(text), "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := scores(s); got != want || !s.Base || s.Percent != (name == "windows") {
			t.Errorf("%s: got %s, percent %v", name, got, s.Percent)
		}
	}
}

// TestColumns: what is known of trials is taken from any of their lines.
func TestColumns(t *testing.T) {
	s := parse(t, "", "trial;seed;top1;madds;alpha;beta;gamma;phi;family",
		"c;1;70;7.5e8;1.2..1.25;1.1;1.15;1;compound, width", "c;2;71;;;;;;",
		"b0;1;68;390000000;1;1;1;0;base", "b0;2;69;390000000;1;1;1;0;base")
	c := s.Trials[1]
	if c.MAdds != 750e6 || c.Alpha != (Span{"1.2", "1.25"}) || c.Gamma != (Span{"1.15", "1.15"}) ||
		fmt.Sprint(c.Families) != "[compound width]" || !s.Has("phi") || s.Trials[0].Name != "b0" {
		t.Errorf("%+v", c)
	}
	want := "f.csv: 4 runs of 2 trials on 2 seeds; top1: higher is better, read as percent: " +
		"there are values above 1"
	if got := s.Sentence(); got != want {
		t.Errorf("got %s", got)
	}
}

// TestMetric: which column is read, and which way it is better.
func TestMetric(t *testing.T) {
	lines := []string{"trial,seed,Val/Loss,top1,top5", "a,1,2,.3,.9", "a,2,3,.4,.9", "b,1,4,.4,.8"}
	for metric, want := range map[string]string{"": "top1 false 0.3", "top5": "top5 false 0.9",
		"val/loss": "val/loss true 2"} {
		s := parse(t, metric, lines...)
		got := fmt.Sprintf("%s %v %v", s.Metric, s.Lower, *s.Trials[0].Runs[0].Score)
		if got != want {
			t.Errorf("%q: %s, want %s", metric, got, want)
		}
	}
	s := parse(t, "", "trial,seed,f1", "a,1,.2", "a,2,.3", "b,1,.3")
	if s.Metric != "f1" || s.Lower {
		t.Errorf("the only metric: %+v", s)
	}
}

// TestSmallValues: percent that look like fractions are counted.
func TestSmallValues(t *testing.T) {
	s := parse(t, "", "trial,seed,top1", "a,1,70", "a,2,0.7", "b,1,71")
	if math.Abs(*s.Trials[0].Runs[1].Score-.007) > 1e-12 ||
		!strings.Contains(s.Sentence(), "1 are at most 1") {
		t.Error(s.Sentence())
	}
}

// TestErrors: what is wrong is said with line, column and what to do.
func TestErrors(t *testing.T) {
	good := "\na,1,.7\na,2,.7\nb,1,.7\nb,2,.7\n"
	for text, want := range map[string]string{
		"":           "f.csv:1: the file is empty",
		"trial\nx\n": "f.csv:1: no column is named seed",
		"trail,seed,top1" + good: `f.csv:1: no column is named trial (the ` +
			`nearest is "trail")`,
		"trial,seed,seed" + good: "f.csv:1: columns 2 and 3 are both " +
			"named seed",
		"trial,seed,madds" + good: "f.csv:1: no column is a metric",
		"trial,seed,f1,f2\na,1,1,1\n": "f.csv:1: which column is the metric? " +
			"Choose with --metric: f1, f2",
		"trial,seed,top1": "f.csv:1: no run has a score in column top1",
		"trial,seed,top1" + good + "a,2,.7": `f.csv:6: trial "a" has seed 2 on line ` +
			`3 already`,
		"trial,seed,top1" + good + "c,1,high":   `f.csv:6: column top1: "high" is no number`,
		"trial,seed,top1" + good + "c,1,NaN":    `f.csv:6: column top1: "NaN" is no number`,
		"trial,seed,top1" + good + "c,1,0x1p-2": `"0x1p-2" is no number`,
		"trial,seed,top1" + good + "c,1,1e999":  `"1e999" is no number`,
		"trial,seed,top1" + good + "c,1,101":    "f.csv:6: column top1: 101 is no accuracy",
		"trial,seed,loss" + good + "c,1,1e10": "f.csv:6: column loss: 1e10 is beyond " +
			"any loss",
		"trial,seed,top1" + good + "c,1,-.1": "f.csv:6: column top1: -.1 is no accuracy",
		"trial,seed,top1" + good + "c,1,0,75": "f.csv:6: 4 cells where the first line " +
			"names 3 columns",
		"trial,seed,top1" + good + "c,1,\"0,75\"": "f.csv:6: column top1: 0,75 has a " +
			"decimal comma: write 0.75",
		"trial;seed;top1\na;1;0,75": "f.csv:2: column top1: 0,75 has a " +
			"decimal comma: write 0.75",
		"trial,seed,top1" + good + "c,1":   "f.csv:6: 2 cells",
		"trial,seed,top1" + good + "c,,.7": "f.csv:6: column seed: the cell is empty",
		"trial,seed,top1" + good + "c,1.5,.7": `f.csv:6: column seed: "1.5" is no ` +
			`whole number`,
		"trial,seed,top1" + good + ",1,.7": "f.csv:6: column trial: the cell is empty",
		"trial,seed,top1" + good + "\"c\nd\",1,.7": "f.csv:6: column trial: the name " +
			"\"c\\nd\" has a tab",
		"trial,seed,top1" + good + "\"c\" d,1,.7": "f.csv:6: a quote stands where none can",
		"trial,seed,top1" + good + "c\xff,1,.7":   "f.csv:6: this is no text in UTF-8",
		"trial,seed,top1\na,1,.7\na,2,.8":         `f.csv:2: "a" is the only trial`,
		"trial,seed,top1\na,1,.7\nb,1,.8\nb,2,":   "f.csv:2: 1 is the only seed",
		"trial,seed,top1,madds\na,1,.7,5\na,2,.7,6": `f.csv:3: column madds: trial "a" has ` +
			`another value`,
		"trial,seed,top1,madds\na,1,.7,0": "f.csv:2: column madds: 0 is no number " +
			"of multiply-adds",
		"trial,seed,top1,madds\na,1,.7,5\nb,2,.7,": `f.csv:3: column madds: trial "b" has ` +
			`no multiply-adds`,
		"trial,seed,top1,alpha\na,1,.7,-1": `f.csv:2: column alpha: "-1" is no ` +
			`coefficient`,
		"trial,seed,top1,alpha\na,1,.7,2..1": "f.csv:2: column alpha: the interval " +
			"2..1 ends below",
		"trial,seed,top1,alpha\na,1,.7,1\na,2,.7,2": `f.csv:3: column alpha: trial "a" has ` +
			`another value`,
		"trial,seed,top1,family\na,1,.7,b\na,2,.7,c": `f.csv:3: column family: trial "a" has ` +
			`another value`,
		"trial,seed,top1,family\nx,1,.7,base\nbase,2,.7,": `f.csv:3: trial "base" is a base, ` +
			`and so is ` +
			`"x" on line 2`,
	} {
		_, err := Parse("f.csv", []byte(text), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	_, err := Parse("f.csv", []byte("trial,seed,top1,top5\n"), "top-5")
	if want := `f.csv:1: no column is a metric "top-5": did you mean ` +
		`"top5"?`; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestManyTrials: a table whose comparison would not end is refused.
func TestManyTrials(t *testing.T) {
	text := "trial,seed,top1\n"
	for i := range mostTrials + 1 {
		text += fmt.Sprintf("t%d,1,.5\n", i)
	}
	_, err := Parse("f.csv", []byte(text), "")
	if err == nil || !strings.HasPrefix(err.Error(), "f.csv:1002: more than 1000 trials") {
		t.Errorf("got %v", err)
	}
}

// FuzzParse: any text gives a table that keeps what it promises, or an error with the file's name.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"trial,seed,top1\na,1,.7\na,2,.8\nb,1,.6\nb,2,.5\n",
		"\ufefftrial;seed;loss;family\r\n\"a;b\";-1;2.5;base\r\nc;3;;width\r\nc;-1;1e3;width\r\n",
		"trial\tseed\ttop1\tmadds\talpha\nx\t1\t75\t1e6\t1..1.5\nx\t2\t\t\t\ny\t2\t80\t2e6\t2\n",
		"\"", ",;\t"} {
		f.Add([]byte(text), "")
		f.Add([]byte(text), "loss")
	}
	f.Fuzz(func(t *testing.T, text []byte, metric string) {
		s, err := Parse("f.csv", text, metric)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.csv:") {
				t.Errorf("an error without its place: %v", err)
			}
			return
		}
		if len(s.Trials) < 2 || len(s.Seeds) < 2 {
			t.Errorf("%d trials on %d seeds", len(s.Trials), len(s.Seeds))
		}
		names := map[string]bool{}
		for _, trial := range s.Trials {
			if names[trial.Name] || s.Has(maddsColumn) && trial.MAdds < 1 {
				t.Errorf("%+v", trial)
			}
			names[trial.Name] = true
			for i, r := range trial.Runs {
				if i > 0 && trial.Runs[i-1].Seed >= r.Seed {
					t.Errorf("seeds out of order: %+v", trial.Runs)
				}
				if r.Score == nil {
					continue
				}
				if v := *r.Score; !(math.Abs(v) <= mostLoss) || !s.Lower && !(v >= 0 && v <= 1) {
					t.Errorf("the score %v", v)
				}
			}
		}
	})
}
