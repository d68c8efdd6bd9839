package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/reading"
)

// number is one of Slurm's: plain, null, or {"set", "infinite", "number"}. One that is not set or is infinite is 0.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	*n = 0
	if len(b) > 0 && b[0] == '{' {
		var v struct {
			Set, Infinite bool
			Number        float64
		}
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		if v.Set && !v.Infinite {
			*n = number(v.Number)
		}
		return nil
	}
	var v *float64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	if v != nil {
		*n = number(*v)
	}
	return nil
}

// words is one word, a list of words, or null.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	*w = nil
	if len(b) > 0 && b[0] == '[' {
		var list []*string
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		for _, s := range list {
			if s != nil {
				*w = append(*w, *s)
			}
		}
		return nil
	}
	var one *string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	if one != nil && *one != "" {
		*w = words{*one}
	}
	return nil
}

// has reports whether one of the words is among those given, whatever their case.
func (w words) has(any ...string) bool {
	return slices.ContainsFunc(w, func(s string) bool {
		return slices.ContainsFunc(any, func(a string) bool { return strings.EqualFold(s, a) })
	})
}

// fault is an error as Slurm's JSON says it.
type fault struct {
	Error       string `json:"error"`
	Description string `json:"description"`
}

func faulty(all []fault) error {
	if len(all) == 0 {
		return nil
	}
	text := strings.TrimSpace(all[0].Description + " " + all[0].Error)
	if text == "" {
		text = "it says that something went wrong, and not what"
	}
	return errors.New(text)
}

type jobsDocument struct {
	Errors []fault `json:"errors"`
	Jobs   *[]job  `json:"jobs"`
}

type job struct {
	ID         number   `json:"job_id"`
	Name       string   `json:"name"`
	User       string   `json:"user_name"`
	Partition  string   `json:"partition"`
	State      words    `json:"job_state"`
	Submit     number   `json:"submit_time"`
	Start      number   `json:"start_time"`
	End        number   `json:"end_time"`
	Limit      number   `json:"time_limit"` // min
	Nodes      string   `json:"nodes"`
	NodeCount  number   `json:"node_count"`
	CPUs       number   `json:"cpus"`
	Shared     words    `json:"shared"`
	GresDetail []string `json:"gres_detail"`
	PerNode    string   `json:"tres_per_node"`
	PerJob     string   `json:"tres_per_job"`
}

// Jobs reads what squeue --json prints, or slurmrestd answers to /slurm/…/jobs.
func Jobs(text []byte) ([]reading.Job, error) {
	var d jobsDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("list of jobs from Slurm: %w", err)
	}
	if err := faulty(d.Errors); err != nil {
		return nil, err
	}
	if d.Jobs == nil {
		return nil, errors.New("answer of Slurm: no list of jobs")
	}
	out := make([]reading.Job, 0, len(*d.Jobs))
	for i := range *d.Jobs {
		x, err := (*d.Jobs)[i].reading()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// endless is the time limit that stands for none, in minutes: a year and more.
const endless = 525600

func (j *job) reading() (reading.Job, error) {
	x := reading.Job{ID: strconv.FormatInt(int64(j.ID), 10), Name: j.Name, User: j.User, Queue: j.Partition, Phase: phase(j.State),
		Submit: reading.Number(j.Submit), Parts: max(1, whole(j.NodeCount)), Whole: j.Shared.has("none", "exclusive")}
	if j.Limit > 0 && j.Limit < endless {
		x.Limit = float64(j.Limit) * 60
	}
	if j.Nodes != "" {
		hosts, err := Hosts(j.Nodes)
		if err != nil {
			return x, fmt.Errorf("job %s: %w", x.ID, err)
		}
		x.Nodes, x.Parts = hosts, len(hosts)
	}
	if x.Phase != reading.Waiting {
		x.Start = reading.Number(j.Start)
	}
	if x.Phase.Over() {
		x.End = reading.Number(j.End)
	}
	x.Cores = max(0, float64(j.CPUs)) / float64(x.Parts)
	x.GPUs = j.gpus(x.Parts)
	return x, nil
}

// whole bounds a count that may be anything.
func whole(n number) int {
	if !(n > 0) {
		return 0
	}
	return int(min(n, mostHosts))
}

// gpus returns the GPUs on each node.
func (j *job) gpus(parts int) float64 {
	sum, found := 0.0, 0
	for _, g := range j.GresDetail {
		if n, ok := gres(g); ok {
			sum += n
			found++
		}
	}
	if found > 0 {
		return sum / float64(found)
	}
	if n, ok := gres(j.PerNode); ok {
		return n
	}
	if n, ok := gres(j.PerJob); ok {
		return n / float64(parts)
	}
	return 0
}

// gres returns how many GPUs a text like gpu:h100:8(IDX:0-7), gres:gpu:2 or gres/gpu=4,gres/nic=1 names.
func gres(text string) (float64, bool) {
	sum, any := 0.0, false
	text = strings.NewReplacer("gres:", "", "gres/", "", "=", ":").Replace(text)
	for len(text) > 0 {
		end := strings.IndexByte(text, ',')
		if open := strings.IndexByte(text, '('); open >= 0 && (end < 0 || open < end) { // (IDX:0,2) has commas of its own
			shut := strings.IndexByte(text, ')')
			if shut < open {
				return sum, any
			}
			text = text[:open] + text[shut+1:]
			continue
		}
		part := text
		if end >= 0 {
			part, text = text[:end], text[end+1:]
		} else {
			text = ""
		}
		name, rest, _ := strings.Cut(strings.TrimSpace(part), ":")
		if name != "gpu" {
			continue
		}
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			rest = rest[i+1:]
		}
		n, err := strconv.ParseUint(rest, 10, 16)
		if rest == "" || err != nil {
			n = 1 // "gpu" or "gpu:h100": one
		}
		sum, any = sum+float64(n), true
	}
	return sum, any
}

// phase translates a state of Slurm. What holds nodes runs, also while it is suspended, stopped or completing.
func phase(s words) reading.Phase {
	switch {
	case s.has("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT", "POWER_UP_NODE"):
		return reading.Waiting
	case s.has("COMPLETED"):
		return reading.Done
	case s.has("CANCELLED", "PREEMPTED", "REVOKED"):
		return reading.Cancelled
	case s.has("FAILED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE", "LAUNCH_FAILED", "RECONFIG_FAIL"):
		return reading.Failed
	case s.has("RUNNING", "SUSPENDED", "STOPPED", "COMPLETING", "CONFIGURING", "RESIZING", "SIGNALING", "STAGE_OUT"):
		return reading.Running
	}
	return reading.Waiting // a state of a later Slurm: it is not known to hold anything
}

type nodesDocument struct {
	Errors []fault     `json:"errors"`
	Nodes  *[]nodeRow  `json:"nodes"`
	Sinfo  *[]sinfoRow `json:"sinfo"`
}

type nodeRow struct {
	Name   string `json:"name"`
	State  words  `json:"state"`
	Flags  words  `json:"state_flags"`
	Gres   string `json:"gres"`
	CPUs   number `json:"cpus"`
	Reason string `json:"reason"`
}

// sinfoRow is a group of like nodes, as sinfo of Slurm 23.02 and later prints them.
type sinfoRow struct {
	Nodes struct {
		Nodes []string `json:"nodes"`
	} `json:"nodes"`
	Node struct {
		State words `json:"state"`
	} `json:"node"`
	Gres struct {
		Total string `json:"total"`
	} `json:"gres"`
	CPUs struct {
		Maximum number `json:"maximum"`
	} `json:"cpus"`
	Reason struct {
		Description string `json:"description"`
	} `json:"reason"`
}

// Nodes reads what sinfo --json prints, or slurmrestd answers to /slurm/…/nodes.
func Nodes(text []byte) ([]reading.Node, error) {
	var d nodesDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("list of nodes from Slurm: %w", err)
	}
	if err := faulty(d.Errors); err != nil {
		return nil, err
	}
	var out []reading.Node
	switch {
	case d.Nodes != nil:
		for _, n := range *d.Nodes {
			out = append(out, node(n.Name, append(n.State, n.Flags...), n.Gres, n.CPUs, n.Reason))
		}
	case d.Sinfo != nil:
		seen := map[string]bool{} // a node is in a row for each of its partitions
		for i := range *d.Sinfo {
			r := &(*d.Sinfo)[i]
			for _, name := range r.Nodes.Nodes {
				if !seen[name] {
					seen[name] = true
					out = append(out, node(name, r.Node.State, r.Gres.Total, r.CPUs.Maximum, r.Reason.Description))
				}
			}
		}
	default:
		return nil, errors.New("answer of Slurm: no list of nodes")
	}
	return out, nil
}

func node(name string, state words, gpus string, cpus number, why string) reading.Node {
	n := reading.Node{Name: name, Cores: max(0, float64(cpus)), Why: why}
	g, _ := gres(gpus)
	n.GPUs = int(g)
	for i, s := range state { // one word may hold flags: IDLE+DRAIN, DOWN*
		state[i] = strings.TrimRight(s, "*~#!%$@^-")
		if base, flags, ok := strings.Cut(state[i], "+"); ok {
			state[i] = base
			state = append(state, strings.Split(flags, "+")...)
		}
	}
	n.Down = state.has("DOWN", "NOT_RESPONDING", "POWERED_DOWN", "POWER_DOWN", "FAIL", "ERROR", "UNKNOWN")
	n.Drain = state.has("DRAIN", "DRAINED", "DRAINING", "MAINT", "FAILING")
	return n
}
