package coordinator

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"gridsearch/internal/worker"
)

// workerVariable makes this program a worker.
const workerVariable = "GRIDSEARCH_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		os.Exit(m.Run())
	}
	var places worker.Places
	flag.StringVar(&places.Runs, "runs", "", "")
	flag.StringVar(&places.Data, "data", "", "")
	flag.Parse()
	if err := worker.Work(context.Background(), os.Stdin, os.Stdout, places); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// realWorker is the command of one.
func realWorker(t *testing.T) []string {
	t.Helper()
	t.Setenv(workerVariable, "1")
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path}
}
