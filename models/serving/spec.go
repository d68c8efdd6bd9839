package serving

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
)

// Spec is one inference service.
type Spec struct {
	Title  string `yaml:"title" doc:"full name of the service"`
	About  string `yaml:"about" doc:"what it does and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Name      string           `yaml:"name" doc:"name of the service" default:"service"`
	Model     transformer.Spec `yaml:"model" doc:"the model it serves" required:"true"`
	Precision string           `yaml:"precision" doc:"arithmetic and size of the weights" enum:"bf16,fp8" default:"fp8"`
	KVBytes   float64          `yaml:"kv_bytes" doc:"bytes of one number in the key-value cache" default:"2" source:"BF16" range:"(0,8]"`
	GPUs      int              `yaml:"gpus" doc:"GPUs of a replica" default:"8" source:"typical" range:"[1,1024]"`
	Replicas  Count            `yaml:"replicas" doc:"replicas, or auto: the fewest that keep the service level at the peak of the load" default:"auto"`
	MaxBatch  int              `yaml:"max_batch" doc:"requests that a replica generates for at once, memory permitting" default:"256" source:"typical" range:"[1,)"`
	Headroom  unit.Ratio       `yaml:"headroom" doc:"load above the peak that replicas: auto provides for" default:"25 %" source:"typical" range:"[0,10]"`
	Overhead  unit.Duration    `yaml:"overhead" doc:"time of a step that no size shortens: scheduling, sampling, launches" default:"4 ms" source:"typical of engines with CUDA graphs; 24 ms in older ones" range:"[0,)"`
	Engine    EngineSpec       `yaml:"engine" doc:"what its software costs beside arithmetic and memory"`
	Chunk     int              `yaml:"chunk" doc:"tokens that a step holds where prompts are taken in chunks beside generation; 0: whole prompts, between steps" default:"0" range:"[0,)"`
	// PrefixHits is what caches hold of prompts; only the rest is computed.
	PrefixHits unit.Ratio    `yaml:"prefix_hits" doc:"share of the prompt tokens found in the prefix cache: only the rest is computed" default:"0" range:"[0,1)"`
	Attained   *unit.Ratio   `yaml:"attained" doc:"share of the peak that prefill reaches; absent: that of the GPU type" range:"(0,1]"`
	Bandwidth  unit.Ratio    `yaml:"bandwidth" doc:"share of the memory bandwidth that generation reaches" default:"75 %" source:"typical" range:"(0,1]"`
	Start      unit.Duration `yaml:"start" doc:"time from the placement of a replica until it answers: load the weights, warm up" default:"3 min" source:"typical" range:"[0,)"`
	Priority   float64       `yaml:"priority" doc:"of its replicas in the queue; larger is more urgent" default:"1000"`

	Load LoadSpec `yaml:"load" doc:"the requests it gets" required:"true"`
	SLA  SLASpec  `yaml:"sla" doc:"the service level"`
}

// LoadSpec is the load: a file of requests, or a rate with a shape over the day.
type LoadSpec struct {
	File   string     `yaml:"file" doc:"requests: time, prompt tokens, output tokens; csv or csv.gz"`
	Scale  float64    `yaml:"scale" doc:"factor on the number of requests" default:"1" range:"[0,)"`
	Rate   *unit.Rate `yaml:"rate" doc:"requests per time, the mean over a day; instead of file" range:"[0,)"`
	Swing  unit.Ratio `yaml:"swing" doc:"half the difference between the busiest and the quietest hour, as a share of the mean" default:"0" range:"[0,1]"`
	Peak   float64    `yaml:"peak" doc:"busiest hour of the day" default:"14" source:"typical of office hours" range:"[0,24]"`
	Prompt LengthSpec `yaml:"prompt" doc:"tokens of a prompt, for a load given as a rate"`
	Output LengthSpec `yaml:"output" doc:"tokens of an answer, for a load given as a rate"`
}

// LengthSpec is a distribution of lengths in tokens.
type LengthSpec struct {
	Mean float64  `yaml:"mean" doc:"mean number of tokens" default:"500" range:"[1,)"`
	CV   *float64 `yaml:"cv" doc:"standard deviation over mean; absent: 1" range:"[0,10]"`
}

// SLASpec is a service level: limits that a request should keep.
type SLASpec struct {
	TTFT unit.Duration `yaml:"ttft_p99" doc:"time to first token that 99 % of the requests should keep" default:"1 s" source:"typical" range:"(0,)"`
	TPOT unit.Duration `yaml:"tpot_p99" doc:"time per output token that 99 % of the requests should keep" default:"50 ms" source:"typical" range:"(0,)"`
}

// Count is a number of replicas; 0 is auto.
type Count int

// UnmarshalText reads "auto" or a positive number.
func (c *Count) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "auto" {
		*c = 0
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1e6 {
		return fmt.Errorf("%q is no number of replicas: write auto or a number from 1 to 1000000", s)
	}
	*c = Count(n)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (c Count) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func (c Count) String() string {
	if c == 0 {
		return "auto"
	}
	return strconv.Itoa(int(c))
}

// Validate checks what tags cannot say.
func (s *LoadSpec) Validate(fail func(path, msg string)) {
	if (s.File == "") == (s.Rate == nil) {
		fail("file", "give either file or rate")
	}
	if s.File != "" && s.Swing > 0 {
		fail("swing", "a file brings its own shape: leave swing out")
	}
}

func (l *LengthSpec) cv() float64 {
	if l.CV != nil {
		return *l.CV
	}
	return 1
}
