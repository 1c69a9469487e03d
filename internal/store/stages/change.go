package stages

import (
	"database/sql"
	"slices"
)

// Change is what taking over a plan does to the runs on the record: it adds the new ones, and gives
// all the plan's order and names. Runs that are not planned follow in the order that they had.
type Change struct {
	// Names are what the trials on the record are called from now on, by what they were called.
	Names map[string]string

	added, all []Run
}

// Change is what a plan's stages change, nil for nothing. Where runs are there already, those that
// are new are added and the plan's order and names of trials taken over: a key says what was
// trained, a name what the plan calls it. Runs that decisions have added to a stage of the plan
// follow. Runs that are in no stage give a *MismatchError where one of them has been begun; those
// that nobody has begun stay until Withdraw. A run that is recorded as what its key does not say is
// a *database.FileError.
func (r Runs) Change(stages []Stage) (*Change, error) {
	recorded, err := r.list()
	if err != nil {
		return nil, err
	}
	planned := planned(stages)
	if slices.Equal(recorded, planned) {
		return nil, nil
	}
	if err := r.compare(recorded, planned, stages); err != nil {
		return nil, err
	}
	return change(recorded, planned), nil
}

func change(recorded, planned []Run) *Change {
	there, wanted := byKey(recorded), byKey(planned)
	c := &Change{Names: map[string]string{}, all: slices.Clone(planned)}
	for _, r := range recorded {
		if w, ok := wanted[r.Key]; ok {
			c.Names[r.Trial] = w.Trial
			continue
		}
		c.all = append(c.all, r)
		if _, known := c.Names[r.Trial]; !known {
			c.Names[r.Trial] = r.Trial
		}
	}
	c.added = slices.DeleteFunc(slices.Clone(planned), func(r Run) bool {
		_, ok := there[r.Key]
		return ok
	})
	return c
}

// Apply makes the change to the runs. What else goes by the names of trials is left to the caller.
func (c *Change) Apply(tx *sql.Tx) error {
	if err := add(tx, c.added); err != nil {
		return err
	}
	return order(tx, c.all)
}

// order gives the runs on the record their places, and what else a plan says of them.
func order(tx *sql.Tx, runs []Run) error {
	// no two rows may have one position, not even on the way
	if _, err := tx.Exec("UPDATE runs SET position = -1 - position"); err != nil {
		return err
	}
	for i, r := range runs {
		if _, err := tx.Exec("UPDATE runs SET position = ?, trial = ?, network = ?, stage = ? "+
			"WHERE key = ?", i, r.Trial, r.Network, r.Stage, r.Key); err != nil {
			return err
		}
	}
	return nil
}
