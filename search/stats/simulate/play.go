package simulate

import (
	"fmt"
	"math"
	"slices"

	"gridsearch/internal/random"
	"gridsearch/search/decide"
	"gridsearch/search/stats"
)

// Workers are the workers of a simulated study.
type Workers struct {
	Number int     // runs that train at once; at least 1
	Seed   uint64  // of the order in which runs end
	Fails  float64 // share of the runs that fail, besides the cell's holes: the same for every decision
	// Kills are moments at which the study is killed and started again. Four of them follow each
	// question: the choice is made, recorded, handed out, and one more run has ended.
	Kills []int
}

// Played is the outcome of one simulated study. Its comparison is that of the search's own runs.
type Played struct {
	Search
	Study   decide.Study
	Choices []decide.Choice // that trained or dropped something, in the order in which they were made
}

// Play simulates the studies that Draw draws, with a decision that says which runs are trained: the
// plan of each is the cell's trials seed by seed; missing scores are runs that fail. A run has the
// same score whoever asks for it and whenever it ends, so that with decide.All the searches are
// those of Draw. The error is that of decide.Ask, and ends the study.
func (c Cell) Play(studies int, d decide.Decision, w Workers) ([]Played, error) {
	list := make([]Played, studies)
	for i := range list {
		p := newPlayer(c, i, w)
		if err := p.play(d); err != nil {
			return nil, fmt.Errorf("study %d of cell %q: %w", i, c.Name, err)
		}
		list[i] = Played{Search{Truth: p.drawn.truth}, p.study, p.choices}
		list[i].Comparison = stats.Compare(list[i].Samples("", ""), c.Options)
	}
	return list, nil
}

// player simulates a study: coordinator, record and workers.
type player struct {
	drawn   *drawn
	workers Workers
	order   *random.Stream // of ends
	moment  int
	study   decide.Study       // the record
	places  map[decide.Run]int // of the runs in it
	choices []decide.Choice
	waiting []int // places of runs that are asked for
	busy    []int // of those that train
}

func newPlayer(c Cell, study int, w Workers) *player {
	p := &player{drawn: c.draw(study), workers: w, places: map[decide.Run]int{},
		order: random.New(w.Seed, "order of ends", c.Name, study),
		study: decide.Study{Stage: "search", Maximise: true}}
	for seed := range c.Seeds {
		for i := range c.Trials {
			p.add(decide.Run{Trial: trial(i), Seed: seed})
		}
	}
	return p
}

// add adds a run to the record.
func (p *player) add(r decide.Run) {
	p.places[r] = len(p.study.Runs)
	p.study.Runs = append(p.study.Runs, decide.Known{Run: r, Score: math.NaN()})
}

// play asks and trains until nothing is under way.
func (p *player) play(d decide.Decision) error {
	for ended := false; !ended; {
		c, err := decide.Ask(d, p.study)
		if err != nil {
			return err
		}
		steps := []func(){func() {}, func() { p.write(c) }, func() { p.handOut(c.Train) },
			func() { ended = !p.endOne() }}
		for _, step := range steps {
			if step(); p.killed() {
				break
			}
		}
	}
	return nil
}

// killed reports whether the study is killed at this moment, which loses all that was under way.
func (p *player) killed() bool {
	p.moment++
	if !slices.Contains(p.workers.Kills, p.moment) {
		return false
	}
	for _, place := range slices.Concat(p.waiting, p.busy) {
		p.study.Runs[place].State = decide.Open
	}
	p.waiting, p.busy = nil, nil
	return true
}

// write records a choice. What a worker has begun is not dropped.
func (p *player) write(c decide.Choice) {
	if len(c.Train)+len(c.Drop) > 0 {
		p.choices = append(p.choices, c)
	}
	for _, r := range c.Train {
		if _, ok := p.places[r]; !ok {
			p.add(r)
		}
	}
	for _, r := range c.Drop {
		if place := p.places[r]; !slices.Contains(p.busy, place) {
			p.study.Runs[place].State = decide.Dropped
			p.waiting = slices.DeleteFunc(p.waiting, func(other int) bool { return other == place })
		}
	}
}

func (p *player) handOut(runs []decide.Run) {
	for _, r := range runs {
		place := p.places[r]
		p.study.Runs[place].State = decide.Asked
		p.waiting = append(p.waiting, place)
	}
}

// endOne lets the workers take what waits, and one of the runs end at random. It returns false if
// there is none.
func (p *player) endOne() bool {
	free := max(1, p.workers.Number) - len(p.busy)
	begun := min(free, len(p.waiting))
	p.busy = append(p.busy, p.waiting[:begun]...)
	p.waiting = p.waiting[begun:]
	if len(p.busy) == 0 {
		return false
	}
	at := p.order.IntN(len(p.busy))
	k := &p.study.Runs[p.busy[at]]
	p.busy = slices.Delete(p.busy, at, at+1)
	k.State = decide.Complete
	if k.Score = p.drawn.score(k.Run, p.workers.Fails); math.IsNaN(k.Score) {
		k.State = decide.Failed
	}
	return true
}

// score is the score of a run, NaN where it fails: for the search's own runs the one that was
// drawn, for others one from streams named after the run, with the truth and the noise of its
// trial. A condition changes nothing but the draw.
func (d *drawn) score(r decide.Run, fails float64) float64 {
	i := slices.IndexFunc(d.samples, func(s stats.Sample) bool { return s.Trial == r.Trial })
	if fails > 0 && d.stream("fails", r.Trial, r).Float64() < fails {
		return math.NaN()
	}
	if r.Stream == "" && r.Condition == "" && r.Seed < len(d.samples[i].Scores) {
		return d.samples[i].Scores[r.Seed]
	}
	seed, own := d.stream("seed", "", r).Norm(), d.stream("run", r.Trial, r).Norm()
	return Middle + Unit*(d.shown[i]+seed+d.noise[i]*own)
}

// stream is a random stream of a run, or with an empty trial the one that all trials' runs with its
// seed share.
func (d *drawn) stream(purpose, trial string, r decide.Run) *random.Stream {
	names := append(slices.Clone(d.names), purpose, trial, r.Seed, r.Stream, r.Condition)
	return random.New(1, names...)
}

// Samples are the trials' scores with a stream of seeds under a condition, both empty for the
// search's own.
func (p Played) Samples(stream, condition string) []stats.Sample {
	samples := make([]stats.Sample, len(p.Truth))
	for i := range samples {
		s := &samples[i]
		s.Trial = trial(i)
		for _, k := range p.Study.Runs {
			r := k.Run
			if r.Trial == s.Trial && r.Stream == stream && r.Condition == condition {
				s.Scores = put(s.Scores, r.Seed, k.Score)
			}
		}
	}
	return samples
}

// put stores a score at its seed; missing seeds before it get NaN.
func put(scores []float64, seed int, score float64) []float64 {
	for len(scores) <= seed {
		scores = append(scores, math.NaN())
	}
	scores[seed] = score
	return scores
}

// Trained is the number of runs that were trained to the end.
func (p Played) Trained() int {
	n := 0
	for _, k := range p.Study.Runs {
		if k.State == decide.Complete || k.State == decide.Failed {
			n++
		}
	}
	return n
}

// DroppedBest reports whether a run of a truly best trial was dropped.
func (p Played) DroppedBest() bool {
	best := map[string]bool{}
	for i, is := range p.best() {
		best[trial(i)] = is
	}
	return slices.ContainsFunc(p.Study.Runs, func(k decide.Known) bool {
		return k.State == decide.Dropped && best[k.Run.Trial]
	})
}
