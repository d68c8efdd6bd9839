package external

import (
	"math"

	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/workload"
)

// The messages; the package documentation says what they mean.

type hello struct {
	Type     string `json:"type,omitempty"`
	Protocol int    `json:"protocol"`
	Nodes    []node `json:"nodes,omitempty"`
}

type node struct {
	Node int32 `json:"node"`
	amount
	Empty bool `json:"empty,omitempty"`
}

type amount struct {
	GPUs    float64 `json:"gpus,omitempty"`
	CPU     float64 `json:"cpu,omitempty"`
	Memory  float64 `json:"memory,omitempty"`
	Storage float64 `json:"storage,omitempty"`
	Network float64 `json:"network,omitempty"`
}

type decide struct {
	Type    string  `json:"type"`
	Now     float64 `json:"now"`
	Free    []node  `json:"free"`
	Waiting []job   `json:"waiting"`
	Running []job   `json:"running"`
}

type job struct {
	Job      int32   `json:"job"`
	Submit   float64 `json:"submit"`
	Estimate float64 `json:"estimate,omitempty"`
	Begun    float64 `json:"begun,omitempty"`
	End      float64 `json:"end,omitempty"`
	Parts    int32   `json:"parts"`
	amount
	Whole    bool    `json:"whole,omitempty"`
	Priority float64 `json:"priority,omitempty"`
	User     int32   `json:"user,omitempty"`
	Queue    int32   `json:"queue,omitempty"`
	Firm     bool    `json:"firm,omitempty"`
	Nodes    []int32 `json:"nodes,omitempty"`
}

type answer struct {
	Start []start `json:"start"`
	Stop  []int32 `json:"stop"`
}

type start struct {
	Job   int32   `json:"job"`
	Nodes []int32 `json:"nodes"`
}

func amountOf(v workload.Vector) amount {
	return amount{v[workload.GPU], v[workload.CPU], v[workload.Memory], v[workload.Storage], v[workload.Network]}
}

func greeting(c *schedule.Config) *hello {
	h := &hello{Type: "hello", Protocol: Protocol}
	for n, v := range c.Capacity() {
		h.Nodes = append(h.Nodes, node{Node: int32(n), amount: amountOf(v)})
	}
	return h
}

func question(s *schedule.State, q *schedule.Question) *decide {
	d := &decide{Type: "decide", Now: q.Now, Free: []node{}, Waiting: []job{}, Running: []job{}}
	for _, f := range q.Free {
		d.Free = append(d.Free, node{f.Node, amountOf(f.Free), f.Empty})
	}
	for _, it := range q.Waiting {
		d.Waiting = append(d.Waiting, jobOf(&s.Entries[it.Slot]))
	}
	for _, slot := range q.Running {
		e := &s.Entries[slot]
		j := jobOf(e)
		j.Begun, j.End = e.Begun, e.Expected()
		j.Firm = e.Firm || e.Pinned
		for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
			for range s.Chunks[ch].Parts {
				j.Nodes = append(j.Nodes, s.Chunks[ch].Node)
			}
		}
		d.Running = append(d.Running, j)
	}
	return d
}

func jobOf(e *schedule.Entry) job {
	j := job{Job: e.Job, Submit: e.Submit, Parts: e.Parts, amount: amountOf(e.Part), Whole: e.Whole, Priority: e.Priority,
		User: e.User + 1, Queue: e.Queue + 1, Firm: e.Firm}
	if e.Estimate > 0 && !math.IsInf(e.Estimate, 1) {
		j.Estimate = e.Estimate
	}
	return j
}

// decisions puts stops before starts: they make room.
func (a *answer) decisions() []schedule.Decision {
	var out []schedule.Decision
	for _, j := range a.Stop {
		out = append(out, schedule.Decision{Job: j, Stop: true})
	}
	for _, s := range a.Start {
		out = append(out, schedule.Decision{Job: s.Job, Nodes: s.Nodes})
	}
	return out
}
