package coordinator

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// silenceParts are looks in a time of silence. Looks are counted and not the time between them: a
// supervisor that was frozen itself, with its machine or by a hand, has then not looked.
const silenceParts = 10

// watch ends what the worker does when the study is stopped, and kills the worker when that is
// asked for, when the time for it is up (0: there is no end), or when the worker has said nothing
// for too long. The returned function ends the watch and says whether the time was up.
func (s *supervisor) watch(ctx context.Context, p *process,
	within time.Duration) (release func() (timedOut bool)) {
	over, ended := make(chan struct{}), make(chan struct{})
	var timedOut atomic.Bool
	timeout := after(within)
	kill := s.untilKilled()
	go func() {
		defer close(ended)
		look := time.NewTicker(max(1, s.execution.Silence/silenceParts))
		defer look.Stop()
		if s.execution.Silence == 0 {
			look.Stop()
		}
		var listener listener
		stop := ctx.Done()
		var late <-chan time.Time
		for {
			select {
			case <-over:
				return
			case <-stop:
				p.closeInput()
				stop, late = nil, time.After(stopWithin)
			case <-late:
				p.kill("")
				late = nil
			case <-kill.Done():
				p.kill("")
				<-over
				return
			case <-timeout:
				timedOut.Store(true)
				p.kill("")
				<-over
				return
			case <-look.C:
				if listener.silent(p.words.Load()) {
					p.kill(fmt.Sprintf("no word of it for %v, so it was killed", s.execution.Silence))
				}
			}
		}
	}()
	return func() bool {
		close(over)
		<-ended
		return timedOut.Load()
	}
}

// after is a timer's channel, or none for 0.
func after(d time.Duration) <-chan time.Time {
	if d == 0 {
		return nil
	}
	return time.NewTimer(d).C
}

// listener counts looks at a worker in which it has said nothing new.
type listener struct {
	words int64
	looks int
}

// silent takes how many words there have been, at a look, and says whether it has been silent for
// all of the last looks.
func (l *listener) silent(words int64) bool {
	if words != l.words {
		*l = listener{words: words}
	}
	l.looks++
	return l.looks > silenceParts
}
