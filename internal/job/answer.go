package job

import "fmt"

// Check holds an answer against the run that was asked for. The error says what is wrong with it.
func (o Outcome) Check(key string) error {
	ends := 0
	for _, end := range []bool{o.Result != nil, o.Error != "", o.Interrupted || o.Fault != nil} {
		if end {
			ends++
		}
	}
	switch {
	case o.Key != key:
		return fmt.Errorf("its answer is of run %q, and it was asked for %s", o.Key, key)
	case ends != 1:
		return fmt.Errorf("its answer has %d of a result, an error and an interruption, and must "+
			"have one", ends)
	}
	return nil
}
