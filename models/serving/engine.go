package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
)

// EngineSpec is the software that runs a replica: what a step costs beside arithmetic and memory. The defaults are those of
// an engine that replays graphs of kernels and reduces at the speed of the links.
type EngineSpec struct {
	Title  string `yaml:"title" doc:"full name of the engine"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Launch  unit.Duration   `yaml:"launch" doc:"time in which the host launches the kernels of one layer: no step is shorter than that of all its layers; 0: it never waits for the host" default:"0 s" range:"[0,)"`
	Prompt  unit.Duration   `yaml:"prompt" doc:"the same of a step with prompts; 0: as launch" default:"0 s" range:"[0,)"`
	Request unit.Duration   `yaml:"request" doc:"time of the host in a step for each of its requests" default:"0 s" range:"[0,)"`
	Reduce  *unit.Bandwidth `yaml:"reduce" doc:"bus bandwidth of all-reduces; absent: what the links of the GPU type give" range:"(0,)"`
	Hop     unit.Duration   `yaml:"hop" doc:"latency of one of the 2(n-1) hops of an all-reduce, where reduce is given" default:"3.5 us" source:"measured all-reduces, models/training" range:"[0,)"`
	Staged  *unit.Bandwidth `yaml:"staged" doc:"bandwidth at which what a payload has above staged_above passes memory once more, among more than two GPUs, where reduce is given; absent: it does not" range:"(0,)"`
	Above   unit.Data       `yaml:"staged_above" doc:"payload from which all-reduces are staged" default:"33.554432 MB" source:"where prompts bend in the rows of Splitwise: between 2,048 and 4,096 tokens of 16 KiB" range:"[0,)"`
}

// engine is a compiled [EngineSpec]: what a step costs beside arithmetic and memory.
type engine struct {
	launch, prompt, request float64   // s of a whole step; of a request
	overhead                float64   // s
	bus, hop, staged, above float64   // 0 bus: by the device; 0 staged: never
	curve                   []float64 // s of an all-reduce by the device, of 1 KiB and payloads a quarter octave apart
}

// The table of all-reduces by the device spans 1 KiB to 64 GiB. What is linear in the payload is exact between its points.
const (
	curveLeast  = 1024.0
	curvePoints = 26*4 + 1
)

func newEngine(s *Spec, m *transformer.Model, d *training.Device) engine {
	e := engine{launch: float64(s.Engine.Launch) * m.Layers, prompt: float64(s.Engine.Prompt) * m.Layers, request: float64(s.Engine.Request),
		overhead: float64(s.Overhead), hop: float64(s.Engine.Hop), above: float64(s.Engine.Above)}
	e.prompt = math.Max(e.prompt, e.launch)
	if s.Engine.Reduce != nil {
		e.bus = float64(*s.Engine.Reduce)
	}
	if s.Engine.Staged != nil {
		e.staged = float64(*s.Engine.Staged)
	}
	if e.bus == 0 && s.GPUs > 1 {
		e.curve = make([]float64, curvePoints)
		for i := range e.curve {
			e.curve[i] = d.AllReduce(s.GPUs, curveLeast*math.Exp2(float64(i)/4))
		}
	}
	return e
}

// reduce returns the time in s of one all-reduce of a payload in bytes over g GPUs.
func (e *engine) reduce(g, bytes float64) float64 {
	if g <= 1 {
		return 0
	}
	if e.bus == 0 {
		bytes = math.Max(bytes, curveLeast)
		i := min(int(4*math.Log2(bytes/curveLeast)), curvePoints-2)
		lo, hi := curveLeast*math.Exp2(float64(i)/4), curveLeast*math.Exp2(float64(i+1)/4)
		return e.curve[i] + (e.curve[i+1]-e.curve[i])*(bytes-lo)/(hi-lo)
	}
	t := 2*(g-1)*e.hop + 2*(g-1)/g*bytes/e.bus
	if g > 2 && e.staged > 0 && bytes > e.above {
		t += (bytes - e.above) / e.staged
	}
	return t
}

// step returns the time in s of a step that the devices need gpu seconds for: they wait for its kernels, and it for the host's
// work on its requests.
func (e *engine) step(gpu, requests float64, prompts bool) float64 {
	host := e.launch
	if prompts {
		host = e.prompt
	}
	return math.Max(gpu+e.overhead, host) + e.request*requests
}
