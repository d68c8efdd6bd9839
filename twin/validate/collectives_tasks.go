package validate

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/fabric"
)

// batsimTasks runs the parallel tasks, sequences and delays of Batsim's own tests, each alone on its platform, as its tests do,
// and compares execution times with those that they assert.
func batsimTasks(r *Result, data string) error {
	const from = "Batsim's tests are in platforms and workloads of github.com/oar-team/batsim"
	dir, err := folder(data, "peers/batsim-ptask", from, "cluster512.xml")
	if err != nil {
		return err
	}
	platform, err := readCluster(filepath.Join(dir, "cluster512.xml"))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "test_*.json"))
	if err != nil {
		return err
	}
	worst, count, unmet := 0.0, 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var w batsimWorkload
		if err := json.Unmarshal(b, &w); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, j := range w.Jobs {
			p, ok := w.Profiles[j.Profile]
			if !ok {
				return fmt.Errorf("%s: job %s: there is no profile %q", file, j.ID, j.Profile)
			}
			if p.Expected == nil {
				continue // nothing is asserted
			}
			got, err := w.time(platform, j.Profile, j.Res)
			if err != nil {
				return fmt.Errorf("%s: job %s: %w", file, j.ID, err)
			}
			want := *p.Expected
			if j.Walltime > 0 {
				got, want = math.Min(got, j.Walltime), math.Min(want, j.Walltime)
			}
			count++
			e := math.Abs(got - want)
			if e > 1e-6*want {
				r.Say("%s: job %s takes %.6f s, Batsim asserts %.6f s", filepath.Base(file), j.ID, got, want)
				unmet++
			}
			worst = max(worst, e/want)
		}
	}
	r.Add(fmt.Sprintf("Batsim: worst of %d jobs", count), worst, "", "<= 1e-6", unmet == 0 && count > 0)
	return nil
}

type batsimWorkload struct {
	Jobs []struct {
		ID       json.RawMessage `json:"id"`
		Walltime float64         `json:"walltime"`
		Res      int             `json:"res"`
		Profile  string          `json:"profile"`
	} `json:"jobs"`
	Profiles map[string]batsimProfile `json:"profiles"`
}

type batsimProfile struct {
	Type     string          `json:"type"`
	Delay    float64         `json:"delay"`
	CPU      json.RawMessage `json:"cpu"`
	Com      json.RawMessage `json:"com"`
	Strategy string          `json:"generation_strategy"`
	Repeat   *int            `json:"repeat"`
	Seq      []string        `json:"seq"`
	Expected *float64        `json:"expected_execution_time"`
}

// time returns how long a profile takes on the first hosts of a platform.
func (w *batsimWorkload) time(p *fabric.Platform, name string, n int) (float64, error) {
	profile, ok := w.Profiles[name]
	if !ok {
		return 0, fmt.Errorf("there is no profile %q", name)
	}
	switch profile.Type {
	case "DelayProfile":
		return profile.Delay, nil
	case "SequentialCompositionProfile":
		sum := 0.0
		for _, part := range profile.Seq {
			t, err := w.time(p, part, n)
			if err != nil {
				return 0, err
			}
			sum += t
		}
		if profile.Repeat != nil {
			sum *= float64(*profile.Repeat)
		}
		return sum, nil
	case "ParallelTaskProfile", "ParallelTaskHomogeneousProfile":
		t, err := profile.task(n)
		if err != nil {
			return 0, err
		}
		hosts := make([]int, n)
		for i := range hosts {
			hosts[i] = i
		}
		return p.Run([]fabric.Task{t}, [][]int{hosts}, []float64{0})[0], nil
	}
	return 0, fmt.Errorf("profile %q has the unknown type %q", name, profile.Type)
}

// task returns the parallel task of a profile for n hosts.
func (p *batsimProfile) task(n int) (fabric.Task, error) {
	var t fabric.Task
	if p.Type == "ParallelTaskProfile" {
		if err := json.Unmarshal(p.CPU, &t.Compute); err != nil {
			return t, fmt.Errorf("cpu: %w", err)
		}
		if err := json.Unmarshal(p.Com, &t.Bytes); err != nil {
			return t, fmt.Errorf("com: %w", err)
		}
		if len(t.Compute) != n || len(t.Bytes) != n*n {
			return t, fmt.Errorf("%d computations and %d transfers are not those of %d hosts", len(t.Compute), len(t.Bytes), n)
		}
		return t, nil
	}
	var cpu, com float64
	if err := json.Unmarshal(p.CPU, &cpu); err != nil {
		return t, fmt.Errorf("cpu: %w", err)
	}
	if err := json.Unmarshal(p.Com, &com); err != nil {
		return t, fmt.Errorf("com: %w", err)
	}
	if strings.HasSuffix(p.Strategy, "SpreadUniformly") {
		cpu /= float64(n)
		com /= float64(max(1, n*(n-1)))
	}
	t.Compute, t.Bytes = make([]float64, n), make([]float64, n*n)
	for i := range n {
		t.Compute[i] = cpu
		for j := range n {
			if i != j {
				t.Bytes[i*n+j] = com
			}
		}
	}
	return t, nil
}

// readCluster reads the first cluster of a SimGrid platform: hosts with a full-duplex link each on one shared backbone.
func readCluster(path string) (*fabric.Platform, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Zone struct {
			Cluster []struct {
				Radical   string `xml:"radical,attr"`
				Speed     string `xml:"speed,attr"`
				Bandwidth string `xml:"bw,attr"`
				Latency   string `xml:"lat,attr"`
				Backbone  string `xml:"bb_bw,attr"`
				Middle    string `xml:"bb_lat,attr"`
			} `xml:"cluster"`
		} `xml:"zone"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Zone.Cluster) == 0 {
		return nil, fmt.Errorf("%s: there is no cluster in its zone", path)
	}
	c := &doc.Zone.Cluster[0]
	var first, last int
	if _, err := fmt.Sscanf(c.Radical, "%d-%d", &first, &last); err != nil || last < first {
		return nil, fmt.Errorf("%s: radical %q is no range such as 0-511", path, c.Radical)
	}
	var v [5]float64
	for i, s := range []string{c.Speed, c.Bandwidth, c.Latency, c.Backbone, c.Middle} {
		if v[i], err = simgridNumber(s); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	n := last - first + 1
	p := &fabric.Platform{}
	for i := range 3 {
		for range n {
			p.Capacity = append(p.Capacity, []float64{v[0], v[1], v[1]}[i]) // hosts, their links up, their links down
		}
	}
	p.Capacity = append(p.Capacity, v[3])
	p.Route = func(a, b int) ([]int32, float64) {
		return []int32{int32(n + a), int32(3 * n), int32(2*n + b)}, 2*v[2] + v[4]
	}
	return p, nil
}

// simgridNumber reads a number with a SimGrid unit: 1Gf, 3GBps, 5us.
func simgridNumber(s string) (float64, error) {
	end := len(s)
	for end > 0 && (s[end-1] < '0' || s[end-1] > '9') {
		end--
	}
	scale, ok := map[string]float64{"f": 1, "kf": 1e3, "Mf": 1e6, "Gf": 1e9, "Tf": 1e12, "Bps": 1, "kBps": 1e3, "MBps": 1e6, "GBps": 1e9,
		"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[s[end:]]
	v, err := strconv.ParseFloat(s[:end], 64)
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is no speed, bandwidth or latency of SimGrid", s)
	}
	return v * scale, nil
}
