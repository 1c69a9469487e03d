//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// photograph is a JPEG file of 1500 x 1125 pixels: long to decode, and soon drawn.
var photograph = sync.OnceValue(func() []byte {
	im := image.NewYCbCr(image.Rect(0, 0, 1500, 1125), image.YCbCrSubsampleRatio420)
	for i := range im.Y {
		im.Y[i] = uint8(i%1500/9 + i/40000 + i*i%13)
	}
	for i := range im.Cb {
		im.Cb[i], im.Cr[i] = uint8(i/5000), uint8(i%750/4)
	}
	var text bytes.Buffer
	if err := jpeg.Encode(&text, im, nil); err != nil {
		panic(err)
	}
	return text.Bytes()
})

// numbered is the photograph as a file of its own: a comment has the number.
func numbered(n int) []byte {
	text, comment := photograph(), fmt.Sprint("number ", n)
	head := append(bytes.Clone(text[:2]), 0xff, 0xfe)
	head = binary.BigEndian.AppendUint16(head, uint16(len(comment)+2))
	return append(append(head, comment...), text[2:]...)
}

// photos is a session with a folder of photographs and a cache of its own.
type photos struct {
	session
	large int // how many are large
	files *int
}

// large photographs take seconds to decode on one core. As many small ones are images whose content
// matters.
const large = 60

func newPhotos(t *testing.T, large int) photos {
	t.Helper()
	s := photos{newSession(t), large, new(int)}
	s.cache = t.TempDir()
	for i := range 120 {
		text := numbered(i)
		if i >= large {
			text = dotted(i)
		}
		s.write(fmt.Sprintf("photos/class%d/%03d.jpg", i%3, i), text)
	}
	text, err := os.ReadFile("testdata/small.toml")
	if err != nil {
		t.Fatal(err)
	}
	study := string(text)
	for from, to := range map[string]string{"motifs\"": "image-folder\"\npath = \"photos\"",
		"train_examples = 96": "", "validation_fraction = 0.01": "validation_fraction = 0.2"} {
		if !strings.Contains(study, from) {
			t.Fatal("small.toml has no ", from)
		}
		study = strings.Replace(study, from, to, 1)
	}
	s.write("photos.toml", []byte(study))
	return s
}

// write writes a file, as if it were done some time ago, each at another one.
func (s photos) write(name string, text []byte) {
	s.t.Helper()
	*s.files++
	path := filepath.Join(s.folder, name)
	at := time.Now().Add(-time.Hour).Truncate(time.Second).Add(time.Duration(*s.files) * time.Second)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644),
		os.Chtimes(path, at, at)); err != nil {
		s.t.Fatal(err)
	}
}

// slow starts a run that decodes on one core, and waits until it does.
func (s photos) slow(args ...string) (*exec.Cmd, *messages) {
	s.t.Helper()
	cmd, _, _ := s.command(append([]string{"run", "photos.toml"}, args...)...)
	said := &messages{}
	cmd.Stderr, cmd.Env = said, append(cmd.Env, "GOMAXPROCS=1")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	waitFor(s.t, "packs in the making", func() bool { return len(s.cached("*.gridsearch-tmp-*")) > 0 })
	return cmd, said
}

// cached are the files of the cache.
func (s photos) cached(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(s.cache, "gridsearch", "packs", pattern))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// undisturbed are the tables of undisturbed studies, by how many photographs are large.
var undisturbed = map[int]string{}

// want is the table of an undisturbed study.
func (s photos) want() string {
	s.t.Helper()
	if undisturbed[s.large] == "" {
		own := s
		own.cache = s.t.TempDir()
		code, out, said := own.run("run", "photos.toml", "--progress", "none", "--dir", "undisturbed")
		if code != exitDone {
			s.t.Fatalf("the undisturbed study ends with %d: %s", code, said)
		}
		undisturbed[s.large] = out
	}
	return undisturbed[s.large]
}

// finishes runs the study to its end.
func (s photos) finishes(after string, args ...string) {
	s.t.Helper()
	code, out, said := s.run(append([]string{"run", "photos.toml", "--progress", "plain"}, args...)...)
	if want := s.want(); code != exitDone || out != want || strings.Contains(said, "failed") {
		s.t.Errorf("after %s it ends with %d: %s\n%s\nwant\n%s", after, code, said, out, want)
	}
	if left := s.cached("*.gridsearch-tmp-*"); len(left) > 0 {
		s.t.Errorf("after %s there are %v", after, left)
	}
}

// TestReadingStops: a signal ends a reading before it is done, with the command that goes on; a
// killed one leaves nothing that hinders the next.
func TestReadingStops(t *testing.T) {
	s := newPhotos(t, large)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		cmd, said := s.slow("--progress", "plain")
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if packs := s.cached("*.safetensors"); len(packs) > 0 {
			t.Fatalf("after %v there are %v", signal, packs)
		}
		if signal == syscall.SIGKILL {
			continue
		}
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted+int(signal) ||
			!strings.Contains(said.String(), "while images were read") ||
			!strings.Contains(said.String(), "go on with: gridsearch run photos.toml") {
			t.Errorf("%v ends with %d: %s", signal, code, said)
		}
		if left := s.cached("*.gridsearch-tmp-*"); len(left) > 0 {
			t.Errorf("after %v there are %v", signal, left)
		}
	}
	s.finishes("signals")
}

// TestReadingFullDisk: a cache without room is told with what is needed and what there is, before
// anything is decoded; with room the same command goes on.
func TestReadingFullDisk(t *testing.T) {
	if err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs",
		"/mnt").Run(); err != nil {
		t.Skip("no disk of its own for a test here: unshare -rm mount: ", err)
	}
	s := newPhotos(t, 0)
	script := s.shellScript("full", `mkdir m && mount -t tmpfs -o size=100k tmpfs m || exit 99
export XDG_CACHE_HOME=$PWD/m
"$1" run photos.toml --progress plain; echo code $?
ls studies
mount -o remount,size=64m m
"$1" run photos.toml --progress none; echo code $?
find m -name '*.gridsearch-tmp-*'; umount m; rmdir m`)
	cmd, out, said := s.command()
	cmd.Path, cmd.Args = "/usr/bin/env", []string{"env", "unshare", "-rm", script, s.program}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if want := "code 3\n" + s.want() + "code 0\n"; out.String() != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
	for _, part := range []string{"stopped by this machine, which is no run's fault: ",
		"/m/gridsearch/packs: no space left on device, ", " kB free, and the packs of 120 images at 2 " +
			"sizes take 189 kB", "make room", "XDG_CACHE_HOME", "go on with: gridsearch run photos.toml"} {
		if !strings.Contains(said.String(), part) {
			t.Errorf("%q is not in: %s", part, said)
		}
	}
}

// TestReadTogether: studies that need the same packs at the same time wait for the one that makes
// them, and say so in every form of progress.
func TestReadTogether(t *testing.T) {
	s := newPhotos(t, large)
	want := s.want()
	first, _ := s.slow("--progress", "none", "--dir", "first")
	type other struct {
		mode      string
		cmd       *exec.Cmd
		out, said *bytes.Buffer
	}
	var others []other
	for _, mode := range []string{"json", "plain", "none", "auto"} {
		cmd, out, said := s.command("run", "photos.toml", "--progress", mode, "--dir", mode)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		others = append(others, other{mode, cmd, out, said})
	}
	if err := first.Wait(); err != nil {
		t.Errorf("the first ends with %v", err)
	}
	for _, o := range others {
		if err := o.cmd.Wait(); err != nil || o.out.String() != want {
			t.Errorf("%s ends with %v: %s%s\nwant\n%s", o.mode, err, o.said, o.out, want)
		}
		waits := strings.Contains(o.said.String(), "waiting for another process that reads")
		if waits != (o.mode != "none") || o.mode == "none" && o.said.Len() > 0 {
			t.Errorf("%s says %s", o.mode, o.said)
		}
		if o.mode != "json" {
			continue
		}
		for line := range strings.Lines(o.said.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("this is no JSON: %s", line)
			}
		}
	}
}

// TestDamagedPacks: packs that are cut short, or altered in a pixel or an index, are made anew and
// the study ends in the right numbers; no run is failed for it.
func TestDamagedPacks(t *testing.T) {
	s := newPhotos(t, 0)
	damages := []struct {
		name   string
		damage func(file *os.File, size int64) error
	}{
		{"a pixel", func(file *os.File, size int64) error { return flip(file, size-1) }},
		{"all pixels", func(file *os.File, size int64) error {
			for at := int64(40_000); at < size; at += 100 {
				if err := flip(file, at); err != nil {
					return err
				}
			}
			return nil
		}},
		{"an index", func(file *os.File, size int64) error { return flip(file, 3000) }},
		{"a cut", func(file *os.File, size int64) error { return file.Truncate(size / 2) }},
	}
	for i, d := range damages {
		dir := fmt.Sprint("study", i)
		if code, _, said := s.run("run", "photos.toml", "--progress", "none", "--dir", dir, "--limit",
			"1"); code != exitDone {
			t.Fatalf("%s: it begins with %d: %s", d.name, code, said)
		}
		for _, path := range s.cached("*.safetensors") {
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			info, err := file.Stat()
			if err == nil {
				err = d.damage(file, info.Size())
			}
			if file.Close(); err != nil {
				t.Fatal(err)
			}
		}
		s.finishes(d.name, "--dir", dir)
	}
	logs, err := filepath.Glob(filepath.Join(s.folder, "study0", "photos", "runs", "*", "log.txt"))
	told := 0
	for _, path := range logs {
		text, _ := os.ReadFile(path)
		told += strings.Count(string(text), " is damaged: image ")
	}
	if err != nil || told == 0 {
		t.Errorf("%d logs tell of %d damaged packs (%v)", len(logs), told, err)
	}
}

// flip changes a bit of a file.
func flip(file *os.File, at int64) error {
	b := make([]byte, 1)
	if _, err := file.ReadAt(b, at); err != nil {
		return err
	}
	b[0] ^= 4
	_, err := file.WriteAt(b, at)
	return err
}

// TestChangedPhotos: a study whose files are others now is refused, and the files are named; with the
// old ones it goes on.
func TestChangedPhotos(t *testing.T) {
	s := newPhotos(t, 0)
	begin := []string{"run", "photos.toml", "--progress", "none"}
	if code, _, said := s.run(append(begin, "--limit", "1")...); code != exitDone {
		t.Fatalf("it begins with %d: %s", code, said)
	}
	s.write("photos/class0/060.jpg", dotted(400))
	s.write("photos/class1/new.jpg", dotted(401))
	if err := os.Remove(filepath.Join(s.folder, "photos/class2/062.jpg")); err != nil {
		t.Fatal(err)
	}
	code, _, said := s.run(begin...)
	for _, part := range []string{"1 changed (class0/060.jpg)", "1 added (class1/new.jpg)",
		"1 removed (class2/062.jpg)", "bring the old files back"} {
		if code != exitOtherStudy || !strings.Contains(said, part) {
			t.Errorf("it ends with %d, without %q: %s", code, part, said)
		}
	}
	s.write("photos/class0/060.jpg", dotted(60))
	s.write("photos/class2/062.jpg", dotted(62))
	if err := os.Remove(filepath.Join(s.folder, "photos/class1/new.jpg")); err != nil {
		t.Fatal(err)
	}
	s.finishes("changes")
}

// TestSkipped: what is skipped is said when the reading has found it out, and by plan from then on.
func TestSkipped(t *testing.T) {
	s := newPhotos(t, 0)
	text := dotted(0)
	s.write("photos/class0/000.jpg", append(text[:len(text)-60], 0xff, 0xd9))
	s.write("photos/class1/001.jpg", nil)
	const skip = "data.on_unreadable=skip"
	const opened = "note: 1 left out, cannot be read: class1/001.jpg\n"
	const read = "note: 2 left out, cannot be read: class0/000.jpg, class1/001.jpg\n"
	for i, args := range [][]string{{"plan"}, {"run", "--limit", "1"}, {"plan"}} {
		code, out, said := s.run(append(args, "photos.toml", "--set", skip)...)
		said += out
		if code != exitDone || strings.Contains(said, opened) != (i < 2) ||
			strings.Contains(said, read) != (i > 0) {
			t.Errorf("%v ends with %d: %s", args, code, said)
		}
	}
	if code, _, said := s.run("plan", "photos.toml"); code != exitInput ||
		!strings.Contains(said, "2 images that cannot be read") {
		t.Errorf("plan ends with %d: %s", code, said)
	}
}

// TestPlanReading: plan says what reading takes, before it and afterwards.
func TestPlanReading(t *testing.T) {
	s := newPhotos(t, 0)
	for i, want := range []string{"\nreading: 120 images once, about ",
		"\nreading: no image has to be decoded; "} {
		code, out, said := s.run("plan", "photos.toml")
		place := "the packs of 2 sizes take 189 kB in " + filepath.Join(s.cache, "gridsearch", "packs")
		if code != exitDone || !strings.Contains(out, want) || !strings.Contains(out, place) {
			t.Errorf("without %q: %s%s", want, out, said)
		}
		if packs := len(s.cached("*.safetensors")); packs != 2*i {
			t.Errorf("there are %d packs", packs)
		}
		if i == 0 {
			s.finishes("plan")
		}
	}
}
