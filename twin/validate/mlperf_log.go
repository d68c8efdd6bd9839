package validate

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// nodeLog is the runs of one benchmark on one system.
type nodeLog struct {
	name, system, benchmark string
	nodes                   int
	runs                    []powerRun
	rate                    float64 // samples/s of all nodes once it runs, median; 0: unknown
	model                   powerModel
}

// powerRun is one run: power of a node, mean over nodes, and what happened when, in s from its start.
type powerRun struct {
	time, power []float64
	each        [][]float64 // by node
	stop        float64
	evals       []stretch
	waiting     float64 // s that its first block waits beyond what its throughput needs
	period      float64 // s of a step; 0: unknown
}

type stretch struct{ from, to float64 }

// The phases of a run.
const (
	waiting = iota
	blocks
	evaluating
	after
)

// phase returns what a run does at a time, for how long it has, and for how long it will.
func (r *powerRun) phase(t float64) (kind int, since, until float64) {
	if t < 0 {
		return waiting, math.Inf(1), -t
	}
	if t > r.stop {
		return after, t - r.stop, math.Inf(1)
	}
	begin := 0.0
	for _, e := range r.evals {
		if t < e.from {
			return blocks, t - begin, e.from - t
		}
		if t < e.to {
			return evaluating, t - e.from, e.to - t
		}
		begin = e.to
	}
	return blocks, t - begin, r.stop - t
}

// samples returns how many samples lie between the start and a time.
func (r *powerRun) samples(stop float64) int {
	n := 0
	for _, t := range r.time {
		if t >= 0 && t <= stop {
			n++
		}
	}
	return n
}

// first returns when the first evaluation begins.
func (r *powerRun) first() float64 {
	if len(r.evals) == 0 {
		return r.stop
	}
	return r.evals[0].from
}

// coincidence returns the peak of all nodes over the sum of their peaks.
func (r *powerRun) coincidence() float64 {
	all, sum := 0.0, 0.0
	for i, t := range r.time {
		if t >= 0 && t <= r.stop {
			all = math.Max(all, r.power[i]*float64(len(r.each)))
		}
	}
	for _, node := range r.each {
		peak := 0.0
		for i, t := range r.time {
			if t >= 0 && t <= r.stop && !math.IsNaN(node[i]) {
				peak = math.Max(peak, node[i])
			}
		}
		sum += peak
	}
	return all / sum
}

var logName = regexp.MustCompile(`^(.*)_(\d+)n_(.*)$`)

// readNodeLog reads a pair of files.
func readNodeLog(power, events string) (*nodeLog, error) {
	l := &nodeLog{name: strings.TrimSuffix(filepath.Base(power), "_power.csv.gz")}
	if m := logName.FindStringSubmatch(l.name); m != nil {
		l.system, l.benchmark = m[1], m[3]
	}
	var order []string
	runs := map[string]*powerRun{}
	err := eachZipped(power, func(head, row []string) error {
		r := runs[row[0]]
		if r == nil {
			r = &powerRun{each: make([][]float64, len(head)-2)}
			runs[row[0]] = r
			order = append(order, row[0])
		}
		if len(head) < 3 {
			return errors.New("there is no column of a node, such as node_0_w")
		}
		t, err := finite(row[1])
		if err != nil {
			return fmt.Errorf("t_s: %w", err)
		}
		sum, n := 0.0, 0
		for k, s := range row[2:] {
			v := math.NaN()
			if s != "" {
				if v, err = finite(s); err != nil {
					return fmt.Errorf("%s: %w", head[k+2], err)
				}
				sum += v
				n++
			}
			r.each[k] = append(r.each[k], v)
		}
		if n == 0 { // a gap of all nodes
			for k := range r.each {
				r.each[k] = r.each[k][:len(r.time)]
			}
			return nil
		}
		r.time, r.power = append(r.time, t), append(r.power, sum/float64(n))
		l.nodes = max(l.nodes, len(head)-2)
		return nil
	}, "run", "t_s")
	if err != nil {
		return nil, err
	}
	logs := map[string]*eventLog{}
	err = eachZipped(events, func(_, row []string) error {
		t, err := finite(row[1])
		if err != nil {
			return fmt.Errorf("t_s: %w", err)
		}
		if logs[row[0]] == nil {
			logs[row[0]] = &eventLog{}
		}
		logs[row[0]].add(t, row[2], row[3], row[4])
		return nil
	}, "run", "t_s", "key", "value", "step")
	if err != nil {
		return nil, err
	}
	var rates []float64
	for _, name := range order {
		r, e := runs[name], logs[name]
		if e == nil || e.stop <= 0 {
			continue
		}
		if inside := r.samples(e.stop); inside < 20 {
			continue
		}
		rate := e.into(r)
		if rate > 0 {
			rates = append(rates, rate)
		}
		l.runs = append(l.runs, *r)
	}
	if len(rates) > 0 {
		slices.Sort(rates)
		l.rate = rates[len(rates)/2]
	}
	return l, nil
}

// eventLog collects the marks of one run.
type eventLog struct {
	stop, batch float64
	begins      []float64 // of blocks and epochs
	from, to    []float64 // of evaluations
	seen        []float64 // samples, or epochs, when each began
}

func (e *eventLog) add(t float64, key, value, step string) {
	number := func(s string) float64 {
		v, err := finite(s)
		if err != nil {
			return math.NaN()
		}
		return v
	}
	switch key {
	case "run_stop":
		e.stop = t
	case "global_batch_size":
		e.batch = number(value)
	case "block_start", "epoch_start":
		e.begins = append(e.begins, t)
	case "eval_start":
		e.from, e.seen = append(e.from, t), append(e.seen, number(step))
	case "eval_stop":
		e.to = append(e.to, t)
	}
}

// into puts what the events say into the run, and returns its rate of samples once it runs.
func (e *eventLog) into(r *powerRun) float64 {
	r.stop = e.stop
	for i, from := range e.from {
		to := e.stop
		if i < len(e.to) {
			to = e.to[i]
		}
		for _, b := range e.begins { // training may go on before the evaluation is reported
			if b > from && b < to {
				to = b
			}
		}
		r.evals = append(r.evals, stretch{from, to})
	}
	if len(e.from) < 2 || math.IsNaN(e.seen[0]) {
		return 0
	}
	var rates []float64
	for i := 1; i < len(e.from); i++ {
		if v := (e.seen[i] - e.seen[i-1]) / (e.from[i] - r.evals[i-1].to); v > 0 {
			rates = append(rates, v)
		}
	}
	if len(rates) == 0 {
		return 0
	}
	slices.Sort(rates)
	rate := rates[len(rates)/2]
	r.waiting = math.Max(0, e.from[0]-e.seen[0]/rate)
	if r.waiting > 0.5*e.from[0] {
		r.waiting = 0 // its counter does not begin at 0
	}
	if e.batch > 0 && rate > 2 { // samples, not epochs
		r.period = e.batch / rate
	}
	return rate
}

// finite reads a number that is one.
func finite(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(v) || math.Abs(v) > 1e12) {
		err = fmt.Errorf("%q is no time or power", s)
	}
	return v, err
}

// eachZipped calls do for every row of a compressed CSV file, whose header must begin with the given columns.
func eachZipped(path string, do func(head, row []string) error, columns ...string) error {
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		return &MissingError{Path: path, From: "power logs are in github.com/mlcommons/training_results_v4.0"}
	}
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	in := csv.NewReader(z)
	head, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(head) < len(columns) || !slices.Equal(head[:len(columns)], columns) {
		return fmt.Errorf("%s: its columns are %s, not %s …", path, strings.Join(head, ", "), strings.Join(columns, ", "))
	}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := do(head, row); err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
}
