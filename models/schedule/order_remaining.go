package schedule

import "math"

// remaining is shortest remaining time first: what the estimate leaves of the job, what a preemption has added included.
type remaining struct{}

func (remaining) key(_ *Config, _ *State, e *Entry) float64 { return e.estimate() }

func (remaining) rank(c *Config, e *Entry, now float64) float64 { return c.rest(e, now) }

// remainingService is shortest remaining service first: remaining time × GPUs.
type remainingService struct{}

func (remainingService) key(c *Config, _ *State, e *Entry) float64 { return c.service(e, e.estimate()) }

func (remainingService) rank(c *Config, e *Entry, now float64) float64 {
	return c.service(e, c.rest(e, now))
}

// rest returns how long a running job still needs, as far as anyone knows.
func (c *Config) rest(e *Entry, now float64) float64 { return max(0, e.End-c.holdExtra-now) }

// service returns GPU-time, or time for a job without GPUs.
func (c *Config) service(e *Entry, t float64) float64 {
	if n := c.size(e); n > 0 && t > 0 && !math.IsInf(t, 1) {
		return n * t
	}
	return t
}

func (fcfs) rank(_ *Config, e *Entry, _ float64) float64         { return e.Key }
func (shortest) rank(_ *Config, e *Entry, _ float64) float64     { return e.Key }
func (longest) rank(_ *Config, e *Entry, _ float64) float64      { return e.Key }
func (priority) rank(_ *Config, e *Entry, _ float64) float64     { return e.Key }
func (smallest) rank(_ *Config, e *Entry, _ float64) float64     { return e.Key }
func (largest) rank(_ *Config, e *Entry, _ float64) float64      { return e.Key }
func (smallestArea) rank(_ *Config, e *Entry, _ float64) float64 { return e.Key }
