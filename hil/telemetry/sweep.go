package telemetry

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SweepRow is one row of a sweep of power limits as Zeus writes it.
type SweepRow struct {
	Load  string  // data set, network, batch size and optimizer
	Limit float64 // W
	Time  float64 // s of an epoch
	Power float64 // W, mean
}

// OpenSweep reads a sweep of power limits: dataset, network, batch_size, optimizer, power_limit, time_per_epoch, average_power. Rows
// that cannot be are left out and found.
func OpenSweep(path string) ([]SweepRow, []Finding, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if filepath.Ext(path) == ".gz" {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	rows, findings, err := ReadSweep(in)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, findings, nil
}

// ReadSweep is [OpenSweep] of an open file.
func ReadSweep(in io.Reader) ([]SweepRow, []Finding, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, true, true
	head, err := r.Read()
	if err != nil {
		return nil, nil, err
	}
	at := map[string]int{}
	for i, h := range head {
		at[plain(h)] = i
	}
	for _, c := range []string{"power_limit", "time_per_epoch", "average_power"} {
		if _, ok := at[c]; !ok {
			return nil, nil, fmt.Errorf("no column %s; there are %s", c, strings.Join(head, ", "))
		}
	}
	var keys []int
	for _, c := range []string{"dataset", "network", "batch_size", "optimizer"} {
		if i, ok := at[c]; ok {
			keys = append(keys, i)
		}
	}
	b := newBuilder()
	var out []SweepRow
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil || len(row) != len(head) {
			var bad *csv.ParseError
			if err != nil && !errors.As(err, &bad) {
				return nil, nil, err
			}
			b.find("broken row", "the row is left out", "line %d", line)
			continue
		}
		var s SweepRow
		parts := make([]string, 0, len(keys))
		for _, k := range keys {
			parts = append(parts, row[k])
		}
		s.Load = strings.Join(parts, "/")
		good := true
		for _, x := range []struct {
			column string
			to     *float64
			most   float64
		}{{"power_limit", &s.Limit, 200e3}, {"time_per_epoch", &s.Time, 1e8}, {"average_power", &s.Power, 200e3}} {
			v, ok := number(row[at[x.column]])
			if !ok || math.IsNaN(v) || v <= 0 || v > x.most {
				b.find("impossible "+x.column, "the row is left out", "line %d: %.40q", line, row[at[x.column]])
				good = false
				break
			}
			*x.to = v
		}
		if !good {
			continue
		}
		if slices.ContainsFunc(out, func(o SweepRow) bool { return o.Load == s.Load && o.Limit == s.Limit }) {
			b.find("duplicate sample", "the first of them counts", "line %d: %s at %g W", line, s.Load, s.Limit)
			continue
		}
		if len(out) >= 100_000 {
			b.find("flood of rows", "those after the first 100000 are left out", "line %d", line)
			break
		}
		out = append(out, s)
	}
	var findings []Finding
	for _, k := range b.findings {
		findings = append(findings, *b.found[k])
	}
	return out, findings, nil
}
