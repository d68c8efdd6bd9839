package schedule

// smallest takes the job with the fewest GPUs first (CPU cores in a site without GPUs).
type smallest struct{}

func (smallest) key(c *Config, _ *State, e *Entry) float64 { return c.size(e) }

// largest takes the job with the most GPUs first.
type largest struct{}

func (largest) key(c *Config, _ *State, e *Entry) float64 { return -c.size(e) }

// smallestArea takes the job with the least GPU time first: size × estimated run time, as SRSF and QSSF do.
type smallestArea struct{}

func (smallestArea) key(c *Config, _ *State, e *Entry) float64 {
	if c.size(e) == 0 {
		return e.estimate()
	}
	return c.size(e) * e.estimate()
}
