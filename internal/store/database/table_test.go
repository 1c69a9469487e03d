package database

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
)

// TestSums: checksums are those of records that are on disk. They are of values, whatever their
// types, and of the table.
func TestSums(t *testing.T) {
	row := []any{"0123456789abcdef", "the loss became NaN"}
	for want, got := range map[string]string{
		"9bc258b268f5cca74865bde6386afec0": Failures.Sum(row...),
		"307f8dc95f462e34b494d23be31c538e": Table{Name: "other"}.Sum(row...),
		"0a1ca6cc4fb43581222a3cc1bd285127": Results.Sum("0123456789abcdef", .1, 1.0, 1e-9, 9,
			[]byte{1, 255}, "[]", 10, ""),
	} {
		if got != want {
			t.Errorf("the checksum is %s, want %s", got, want)
		}
	}
	if Dropped.Sum("a", 1) != Dropped.Sum("a", int64(1)) || Dropped.Sum("a", 12) ==
		Dropped.Sum("a1", 2) {
		t.Error("a checksum is not that of the values")
	}
}

// TestRows: a row that was written is whole, one that was changed is not, and one without a
// checksum, of an earlier version, is not asked for it.
func TestRows(t *testing.T) {
	f, path := open(t, 1)
	const key = "0000000000000000"
	if err := f.Within(func(tx *sql.Tx) error {
		return Failures.Insert(tx, "INSERT", "", key, "diverged")
	}); err != nil {
		t.Fatal(err)
	}
	checksum, err := f.ChecksumOf(Failures, "f")
	if err != nil {
		t.Fatal(err)
	}
	var cause string
	var sum sql.NullString
	if err := f.DB.QueryRow("SELECT f.error, "+checksum+" FROM failures f").Scan(&cause,
		&sum); err != nil {
		t.Fatal(err)
	}
	if err := Failures.Verify(sum, key, cause); err != nil || cause != "diverged" || !sum.Valid {
		t.Errorf("the row of %q: %v", cause, err)
	}
	var file *FileError
	err = f.Unusable(Failures.Verify(sum, key, "crashed"))
	if !errors.As(err, &file) || file.Path != path || !strings.Contains(err.Error(), "the row of "+
		key+" in table failures is not as it was written") {
		t.Errorf("another value: %v", err)
	}
	if err := Failures.Verify(sql.NullString{}, key, "crashed"); err != nil {
		t.Errorf("without a checksum: %v", err)
	}
	if none, err := f.ChecksumOf(Table{Name: "runs"}, "r"); none != "NULL" || err != nil {
		t.Errorf("the checksum of a table without is %q (%v)", none, err)
	}
}

// TestUnread: a query that the schema does not bear is damage, and another error is not.
func TestUnread(t *testing.T) {
	f, path := open(t, 1)
	_, err := f.DB.Query("SELECT nothing FROM runs")
	var file *FileError
	if err = f.Unread(err); !errors.As(err, &file) || file.Path != path ||
		!strings.Contains(err.Error(), "the record is damaged: ") {
		t.Errorf("a column that is not there: %v", err)
	}
	own := errors.New("of its own")
	if err := f.Unread(own); errors.As(err, &file) || !errors.Is(err, own) ||
		err.Error() != path+": of its own" {
		t.Errorf("another error: %v", err)
	}
}
