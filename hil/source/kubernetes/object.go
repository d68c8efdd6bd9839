package kubernetes

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

// meta is what every object has.
type meta struct {
	Name      string
	Namespace string
	UID       string
	Version   string     `json:"resourceVersion"`
	Deleted   *time.Time `json:"deletionTimestamp"`
	Creation  *time.Time `json:"creationTimestamp"`
	Labels    map[string]string
}

// resources are quantities as they are written.
type resources map[string]quantity

// pod is the part of a pod that matters.
type pod struct {
	Metadata meta
	Spec     struct {
		NodeName   string
		Priority   string  `json:"priorityClassName"`
		Deadline   float64 `json:"activeDeadlineSeconds"`
		Containers []struct {
			Resources struct{ Limits, Requests resources }
		}
	}
	Status struct {
		Phase      string
		StartTime  *time.Time
		Containers []struct {
			State struct {
				Terminated *struct{ FinishedAt *time.Time }
			}
		} `json:"containerStatuses"`
	}
}

// node is the part of a node that matters.
type node struct {
	Metadata meta
	Spec     struct{ Unschedulable bool }
	Status   struct {
		Allocatable resources
		Conditions  []struct{ Type, Status, Message string }
	}
}

// gpus are the names of GPUs among resources. A slice of one (mig) is not a GPU.
var gpus = []string{"nvidia.com/gpu", "amd.com/gpu"}

// quantity is a number as Kubernetes writes it: 2, "500m", "1k", "4Gi".
type quantity float64

var suffixes = map[string]float64{"": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60}

// UnmarshalJSON reads a quantity; what is none counts as nothing, as the API server lets none pass.
func (q *quantity) UnmarshalJSON(b []byte) error {
	*q = parseQuantity(strings.Trim(string(b), `"`))
	return nil
}

func parseQuantity(text string) quantity {
	end := len(text)
	for end > 0 && (text[end-1] < '0' || text[end-1] > '9') && text[end-1] != '.' {
		end--
	}
	factor, ok := suffixes[text[end:]]
	v, err := strconv.ParseFloat(text[:end], 64)
	if !ok || err != nil || !(v >= 0) || math.IsInf(v*factor, 0) {
		return 0
	}
	return quantity(v * factor)
}

// of returns how much of a resource is asked for: the request, which is the limit where it is left out.
func (p *pod) of(names ...string) float64 {
	sum := 0.0
	for i := range p.Spec.Containers {
		r := &p.Spec.Containers[i].Resources
		for _, name := range names {
			if v, ok := r.Requests[name]; ok {
				sum += float64(v)
			} else {
				sum += float64(r.Limits[name])
			}
		}
	}
	return sum
}

func (p *pod) over() bool { return p.Status.Phase == "Succeeded" || p.Status.Phase == "Failed" }

func seconds(t *time.Time) reading.Number {
	if t == nil || t.Unix() <= 0 {
		return 0
	}
	return reading.Number(float64(t.UnixNano()) / 1e9)
}

// ended returns when the last container of a pod ended.
func (p *pod) ended() reading.Number {
	at := reading.Number(0)
	for _, c := range p.Status.Containers {
		if c.State.Terminated != nil {
			at = max(at, seconds(c.State.Terminated.FinishedAt))
		}
	}
	return at
}

// job returns what a pod is to the twin; gone says that it was deleted.
func (p *pod) job(gone bool, now reading.Number) reading.Job {
	m := &p.Metadata
	j := reading.Job{ID: m.UID, Name: m.Namespace + "/" + m.Name, User: m.Namespace, Queue: m.Labels["kueue.x-k8s.io/queue-name"], Submit: seconds(m.Creation),
		Start: seconds(p.Status.StartTime), Limit: p.Spec.Deadline, Parts: 1, GPUs: p.of(gpus...), Cores: p.of("cpu")}
	if j.Queue == "" {
		j.Queue = p.Spec.Priority
	}
	if p.Spec.NodeName != "" {
		j.Nodes = []string{p.Spec.NodeName}
	}
	switch {
	case p.Status.Phase == "Succeeded":
		j.Phase, j.End = reading.Done, p.ended()
	case p.Status.Phase == "Failed":
		j.Phase, j.End = reading.Failed, p.ended()
	case gone:
		j.Phase, j.End = reading.Cancelled, now
	case p.Spec.NodeName == "":
		j.Phase, j.Start = reading.Waiting, 0
	default:
		j.Phase = reading.Running
		if j.Start == 0 {
			j.Start = j.Submit
		}
	}
	if j.Phase.Over() && j.End == 0 {
		j.End = now
	}
	return j
}

// reading returns what a node is to the twin.
func (n *node) reading() reading.Node {
	x := reading.Node{Name: n.Metadata.Name, Cores: float64(n.Status.Allocatable["cpu"]), Drain: n.Spec.Unschedulable, Down: true}
	for _, name := range gpus {
		x.GPUs += int(min(n.Status.Allocatable[name], 1024))
	}
	for _, c := range n.Status.Conditions {
		if c.Type == "Ready" {
			if x.Down = c.Status != "True"; x.Down {
				x.Why = c.Message
			}
		}
	}
	if x.Drain && x.Why == "" {
		x.Why = "cordoned"
	}
	return x
}
