package coordinator

import (
	"encoding/json"
	"sync"

	"gridsearch/internal/files"
	"gridsearch/internal/study"
)

// board is the status on disk, for those who look from outside. It is written beside the study, the
// latest status alone where several come meanwhile: a disk that does not answer holds nobody up.
type board struct {
	path    string
	mutex   sync.Mutex
	next    *study.Status // to be written
	writing bool
	writers sync.WaitGroup
}

// put has a status written.
func (b *board) put(s study.Status) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.next = &s
	if !b.writing {
		b.writing = true
		b.writers.Go(b.write)
	}
}

// write writes until nothing is left. The status is no part of the record, so a failure does no
// harm and is not reported.
func (b *board) write() {
	for s := b.take(); s != nil; s = b.take() {
		if text, err := json.Marshal(s); err == nil {
			_ = files.Renew(b.path, text)
		}
	}
}

func (b *board) take() *study.Status {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s := b.next
	b.next, b.writing = nil, s != nil
	return s
}

// flush waits until what was put has been written.
func (b *board) flush() { b.writers.Wait() }
