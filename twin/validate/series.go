package validate

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// powerSeries is power on the grid: at its instants k·150 s, and the mean over the interval that ends there.
type powerSeries struct {
	time  []float64 // s: all stamps of a file, ascending
	power map[int]float64
	mean  map[int]float64 // only of intervals that have more than one sample
}

// readPower reads two columns of a CSV file, gzipped or not: ms from the start and a value.
func readPower(path, stamp, value string) (*powerSeries, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	rows := csv.NewReader(in)
	rows.ReuseRecord = true
	head, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	at, of := slices.Index(head, stamp), slices.Index(head, value)
	if at < 0 || of < 0 {
		return nil, fmt.Errorf("%s has the columns %s; %s and %s are needed", path, strings.Join(head, ", "), stamp, value)
	}
	s := &powerSeries{power: map[int]float64{}, mean: map[int]float64{}}
	count := map[int]int{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ms, err1 := strconv.ParseFloat(row[at], 64)
		v, err2 := strconv.ParseFloat(row[of], 64)
		line, _ := rows.FieldPos(0)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		t := ms / 1000
		if n := len(s.time); n > 0 && t == s.time[n-1] {
			continue // OpenDC exports its last instant twice
		} else if n > 0 && t < s.time[n-1] {
			return nil, fmt.Errorf("%s:%d: the times do not grow", path, line)
		}
		s.time = append(s.time, t)
		k := int(math.Ceil(t / surfGrid))
		if t == float64(k)*surfGrid {
			s.power[k] = v
		}
		s.mean[k] += v
		count[k]++
	}
	if len(s.time) == 0 {
		return nil, fmt.Errorf("%s holds no samples", path)
	}
	for k, n := range count {
		if n == 1 {
			delete(s.mean, k)
			continue
		}
		s.mean[k] /= float64(n)
	}
	return s, nil
}

// deviation is how far a simulation lies from a reference, in %.
type deviation struct {
	n          int
	mape, bias float64
}

// score compares a simulation with a reference where both have a value.
func score(simulated, reference map[int]float64) deviation {
	var d deviation
	keys := make([]int, 0, len(reference)) // in order, so that the sums are the same in every run
	for k := range reference {
		if _, ok := simulated[k]; ok && reference[k] > 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		e := (simulated[k] - reference[k]) / reference[k]
		d.mape += math.Abs(e)
		d.bias += e
	}
	d.n = len(keys)
	d.mape *= 100 / float64(d.n)
	d.bias *= 100 / float64(d.n)
	return d
}
