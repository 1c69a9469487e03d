package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestOf: what the system refuses is the machine's, with the path and what to do; all else is not.
func TestOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	at := func(e error) error {
		return fmt.Errorf("run: %w", &fs.PathError{Op: "write", Path: path,
			Err: e})
	}
	for want, err := range map[string]error{
		"make room on that disk": at(syscall.ENOSPC),
		"make room below":        at(syscall.EDQUOT),
		"ulimit -f":              at(syscall.EFBIG),
		"can be written":         at(syscall.EROFS),
		"that disk fails":        errors.Join(errors.New("x"), at(syscall.EIO)),
		"ulimit -n":              at(syscall.EMFILE),
		"that place is gone":     at(syscall.ENOENT),
		"this user":              &os.LinkError{Op: "rename", Old: "a", New: path, Err: syscall.EACCES},
		"see to what":            at(syscall.EBUSY),
	} {
		f := Of(err)
		if f == nil || f.Path != path || !strings.Contains(f.Advice, want) {
			t.Errorf("%v is %+v, want %q", err, f, want)
		}
	}
	full := Of(at(syscall.ENOSPC))
	if room := strings.HasSuffix(full.Cause, " free"); room != (runtime.GOOS == "linux") {
		t.Errorf("a full disk is told as %q", full)
	}
	if again := Of(fmt.Errorf("more words: %w", full)); again != full {
		t.Errorf("a fault in an error is %+v", again)
	}
	text, err := json.Marshal(full)
	var back Fault
	if err = errors.Join(err, json.Unmarshal(text, &back)); err != nil || back != *full {
		t.Errorf("%s is read as %+v (%v)", text, back, err)
	}
	for _, err := range []error{nil, errors.New("the loss became NaN"), exec.ErrNotFound} {
		if f := Of(err); f != nil {
			t.Errorf("%v is %+v", err, f)
		}
	}
}
