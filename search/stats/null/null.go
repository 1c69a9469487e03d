// Package null simulates the null distribution of the statistics of package stats, where all trials
// are equal, with the arithmetic of a table of scores: the largest t between any two of the first m
// trials, for every m, and the largest t by which one trial falls behind the others.
//
// Two sets of tables are drawn, and the larger tail is used. In one, variances are drawn from the
// estimated prior and pooled and shrunk like those of the real table. In the other the shrunk
// variances are independent, as if the trials' noise were most unequal. Draws come from named
// streams and counts are integers: they are the same on every machine and with any number of
// threads.
package null

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"gridsearch/internal/portable"
	"gridsearch/internal/random"
)

// Cache stores simulated distributions between runs of the program. It may lose entries.
type Cache interface {
	Load(name string) ([]byte, bool) // what was saved, whole
	Save(name string, data []byte)
}

// Null is the simulated null distribution for a kind of table.
type Null struct {
	seeds int        // of the table, for the t test of two trials alone
	draws int        // tables in each set
	pairs [][]uint32 // [m-2][cell]: tables whose largest t² reaches the cell's lower edge
	first []uint32   // [cell]: the same of the first trial's largest deficit
}

// Draws for the usual levels, and for levels nearer to 1: there, 200 exceed the level.
const (
	fewestDraws = 20000
	beyondLevel = 200
)

// mostColumns is the largest number of simulated seeds: with more, variances are known so well that
// the tails no longer change.
const mostColumns = 65

// mostEven is the largest number of prior degrees of freedom that simulated variances are drawn
// with. The estimate says "equal" wherever it sees no excess, as it does in a third of searches
// among forty trials whose noise is uneven by 1:3: taken literally they lose a best one in 6.4 % of
// searches, with the limit in 5.1 %; with even noise it goes from 2.4 to 1.3 %, and from 3.5 to 2.8
// % for a dozen trials.
const mostEven = 20

// version is raised when a change alters the simulated numbers.
const version = 1

// key is what a null distribution depends on.
type key struct {
	seeds        string // of every trial, a byte each, the fewest first
	prior, draws int
}

// keyOf is the key of a table's null distribution. Trials with the fewest seeds come first:
// whichever trials are left, the simulated ones have no more seeds.
func keyOf(n []int, prior, draws int) key {
	seeds := make([]byte, len(n))
	for i, v := range n {
		seeds[i] = byte(min(v, mostColumns))
	}
	slices.Sort(seeds)
	return key{string(seeds), prior, draws}
}

// String is the file name of a null distribution: trials x seeds, prior degrees of freedom, tables.
func (k key) String() string {
	name := fmt.Sprintf("null-%d", version)
	for from := 0; from < len(k.seeds); {
		same := strings.Count(k.seeds, k.seeds[from:from+1])
		name += fmt.Sprintf("-%dx%d", same, k.seeds[from])
		from += same
	}
	return fmt.Sprintf("%s-%d-%d", name, k.prior, k.draws)
}

// nulls caches what this process has simulated.
var nulls = memo[key, *Null]{values: map[key]*Null{}}

// Of is the null distribution for a table whose trials have n scores each, and whose variances were
// shrunk with prior degrees of freedom: from memory, from the cache, or simulated. The cache may be
// nil. Two trials are compared by Student's t, which needs no simulation.
func Of(n []int, prior int, confidence float64, cache Cache) *Null {
	if len(n) == 2 {
		return &Null{seeds: min(n[0], n[1])}
	}
	draws := max(fewestDraws, int(math.Ceil(beyondLevel/(1-confidence)-1e-6)))
	k := keyOf(n, prior, draws)
	return nulls.get(k, func() *Null {
		if cache == nil {
			return simulate(k)
		}
		if data, ok := cache.Load(k.String()); ok {
			if u := decode(k, data); u != nil {
				return u
			}
		}
		u := simulate(k)
		cache.Save(k.String(), u.encode())
		return u
	})
}

// P is the share of tables of equal trials in which the largest t among the first m reaches t.
func (u *Null) P(m int, t float64) float64 {
	if u.pairs == nil {
		return 2 * distuv.StudentsT{Sigma: 1, Nu: float64(u.seeds - 1)}.Survival(t)
	}
	return share(u.pairs[m-2], t*t, u.draws)
}

// Deficit is the t by which a trial falls behind the best of its equals with probability 1 - level.
func (u *Null) Deficit(level float64) float64 {
	if u.pairs == nil {
		return distuv.StudentsT{Sigma: 1, Nu: float64(u.seeds - 1)}.Quantile(level)
	}
	low, high := 0, cells-1 // the first cell whose lower edge fewer tables reach
	for high-low > 1 {
		if middle := (low + high) / 2; share(u.first, edge(middle), u.draws) > 1-level {
			low = middle
		} else {
			high = middle
		}
	}
	a, b := share(u.first, edge(low), u.draws), share(u.first, edge(high), u.draws)
	at := 0.
	if a > b {
		at = (a - (1 - level)) / (a - b)
	}
	return math.Sqrt(edge(low) + at*(edge(high)-edge(low)))
}

// Cells of t²: 32 for each factor of 2, from 2^-20 to 2^40. Their edges are exact in binary, so
// that counting needs no logarithm and is the same on every machine.
const (
	cellBits  = 5
	firstCell = (1023 - 20) << cellBits
	cells     = 60<<cellBits + 1
)

// cell is the index of the cell of t², the last one for all larger values.
func cell(t2 float64) int {
	return min(max(0, int(math.Float64bits(t2)>>(52-cellBits))-firstCell), cells-1)
}

// edge is the lower edge of a cell.
func edge(cell int) float64 {
	return math.Float64frombits(uint64(cell+firstCell) << (52 - cellBits))
}

// share is the p value of t² (never 0: the real table counts among the simulated ones),
// interpolated linearly inside a cell.
func share(tails []uint32, t2 float64, draws int) float64 {
	c := cell(t2)
	count := float64(tails[c])
	switch {
	case t2 < edge(0):
		return 1
	case c == cells-1:
		count = 0
	default:
		at := (t2 - edge(c)) / (edge(c+1) - edge(c))
		count -= at * (count - float64(tails[c+1]))
	}
	return (count + 1) / float64(draws+1)
}

// blockDraws is the number of tables that share a random stream, the unit of work of a thread.
const blockDraws = 1000

// simulate draws the tables.
func simulate(key key) *Null {
	shrunk, independent := newNull(key), newNull(key)
	blocks := (key.draws + blockDraws - 1) / blockDraws
	var mutex sync.Mutex
	var group sync.WaitGroup
	next := make(chan int, blocks)
	for block := range blocks {
		next <- block
	}
	close(next)
	for range min(blocks, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			mine, other := newNull(key), newNull(key)
			for block := range next {
				mine.drawBlock(key, block, other)
			}
			mutex.Lock()
			defer mutex.Unlock()
			shrunk.add(mine)
			independent.add(other)
		})
	}
	group.Wait()
	shrunk.sumTails()
	independent.sumTails()
	shrunk.larger(independent)
	return shrunk
}

func newNull(key key) *Null {
	u := &Null{draws: key.draws, first: make([]uint32, cells)}
	for range len(key.seeds) - 1 {
		u.pairs = append(u.pairs, make([]uint32, cells))
	}
	return u
}

// rows are the counts of all statistics.
func (u *Null) rows() [][]uint32 { return append(u.pairs[:len(u.pairs):len(u.pairs)], u.first) }

func (u *Null) add(other *Null) {
	rows := u.rows()
	for i, row := range other.rows() {
		for c, n := range row {
			rows[i][c] += n
		}
	}
}

// sumTails turns counts of cells into cumulative counts from the top.
func (u *Null) sumTails() {
	for _, row := range u.rows() {
		for c := cells - 2; c >= 0; c-- {
			row[c] += row[c+1]
		}
	}
}

func (u *Null) larger(other *Null) {
	rows := u.rows()
	for i, row := range other.rows() {
		for c, n := range row {
			rows[i][c] = max(rows[i][c], n)
		}
	}
}

// drawBlock draws the tables of a block for both sets. Where the table's variances are not pooled
// there is only one set.
func (u *Null) drawBlock(key key, block int, independent *Null) {
	s := random.New(1, key.String(), block)
	d := newDraw(key)
	for range min(blockDraws, key.draws-block*blockDraws) {
		if key.prior > 0 {
			d.shrunk(s)
			u.count(d)
		}
		d.independent(s)
		independent.count(d)
	}
}

// count adds the statistics of a simulated table. Products are rounded before they are compared,
// which keeps results the same on every machine.
func (u *Null) count(d *draw) {
	top, place := 0., 0
	low, high, least := d.z[0], d.z[0], d.v[0]
	for i := 1; i < len(d.z); i++ {
		z, v := d.z[i], d.v[i]
		// No pair is further apart than the outermost, nor better known than the best known.
		if most := max(z-low, high-z); most*most > float64(top*(v+least)) {
			for j, other := range d.z[:i] {
				apart, both := z-other, v+d.v[j]
				if square := apart * apart; square > float64(top*both) {
					top = square / both
				}
			}
			place = cell(top)
		}
		u.pairs[i-1][place]++
		low, high, least = min(low, z), max(high, z), min(least, v)
	}
	u.first[cell(d.deficit())]++
}

// deficit is the largest t² by which the first trial falls behind another.
func (d *draw) deficit() float64 {
	deficit := 0.
	for j := 1; j < len(d.z); j++ {
		if apart := d.z[j] - d.z[0]; apart > 0 {
			deficit = max(deficit, float64(apart*apart)/(d.v[j]+d.v[0]))
		}
	}
	return deficit
}

// draw is the means and shrunk variances of a simulated table of equal trials.
type draw struct {
	key    key
	z, v   []float64
	sigma  []float64
	e      []float64
	starts []int     // [contrast of seeds] the first trial that has it; the later ones do too
	shares []float64 // residual degrees of freedom of each trial
	all    float64   // of all trials
}

func newDraw(key key) *draw {
	k := len(key.seeds)
	list := func() []float64 { return make([]float64, k) }
	d := &draw{key: key, z: list(), v: list(), sigma: list(), e: list(), shares: list()}
	for contrast := range int(key.seeds[k-1]) - 1 {
		start := strings.IndexFunc(key.seeds, func(n rune) bool { return int(n)-1 > contrast })
		d.starts = append(d.starts, start)
		for i := start; i < k; i++ {
			d.shares[i] += 1 - 1/float64(k-start)
		}
		d.all += float64(k - start - 1)
	}
	return d
}

// shrunk draws a table whose variances come from the prior: its residuals are contrasts of each
// trial's seeds, centred over the trials like those of the fit of seed effects.
func (d *draw) shrunk(s *random.Stream) {
	prior, freedom := float64(d.key.prior), min(d.key.prior, mostEven)
	for i := range d.z {
		d.sigma[i] = math.Sqrt(float64(freedom) / ChiSquared(s, freedom))
		d.z[i], d.v[i] = float64(d.sigma[i]*s.Norm()), 0
	}
	for _, start := range d.starts {
		mean, k := 0., float64(len(d.z)-start)
		for i := start; i < len(d.z); i++ {
			d.e[i] = float64(d.sigma[i] * s.Norm())
			mean += d.e[i] / k
		}
		for i := start; i < len(d.z); i++ {
			d.v[i] += float64((d.e[i] - mean) * (d.e[i] - mean))
		}
	}
	pooled := 0.
	for _, squares := range d.v {
		pooled += squares / d.all
	}
	for i, squares := range d.v {
		n := float64(d.key.seeds[i] - 1)
		own := squares / max(d.shares[i], 1e-9)
		d.v[i] = (float64(prior*pooled) + float64(n*own)) / (prior + n)
	}
}

// independent draws a table whose shrunk variances are independent.
func (d *draw) independent(s *random.Stream) {
	for i := range d.z {
		freedom := d.key.prior + int(d.key.seeds[i]) - 1
		d.z[i], d.v[i] = s.Norm(), ChiSquared(s, freedom)/float64(freedom)
	}
}

// ChiSquared draws from the chi-squared distribution: from the logarithm of a product of uniform
// numbers, plus the square of a normal one where the degrees of freedom are odd.
func ChiSquared(s *random.Stream, freedom int) float64 {
	product, sum := 1., 0.
	for range freedom / 2 {
		if product *= 1 - s.Float64(); product < 1e-250 {
			sum, product = sum-float64(2*portable.Log(product)), 1
		}
	}
	if freedom > 1 {
		sum -= float64(2 * portable.Log(product))
	}
	if freedom%2 == 1 {
		z := s.Norm()
		sum += float64(z * z)
	}
	return sum
}

// encode compresses the counts as differences to the previous cell, most of which are small or 0.
func (u *Null) encode() []byte {
	var data []byte
	for _, row := range u.rows() {
		before := uint32(u.draws)
		for _, n := range row {
			data = binary.AppendUvarint(data, uint64(before-n))
			before = n
		}
	}
	return data
}

// decode is the inverse of encode; nil for anything else.
func decode(key key, data []byte) *Null {
	u := newNull(key)
	for _, row := range u.rows() {
		before := uint64(u.draws)
		for c := range row {
			less, size := binary.Uvarint(data)
			if size <= 0 || less > before {
				return nil
			}
			data, before = data[size:], before-less
			row[c] = uint32(before)
		}
	}
	if len(data) > 0 {
		return nil
	}
	return u
}
