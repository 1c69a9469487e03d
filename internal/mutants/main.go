// Command mutants holds the tests of this module to account: it changes the sources in small ways,
// one at a time, and says which of the changes no test notices.
//
// It draws mutants by a seed, brings each to the compiler by an overlay, so that no file of the
// tree is touched, and runs the tests of its package; those of the packages that import it follow
// if these pass. A mutant dies where a test fails or hangs. One that does not compile is drawn
// again. What survives is a hole in the tests, or is equivalent to the original.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"gridsearch/internal/random"
)

// usual are the packages that are asked for where none are named.
var usual = []string{"internal/kernel/...", "internal/fused/...", "internal/study/...",
	"internal/coordinator/...", "internal/store/...", "search/...", "internal/report/..."}

// errInput is a mistake in the arguments.
var errInput = errors.New("wrong arguments")

// options are the arguments.
type options struct {
	seed          uint64
	n             int
	json          string
	resume, retry bool
	short         bool
	packages      []string
	slack         time.Duration // for tests that take longer than without a mutant
	slowest       float64       // seconds of an importing package's tests, at most
	importers     int           // packages whose tests follow a mutant's own, at most
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, ".", o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errInput):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}

// parse reads the arguments.
func parse(words []string) (options, error) {
	var o options
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.Uint64Var(&o.seed, "seed", 1, "seed that the mutants are drawn by")
	f.IntVar(&o.n, "n", 200, "number of mutants that compile")
	f.StringVar(&o.json, "json", "", "file to keep the results in after every mutant")
	f.BoolVar(&o.resume, "resume", false, "go on with the results in the file of -json")
	f.BoolVar(&o.retry, "retry", false, "with -resume: run the survivors again, on tests that have "+
		"changed")
	f.DurationVar(&o.slack, "slack", 10*time.Second, "a test hangs if it takes four times as long as "+
		"without a mutant, and this")
	f.Float64Var(&o.slowest, "slowest", 30, "seconds of the tests of an importing package, at most")
	f.BoolVar(&o.short, "short", true, "run tests with -short")
	f.IntVar(&o.importers, "importers", 4, "importing packages whose tests are run, at most")
	if err := f.Parse(words); err != nil {
		return o, fmt.Errorf("%w: %w", errInput, err)
	}
	if o.n < 1 || o.resume && o.json == "" || o.retry && !o.resume {
		return o, fmt.Errorf("%w: -n is 1 at least, -resume needs -json, -retry needs -resume", errInput)
	}
	if o.packages = f.Args(); len(o.packages) == 0 {
		o.packages = usual
	}
	return o, nil
}

// run draws mutants of packages of the module in a folder, and tests them.
func run(ctx context.Context, dir string, o options, out io.Writer) error {
	t := &tester{dir: dir, slack: o.slack, short: o.short, slowest: o.slowest,
		importers: o.importers}
	drawn, err := t.draw(ctx, o)
	if err != nil {
		return err
	}
	if t.record, err = begin(o, drawn); err != nil {
		return err
	}
	if t.scratch, err = os.MkdirTemp("", "mutants"); err != nil {
		return err
	}
	defer os.RemoveAll(t.scratch)
	fmt.Fprintf(out, "seed %d, %d mutants of the %d in %s\n", o.seed, o.n, len(drawn),
		strings.Join(o.packages, " "))
	if err := t.goThrough(ctx, o, drawn, out); err != nil {
		return err
	}
	t.record.summary(out)
	return nil
}

// draw lists all mutants of the packages, in the order in which the seed draws them.
func (t *tester) draw(ctx context.Context, o options) ([]mutant, error) {
	var err error
	if t.all, err = list(ctx, t.dir, "..."); err != nil {
		return nil, err
	}
	chosen, err := list(ctx, t.dir, o.packages...)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, p := range chosen {
		found, err := mutantsOf(p)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no mutants in %s: name folders, as search/... does",
			errInput, strings.Join(o.packages, " "))
	}
	var drawn []mutant
	for _, i := range random.New(o.seed, "mutants").Perm(len(all)) {
		drawn = append(drawn, all[i])
	}
	return drawn, nil
}

// begin is the record to go on with, or a new one.
func begin(o options, drawn []mutant) (*record, error) {
	if o.resume {
		r, err := load(o.json)
		if err != nil {
			return nil, err
		}
		if r != nil {
			if err := r.fits(o.seed, o.packages, drawn); err != nil {
				return nil, fmt.Errorf("%w: %s: %w", errInput, o.json, err)
			}
			return r, nil
		}
	}
	return &record{Seed: o.seed, Packages: o.packages, Tests: map[string]float64{}}, nil
}

// goThrough tries the mutants in their order until enough of them have compiled.
func (t *tester) goThrough(ctx context.Context, o options, drawn []mutant, out io.Writer) error {
	if o.retry {
		if err := t.tryAgain(ctx, o, out); err != nil {
			return err
		}
	}
	began, first := time.Now(), t.record.built()
	for _, m := range drawn[len(t.record.Results):] {
		if t.record.built() >= o.n {
			break
		}
		r, err := t.try(ctx, m)
		if err != nil {
			return err
		}
		t.record.Results = append(t.record.Results, r)
		if err := t.record.save(o.json); err != nil {
			return err
		}
		done := t.record.built()
		fmt.Fprintf(out, "[%d/%d, %s left] %v\n", done, o.n,
			left(time.Since(began), done-first, o.n-done), r)
	}
	return nil
}

// tryAgain tries the survivors once more.
func (t *tester) tryAgain(ctx context.Context, o options, out io.Writer) error {
	clear(t.record.Tests) // they may take longer now
	for i, old := range t.record.Results {
		if old.Outcome != survived {
			continue
		}
		r, err := t.try(ctx, old.mutant)
		if err != nil {
			return err
		}
		t.record.Results[i] = r
		if err := t.record.save(o.json); err != nil {
			return err
		}
		fmt.Fprintln(out, "[again]", r)
	}
	return nil
}

// left is the time that more mutants take at the pace so far.
func left(spent time.Duration, done, more int) time.Duration {
	return (spent / time.Duration(max(1, done)) * time.Duration(more)).Round(time.Second)
}
