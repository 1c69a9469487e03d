package database

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
)

// Table is a table whose rows end with a checksum of their other values.
type Table struct {
	Name    string
	Columns string // all but the checksum, with commas between
}

// The tables with checksums, as the last schema has them.
var (
	Results = Table{"results", // on the validation images
		"key, top1, top5, loss, examples, correct, curve, steps, predictions"}
	Executions = Table{"executions", "key, attempt, started, ended, outcome, error, " +
		"train_seconds, eval_seconds, wait_seconds, peak_rss, host, command_line, environment"}
	Failures  = Table{"failures", "key, error"}
	Latencies = Table{"latencies",
		"trial, batch, threads, repeats, shortest, median, cpu, kernel_set, measured"}
	Decisions = Table{"decisions", "stage, input, choice, made"}
	Dropped   = Table{"dropped", "key, decision"}

	// Results on the validation images are rows as they were when there was no other split. Those
	// of another one have it in their checksum.
	Tests = Table{"results", Results.Columns + ", split"}
)

// Insert writes a row, its values in the order of Columns, and their checksum. verb is INSERT or
// what else takes the row's place, conflict what follows.
func (t Table) Insert(tx *sql.Tx, verb, conflict string, values ...any) error {
	marks := strings.Repeat("?, ", len(values)) + "?"
	_, err := tx.Exec(fmt.Sprintf("%s INTO %s (%s, checksum) VALUES (%s) %s", verb, t.Name,
		t.Columns, marks, conflict), append(values, t.Sum(values...))...)
	return err
}

// Sum is the checksum of a row: 128 bits of the SHA-256 of its table's name and its values, 32
// hexadecimal digits.
func (t Table) Sum(values ...any) string {
	h := sha256.New()
	for _, v := range append([]any{t.Name}, values...) {
		text := fmt.Sprint(v) // a float64 in as many digits as tell it from all others
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Verify holds a row against its checksum, which may be NULL in rows of earlier versions. The error
// names the row by its first value, and not the file.
func (t Table) Verify(checksum sql.NullString, values ...any) error {
	if checksum.Valid && checksum.String != t.Sum(values...) {
		return Damaged(fmt.Errorf("the row of %v in table %s is not as it was written: its "+
			"checksum is wrong", values[0], t.Name))
	}
	return nil
}

// ChecksumOf is the SQL expression of a table's checksum, which records of earlier versions that
// are opened for reading alone lack.
func (f *File) ChecksumOf(t Table, alias string) (string, error) {
	there, err := f.Has(t.Name, "checksum")
	if !there {
		return "NULL", err
	}
	return alias + ".checksum", err
}
