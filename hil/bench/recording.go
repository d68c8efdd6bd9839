package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/telemetry"
)

// Recording is what an experiment has seen.
type Recording struct {
	Devices []device.Identity
	Steps   []Ran
	Rows    []Row
	Held    []device.HeldCount // what the filter held back

	now float64
	at  map[string]int // device by key
}

// Ran is a step that was run.
type Ran struct {
	Experiment string
	Step
	From, To float64 // s since the beginning
	Burst    bool    // read at the experiment's own rate
}

// Row is one reading.
type Row struct {
	Time   float64 // s since the beginning
	Wall   time.Time
	Device int // in Devices
	Step   int // in Steps plus one; 0 for none
	Work   float64
	Values [device.Quantities]float64
	Xids   []uint64
}

func newRecording(devices []device.Device) *Recording {
	r := &Recording{at: map[string]int{}}
	for i, d := range devices {
		id := d.Identity()
		r.Devices = append(r.Devices, id)
		r.at[id.Key] = i
	}
	return r
}

// begin notes a step and returns its number.
func (r *Recording) begin(e *Experiment, s Step, now float64) int {
	r.Steps = append(r.Steps, Ran{Experiment: e.Name, Step: s, From: now, To: now + s.Seconds, Burst: e.Rate > 0})
	return len(r.Steps)
}

func (r *Recording) add(id *device.Identity, step int, x *device.Reading, work float64) {
	i, ok := r.at[id.Key]
	if !ok { // it came with a driver that restarted
		i = len(r.Devices)
		r.at[id.Key] = i
		r.Devices = append(r.Devices, *id)
	}
	row := Row{Time: r.now, Wall: x.At, Device: i, Step: step, Work: work, Values: x.Values}
	if len(x.Xids) > 0 {
		row.Xids = append(row.Xids, x.Xids...)
	}
	r.Rows = append(r.Rows, row)
}

// columns are the quantities of a recording as telemetry has them, with their CSV column and its unit.
var columns = []struct {
	from   device.Quantity
	to     telemetry.Quantity
	header string
	scale  float64 // of the column
	digits int     // after the point
}{
	{device.Power, telemetry.Power, "power_w", 1, 3},
	{device.Temperature, telemetry.Temperature, "temp_c", 1, 1},
	{device.MemoryTemperature, telemetry.MemoryTemperature, "mem_temp_c", 1, 1},
	{device.Utilisation, telemetry.Utilisation, "gpu_util_pct", 100, 2},
	{device.MemoryUtilisation, telemetry.MemoryUtilisation, "mem_util_pct", 100, 2},
	{device.SMActive, telemetry.SMActive, "sm_active", 1, 5},
	{device.TensorActive, telemetry.TensorActive, "tensor_active", 1, 5},
	{device.DRAMActive, telemetry.DRAMActive, "dram_active", 1, 5},
	{device.Clock, telemetry.Clock, "sm_clock_mhz", 1e-6, 1},
	{device.PowerLimit, telemetry.PowerLimit, "power_limit_w", 1, 1},
	{device.Energy, telemetry.Energy, "energy_mj", 1e3, 0},
	{device.MemoryUsed, telemetry.MemoryUsed, "mem_used_mib", 1.0 / (1 << 20), 0},
	{device.Throttle, telemetry.Throttle, "throttle_reasons", 1, 0},
	{device.Inlet, telemetry.Inlet, "inlet_c", 1, 1},
}

// burst tells whether a row was read fast, for the power sensor alone: it has no activity, and would outweigh the rest.
func (r *Recording) burst(row *Row) bool { return row.Step > 0 && r.Steps[row.Step-1].Burst }

// Bursts tells whether there are such rows.
func (r *Recording) Bursts() bool {
	return slices.ContainsFunc(r.Steps, func(s Ran) bool { return s.Burst })
}

// Log returns the recording without its bursts as the fits take it, one series for each device.
func (r *Recording) Log() *telemetry.Log {
	l := &telemetry.Log{Source: "bench", Format: "recording"}
	for i, id := range r.Devices {
		s := &telemetry.Series{Host: id.Host, Device: strconv.Itoa(id.Index), UUID: id.Key, Model: id.Model, Driver: id.Driver}
		values := make([][]float64, len(columns))
		some := make([]bool, len(columns))
		for k := range r.Rows {
			row := &r.Rows[k]
			if row.Device != i || r.burst(row) {
				continue
			}
			s.Time = append(s.Time, row.Time)
			for c := range columns {
				v := row.Values[columns[c].from]
				values[c] = append(values[c], v)
				some[c] = some[c] || !math.IsNaN(v)
			}
		}
		for c := range columns {
			if some[c] {
				s.Set(columns[c].to, values[c])
			}
		}
		if len(s.Time) > 0 {
			l.Series = append(l.Series, s)
		}
	}
	for _, h := range r.Held {
		l.Findings = append(l.Findings, telemetry.Finding{Kind: h.What + " " + h.Why, Count: h.Count, First: h.Device, Done: "taken as missing"})
	}
	return l
}

// WriteCSV writes the recording as a table that `halltwin calibrate` reads: what was read steadily, or the bursts.
func (r *Recording) WriteCSV(w io.Writer, bursts bool) error {
	t := NewTable(w)
	for i := range r.Rows {
		row := &r.Rows[i]
		if r.burst(row) != bursts {
			continue
		}
		phase := ""
		if row.Step > 0 {
			s := &r.Steps[row.Step-1]
			phase = s.Experiment + ": " + s.Name
		}
		t.Add(row.Time, &r.Devices[row.Device], phase, row.Work, &row.Values)
	}
	return t.Flush()
}

// Table writes readings as they come, in the form that `halltwin calibrate` reads.
type Table struct {
	out *bufio.Writer
	buf []byte
}

// NewTable begins a table.
func NewTable(w io.Writer) *Table {
	t := &Table{out: bufio.NewWriter(w)}
	fmt.Fprint(t.out, "timestamp,host,gpu,uuid,name,driver_version,phase,work")
	for _, c := range columns {
		fmt.Fprint(t.out, ",", c.header)
	}
	fmt.Fprintln(t.out)
	return t
}

// Add writes what a device told at a time in s, and what had been got done on it.
func (t *Table) Add(at float64, id *device.Identity, phase string, work float64, values *[device.Quantities]float64) {
	fmt.Fprintf(t.out, "%.6f,%s,%d,%s,%s,%s,%s", at, id.Host, id.Index, id.Key, quoted(id.Model), id.Driver, quoted(phase))
	t.buf = number(t.buf[:0], work, 3)
	for _, c := range columns {
		t.buf = number(t.buf, values[c.from]*c.scale, c.digits)
	}
	fmt.Fprintf(t.out, "%s\n", t.buf)
}

// Flush writes what is still held, and returns the first error of all writing.
func (t *Table) Flush() error { return t.out.Flush() }

// number appends a comma and a value; what is missing is empty.
func number(buf []byte, v float64, digits int) []byte {
	buf = append(buf, ',')
	if math.IsNaN(v) {
		return buf
	}
	return strconv.AppendFloat(buf, v, 'f', digits, 64)
}

func quoted(s string) string {
	for _, c := range s {
		if c == ',' || c == '"' || c == '\n' {
			return strconv.Quote(s)
		}
	}
	return s
}

// Point is what one device did in one step, once it had settled.
type Point struct {
	Ran
	Device      int
	Limit       float64 // W, in force
	Clock       float64 // Hz
	Power       float64 // W, mean
	Utilisation float64
	Rate        float64 // samples a second
	Samples     int
}

// settle is the share of a step that is left out before it counts as settled.
const settle = 0.3

// Points returns the means of every step and device.
func (r *Recording) Points() []Point {
	type sums struct {
		power, limit, clock, util mean
		n                         int
		w0, w1, t0, t1            float64
	}
	all := map[[2]int]*sums{}
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Step == 0 {
			continue
		}
		s := &r.Steps[row.Step-1]
		if row.Time < s.From+settle*s.Seconds {
			continue
		}
		key := [2]int{row.Step - 1, row.Device}
		x := all[key]
		if x == nil {
			x = &sums{w0: row.Work, t0: row.Time}
			all[key] = x
		}
		x.power.add(row.Values[device.Power])
		x.limit.add(row.Values[device.PowerLimit])
		x.clock.add(row.Values[device.Clock])
		x.util.add(row.Values[device.Utilisation])
		x.w1, x.t1 = row.Work, row.Time
		x.n++
	}
	var points []Point
	for i := range r.Steps {
		for d := range r.Devices {
			x := all[[2]int{i, d}]
			if x == nil {
				continue
			}
			p := Point{Ran: r.Steps[i], Device: d, Limit: x.limit.value(), Clock: x.clock.value(), Power: x.power.value(),
				Utilisation: x.util.value(), Rate: math.NaN(), Samples: x.n}
			if x.t1 > x.t0 {
				p.Rate = (x.w1 - x.w0) / (x.t1 - x.t0)
			}
			points = append(points, p)
		}
	}
	return points
}

// mean is that of what is not missing.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float64) {
	if !math.IsNaN(v) {
		m.sum, m.n = m.sum+v, m.n+1
	}
}

func (m *mean) value() float64 { return m.sum / float64(m.n) }
