package telemetry

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longest is the most bytes of a line; a longer one ends the reading with an error.
const longest = 1 << 20

// eachLine calls do with every line.
func eachLine(in io.Reader, do func(line int, text string)) error {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 4096), longest)
	n := 0
	for s.Scan() {
		n++
		do(n, strings.TrimSpace(s.Text()))
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

var (
	metricLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\}\s+(\S+)(?:\s+(-?\d+))?\s*$`)
	labelPair  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// readPrometheus reads the text exposition of dcgm-exporter: one scrape, or several with time stamps.
func readPrometheus(in io.Reader) (*Log, error) {
	b := newBuilder()
	at := map[*Series]float64{}
	known := 0
	err := eachLine(in, func(line int, text string) {
		m := metricLine.FindStringSubmatch(text)
		if m == nil {
			if text != "" && text[0] != '#' && strings.ContainsRune(text, '{') {
				b.find("broken line", "the line is left out", "line %d", line)
			}
			return
		}
		mean, ok := columns[strings.ToLower(m[1])]
		if !ok {
			return
		}
		known++
		labels := map[string]string{}
		for _, p := range labelPair.FindAllStringSubmatch(m[2], -1) {
			labels[p[1]] = p[2]
		}
		host := labels["Hostname"]
		if host == "" {
			host = labels["instance"]
		}
		s := b.device(line, key{host: host, device: labels["gpu"]})
		if s == nil {
			return
		}
		s.UUID, s.Model, s.Driver = labels["UUID"], labels["modelName"], labels["DCGM_FI_DRIVER_VERSION"]
		v, ok := number(m[3])
		if !ok {
			b.find("no number", "taken as missing", "line %d: %.40q", line, m[3])
			return
		}
		t := 0.0
		if m[4] != "" {
			ms, _ := strconv.ParseFloat(m[4], 64)
			t = ms / 1000
		}
		if now, begun := at[s]; !begun || now != t {
			if !b.sample(line, s, t) {
				return
			}
			at[s] = t
		}
		if q := s.columns[mean.q]; q != nil && !math.IsNaN(q[len(q)-1]) && !directions(strings.ToLower(m[1])) {
			b.find("duplicate sample", "the first of them counts", "line %d: %s of %s", line, m[1], s.Name())
			return
		}
		if !math.IsNaN(v) {
			b.value(line, s, mean.q, v*mean.scale)
		} else {
			b.find("NaN", "taken as missing", "line %d", line)
		}
	})
	if err == nil && known == 0 {
		err = errors.New("no metric that is known, such as DCGM_FI_DEV_POWER_USAGE")
	}
	if err != nil {
		return nil, err
	}
	return b.log("Prometheus text"), nil
}

// readPTDaemon reads the log of SPEC PTDaemon that MLPerf keeps: Time,06-01-2021 10:00:00.000,Watts,405.7,Volts,…
func readPTDaemon(in io.Reader) (*Log, error) {
	b := newBuilder()
	err := eachLine(in, func(line int, text string) {
		f := strings.Split(text, ",")
		if len(f) < 4 || f[0] != "Time" {
			return
		}
		s := b.device(line, key{device: "node-0"})
		if !b.sample(line, s, stamp(f[1], 1)) {
			return
		}
		for i := 2; i+1 < len(f); i += 2 {
			if f[i] != "Watts" {
				continue
			}
			if v, ok := number(f[i+1]); ok && !math.IsNaN(v) {
				b.value(line, s, Power, v)
			} else {
				b.find("no number", "taken as missing", "line %d: %.40q", line, f[i+1])
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return b.log("MLPerf PTDaemon log"), nil
}

var (
	ipmiPower = regexp.MustCompile(`Instantaneous power reading:\s*(\S+)\s*Watts`)
	ipmiStamp = regexp.MustCompile(`IPMI timestamp:\s*(.+)$`)
	ipmiTime  = regexp.MustCompile(`^# time\s+(\S.*)$`)
	sensorGPU = regexp.MustCompile(`(?i)gpu[ _]?(\d+)`)
)

// readIPMI reads what `ipmitool dcmi power reading` and `ipmitool sensor` or `sdr` print, one after the other. A line
// "# time STAMP" before a table says when it was read; without one, readings are a second apart.
func readIPMI(in io.Reader) (*Log, error) {
	b := newBuilder()
	t, said := 0.0, false
	at := map[*Series]float64{}
	pending := math.NaN() // DCMI states its time after its power
	put := func(line int, device string, q Quantity, v float64) {
		s := b.device(line, key{device: device})
		if s == nil {
			return
		}
		if now, begun := at[s]; !begun || now != t || (s.columns[q] != nil && len(s.Time) > 0 && !math.IsNaN(s.columns[q][len(s.Time)-1])) {
			if begun && now == t && !said {
				t++
			}
			if !b.sample(line, s, t) {
				return
			}
			at[s] = t
		}
		b.value(line, s, q, v)
	}
	err := eachLine(in, func(line int, text string) {
		if m := ipmiTime.FindStringSubmatch(text); m != nil {
			t, said = stamp(m[1], 1), true
			return
		}
		if m := ipmiPower.FindStringSubmatch(text); m != nil {
			if !math.IsNaN(pending) {
				put(line, "node", Power, pending)
			}
			pending = math.NaN()
			if v, ok := number(m[1]); ok {
				pending = v
			} else {
				b.find("no number", "taken as missing", "line %d: %.40q", line, m[1])
			}
			return
		}
		if m := ipmiStamp.FindStringSubmatch(text); m != nil && !math.IsNaN(pending) {
			if when, err := time.Parse("Mon Jan _2 15:04:05 2006", strings.Join(strings.Fields(m[1]), " ")); err == nil {
				t, said = float64(when.Unix()), true
			}
			put(line, "node", Power, pending)
			pending = math.NaN()
			return
		}
		if device, q, v, ok := sensor(b, line, text); ok {
			put(line, device, q, v)
		}
	})
	if err != nil {
		return nil, err
	}
	if !math.IsNaN(pending) {
		put(0, "node", Power, pending)
	}
	return b.log("IPMI"), nil
}

// sensor reads a row of a table of sensors: name | value | unit | … or name | id | state | place | value unit.
func sensor(b *builder, line int, text string) (device string, q Quantity, v float64, ok bool) {
	f := strings.Split(text, "|")
	if len(f) < 3 {
		return
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	value, unit := f[1], f[2]
	if v, u, both := strings.Cut(f[len(f)-1], " "); len(f) == 5 && both && unit != "Watts" && unit != "degrees C" && unit != "RPM" { // sdr elist
		value, unit = v, u
	} else if n, u, both := strings.Cut(f[1], " "); both { // sdr
		value, unit = n, u
	}
	name := strings.ToLower(f[0])
	switch {
	case unit == "Watts":
		q = Power
	case unit == "degrees C" && (strings.Contains(name, "inlet") || strings.Contains(name, "ambient")):
		q = Inlet
	case unit == "degrees C" && strings.Contains(name, "gpu"):
		q = Temperature
	case unit == "RPM":
		q = Fan
	default:
		return
	}
	device = "node"
	if m := sensorGPU.FindStringSubmatch(name); m != nil {
		device = m[1]
	} else if q == Fan || (q == Power && !strings.Contains(name, "total") && !strings.Contains(name, "pwr consumption") && !strings.Contains(name, "sys")) {
		device = f[0] // a supply or a fan is a device of its own
	}
	x, isNumber := number(value)
	if !isNumber {
		b.find("no number", "taken as missing", "line %d: %.40q", line, value)
		return
	}
	return device, q, x, !math.IsNaN(x)
}

// redfish is the part of Power, Thermal and MetricReport that is read.
type redfish struct {
	ID           string `json:"@odata.id"`
	Time         string `json:"Timestamp"`
	PowerControl []struct {
		Name  string
		Watts *float64 `json:"PowerConsumedWatts"`
	}
	Temperatures []struct {
		Name    string
		Context string   `json:"PhysicalContext"`
		Celsius *float64 `json:"ReadingCelsius"`
	}
	Fans []struct {
		Name    string
		Reading *float64
		Units   string `json:"ReadingUnits"`
	}
	MetricValues []struct {
		ID    string `json:"MetricId"`
		Value string `json:"MetricValue"`
		Time  string `json:"Timestamp"`
	}
}

// readRedfish reads documents one after the other. A document without a Timestamp is a second later than the one before it.
func readRedfish(in io.Reader) (*Log, error) {
	b := newBuilder()
	d := json.NewDecoder(in)
	at := map[*Series]float64{}
	t := 0.0
	put := func(doc int, host, device string, q Quantity, v float64) {
		s := b.device(doc, key{host: host, device: device})
		if s == nil {
			return
		}
		if now, begun := at[s]; !begun || now != t {
			if !b.sample(doc, s, t) {
				return
			}
			at[s] = t
		}
		b.value(doc, s, q, v)
	}
	docs := 0
	for {
		var r redfish
		err := d.Decode(&r)
		if errors.Is(err, io.EOF) {
			break
		}
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			b.find("unexpected type", "taken as missing", "document %d: %s", docs+1, kind.Field)
		} else if err != nil {
			return nil, fmt.Errorf("document %d: %w", docs+1, err)
		}
		docs++
		if when := stamp(r.Time, 1); r.Time != "" && !math.IsNaN(when) {
			t = when
		} else if r.Time == "" && len(r.MetricValues) == 0 {
			t++
		}
		host := chassis(r.ID)
		for i, p := range r.PowerControl {
			if p.Watts != nil {
				device := "node"
				if i > 0 {
					device = p.Name
				}
				put(docs, host, device, Power, *p.Watts)
			}
		}
		for _, x := range r.Temperatures {
			if x.Celsius == nil {
				continue
			}
			name := strings.ToLower(x.Name)
			if m := sensorGPU.FindStringSubmatch(name); m != nil {
				put(docs, host, m[1], Temperature, *x.Celsius)
			} else if x.Context == "Intake" || strings.Contains(name, "inlet") {
				put(docs, host, "node", Inlet, *x.Celsius)
			}
		}
		for _, x := range r.Fans {
			if x.Reading != nil {
				v := *x.Reading
				if x.Units == "Percent" {
					v /= 100
				}
				put(docs, host, x.Name, Fan, v)
			}
		}
		for _, m := range r.MetricValues {
			if when := stamp(m.Time, 1); m.Time != "" && !math.IsNaN(when) {
				t = when
			}
			v, ok := number(m.Value)
			id := strings.ToLower(m.ID)
			if !ok || math.IsNaN(v) || !strings.Contains(id, "power") {
				continue
			}
			device := "node"
			if g := sensorGPU.FindStringSubmatch(id); g != nil {
				device = g[1]
			}
			put(docs, host, device, Power, v)
		}
	}
	if docs == 0 {
		return nil, errors.New("no document")
	}
	return b.log("Redfish"), nil
}

// chassis returns the chassis of a resource: /redfish/v1/Chassis/NAME/Power.
func chassis(id string) string {
	if _, rest, ok := strings.Cut(id, "/Chassis/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return ""
}
