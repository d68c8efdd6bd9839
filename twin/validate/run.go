package validate

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// compile checks and compiles a scenario that was written in memory. The files that it names lie in a folder.
func compile(folder, name, text string) (*scenarios.Plan, error) {
	f, ds := scenarios.LoadBytes(filepath.Join(folder, name+".yaml"), []byte(text))
	if len(ds) > 0 {
		return nil, fmt.Errorf("%s: %w", name, ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		return nil, fmt.Errorf("%s: %w", name, ds)
	}
	return p, nil
}

// live runs a plan and keeps every sample of its site's channels.
func live(ctx context.Context, p *scenarios.Plan) (*samples, error) {
	s := &samples{of: map[string][]float64{}}
	sum, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: s})
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.summary = sum
	return s, nil
}

// samples is a sink that keeps the channels of the site in memory.
type samples struct {
	time    []float64 // s from the start
	of      map[string][]float64
	ends    []float64 // s: when jobs were done
	summary *record.Summary
}

var _ record.Sink = (*samples)(nil)

func (s *samples) Open(*record.Header) error { return nil }

func (s *samples) Frame(f *record.Frame) error {
	if n := len(s.time); n == 0 || s.time[n-1] != f.Time {
		s.time = append(s.time, f.Time)
	}
	if len(f.Values) == 1 {
		s.of[f.Channel.Name] = append(s.of[f.Channel.Name], f.Values[0])
	}
	return nil
}

func (s *samples) Event(e *record.Event) error {
	if e.Type == "job.done" {
		s.ends = append(s.ends, e.Time)
	}
	return nil
}

func (s *samples) Close(*record.Summary) error { return nil }

// last returns the last sample of a channel.
func (s *samples) last(channel string) float64 {
	v := s.of[channel]
	return v[len(v)-1]
}

// lastEnd returns when the last job was done, in s.
func (s *samples) lastEnd() float64 { return s.ends[len(s.ends)-1] }

// at returns a channel at a time, on the line between the samples around it.
func (s *samples) at(channel string, t float64) float64 {
	v := s.of[channel]
	i, exact := slices.BinarySearch(s.time, t)
	switch {
	case exact || i == 0:
		return v[i]
	case i == len(v):
		return v[i-1]
	}
	return v[i-1] + (v[i]-v[i-1])*(t-s.time[i-1])/(s.time[i]-s.time[i-1])
}
