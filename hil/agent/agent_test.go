package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/telemetry"
)

var at = time.Unix(1.7e9, 0).UTC()

func reading(power float64) *device.Reading {
	var r device.Reading
	r.Clear()
	r.At = at
	r.Values[device.Power], r.Values[device.Temperature], r.Values[device.Utilisation], r.Values[device.Energy] = power, 61, 0.93, 1234.5
	return &r
}

var gpu = device.Identity{Kind: device.GPU, Index: 3, Key: "GPU-1", Model: `Odd "name"`, Bus: "00000000:10:00.0", Driver: "580", Host: "n1"}

// What the exporter says, our own reader of dcgm-exporter's text understands.
func TestExporter(t *testing.T) {
	e := &Exporter{Now: func() time.Time { return at.Add(time.Second) }}
	r := reading(412.5)
	r.Xids = []uint64{63}
	e.Put(gpu, r)
	e.Put(device.Identity{Kind: device.CPU, Key: "c", Host: "n1"}, reading(88))
	old := reading(1)
	old.At = at.Add(-time.Minute)
	e.Put(device.Identity{Kind: device.GPU, Index: 4, Key: "GPU-2", Host: "n1"}, old)
	e.Held([]device.HeldCount{{Held: device.Held{Device: "n1/gpu-3", What: "power", Why: "infinite"}, Count: 2}})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := w.Body.String()
	for _, want := range []string{
		`DCGM_FI_DEV_POWER_USAGE{gpu="3",UUID="GPU-1",pci_bus_id="00000000:10:00.0",device="nvidia3",modelName="Odd \"name\"",Hostname="n1",DCGM_FI_DRIVER_VERSION="580"} 412.5`,
		"DCGM_FI_DEV_GPU_UTIL{", "} 93\n", `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{`, "} 1234500\n", `DCGM_FI_DEV_XID_ERRORS{`, "} 63\n",
		`halltwin_power{device="cpu-0",modelName="",Hostname="n1"} 88`, `halltwin_held_back_total{device="n1/gpu-3",what="power",why="infinite"} 2`,
		"# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s\n%s", want, text)
		}
	}
	if strings.Contains(text, "GPU-2") || strings.Contains(text, "NaN") {
		t.Errorf("stale or missing values:\n%s", text)
	}
	l, err := telemetry.Read(strings.NewReader(text))
	if err != nil || len(l.Series) == 0 {
		t.Fatalf("%v, %+v", err, l)
	}
	if p := l.Series[0].Get(telemetry.Power); len(p) != 1 || p[0] != 412.5 {
		t.Errorf("read back: %v", p)
	}
	w = httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/metrics", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// receiver is a server that may be cut off.
type receiver struct {
	mu    sync.Mutex
	fails int
	code  int
	lines []string
	auth  string
	got   chan struct{}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.auth = req.Header.Get("Authorization")
	body, _ := io.ReadAll(req.Body)
	if r.fails > 0 {
		r.fails--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.code != 0 {
		w.WriteHeader(r.code)
	} else {
		r.lines = append(r.lines, strings.Split(strings.TrimSpace(string(body)), "\n")...)
	}
	select {
	case r.got <- struct{}{}:
	default:
	}
}

// still is a clock that does not wait.
type still struct{ n int }

func (*still) Now() time.Time                         { return at }
func (s *still) Sleep(context.Context, time.Duration) { s.n++ }

func TestPushSurvivesACut(t *testing.T) {
	r := &receiver{fails: 3, got: make(chan struct{}, 1)}
	s := httptest.NewServer(r)
	defer s.Close()
	p, err := NewPusher(s.URL+"/readings", "secret", Twin)
	if err != nil {
		t.Fatal(err)
	}
	clocks := &still{}
	p.Clocks = clocks
	var said bytes.Buffer
	p.Say = func(f string, a ...any) { said.WriteString(f) }
	for i := range 10 {
		p.Put(gpu, reading(float64(i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	<-r.got
	cancel()
	<-done
	if len(r.lines) != 10 || clocks.n != 3 || r.auth != "Bearer secret" {
		t.Fatalf("%d lines after %d pauses, %q", len(r.lines), clocks.n, r.auth)
	}
	if strings.Contains(said.String(), "secret") {
		t.Error("the token is told")
	}
	var m Message
	if err := json.Unmarshal([]byte(r.lines[7]), &m); err != nil || m.Values["power"] != 7 || m.Device.Key != "GPU-1" || !m.At.Equal(at) {
		t.Errorf("%+v %v", m, err)
	}
	if c := p.Counts(); c != (Counts{Sent: 10}) {
		t.Errorf("%+v", c)
	}
}

func TestPushIsBounded(t *testing.T) {
	r := &receiver{code: http.StatusBadRequest, got: make(chan struct{}, 1)}
	s := httptest.NewServer(r)
	defer s.Close()
	p, err := NewPusher(s.URL, "", Influx)
	if err != nil {
		t.Fatal(err)
	}
	p.Most = 5
	for i := range 8 {
		p.Put(gpu, reading(float64(i)))
	}
	if c := p.Counts(); c != (Counts{Waiting: 5, Dropped: 3}) {
		t.Errorf("%+v", c)
	}
	if n, err := p.sendSome(t.Context()); n != 5 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if c := p.Counts(); c != (Counts{Dropped: 3, Refused: 5}) {
		t.Errorf("%+v", c)
	}
}

func TestLineProtocol(t *testing.T) {
	r := reading(412.5)
	r.Values[device.Energy] = math.Inf(1)
	id := gpu
	id.Host = "a b,c"
	want := `gpu,source=measured,host=a\ b\,c,slot=3,uuid=GPU-1 power_w=412.5,temperature_c=61,utilisation=0.93 1700000000000000000` + "\n"
	if got := string(lineProtocol(&id, r)); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
	r.Clear()
	if got := lineProtocol(&id, r); got != nil {
		t.Errorf("a point without fields: %s", got)
	}
}

func TestAddresses(t *testing.T) {
	for _, a := range []string{"", "host:80", "ftp://host", "http://other.example/x", "https://u:p@host/x"} {
		if _, err := NewPusher(a, "t", Twin); err == nil {
			t.Errorf("%q was accepted", a)
		}
	}
	if _, err := NewPusher("https://twin.example/readings", "t", Twin); err != nil {
		t.Error(err)
	}
}

// A redirection would turn a post into a question, whose answer says nothing of the readings.
func TestRedirectedKeepsReadings(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	defer s.Close()
	p, err := NewPusher(s.URL, "", Twin)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.queue().add([]byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := p.sendSome(t.Context()); err == nil || n != 0 || p.Counts().Waiting != 1 {
		t.Errorf("%v, %+v", err, p.Counts())
	}
}
