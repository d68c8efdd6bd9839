package validate

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
)

// splitwiseRows reads the rows and takes the median of those alike. Rows of longer answers repeat those of 128 tokens with ends
// that the engine cut, so their times of prompts and tokens count and their ends do not.
func splitwiseRows(path string) ([]splitwiseRow, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{path, "it is data/perf_model.csv of github.com/Mutinifni/splitwise-sim, compressed"}
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	rows := csv.NewReader(z)
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	names := []string{"tensor_parallel", "prompt_size", "batch_size", "prompt_time", "token_time", "e2e_time", "token_size", "model", "hardware"}
	var at [9]int
	for i, n := range names {
		if at[i] = slices.Index(head, n); at[i] < 0 {
			return nil, fmt.Errorf("%s has no column %s", path, n)
		}
	}
	type cell struct{ ttft, tpot, behind []float64 }
	cells := map[splitwiseRow]*cell{}
	var all []splitwiseRow // the keys of cells
	for line := 2; ; line++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var v [7]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[at[i]], 64); err != nil || !(v[i] > 0) {
				return nil, fmt.Errorf("%s:%d: %s is %q", path, line, names[i], row[at[i]])
			}
		}
		k := splitwiseRow{model: row[at[7]], hardware: row[at[8]], tensor: int(v[0]), prompt: int(v[1]), batch: int(v[2])}
		if cells[k] == nil {
			cells[k] = &cell{}
			all = append(all, k)
		}
		c := cells[k]
		c.ttft, c.tpot = append(c.ttft, v[3]/1e3), append(c.tpot, v[4]/1e3)
		if v[6] == 128 {
			c.behind = append(c.behind, v[5]/(v[3]+v[4]*(v[6]-1)))
		}
	}
	for i := range all {
		k := &all[i]
		c := cells[*k]
		k.ttft, k.tpot = middle(c.ttft), middle(c.tpot)
		k.split = len(c.behind) > 0 && middle(c.behind) > 1.5
	}
	slices.SortFunc(all, func(a, b splitwiseRow) int {
		return cmp.Or(cmp.Compare(a.model, b.model), cmp.Compare(a.hardware, b.hardware), a.tensor-b.tensor, a.batch-b.batch, a.prompt-b.prompt)
	})
	return all, nil
}

// middle returns the median.
func middle(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
