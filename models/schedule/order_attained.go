package schedule

import "math"

// attained is least attained service first, in queues: who has had less service than a threshold goes before who has had
// more, first come first served among those of one queue (Tiresias, NSDI 2019). It needs no estimates.
type attained struct{}

func (attained) key(c *Config, s *State, e *Entry) float64 {
	if c.preemption.promote > 0 && e.Served > 0 && s.scratch.now >= c.promoted(e)-1e-9 {
		return 0
	}
	return c.queueOf(e.Served)
}

func (attained) rank(c *Config, e *Entry, now float64) float64 { return c.queueOf(c.served(e, now)) }

// aging is attained service with promotion: keys change while jobs wait.
type aging struct{ attained }

func (aging) begin(*Config, *State, float64) {}

// queueOf returns the number of the queue of a job that has had some service.
func (c *Config) queueOf(served float64) float64 {
	q := 0
	for _, t := range c.preemption.thresholds {
		if served+1e-6 < t {
			break
		}
		q++
	}
	return float64(q)
}

// pace returns the service that a running job gets in a second.
func (c *Config) pace(e *Entry) float64 {
	if n := c.size(e); n > 0 && !c.preemption.byTime {
		return n
	}
	return 1
}

// served returns the service that a running job has had.
func (c *Config) served(e *Entry, now float64) float64 {
	return e.Served + c.pace(e)*max(0, now-e.Begun)
}

// falls returns when a running job falls into the next queue.
func (c *Config) falls(e *Entry, now float64) float64 {
	q := int(c.queueOf(c.served(e, now)))
	if q == len(c.preemption.thresholds) {
		return math.Inf(1)
	}
	return e.Begun + (c.preemption.thresholds[q]-e.Served)/c.pace(e)
}

// promoted returns when a waiting job goes back to the first queue.
func (c *Config) promoted(e *Entry) float64 {
	if c.preemption.promote == 0 {
		return math.Inf(1)
	}
	return e.Since + c.preemption.promote*e.Served/c.pace(e)
}
