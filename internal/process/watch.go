package process

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// silenceParts are looks in a time of silence. Looks are counted and not the time between them: a
// coordinator that was frozen itself, with its machine or by a hand, has then not looked.
const silenceParts = 10

// Patience is how long a worker is waited for; 0 has no end.
type Patience struct {
	Time    time.Duration // for what it is asked
	Silence time.Duration // without a word of it
}

// Watch has the worker stop when ctx ends, and kills it when the time for what it does is up, when
// it has said nothing for too long, or when kill ends. The returned function ends the watch and says
// whether the time was up.
func (p *Process) Watch(ctx, kill context.Context, patience Patience) (release func() (timedOut bool)) {
	over, ended := make(chan struct{}), make(chan struct{})
	var timedOut atomic.Bool
	timeout := after(patience.Time)
	go func() {
		defer close(ended)
		look := time.NewTicker(max(1, patience.Silence/silenceParts))
		defer look.Stop()
		if patience.Silence == 0 {
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
				p.Kill("")
				late = nil
			case <-kill.Done():
				p.Kill("")
				<-over
				return
			case <-timeout:
				timedOut.Store(true)
				p.Kill("")
				<-over
				return
			case <-look.C:
				if listener.silent(p.words.Load()) {
					p.Kill(fmt.Sprintf("no word of it for %v, so it was killed", patience.Silence))
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
