package store

import (
	"fmt"

	"gridsearch/internal/job"
	"gridsearch/internal/store/database"
	"gridsearch/internal/store/stages"
)

// check says what a result that was read has that no training gives. Whoever uses one may count on
// the rest.
func (r Result) check(of stages.Run) error {
	err := job.Result(r).Check()
	if of.Seed < 0 || of.Seed >= job.MaxSeeds {
		err = fmt.Errorf("its seed is %d", of.Seed)
	}
	if err != nil {
		return database.Damaged(fmt.Errorf("the result of run %s: %w", of.Key, err))
	}
	return nil
}

// consistent says where a result contradicts itself.
func (r Result) consistent() error {
	if err := job.Result(r).Consistent(); err != nil {
		return database.Damaged(err)
	}
	return nil
}
