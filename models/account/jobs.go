package account

// Jobs is the book of jobs: plain data. Its methods move one job each.
type Jobs struct {
	Submitted, Queued, Running, Done, Failed, Cancelled int64
	Interrupted                                         int64 // times that a running job went back to the queue
}

// Submit enters a job into the queue.
func (j *Jobs) Submit() { j.Submitted, j.Queued = j.Submitted+1, j.Queued+1 }

// Start moves a job from the queue to the running ones.
func (j *Jobs) Start() { j.Queued, j.Running = j.Queued-1, j.Running+1 }

// Interrupt moves a running job back to the queue.
func (j *Jobs) Interrupt() {
	j.Running, j.Queued, j.Interrupted = j.Running-1, j.Queued+1, j.Interrupted+1
}

// Finish ends a running job that did its work.
func (j *Jobs) Finish() { j.Running, j.Done = j.Running-1, j.Done+1 }

// Fail ends a running job that did not.
func (j *Jobs) Fail() { j.Running, j.Failed = j.Running-1, j.Failed+1 }

// Cancel withdraws a job, running or queued.
func (j *Jobs) Cancel(running bool) {
	if running {
		j.Running--
	} else {
		j.Queued--
	}
	j.Cancelled++
}

func (j *Jobs) book() book {
	return book{name: "job", unit: "jobs", exact: true, in: []entry{{"submitted", float64(j.Submitted)}},
		out: []entry{{"queued", float64(j.Queued)}, {"running", float64(j.Running)}, {"done", float64(j.Done)},
			{"failed", float64(j.Failed)}, {"cancelled", float64(j.Cancelled)}}}
}

// Service is the book of the requests of one service: plain data.
type Service struct{ Requests, Met, Missed Sum }

// Add enters requests of which a share was within its level.
func (s *Service) Add(requests, share float64) {
	s.Requests.Add(requests)
	s.Met.Add(requests * share)
	s.Missed.Add(requests - requests*share)
}

// Share returns the share of requests within their level; 1 before the first.
func (s *Service) Share() float64 {
	if s.Requests.Value() == 0 {
		return 1
	}
	return s.Met.Value() / s.Requests.Value()
}

func (s *Service) book() book {
	return book{name: "service level", unit: "requests", in: []entry{{"requests", s.Requests.Value()}},
		out: []entry{{"within their level", s.Met.Value()}, {"missed", s.Missed.Value()}}}
}
