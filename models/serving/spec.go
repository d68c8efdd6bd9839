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
	Replicas  Count            `yaml:"replicas" doc:"replicas, or auto: the fewest that keep the service level at the peak of the load; with autoscale those of the start" default:"auto"`
	MaxBatch  int              `yaml:"max_batch" doc:"requests that a replica generates for at once, memory permitting" default:"256" source:"typical" range:"[1,)"`
	Headroom  unit.Ratio       `yaml:"headroom" doc:"load above the peak that replicas: auto provides for" default:"25 %" source:"typical" range:"[0,10]"`
	Overhead  unit.Duration    `yaml:"overhead" doc:"time of a step that no size shortens: scheduling, sampling, launches" default:"4 ms" source:"typical of engines with CUDA graphs; 8 to 19 ms in those of 2023" range:"[0,)"`
	Engine    EngineSpec       `yaml:"engine" doc:"what its software costs beside arithmetic and memory"`
	Chunk     int              `yaml:"chunk" doc:"tokens that a step holds where prompts are taken in chunks beside generation; 0: whole prompts, between steps" default:"0" range:"[0,)"`
	// PrefixHits is what caches hold of prompts; only the rest is computed.
	PrefixHits *unit.Ratio   `yaml:"prefix_hits" doc:"share of the prompt tokens found in the prefix cache: only the rest is computed; absent: as the hashes in the load's file tell, else none" range:"[0,1)"`
	Attained   *unit.Ratio   `yaml:"attained" doc:"share of the peak that prefill reaches; absent: that of the GPU type" range:"(0,1]"`
	Bandwidth  unit.Ratio    `yaml:"bandwidth" doc:"share of the memory bandwidth that generation reaches" default:"75 %" source:"typical" range:"(0,1]"`
	Start      unit.Duration `yaml:"start" doc:"time from the placement of a replica until it answers: load the weights, warm up" default:"3 min" source:"typical" range:"[0,)"`
	Timeout    unit.Duration `yaml:"timeout" doc:"wait after which a request is given up; 0: never" default:"0 s" range:"[0,)"`
	Balance    string        `yaml:"balance" doc:"which replica takes a request: each in turn, the one with the fewest, or the one that will be done first" enum:"round-robin,least-outstanding,fastest" default:"least-outstanding"`
	Detail     string        `yaml:"detail" doc:"how its requests are followed: as a fluid through queues, or one by one through every step of its replicas" enum:"fluid,requests" default:"fluid"`
	Every      unit.Duration `yaml:"every" doc:"time between looks at its load, where requests are followed one by one or replicas scale" default:"30 s" source:"typical of autoscalers: 15–60 s" range:"[1,3600]"`

	Priority    float64 `yaml:"priority" doc:"of its replicas in the queue; larger is more urgent" default:"1000"`
	Queue       string  `yaml:"queue" doc:"queue that its replicas join: they count against its quota, and may borrow"`
	Preemptible bool    `yaml:"preemptible" doc:"the scheduler may take GPUs from its replicas for more urgent work" default:"false"`

	Split  *SplitSpec  `yaml:"split" doc:"replicas that only prefill, beside those that only generate"`
	Scale  *ScaleSpec  `yaml:"autoscale" doc:"replicas that come and go with the load, from the GPUs that jobs use too"`
	Remote *RemoteSpec `yaml:"remote" doc:"another site that answers too, across a wide-area network"`

	Load LoadSpec `yaml:"load" doc:"the requests it gets" required:"true"`
	SLA  SLASpec  `yaml:"sla" doc:"the service level"`
}

// SplitSpec takes prompts and generation apart: Patel et al., Splitwise, ISCA 2024.
type SplitSpec struct {
	Prefill  int            `yaml:"prefill" doc:"replicas that only prefill; the others only generate" required:"true" range:"[1,)"`
	Transfer unit.Bandwidth `yaml:"transfer" doc:"bandwidth at which the key-value cache of a prompt goes from one to the other" default:"50 GB/s" source:"one 400 Gb/s adapter" range:"(0,)"`
}

// ScaleSpec is an autoscaler: it asks for replicas in proportion to what it measures, up at once, down after a while.
type ScaleSpec struct {
	Min    int           `yaml:"min" doc:"fewest replicas" default:"1" range:"[1,)"`
	Max    int           `yaml:"max" doc:"most replicas" required:"true" range:"[1,100000]"`
	By     string        `yaml:"by" doc:"what it measures: the share of the replicas' capacity in use, or the requests that wait for each" enum:"utilisation,queue" default:"utilisation"`
	Target unit.Ratio    `yaml:"target" doc:"utilisation that it aims at" default:"70 %" source:"typical" range:"(0,1]"`
	Queue  float64       `yaml:"waiting" doc:"requests waiting for each replica that it aims at" default:"2" source:"typical" range:"(0,)"`
	Cool   unit.Duration `yaml:"cool_down" doc:"time for which fewer replicas must have been enough before it gives some back" default:"5 min" source:"typical: the horizontal pod autoscaler of Kubernetes" range:"[0,)"`
}

// RemoteSpec is another site that answers requests of the service: its replicas are always there unless the timeline takes
// them, and neither their power nor their cooling is followed.
type RemoteSpec struct {
	Name      string         `yaml:"name" doc:"name of the other site" default:"cloud"`
	Node      string         `yaml:"node" doc:"its type of node, of the library" default:"hardware/node-dgx-h100"`
	Replicas  int            `yaml:"replicas" doc:"replicas there" required:"true" range:"[1,1000000]"`
	GPUs      int            `yaml:"gpus" doc:"GPUs of a replica there" default:"8" source:"typical" range:"[1,1024]"`
	Route     string         `yaml:"route" doc:"who answers: this site until it is busy, the other one until it is, or whichever is done first" enum:"local-first,remote-first,fastest" default:"local-first"`
	Spill     unit.Ratio     `yaml:"spill" doc:"utilisation of the preferred site from which the other helps" default:"80 %" source:"typical" range:"(0,1]"`
	RoundTrip unit.Duration  `yaml:"round_trip" doc:"of the network between the sites" default:"40 ms" source:"typical of a few hundred km" range:"[0,)"`
	Bandwidth unit.Bandwidth `yaml:"bandwidth" doc:"of the network between the sites, for requests" default:"1 Gbit/s" source:"typical" range:"(0,)"`
	Payload   unit.Data      `yaml:"payload" doc:"size of a request on the way: text, or the images it brings" default:"10 kB" source:"typical of text" range:"[0,)"`
}

// LoadSpec is the load: a file of requests, or a rate with a shape over the day.
type LoadSpec struct {
	File   string      `yaml:"file" doc:"requests: time, prompt tokens, output tokens; csv or csv.gz, or JSON lines. A log begins with the run, one with a period goes by the time of day"`
	Scale  float64     `yaml:"scale" doc:"factor on the number of requests" default:"1" range:"[0,)"`
	Rate   *unit.Rate  `yaml:"rate" doc:"requests per time, the mean over a day; instead of file" range:"[0,)"`
	Swing  unit.Ratio  `yaml:"swing" doc:"half the difference between the busiest and the quietest hour, as a share of the mean" default:"0" range:"[0,1]"`
	Peak   float64     `yaml:"peak" doc:"busiest hour of the day" default:"14" source:"typical of office hours" range:"[0,24]"`
	Day    []float64   `yaml:"day" doc:"24 weights of the hours of the day, from midnight; instead of swing"`
	Week   []float64   `yaml:"week" doc:"7 weights of the days of the week, from Monday"`
	Surges []SurgeSpec `yaml:"surges" doc:"spans of the day with more requests: the open and the close of a market, the hour before the lorries leave"`
	// Burst is about arrivals within a minute, surges are about spans of the day.
	Burst  *float64   `yaml:"burst" doc:"coefficient of variation of the time between requests; absent: 1, as by chance" range:"[0,20]"`
	Prompt LengthSpec `yaml:"prompt" doc:"tokens of a prompt, for a load given as a rate"`
	Output LengthSpec `yaml:"output" doc:"tokens of an answer, for a load given as a rate"`
}

// SurgeSpec is a span of the day with more requests.
type SurgeSpec struct {
	At       unit.Duration `yaml:"at" doc:"when it begins, after midnight" required:"true" range:"[0,86400)"`
	For      unit.Duration `yaml:"for" doc:"how long it lasts" required:"true" range:"(0,86400]"`
	Times    float64       `yaml:"times" doc:"factor on the requests" required:"true" range:"[0,1000]"`
	Weekdays bool          `yaml:"weekdays" doc:"only from Monday to Friday" default:"true"`
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
func (s *Spec) Validate(fail func(path, msg string)) {
	if s.Split != nil {
		if s.Replicas == 0 || int(s.Replicas) <= s.Split.Prefill {
			fail("split.prefill", fmt.Sprintf("%d of replicas: %s leave none to generate: state replicas as a number above it", s.Split.Prefill, s.Replicas))
		}
		if s.Scale != nil || s.Chunk > 0 {
			fail("split", "replicas that only prefill neither scale nor take prompts in chunks: leave autoscale and chunk out")
		}
	}
	if s.Scale != nil && s.Scale.Min > s.Scale.Max {
		fail("autoscale.min", fmt.Sprintf("%d is more than max, %d", s.Scale.Min, s.Scale.Max))
	}
	if s.Chunk > 0 && s.Chunk < 2*s.MaxBatch {
		fail("chunk", fmt.Sprintf("a step of %d tokens has no room for prompts beside a batch of %d: write at least %d, or lower max_batch", s.Chunk, s.MaxBatch, 2*s.MaxBatch))
	}
}

// Validate checks what tags cannot say.
func (s *LoadSpec) Validate(fail func(path, msg string)) {
	if (s.File == "") == (s.Rate == nil) {
		fail("file", "give either file or rate")
	}
	if s.File != "" && s.Swing > 0 {
		fail("swing", "a file brings its own shape: leave swing out")
	}
	if s.File != "" && (s.Day != nil || s.Week != nil || s.Surges != nil) {
		fail("file", "a file brings its own shape: leave day, week and surges out")
	}
	if s.Swing > 0 && s.Day != nil {
		fail("day", "swing is a shape of the day too: give one of them")
	}
	weights(fail, "day", s.Day, 24, "hours")
	weights(fail, "week", s.Week, 7, "days")
}

// weights checks the weights of a shape.
func weights(fail func(path, msg string), path string, w []float64, n int, of string) {
	if w == nil {
		return
	}
	sum, least := 0.0, 0.0
	for _, v := range w {
		sum, least = sum+v, min(least, v)
	}
	if len(w) != n || !(sum > 0) || least < 0 {
		fail(path, fmt.Sprintf("write %d weights, one for each of the %s, none below 0 and not all 0", n, of))
	}
}

func (l *LengthSpec) cv() float64 {
	if l.CV != nil {
		return *l.CV
	}
	return 1
}
