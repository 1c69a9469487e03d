// Package stages keeps the runs of a study on its record: the stages that they belong to, how they
// follow a plan that has grown or changed, and what decisions add and drop. Of what runs have given
// it knows only whether there is anything.
package stages

import (
	"database/sql"
	"fmt"
	"strings"

	"gridsearch/internal/store/database"
)

// Search is the first stage of every study, whose runs are the plan's trials.
const Search = "search"

// DecideAll is the decision of a stage that trains every run of its plan.
const DecideAll = "all"

// Stage is a part of a study's plan: runs that are decided on together.
type Stage struct {
	Name     string `json:"name"`
	Decision string `json:"decision"` // DecideAll, or what adds runs to those planned
	Runs     []Run  `json:"runs"`     // planned from the beginning, in the order of training
}

// Open says whether decisions may add runs to the stage.
func (s Stage) Open() bool { return s.Decision != DecideAll }

// Run is a training that the record knows.
type Run struct {
	Key       string `json:"key"` // 16 hexadecimal digits, content-addressed
	Trial     string `json:"trial"`
	Seed      int    `json:"seed"`                // index
	Network   string `json:"network,omitempty"`   // 16 hexadecimal digits; empty in older records
	Stream    string `json:"stream,omitempty"`    // of the seed; empty for a search's
	Condition string `json:"condition,omitempty"` // how the recipe differs from the study's
	Stage     string `json:"-"`                   // that it belongs to
}

// Name says which run of the study it is.
func (r Run) Name() string {
	words := []string{r.Trial, fmt.Sprintf("seed=%d", r.Seed)}
	if r.Stream != "" {
		words = append(words, "stream="+r.Stream)
	}
	if r.Condition != "" {
		words = append(words, r.Condition)
	}
	return strings.Join(words, " ")
}

// Contradiction says how a run is recorded as what its key does not say, nil where it is not. The
// error is that of a damaged record, without the file's name.
func Contradiction(recorded, planned Run) error {
	for _, c := range []struct{ what, recorded, planned string }{
		{"seed", fmt.Sprint(recorded.Seed), fmt.Sprint(planned.Seed)},
		{"stream", recorded.Stream, planned.Stream},
		{"condition", recorded.Condition, planned.Condition},
		{"network", recorded.Network, planned.Network},
	} {
		unknown := c.what == "network" && (c.recorded == "" || c.planned == "")
		if c.recorded != c.planned && !unknown {
			return database.Damaged(fmt.Errorf("run %s is recorded with %s %s, its key is that of %s %s",
				recorded.Key, c.what, orNone(c.recorded), c.what, orNone(c.planned)))
		}
	}
	return nil
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}

// Runs are those on a record, with their stages and what has been decided on them.
type Runs struct{ file *database.File }

// On are the runs on a record.
func On(file *database.File) Runs { return Runs{file} }

// list has them in the record's order.
func (r Runs) list() ([]Run, error) {
	rows, err := r.file.DB.Query("SELECT key, trial, seed, network, stream, condition, stage " +
		"FROM runs ORDER BY position")
	if err != nil {
		return nil, r.file.Unread(err)
	}
	defer rows.Close()
	var list []Run
	for rows.Next() {
		var run Run
		if err := rows.Scan(&run.Key, &run.Trial, &run.Seed, &run.Network, &run.Stream,
			&run.Condition, &run.Stage); err != nil {
			return nil, err
		}
		list = append(list, run)
	}
	return list, rows.Err()
}

// add appends runs to those on the record.
func add(tx *sql.Tx, runs []Run) error {
	for _, r := range runs {
		if _, err := tx.Exec(`INSERT INTO runs
			(key, position, trial, seed, network, stream, condition, stage)
			VALUES (?, (SELECT coalesce(max(position), -1) + 1 FROM runs), ?, ?, ?, ?, ?, ?)`,
			r.Key, r.Trial, r.Seed, r.Network, r.Stream, r.Condition, r.Stage); err != nil {
			return fmt.Errorf("run %s (%s): %w", r.Key, r.Name(), err)
		}
	}
	return nil
}
