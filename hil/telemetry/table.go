package telemetry

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Quantity is what a column holds.
type Quantity uint8

// The quantities of a device, and of a node.
const (
	Power             Quantity = iota // W
	Temperature                       // °C, of the core
	MemoryTemperature                 // °C
	Utilisation                       // share of time with any kernel on the device
	MemoryUtilisation                 // share of time with traffic to its memory
	SMActive                          // share of cycles in which a multiprocessor has work
	TensorActive                      // share of cycles in which the tensor cores issue
	DRAMActive                        // share of cycles in which its memory moves data
	FP16Active                        // share of cycles in which half-precision arithmetic issues
	PCIe                              // bytes/s, both directions
	NVLink                            // bytes/s, both directions
	Clock                             // Hz, of the multiprocessors
	PowerLimit                        // W
	Energy                            // J, a counter
	MemoryUsed                        // bytes
	Throttle                          // bit set of reasons; bit 0: idle
	Inlet                             // °C
	Fan                               // share of full speed, or rpm where that is all that is said
	quantities
)

var names = [quantities]string{"power", "temperature", "memory_temperature", "utilisation", "memory_utilisation", "sm_active", "tensor_active",
	"dram_active", "fp16_active", "pcie", "nvlink", "clock", "power_limit", "energy", "memory_used", "throttle", "inlet", "fan"}

func (q Quantity) String() string {
	if q < quantities {
		return names[q]
	}
	return fmt.Sprintf("quantity(%d)", q)
}

// bounds are what a quantity can be; beyond them a reading is none. Counters of 64 bits and sentinels such as 214748364.7 (the
// largest int32 in tenths) lie far outside.
var bounds = [quantities][2]float64{
	Power: {0, 200e3}, Temperature: {-40, 150}, MemoryTemperature: {-40, 150}, Utilisation: {0, 1.005}, MemoryUtilisation: {0, 1.005},
	SMActive: {0, 1.005}, TensorActive: {0, 1.005}, DRAMActive: {0, 1.005}, FP16Active: {0, 1.005}, PCIe: {0, 1e12}, NVLink: {0, 1e13},
	Clock: {0, 1e10}, PowerLimit: {1, 200e3}, Energy: {0, 1e18}, MemoryUsed: {0, 1e15}, Throttle: {0, 1 << 53}, Inlet: {-40, 100}, Fan: {0, 100e3},
}

// Series is what was read of one device, or of one node.
type Series struct {
	Host   string // node, where one is named
	Run    string // recording that it belongs to: a file, or a run named in it
	Device string // index, slot or name
	UUID   string
	Model  string
	Driver string
	User   string // who had it, where said; see [Pseudonyms]

	Time    []float64 // s, ascending: since 1970 where the log says so, else from the start of the run
	columns [quantities][]float64
}

// Get returns a column, of the length of Time; nil where nothing is known of it.
func (s *Series) Get(q Quantity) []float64 { return s.columns[q] }

// Has reports whether a column has any values.
func (s *Series) Has(q Quantity) bool { return s.columns[q] != nil }

// Set replaces a column.
func (s *Series) Set(q Quantity, values []float64) {
	if len(values) != len(s.Time) {
		panic(fmt.Sprintf("telemetry: %d values for %d times", len(values), len(s.Time)))
	}
	s.columns[q] = values
}

// Name says which device it is.
func (s *Series) Name() string {
	parts := make([]string, 0, 3)
	for _, p := range []string{s.Run, s.Host, s.Device} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "/")
}

// Span returns the seconds from the first to the last sample.
func (s *Series) Span() float64 {
	if len(s.Time) == 0 {
		return 0
	}
	return s.Time[len(s.Time)-1] - s.Time[0]
}

// Filled returns a column whose gaps are bridged by lines, and held at the ends; nil where nothing is known.
func (s *Series) Filled(q Quantity) []float64 {
	c := s.columns[q]
	if c == nil {
		return nil
	}
	out := slices.Clone(c)
	last := -1
	for i, v := range out {
		if math.IsNaN(v) {
			continue
		}
		switch {
		case last < 0:
			for k := range i {
				out[k] = v
			}
		case i > last+1:
			for k := last + 1; k < i; k++ {
				out[k] = out[last] + (v-out[last])*(s.Time[k]-s.Time[last])/(s.Time[i]-s.Time[last])
			}
		}
		last = i
	}
	if last < 0 {
		return nil
	}
	for k := last + 1; k < len(out); k++ {
		out[k] = out[last]
	}
	return out
}

// Finding is something that was wrong with a log, and what was done about it.
type Finding struct {
	Kind  string // "impossible value", "clock", "duplicate" …
	Count int
	First string // place and value of the first
	Done  string // what was done
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %d, first %s; %s", f.Kind, f.Count, f.First, f.Done)
}

// Log is a recording.
type Log struct {
	Source   string // file
	Format   string // as recognised
	Hash     string // SHA-256 of the bytes, hexadecimal
	Series   []*Series
	Findings []Finding
}

// Slice returns a part of a series, from sample i to before sample k.
func (s *Series) Slice(i, k int) *Series {
	out := *s
	out.Time = s.Time[i:k]
	for q, c := range s.columns {
		if c != nil {
			out.columns[q] = c[i:k]
		}
	}
	return &out
}
