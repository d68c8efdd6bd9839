package validate

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// table is a file of numbers with named columns.
type table struct {
	path string
	cols map[string]int
	rows [][]float64
}

// readTable reads a CSV file whose first line names its columns.
func readTable(path string) (*table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(all) < 2 {
		return nil, fmt.Errorf("%s holds no rows", path)
	}
	t := &table{path: path, cols: map[string]int{}}
	for i, name := range all[0] {
		t.cols[name] = i
	}
	for n, line := range all[1:] {
		row := make([]float64, len(line))
		for i, text := range line {
			if row[i], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n+2, err)
			}
		}
		t.rows = append(t.rows, row)
	}
	return t, nil
}

// column returns a column by its name.
func (t *table) column(name string) ([]float64, error) {
	i, ok := t.cols[name]
	if !ok {
		return nil, fmt.Errorf("%s has no column %q", t.path, name)
	}
	out := make([]float64, len(t.rows))
	for r, row := range t.rows {
		out[r] = row[i]
	}
	return out, nil
}

// reference is what a comparison reads of one trajectory. Missing columns are remembered, and told once at the end.
type reference struct {
	*table
	err error
}

// open reads one trajectory of the Modelica Buildings Library.
func open(dir, model string) *reference {
	t, err := readTable(filepath.Join(dir, "modelica-buildings", model+".csv"))
	return &reference{t, err}
}

// col returns a column, of zeros where the file has none.
func (r *reference) col(name string) []float64 {
	if r.err != nil {
		return nil
	}
	c, err := r.column(name)
	if err != nil {
		r.err = err
		return make([]float64, len(r.rows))
	}
	return c
}

// deviations are the errors of a comparison, largest at the end.
type deviations []float64

// of returns the errors in order of size.
func (d *deviations) add(e float64) { *d = append(*d, e) }

func (d deviations) sorted() deviations { s := slices.Clone(d); slices.Sort(s); return s }

func (d deviations) worst() float64 {
	if len(d) == 0 {
		return 0
	}
	return slices.Max(d)
}

func (d deviations) median() float64 {
	if len(d) == 0 {
		return 0
	}
	return d.sorted()[len(d)/2]
}

// last returns the last value of a column.
func (r *reference) last(name string) float64 {
	c := r.col(name)
	if len(c) == 0 {
		return 0
	}
	return c[len(c)-1]
}

// rowsOf returns the rows, none where the file could not be read.
func (r *reference) rowsOf() [][]float64 {
	if r.table == nil {
		return nil
	}
	return r.rows
}

// firstError returns what went wrong first in reading some references.
func firstError(all ...*reference) error {
	for _, r := range all {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}
