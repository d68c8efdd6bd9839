package validate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// readHead returns the header of a CSV file.
func readHead(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head, err := csv.NewReader(file).Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return head, nil
}

// readStrings reads columns of a CSV file as they are written.
func readStrings(path string, columns ...string) ([][]string, error) {
	out := make([][]string, len(columns))
	return out, eachRow(path, columns, func(_ int, fields []string) error {
		for i, f := range fields {
			out[i] = append(out[i], f)
		}
		return nil
	})
}

// readNumbers reads columns of numbers of a CSV file.
func readNumbers(path string, columns ...string) ([][]float64, error) {
	out := make([][]float64, len(columns))
	return out, eachRow(path, columns, func(line int, fields []string) error {
		for i, f := range fields {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				return fmt.Errorf("%s:%d: column %s: %q is no number", path, line, columns[i], f)
			}
			out[i] = append(out[i], v)
		}
		return nil
	})
}

// eachRow calls do with the given columns of every row; the fields are valid until it returns.
func eachRow(path string, columns []string, do func(line int, fields []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows := csv.NewReader(file)
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(head, c); at[i] < 0 {
			return fmt.Errorf("%s has the columns %s; %s is needed", path, strings.Join(head, ", "), c)
		}
	}
	fields := make([]string, len(columns))
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, k := range at {
			fields[i] = row[k]
		}
		line, _ := rows.FieldPos(0)
		if err := do(line, fields); err != nil {
			return err
		}
	}
}
