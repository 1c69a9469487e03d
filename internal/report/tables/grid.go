package tables

import "gridsearch/internal/report"

// Row is a trial with its cells.
type Row struct {
	report.Trial
	Cells []string // one a column
}

// Grid is the wide table as cells, for whoever shows it in another form: the names of its columns,
// and the trials that are not excluded, the best first, the base among them.
func Grid(all report.Results) (columns []string, rows []Row) {
	r := results{all}
	list := r.columns(true)
	for _, t := range r.Ranked() {
		if t.ExcludedBy != "" {
			continue
		}
		row := Row{Trial: t}
		for _, c := range list {
			row.Cells = append(row.Cells, c.cell(t))
		}
		rows = append(rows, row)
	}
	return names(list), rows
}
