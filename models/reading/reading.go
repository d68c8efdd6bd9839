package reading

// Batch is one answer of one source.
type Batch struct {
	Source string  `json:"source"` // its name
	At     Number  `json:"at"`     // when it was received, by the receiver's clock
	Fault  string  `json:"fault,omitempty"`
	Values []Value `json:"values,omitempty"`
	Nodes  []Node  `json:"nodes,omitempty"`
	Jobs   []Job   `json:"jobs,omitempty"`
	Whole  bool    `json:"whole,omitempty"` // Jobs are all that are not over
	Marks  []Mark  `json:"marks,omitempty"`
	Held   []Held  `json:"held,omitempty"` // what the source itself has held back since its last answer
}

// Mark says up to where a stream of readings has been taken, so that one which comes twice is known even after a restart.
type Mark struct {
	Stream string `json:"stream"`
	Next   uint64 `json:"next"` // number of the reading that comes next
}

// Held is what was held back of somebody, why, and how many times.
type Held struct {
	Of    string `json:"of"`
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Thing says whose value it is, in the words of the source.
type Thing struct {
	Kind  string `json:"kind"`            // gpu, node, rack, crah … as in the site; cpu: the processors of a node
	Host  string `json:"host,omitempty"`  // node that it is in, or is
	Index int    `json:"index,omitempty"` // slot in the host
	Key   string `json:"key,omitempty"`   // unique by itself: the UUID of a GPU
	Model string `json:"model,omitempty"`
}

// Value is one number read.
type Value struct {
	Thing
	Quantity string `json:"quantity"` // as in the channels: power, temperature, utilisation …
	At       Number `json:"at"`       // when it was measured, by the source's clock
	Value    Number `json:"value"`    // SI; degC
}

// Node is a node as a scheduler knows it.
type Node struct {
	Name  string  `json:"name"`
	GPUs  int     `json:"gpus,omitempty"`
	Cores float64 `json:"cores,omitempty"`
	Down  bool    `json:"down,omitempty"`
	Drain bool    `json:"drain,omitempty"` // takes no new work
	Why   string  `json:"why,omitempty"`
}

// Phase is where a job is in its life.
type Phase string

// The phases.
const (
	Waiting   Phase = "waiting"
	Running   Phase = "running"
	Done      Phase = "done"
	Failed    Phase = "failed"
	Cancelled Phase = "cancelled"
)

// Over reports whether a job in this phase has ended.
func (p Phase) Over() bool { return p == Done || p == Failed || p == Cancelled }

// Job is a job as its scheduler knows it. A time that is not known is 0.
type Job struct {
	ID     string   `json:"id"`
	Name   string   `json:"name,omitempty"`
	User   string   `json:"user,omitempty"`
	Queue  string   `json:"queue,omitempty"`
	Phase  Phase    `json:"phase"`
	Submit Number   `json:"submit,omitempty"`
	Start  Number   `json:"start,omitempty"`
	End    Number   `json:"end,omitempty"`
	Limit  float64  `json:"limit,omitempty"` // s that it may run; 0: for ever
	Parts  int      `json:"parts,omitempty"` // nodes that it asks for
	GPUs   float64  `json:"gpus,omitempty"`  // on each of them
	Cores  float64  `json:"cores,omitempty"` // likewise
	Nodes  []string `json:"nodes,omitempty"` // that it runs or ran on
	Whole  bool     `json:"whole,omitempty"` // shares its nodes with nobody
}
