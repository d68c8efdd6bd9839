package telemetry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strings"
	"testing"
)

func read(t *testing.T, text string) *Log {
	t.Helper()
	l, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func found(l *Log, kind string) int {
	for _, f := range l.Findings {
		if strings.HasPrefix(f.Kind, kind) {
			return f.Count
		}
	}
	return 0
}

func TestNvidiaSMI(t *testing.T) {
	l := read(t, `timestamp, index, uuid, name, power.draw [W], utilization.gpu [%], temperature.gpu, clocks.current.sm [MHz], memory.used [MiB]
2025/07/27 00:22:27.858, 0, GPU-a, NVIDIA H100 80GB HBM3, 71.25 W, 0 %, 30, 1980 MHz, 130 MiB
2025/07/27 00:22:27.862, 1, GPU-b, NVIDIA H100 80GB HBM3, [N/A], 7 %, 31, 345 MHz, 17 MiB
2025/07/27 00:22:28.858, 0, GPU-a, NVIDIA H100 80GB HBM3, 300.00 W, 98 %, 40, 1980 MHz, 130 MiB
`)
	if l.Format != "nvidia-smi CSV" || len(l.Series) != 2 || l.Hash == "" {
		t.Fatalf("%s, %d series", l.Format, len(l.Series))
	}
	a := l.Series[0]
	if got := a.Get(Power); got[0] != 71.25 || got[1] != 300 {
		t.Errorf("power %v", got)
	}
	if got := a.Get(Utilisation)[1]; math.Abs(got-0.98) > 1e-12 {
		t.Errorf("utilisation %g", got)
	}
	if a.Get(Clock)[0] != 1980e6 || a.Model != "NVIDIA H100 80GB HBM3" || a.UUID != "GPU-a" {
		t.Errorf("%g Hz, %q, %q", a.Get(Clock)[0], a.Model, a.UUID)
	}
	if math.Abs(a.Span()-1) > 1e-6 {
		t.Errorf("%g s", a.Span())
	}
	if l.Series[1].Has(Power) {
		t.Error("[N/A] is taken for a power")
	}
}

// nvidia-smi in a loop over GPUs writes no index: rows come in bursts of one size.
func TestBurstsAreDevices(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp, power.draw [W]\n")
	for i := range 30 {
		for g := range 4 {
			fmt.Fprintf(&b, "2025/07/27 00:22:%02d.%03d, %d.00 W\n", i, 3*g, 100*(g+1)+i)
		}
	}
	l := read(t, b.String())
	if len(l.Series) != 4 {
		t.Fatalf("%d series", len(l.Series))
	}
	for g, s := range l.Series {
		if s.Get(Power)[7] != float64(100*(g+1)+7) {
			t.Errorf("device %d: %g", g, s.Get(Power)[7])
		}
	}
	var even strings.Builder
	even.WriteString("timestamp, power.draw [W]\n")
	for i := range 100 {
		fmt.Fprintf(&even, "2025/07/27 00:22:00.%03d, %d W\n", 7*i, i)
	}
	if l := read(t, even.String()); len(l.Series) != 1 {
		t.Errorf("one GPU read every 7 ms becomes %d", len(l.Series))
	}
}

func TestPrometheus(t *testing.T) {
	l := read(t, `# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).
# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",modelName="NVIDIA H100 80GB HBM3",Hostname="n1",DCGM_FI_DRIVER_VERSION="580.105.08"} 71.5
DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a",Hostname="n1"} 214748364.7
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-a",Hostname="n1"} 50
DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-a",Hostname="n1"} NaN
`)
	s := l.Series[0]
	if len(l.Series) != 2 || s.Host != "n1" || s.Get(Power)[0] != 71.5 || s.Get(Utilisation)[0] != 0.5 || s.Has(Temperature) {
		t.Errorf("%+v", s)
	}
	for _, kind := range []string{"impossible temperature", "NaN", "duplicate UUID"} {
		if found(l, kind) != 1 {
			t.Errorf("%s: %d; %v", kind, found(l, kind), l.Findings)
		}
	}
}

func TestMLPerf(t *testing.T) {
	l := read(t, "run,t_s,node_0_w,node_1_w\nr1,-0.5,2844,2900\nr1,0.5,9017,9100\nr2,0,100,nan\n")
	if l.Format != "MLPerf power CSV" || len(l.Series) != 4 || l.Series[1].Get(Power)[1] != 9100 || l.Series[0].Run != "r1" || l.Series[1].Device != "node-1" {
		t.Errorf("%s: %+v", l.Format, l.Series)
	}
	l = read(t, "Time,06-01-2021 10:00:00.000,Watts,405.7,Volts,208.1,Amps,1.9,PF,0.98,Mark,run_1\nTime,06-01-2021 10:00:01.000,Watts,410.2,Volts,208.1,Amps,1.9,PF,0.98,Mark,run_1\n")
	if l.Series[0].Get(Power)[1] != 410.2 || l.Series[0].Span() != 1 {
		t.Errorf("%+v", l.Series[0])
	}
}

func TestBaseboards(t *testing.T) {
	l := read(t, "timestamp,phase,sys_power_w,gpu0_bmc_temp_c,gpu1_bmc_temp_c\n1775333004.330,init,2250,31,29\n1775333006.331,init,2625,31,30\n")
	if len(l.Series) != 3 || l.Series[0].Get(Power)[1] != 2625 || l.Series[2].Get(Temperature)[1] != 30 {
		t.Errorf("%+v", l.Series)
	}
	l = read(t, `
    Instantaneous power reading:                   220 Watts
    Minimum during sampling period:                 18 Watts
    IPMI timestamp:                           Thu Feb 15 05:32:54 2018

    Instantaneous power reading:                   240 Watts
    IPMI timestamp:                           Thu Feb 15 05:32:56 2018
`)
	if s := l.Series[0]; l.Format != "IPMI" || len(s.Time) != 2 || s.Get(Power)[1] != 240 || s.Span() != 2 {
		t.Errorf("%s: %+v", l.Format, l.Series[0])
	}
	l = read(t, `# time 2025-01-01 10:00:00
Inlet Temp       | 24.000     | degrees C  | ok    | na
Pwr Consumption  | 2250.000   | Watts      | ok    | na
Fan1             | 5400.000   | RPM        | ok    | na
GPU3 Temp        | na         | degrees C  | na    | na
# time 2025-01-01 10:00:10
Inlet Temp       | 25.000     | degrees C  | ok    | na
Pwr Consumption  | 2300.000   | Watts      | ok    | na
`)
	node := l.Series[0]
	if node.Device != "node" || node.Get(Inlet)[1] != 25 || node.Get(Power)[0] != 2250 || node.Span() != 10 {
		t.Errorf("%+v", node)
	}
	l = read(t, `{"@odata.id":"/redfish/v1/Chassis/1/Power","PowerControl":[{"Name":"System","PowerConsumedWatts":1200}]}
{"@odata.id":"/redfish/v1/Chassis/1/Thermal","Temperatures":[{"Name":"Inlet","PhysicalContext":"Intake","ReadingCelsius":22.5},{"Name":"GPU 2","ReadingCelsius":60}],"Fans":[{"Name":"F1","Reading":40,"ReadingUnits":"Percent"}]}
{"MetricValues":[{"MetricId":"SystemPower","MetricValue":"1300","Timestamp":"2025-01-01T00:00:00Z"}]}`)
	if l.Format != "Redfish" || l.Series[0].Get(Power)[0] != 1200 || l.Series[0].Host != "1" {
		t.Errorf("%s: %+v", l.Format, l.Series[0])
	}
}

// clean is a recording of a GPU; hostile returns it with what broken exporters add. What is left after cleaning is the same.
func clean() []string {
	rows := []string{"timestamp,gpu,uuid,power_w,temp_c,gpu_util_pct"}
	for i := range 400 {
		rows = append(rows, fmt.Sprintf("%.1f,0,GPU-a,%d,%d,%d", 1.7e9+float64(i), 100+i%300, 30+i%40, i%101))
	}
	return rows
}

func TestHostileInputChangesNothing(t *testing.T) {
	rows := clean()
	want := read(t, strings.Join(rows, "\n")).Series[0]
	var bad []string
	for i, r := range rows {
		bad = append(bad, r)
		if i == 0 || i == 1 {
			continue
		}
		at := strings.SplitN(r, ",", 2)[0]
		switch i % 40 {
		case 3:
			bad = append(bad, r, r) // duplicates
		case 7:
			bad = append(bad, "4294967295.0,0,GPU-a,100,30,10") // the clock of one sample leaps
		case 11:
			bad = append(bad, "0,0,GPU-a,100,30,10") // and falls
		case 15:
			bad = append(bad, at+"00001,0,GPU-a,100,30,10") // a flood
		case 19:
			bad = append(bad, "nonsense", "NaN,0,GPU-a,1,1,1", "\"open,0,GPU-a")
		case 23:
			bad = append(bad, at+",1,GPU-a,NaN,214748364.7,99999") // another device of the same UUID, all impossible
		}
	}
	l := read(t, strings.ReplaceAll(strings.Join(bad, "\n"), "\"open", "open"))
	got := l.Series[0]
	if len(got.Time) != len(want.Time) {
		t.Fatalf("%d samples, want %d: %v", len(got.Time), len(want.Time), l.Findings)
	}
	for i := range want.Time {
		for q := range quantities {
			if a, b := want.Get(q), got.Get(q); (a == nil) != (b == nil) || (a != nil && a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i]))) {
				t.Fatalf("sample %d, %s: %v, want %v", i, q, b[i], a[i])
			}
		}
	}
	for _, kind := range []string{"duplicate sample", "clock out of line", "flood of samples", "no time", "broken row", "duplicate UUID", "impossible temperature", "NaN"} {
		if found(l, kind) == 0 {
			t.Errorf("%s is not reported: %v", kind, l.Findings)
		}
	}
}

// A clock set back for good goes on from where it was.
func TestClockSetBack(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,gpu,power_w\n")
	for i := range 100 {
		at := 1.7e9 + float64(i)
		if i >= 50 {
			at -= 3600
		}
		fmt.Fprintf(&b, "%.0f,0,%d\n", at, i)
	}
	l := read(t, b.String())
	s := l.Series[0]
	if len(s.Time) != 100 || s.Span() != 99 || found(l, "clock set back") != 1 {
		t.Errorf("%d samples over %g s: %v", len(s.Time), s.Span(), l.Findings)
	}
}

func TestFloodOfDevices(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,uuid,power_w\n")
	for i := range mostSeries + 100 {
		fmt.Fprintf(&b, "%d,GPU-%d,100\n", i, i)
	}
	l := read(t, b.String())
	if len(l.Series) != mostSeries || found(l, "flood of devices") != 100 {
		t.Errorf("%d series: %v", len(l.Series), l.Findings)
	}
}

func TestPseudonyms(t *testing.T) {
	if _, err := NewPseudonyms([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
	p, err := NewPseudonyms([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := NewPseudonyms([]byte("0123456789abcdeg"))
	l := read(t, "timestamp,gpu,user,power_w\n1,0,alice,5\n2,0,alice,6\n")
	p.Apply(l)
	if u := l.Series[0].User; u != p.Of("alice") || strings.Contains(u, "alice") || u == q.Of("alice") || u == p.Of("bob") || p.Of("") != "" {
		t.Errorf("%q", u)
	}
}

func TestTablesLoseTheirUsers(t *testing.T) {
	p, _ := NewPseudonyms([]byte("0123456789abcdef"))
	var b bytes.Buffer
	if err := p.Table(strings.NewReader("JobID|User|State\n1|alice|DONE\n2|bob|FAILED\n3|alice|DONE\n"), &b); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("JobID|User|State\n1|%[1]s|DONE\n2|%[2]s|FAILED\n3|%[1]s|DONE\n", p.Of("alice"), p.Of("bob"))
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
	if err := p.Table(strings.NewReader("a,b\n1,2\n"), &b); err == nil || !strings.Contains(err.Error(), "no column names people") {
		t.Error(err)
	}
	// A log in the standard workload format keeps its numbers, and its users lose theirs.
	b.Reset()
	const swf = "; Computer: x\n1 0 5 60 4 -1 -1 4 60 -1 1 17 3 -1 1 -1 -1 -1\n2 9 5 60 4 -1 -1 4 60 -1 1 17 -1 -1 1 -1 -1 -1\n"
	if err := p.Table(strings.NewReader(swf), &b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	one, two := strings.Fields(lines[1]), strings.Fields(lines[2])
	if lines[0] != "; Computer: x" || len(one) != 18 || one[11] == "17" || one[11] != two[11] || one[12] == "3" || two[12] != "-1" || one[3] != "60" {
		t.Errorf("%s", b.String())
	}
	if err := p.Table(strings.NewReader("; x\n1 2 3\n"), &b); err == nil || !strings.Contains(err.Error(), "line 2 has 3 columns") {
		t.Error(err)
	}
}

func TestGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, "timestamp,gpu,power_w\n1,0,5\n")
	z.Close()
	l, err := Read(&b)
	if err != nil || l.Series[0].Get(Power)[0] != 5 {
		t.Fatal(err)
	}
}

func TestErrorsSayWhatIsMissing(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n1,2\n":                   "timestamp, t_s or unix_ms is needed",
		"timestamp,b\n1,2\n":           "no column that is known",
		`DCGM_OTHER{gpu="0"} 1` + "\n": "no metric that is known",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzRead: whatever comes, reading ends, and what it returns keeps its promises.
func FuzzRead(f *testing.F) {
	f.Add([]byte(strings.Join(clean()[:20], "\n")))
	f.Add([]byte("timestamp, power.draw [W]\n2025/07/27 00:22:27.858, 71.25 W\n"))
	f.Add([]byte(`DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a"} 71.5 1700000000000` + "\n"))
	f.Add([]byte("run,t_s,node_0_w\nr,1,2\n"))
	f.Add([]byte("Inlet Temp | 24.000 | degrees C | ok\n"))
	f.Add([]byte("Instantaneous power reading: 220 Watts\n"))
	f.Add([]byte(`{"PowerControl":[{"PowerConsumedWatts":1200}]}`))
	f.Add([]byte("Time,06-01-2021 10:00:00.000,Watts,405.7\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, s := range l.Series {
			for i, x := range s.Time {
				if math.IsNaN(x) || math.IsInf(x, 0) || (i > 0 && x <= s.Time[i-1]) {
					t.Fatalf("times do not grow: %v", s.Time)
				}
			}
			for q := range quantities {
				c := s.Get(q)
				if c != nil && len(c) != len(s.Time) {
					t.Fatalf("%s has %d values for %d times", q, len(c), len(s.Time))
				}
				s.Filled(q)
			}
		}
	})
}

func FuzzReadSweep(f *testing.F) {
	f.Add([]byte("dataset,network,batch_size,optimizer,power_limit,time_per_epoch,average_power\nc,s,8,adam,100,11.2,38\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, _, err := ReadSweep(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, r := range rows {
			if !(r.Limit > 0 && r.Time > 0 && r.Power > 0) {
				t.Fatalf("%+v", r)
			}
		}
	})
}
