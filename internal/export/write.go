package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"gridsearch/search/planner"
)

// File is a file of an export: its name, and what writes it.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// CSV are the files runs.csv, curves.csv and executions.csv.
func (s Study) CSV() []File {
	return []File{
		{"runs.csv", s.RunsCSV},
		{"curves.csv", func(w io.Writer) error { return writeCSV(w, s.curves()) }},
		{"executions.csv", func(w io.Writer) error { return writeCSV(w, s.executions()) }},
	}
}

// RunsCSV writes a line for each run behind one with the columns' names. A value that there is not
// is an empty cell; texts are as they are, with quotes where they hold what separates.
func (s Study) RunsCSV(w io.Writer) error { return writeCSV(w, s.runs()) }

func writeCSV[Row any](w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	columns := columnsOf(reflect.TypeFor[Row]())
	if err := c.Write(columns); err != nil {
		return err
	}
	cells := make([]string, len(columns))
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		for j := range cells {
			cells[j] = cell(row.Field(j))
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// columnsOf are the names of a row's columns, the same in every format.
func columnsOf(row reflect.Type) []string {
	names := make([]string, row.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(row.Field(i).Tag.Get("parquet"), ",")
	}
	return names
}

// cell is a value as text: a number in as many digits as tell it from all others.
func cell(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return v.Interface().(time.Time).Format(time.RFC3339Nano)
}

// line is a run of JSON lines.
type line struct {
	Run
	Labels     []planner.Label `json:"labels"`
	Curve      []Epoch         `json:"curve"`
	Executions []Execution     `json:"executions"`
}

// JSONL writes a line for each run: an object with the columns of runs, the labels of its network,
// its curve and its executions as lists.
func (s Study) JSONL(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for _, e := range s.Runs {
		if err := encoder.Encode(line{e.Run, append([]planner.Label{}, e.Labels...),
			append([]Epoch{}, e.Curve...), append([]Execution{}, e.Executions...)}); err != nil {
			return fmt.Errorf("run %s: %w", e.Run.Key, err)
		}
	}
	return nil
}

// Parquet are the files runs.parquet, curves.parquet and executions.parquet: compressed by
// Zstandard, with times in UTC to the microsecond, and columns that may be null where a value may be
// missing. The metadata have one key, gridsearch, with JSON.
func (s Study) Parquet() []File {
	return []File{
		{"runs.parquet", func(w io.Writer) error { return writeParquet(w, s.Name, s.runs()) }},
		{"curves.parquet", func(w io.Writer) error { return writeParquet(w, s.Name, s.curves()) }},
		{"executions.parquet", func(w io.Writer) error {
			return writeParquet(w, s.Name, s.executions())
		}},
	}
}

func writeParquet[Row any](w io.Writer, name string, rows []Row) error {
	about, err := json.Marshal(map[string]any{"schema_version": SchemaVersion, "study": name})
	if err != nil {
		return err
	}
	file := parquet.NewGenericWriter[Row](w, parquet.Compression(&zstd.Codec{}),
		parquet.KeyValueMetadata("gridsearch", string(about)))
	if _, err := file.Write(rows); err != nil {
		return err
	}
	return file.Close()
}
