package simulate

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"gridsearch/search/decide"
	"gridsearch/search/stats"
)

// bySeed trains seed by seed, and after each drops the trials whose mean is behind the highest by
// more than so many standard deviations of a run's mean. It is here to show that the interface
// bears elimination; what may be concluded from its comparison is another question.
type bySeed struct{ behind float64 }

func (b bySeed) Name() string { return fmt.Sprintf("by seed, behind %v", b.behind) }

func (b bySeed) Next(s decide.Study) (c decide.Choice, err error) {
	for _, k := range s.Runs {
		if k.State == decide.Asked {
			return c, nil // judged once the whole seed has ended
		}
	}
	out := dropped(s)
	b.judge(s, nextSeed(s, out), out)
	next := nextSeed(s, out)
	for _, k := range s.Runs {
		switch {
		case k.State != decide.Open:
		case out[k.Run.Trial]:
			c.Drop = append(c.Drop, k.Run)
		case k.Run.Seed == next:
			c.Train = append(c.Train, k.Run)
		}
	}
	if len(c.Train)+len(c.Drop) > 0 {
		c.Because = fmt.Sprintf("seed %d is next; trials that are out: %d", next, len(out))
	}
	return c, nil
}

// dropped are the trials that have a dropped run.
func dropped(s decide.Study) map[string]bool {
	out := map[string]bool{}
	for _, k := range s.Runs {
		if k.State == decide.Dropped {
			out[k.Run.Trial] = true
		}
	}
	return out
}

// nextSeed is the first one that trials which are not out have open.
func nextSeed(s decide.Study, out map[string]bool) int {
	next := math.MaxInt
	for _, k := range s.Runs {
		if k.State == decide.Open && !out[k.Run.Trial] {
			next = min(next, k.Run.Seed)
		}
	}
	return next
}

// judge puts those out whose mean over the seeds before the next one is too far behind.
func (b bySeed) judge(s decide.Study, next int, out map[string]bool) {
	scores, highest := map[string][]float64{}, math.Inf(-1)
	for _, k := range s.Runs {
		if k.State == decide.Complete && k.Run.Seed < next && !out[k.Run.Trial] {
			scores[k.Run.Trial] = append(scores[k.Run.Trial], k.Score)
		}
	}
	for _, list := range scores {
		highest = max(highest, stat.Mean(list, nil))
	}
	for name, list := range scores {
		if stat.Mean(list, nil) < highest-b.behind*Unit/math.Sqrt(float64(len(list))) {
			out[name] = true
		}
	}
}

// confirm trains all, then three fresh seeds of the two trials with the highest means.
type confirm struct{}

func (confirm) Name() string { return "confirm" }

func (confirm) Next(s decide.Study) (decide.Choice, error) {
	if c, err := (decide.All{}).Next(s); err != nil || len(c.Train) > 0 {
		return c, err
	}
	scores := map[string][]float64{}
	for _, k := range s.Runs {
		if k.State == decide.Asked || k.Run.Stream != "" {
			return decide.Choice{}, nil
		}
		if k.State == decide.Complete {
			scores[k.Run.Trial] = append(scores[k.Run.Trial], k.Score)
		}
	}
	var names []string
	for name := range scores {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := stat.Mean(scores[b], nil) - stat.Mean(scores[a], nil); d != 0 {
			return int(math.Copysign(1, d))
		}
		return strings.Compare(a, b)
	})
	c := decide.Choice{Because: "finalists are confirmed"}
	for seed := range 3 {
		for _, name := range names[:min(2, len(names))] {
			c.Train = append(c.Train, decide.Run{Trial: name, Seed: seed, Stream: "confirm"})
		}
	}
	return c, nil
}

// decisions are those that are held to what the interface asks of every decision.
var decisions = []decide.Decision{decide.All{}, bySeed{3}, confirm{}}

// TestAllIsDraw: with All the searches are those of Draw, bit for bit, whoever trains.
func TestAllIsDraw(t *testing.T) {
	whole, pierced := cell("play", 8, 3, Spread(1), Uneven(3)), cell("play", 4, 3, Ahead(3), Even)
	pierced.Holes, pierced.Images, pierced.Diverged = 3, .5, 10
	whole.Options.SkipBest, whole.Options.Check = false, stats.CheckPermutation
	for _, c := range []Cell{whole, pierced} {
		for number := range 3 {
			played, err := c.Play(5, decide.All{}, Workers{Number: 1 + 3*number, Seed: uint64(number)})
			if err != nil {
				t.Fatal(err)
			}
			for i, drawn := range c.Draw(5) {
				if got, want := fmt.Sprintf("%+v", played[i].Search), fmt.Sprintf("%+v", drawn); got != want {
					t.Errorf("study %d:\n%s\nis drawn as\n%s", i, got, want)
				}
				if n := len(played[i].Choices); n != 1 || played[i].Trained() != c.Trials*c.Seeds {
					t.Errorf("%d choices, %d runs", n, played[i].Trained())
				}
			}
		}
	}
}

// pure asks twice, and compares the answers and the study with each other.
type pure struct {
	decide.Decision
	t *rapid.T
}

func (p pure) Next(s decide.Study) (decide.Choice, error) {
	digest := s.Digest()
	c, err := p.Decision.Next(s)
	if again, _ := p.Decision.Next(s); !reflect.DeepEqual(c, again) {
		p.t.Fatalf("%s: %+v, and asked again %+v", p.Name(), c, again)
	}
	if s.Digest() != digest {
		p.t.Fatalf("%s changes what it reads", p.Name())
	}
	return c, err
}

// TestDecisions: every decision is a pure function, makes the same choices in whatever order runs
// end, and comes to the same end after being killed at any moments.
func TestDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := cell("decisions", rapid.IntRange(1, 5).Draw(t, "trials"),
			rapid.IntRange(1, 4).Draw(t, "seeds"), Spread(2), Even)
		fails := rapid.SampledFrom([]float64{0, .1, .5, 1}).Draw(t, "fails")
		d := pure{rapid.SampledFrom(decisions).Draw(t, "decision"), t}
		study := rapid.IntRange(0, 20).Draw(t, "study")
		play := func(w Workers) *player {
			p := newPlayer(c, study, w)
			if err := p.play(d); err != nil {
				t.Fatal(err)
			}
			return p
		}
		first := play(Workers{Number: 1, Fails: fails})
		w := Workers{Fails: fails, Number: rapid.IntRange(1, 9).Draw(t, "number"),
			Seed: rapid.Uint64().Draw(t, "order")}
		other := play(w)
		if !reflect.DeepEqual(first.choices, other.choices) {
			t.Fatalf("in another order\n%+v\nbecomes\n%+v", first.choices, other.choices)
		}
		w.Kills = rapid.SliceOfN(rapid.IntRange(1, 60), 0, 5).Draw(t, "kills")
		killed := play(w)
		for _, p := range []*player{other, killed} {
			if p.study.Digest() != first.study.Digest() {
				t.Fatalf("%+v\nends as\n%+v", first.study, p.study)
			}
		}
	})
}

// TestKilledAtEveryMoment: one kill, at each moment of a study, changes nothing about its end, and
// the study goes on from what has ended.
func TestKilledAtEveryMoment(t *testing.T) {
	c := cell("killed", 4, 3, Spread(2), Even)
	for _, d := range decisions {
		w := Workers{Number: 2, Seed: 1}
		whole := newPlayer(c, 0, w)
		if err := whole.play(d); err != nil {
			t.Fatal(err)
		}
		for moment := range whole.moment {
			w.Kills = []int{moment + 1}
			p := newPlayer(c, 0, w)
			if err := p.play(d); err != nil {
				t.Fatalf("%s, killed at %d: %v", d.Name(), moment+1, err)
			}
			if p.study.Digest() != whole.study.Digest() {
				t.Errorf("%s, killed at %d, comes to another end", d.Name(), moment+1)
			}
			if extra := p.moment - whole.moment; extra < 0 || extra > 4 {
				t.Errorf("%s, killed at %d: %d moments more", d.Name(), moment+1, extra)
			}
		}
	}
}

// TestElimination: trained seed by seed, a search with a wide spread takes far fewer runs, and
// drops a truly best trial rarely. What both train has the same scores.
func TestElimination(t *testing.T) {
	const studies = 200
	c := cell("elimination", 8, 6, Spread(2), Even)
	all, runs, lost := 0, 0, 0
	for study := range studies {
		whole, p := newPlayer(c, study, Workers{Number: 3}), newPlayer(c, study, Workers{Number: 4})
		if err := errors.Join(whole.play(decide.All{}), p.play(bySeed{4})); err != nil {
			t.Fatal(err)
		}
		for i, k := range p.study.Runs {
			if k.State == decide.Complete && k != whole.study.Runs[i] {
				t.Fatalf("%+v and %+v", k, whole.study.Runs[i])
			}
		}
		played := Played{Search: Search{Truth: p.drawn.truth}, Study: p.study}
		all, runs = all+len(whole.study.Runs), runs+played.Trained()
		if played.DroppedBest() {
			lost++
		}
	}
	if share := float64(runs) / float64(all); share > .6 || share < .2 {
		t.Errorf("%.0f %% of the runs are trained", 100*share)
	}
	if lost > studies/20 {
		t.Errorf("the best of %d of %d studies is dropped", lost, studies)
	}
	// With no patience at all it loses what it should keep: the count above can fail.
	played, err := c.Play(20, bySeed{0}, Workers{Number: 4})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(played, Played.DroppedBest) {
		t.Error("whoever leads after one seed is the best in 20 of 20 studies")
	}
}

// TestFreshSeeds: runs beyond the plan are noisy views of the same truth, paired by seed, and not
// those of the search.
func TestFreshSeeds(t *testing.T) {
	var differences []float64
	played, err := cell("fresh", 3, 2, Spread(2), Even).Play(300, confirm{}, Workers{Number: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range played {
		var finalists []int
		fresh, own := p.Samples("confirm", ""), p.Samples("", "")
		for i, s := range fresh {
			if len(s.Scores) == 3 {
				finalists = append(finalists, i)
			}
			if len(s.Scores) > 0 && s.Scores[0] == own[i].Scores[0] {
				t.Fatalf("%v is no fresh score", s.Scores[0])
			}
		}
		if len(finalists) != 2 || p.Trained() != 3*2+2*3 {
			t.Fatalf("%d finalists, %d runs", len(finalists), p.Trained())
		}
		a, b := finalists[0], finalists[1]
		for seed := range 3 {
			differences = append(differences,
				(fresh[a].Scores[seed]-fresh[b].Scores[seed])/Unit-(p.Truth[a]-p.Truth[b]))
		}
	}
	// 900 differences of a variance of 2, had they not the seed in common of 4: four standard errors.
	mean, variance := stat.MeanVariance(differences, nil)
	if math.Abs(mean) > 4*math.Sqrt(2./900) || math.Abs(variance-2) > 4*2*math.Sqrt(2./900) {
		t.Errorf("the differences have mean %.3f and variance %.3f", mean, variance)
	}
}

// TestFreshSeedsOfTheSameImages: what the draw of images does to a trial, it does to fresh seeds
// too.
func TestFreshSeedsOfTheSameImages(t *testing.T) {
	c := cell("images", 4, 3, Flat, Even)
	c.Images = 50
	played, err := c.Play(1, confirm{}, Workers{Number: 2})
	if err != nil {
		t.Fatal(err)
	}
	own := played[0].Samples("", "")
	for i, s := range played[0].Samples("confirm", "") {
		if len(s.Scores) > 0 && math.Abs(s.Scores[0]-own[i].Scores[0]) > 10*Unit {
			t.Errorf("%v, and with a fresh seed %v", own[i].Scores, s.Scores)
		}
	}
}

// firstHome asks for everything and drops the rest once a run has ended.
type firstHome struct{}

func (firstHome) Name() string { return "first home" }

func (firstHome) Next(s decide.Study) (decide.Choice, error) {
	if c, err := (decide.All{}).Next(s); err != nil || len(c.Train) == len(s.Runs) {
		return c, err
	}
	c := decide.Choice{Because: "one has come home"}
	for _, k := range s.Runs {
		if k.State == decide.Open || k.State == decide.Asked {
			c.Drop = append(c.Drop, k.Run)
		}
	}
	return c, nil
}

// TestDropOfAsked: of the runs that are asked for, those that wait are dropped and those that a
// worker has begun end.
func TestDropOfAsked(t *testing.T) {
	played, err := cell("home", 3, 3, Flat, Even).Play(1, firstHome{}, Workers{Number: 4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	of := map[decide.State]int{}
	for _, k := range played[0].Study.Runs {
		of[k.State]++
	}
	// One choice trains. With three of the four still at work, others drop 8, then 2, then 1.
	if of[decide.Complete] != 4 || of[decide.Dropped] != 5 || len(played[0].Choices) != 4 {
		t.Errorf("%v by %+v", of, played[0].Choices)
	}
}

// ends is All, and notes the run that has ended since it was last asked.
type ends struct {
	decide.All
	runs *[]decide.Run
}

func (e ends) Next(s decide.Study) (decide.Choice, error) {
	for _, k := range s.Runs {
		if k.State == decide.Complete && !slices.Contains(*e.runs, k.Run) {
			*e.runs = append(*e.runs, k.Run)
		}
	}
	return e.All.Next(s)
}

// TestOrderOfEnds: one worker ends runs in the plan's order, of four any may be the first, and
// none overtakes a run by more than the others have in hand.
func TestOrderOfEnds(t *testing.T) {
	first := map[decide.Run]bool{}
	for seed := range 40 {
		for _, number := range []int{1, 4} {
			p := newPlayer(cell("order", 5, 2, Flat, Even), 0, Workers{Number: number,
				Seed: uint64(seed)})
			var runs []decide.Run
			if err := p.play(ends{runs: &runs}); err != nil || len(runs) != 10 {
				t.Fatal(runs, err)
			}
			for at, r := range runs {
				if p.places[r] >= at+number {
					t.Errorf("%v ends as number %d, with %d workers", r, at, number)
				}
			}
			first[runs[0]] = true
		}
	}
	if len(first) != 4 {
		t.Errorf("the first to end is one of %v", first)
	}
}

// TestFails: about as many runs fail as are to, each by itself, and the same whoever asks.
func TestFails(t *testing.T) {
	c, w := cell("fails", 8, 5, Flat, Even), Workers{Number: 2, Fails: .3}
	failed, alone := 0, 0
	for study := range 25 {
		p, other := newPlayer(c, study, w), newPlayer(c, study, w)
		if err := errors.Join(p.play(decide.All{}), other.play(bySeed{1e9})); err != nil {
			t.Fatal(err)
		}
		if p.study.Digest() != other.study.Digest() {
			t.Errorf("%+v\nand %+v", p.study, other.study)
		}
		for j, k := range p.study.Runs {
			if k.State == decide.Failed {
				failed++
				if p.study.Runs[j/8*8+(j+1)%8].State == decide.Complete {
					alone++
				}
			}
		}
	}
	// 1,000 runs of which 300 fail, beside 70 % of which another with that seed does not.
	if failed < 240 || failed > 360 || float64(alone) < .55*float64(failed) {
		t.Errorf("%d of 1000 runs fail, %d of them alone", failed, alone)
	}
}

// again trains its first run for ever.
type again struct{}

func (again) Name() string { return "again" }

func (again) Next(s decide.Study) (decide.Choice, error) {
	return decide.Choice{Train: []decide.Run{s.Runs[0].Run}, Because: "it was so good"}, nil
}

// TestPlayRefuses: a choice that contradicts the study ends it, with its name.
func TestPlayRefuses(t *testing.T) {
	_, err := cell("refused", 2, 2, Flat, Even).Play(1, again{}, Workers{Number: 1})
	const want = `study 0 of cell "refused": decision "again" in stage "search": ` +
		`run "trial 0" seed 0 is trained, but it is complete`
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// BenchmarkPlay plays 1,000 studies of 8 trials and 3 seeds, and compares each. The tables of
// equals that comparisons need are simulated before, once in a process.
func BenchmarkPlay(b *testing.B) {
	c := cell("benchmark", 8, 3, Ahead(3), Even)
	play := func() {
		if _, err := c.Play(1000, decide.All{}, Workers{Number: 4}); err != nil {
			b.Fatal(err)
		}
	}
	play()
	for b.Loop() {
		play()
	}
}
