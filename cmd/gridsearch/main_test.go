package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gridsearch": main})
}

// TestScripts runs the sessions of testdata/script. Their pictures are drawn once for all.
func TestScripts(t *testing.T) {
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("HOME", cache)
			small, err := os.ReadFile("testdata/small.toml")
			if err != nil {
				return err
			}
			return os.WriteFile(env.WorkDir+"/small.toml", small, 0o644)
		},
	})
}
