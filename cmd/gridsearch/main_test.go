package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gridsearch/internal/random"
)

// TestMain runs the tests, or the program where a script calls this binary by its name. Tests that
// are run under nohup heed hangups all the same: the programs that they start would ignore them
// otherwise.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); strings.TrimSuffix(name, ".exe") != "gridsearch" {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	testscript.Main(m, map[string]func(){"gridsearch": main})
}

// TestScripts runs the sessions of testdata/script. Their pictures are drawn once for all.
func TestScripts(t *testing.T) {
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"key": firstKey, "edit": edit,
			"pictures": pictures},
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("HOME", cache)
			const weights = "../../model/weights/testdata/efficientnet/"
			return errors.Join(copyFile("testdata/small.toml", env.WorkDir+"/small.toml"),
				copyFile(weights+"timm.safetensors", env.WorkDir+"/timm.safetensors"),
				copyFile(weights+"golden.safetensors", env.WorkDir+"/golden.safetensors"))
		},
	})
}

// firstKey sets variables to the keys of the first runs in results.csv that are in the states
// given: key results.csv KEY complete NEXT waiting.
func firstKey(ts *testscript.TestScript, _ bool, args []string) {
	for i := 1; i+1 < len(args); i += 2 {
		for line := range strings.Lines(ts.ReadFile(args[0])) {
			if fields := strings.Split(line, ","); fields[5] == args[i+1] {
				ts.Setenv(args[i], fields[3])
				break
			}
		}
	}
}

// edit replaces what regular expressions match in a file: edit FILE EXPRESSION NEW ...
func edit(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for i := 1; i+1 < len(args); i += 2 {
		text = regexp.MustCompile(args[i]).ReplaceAllString(text, args[i+1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// pictures makes noisy PNG files 0.png, 1.png, ... of a side in a folder: pictures FOLDER N SIDE.
// Those of other folders are others.
func pictures(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	side, err := strconv.Atoi(args[2])
	ts.Check(err)
	folder := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(folder, 0o755))
	for i := range n {
		noise, picture := random.New(7, args[0], i), image.NewRGBA(image.Rect(0, 0, side, side))
		for p := range picture.Pix {
			if picture.Pix[p] = 255; p%4 < 3 {
				picture.Pix[p] = uint8(noise.IntN(256))
			}
		}
		var text bytes.Buffer
		ts.Check(png.Encode(&text, picture))
		ts.Check(os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.png", i)), text.Bytes(), 0o644))
	}
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
