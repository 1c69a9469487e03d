package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// checksumVersion is that of the first schema with checksums.
const checksumVersion = 5

// splitVersion is that of the first schema with stages, and results of several splits.
const splitVersion = 7

// table is a table whose rows end with a checksum of their other values.
type table struct {
	name    string
	columns string // all but the checksum, with commas between
}

var (
	resultsTable = table{"results",
		"key, top1, top5, loss, examples, correct, curve, steps, predictions"}
	executionsTable = table{"executions", "key, attempt, started, ended, outcome, error, " +
		"train_seconds, eval_seconds, wait_seconds, peak_rss, host, command_line, environment"}
	failuresTable  = table{"failures", "key, error"}
	latenciesTable = table{"latencies",
		"trial, batch, threads, repeats, shortest, median, cpu, kernel_set, measured"}
	decisionsTable = table{"decisions", "stage, input, choice, made"}
	droppedTable   = table{"dropped", "key, decision"}

	// Results on the validation images are rows of resultsTable, as they were when there was no
	// other split. Those of another one have it in their checksum.
	testsTable = table{"results", resultsTable.columns + ", split"}
)

// insert writes a row. verb is INSERT or what else takes the row's place, conflict what follows.
func (t table) insert(tx *sql.Tx, verb, conflict string, values ...any) error {
	marks := strings.Repeat("?, ", len(values)) + "?"
	_, err := tx.Exec(fmt.Sprintf("%s INTO %s (%s, checksum) VALUES (%s) %s", verb, t.name,
		t.columns, marks, conflict), append(values, t.sum(values...))...)
	return err
}

// sum is the checksum of a row: 128 bits of the SHA-256 of its table's name and its values.
func (t table) sum(values ...any) string {
	h := sha256.New()
	for _, v := range append([]any{t.name}, values...) {
		text := fmt.Sprint(v) // a float64 in as many digits as tell it from all others
		fmt.Fprintf(h, "%d %s\n", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// verify holds a row against its checksum, which may be NULL in rows of earlier versions.
func (t table) verify(checksum sql.NullString, values ...any) error {
	if checksum.Valid && checksum.String != t.sum(values...) {
		return Damaged(fmt.Errorf("the row of %v in table %s is not as it was written: its "+
			"checksum is wrong", values[0], t.name))
	}
	return nil
}

// checksumOf is the SQL expression of a table's checksum, which records of earlier versions that
// are opened for reading alone lack.
func (s *Store) checksumOf(t table, alias string) (string, error) {
	there, err := s.has(t.name, "checksum")
	if !there {
		return "NULL", err
	}
	return alias + ".checksum", err
}

// unread is the error of a query of the record's own tables. One that the schema does not bear says
// that it is not the schema which was made.
func (s *Store) unread(err error) error {
	var fault *sqlite.Error
	if errors.As(err, &fault) && fault.Code() == sqlite3.SQLITE_ERROR {
		return &FileError{s.path, Damaged(err)}
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

// has says whether the record has a column. The schema's number, which damage may change, is not
// asked.
func (s *Store) has(table, column string) (there bool, err error) {
	err = s.db.QueryRow("SELECT count(*) > 0 FROM pragma_table_info(?) WHERE name = ?", table,
		column).Scan(&there)
	return there, err
}

// consistent says where a result contradicts itself: its top-1 is the share of the images that it
// has as correct.
func (r Result) consistent() error {
	correct := 0
	for _, b := range r.Correct {
		correct += bits.OnesCount8(b)
	}
	if float64(correct)/float64(r.Examples) != r.Top1 {
		return Damaged(fmt.Errorf("a result has top-1 %v, and %d of %d images as correct", r.Top1,
			correct, r.Examples))
	}
	return nil
}
