package bundle

import (
	"bytes"
	"fmt"
	"strings"

	"gridsearch/internal/plural"
	"gridsearch/internal/terminal"
)

// lines say how to read each file, in the order in which one wants them; files that the archive
// lacks are left out.
var lines = []struct{ path, text string }{
	{"experiment.toml", "the experiment file: what was asked. `gridsearch run experiment.toml` trains it all again"},
	{"plan.json", "the plan: every network with its points, its exact cost, and what excluded it; stages and keys of the runs; the checksum of the data"},
	{"images.txt", "the image files, each behind the first 16 digits of its SHA-256"},
	{"results.csv", "a row a run with its accuracy, and cost and coefficients of its network: `pandas.read_csv(\"results.csv\", dtype={\"key\": str})`"},
	{"summary.json", "the table of networks: means, intervals, p values, the set that is tied with the best (`gridsearch results --format json`)"},
	{"report.html", "the report: question, answer, cost, figures and tables on one page, for a browser or a printer; it loads nothing from elsewhere"},
	{"runs.parquet", "a row a run, with times, host and attempts besides: `pandas.read_parquet(\"runs.parquet\")`, or `SELECT * FROM 'runs.parquet'` in DuckDB"},
	{"curves.parquet", "a row an epoch of each complete run: training loss and accuracy"},
	{"executions.parquet", "a row an attempt at a run, with its outcome, times, host, command line and environment (JSON)"},
	{"study.db", "the record, an SQLite file. Its views `run_results`, `curves` and `trial_means` are what people query: `sqlite3 study.db 'SELECT * FROM run_results'`"},
	{"environment.json", "which machines and programs have computed the results, with versions of all modules"},
	{"figures/", "the study's figures, as SVG and PNG"},
	{"runs/*/predictions.safetensors", "a file a run: `logits` (float32 [n, classes]) and `labels` (int32 [n]) of the validation images: `safetensors.numpy.load_file(...)`"},
	{"runs/*/weights.safetensors", "a file a run: the parameters of its network (`gridsearch weights export` makes state dictionaries for torchvision and timm, or ONNX, of them)"},
	{sums, "checksums of all other files: `sha256sum -c " + sums + "` in this folder"},
}

// readme is the description of the archive.
func (b *bundle) readme(name string) []byte {
	var page bytes.Buffer
	s := b.study
	runs := len(s.Records) + len(s.Later)
	fmt.Fprintf(&page, "# %s\n\nA study of how to scale a convolutional network, by gridsearch: %s, "+
		"%d of %s complete.\n", terminal.Printable(s.Plan.Study), plural.Of(len(s.Plan.Trials),
		"network"), b.complete(), plural.Of(runs, "run"))
	if text := strings.TrimSpace(s.Experiment.Study.Description); text != "" {
		fmt.Fprintf(&page, "\n> %s\n", strings.ReplaceAll(terminal.Printable(text), "\n", "\n> "))
	}
	fmt.Fprint(&page, "\nA run is one training of a network with one seed; its key, 16 hexadecimal "+
		"digits, is the same in every file.\nAccuracies are fractions of the validation images, losses "+
		"cross-entropy in nats, times UTC.\n\n| file | is |\n|---|---|\n")
	for _, l := range lines {
		if l.path == sums || b.has(l.path) {
			fmt.Fprintf(&page, "| `%s` | %s |\n", l.path, l.text)
		}
	}
	fmt.Fprintf(&page, "\nThis folder is a study as gridsearch keeps it: `gridsearch results %s`, "+
		"`report`, `status` and `export` read it, from the folder above.\nHost names, command lines and "+
		"the paths in them are in `study.db`, `executions.parquet`, `environment.json` and `plan.json`, host\nnames in `report.html` too.\n",
		terminal.Quoted(name))
	for _, note := range b.notes {
		fmt.Fprintf(&page, "\nNote: %s.\n", terminal.Printable(note))
	}
	return page.Bytes()
}

// has says whether the archive has a file of a pattern: a path, a folder, or a file of runs.
func (b *bundle) has(pattern string) bool {
	front, back, _ := strings.Cut(pattern, "*")
	for _, f := range b.files {
		if strings.HasPrefix(f.path, front) && strings.HasSuffix(f.path, back) {
			return true
		}
	}
	return false
}
