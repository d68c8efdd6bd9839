package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/twin/live"
)

// liar is a site whose monitoring may lie: a Prometheus and a slurmrestd that answer, and agents that post.
type liar struct{ lies bool }

const hosts = 4

func (l liar) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(q.URL.Path, "/api/v1/query"):
		io.WriteString(w, l.prometheus(float64(time.Now().UnixMilli())/1e3)) //nolint:errcheck // a test's answer
	case q.URL.Path == "/slurm/v0.0.42/jobs":
		io.WriteString(w, l.jobs()) //nolint:errcheck // likewise
	case q.URL.Path == "/slurm/v0.0.42/nodes":
		io.WriteString(w, `{"nodes": [{"name": "gpu1", "state": ["IDLE"], "gres": "gpu:h100:8", "cpus": 112}]}`) //nolint:errcheck // likewise
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (l liar) prometheus(now float64) string {
	var all []string
	add := func(name, labels string, at float64, value string) {
		all = append(all, fmt.Sprintf(`{"metric":{"__name__":%q,%s},"values":[[%.3f,%q]]}`, name, labels, at, value))
	}
	for h := range hosts {
		add("ipmi_dcmi_power_consumption_watts", fmt.Sprintf(`"instance":"gpu%d:9290"`, h+1), now-0.5, "5100")
	}
	if l.lies {
		const node = `"instance":"gpu1:9290"`
		const name = "ipmi_dcmi_power_consumption_watts"
		add(name, node, now-0.4, "NaN")
		add(name, node, now-0.3, "+Inf")
		add(name, node, now-0.2, "-3")
		add(name, node, now+86400, "100")
		add(name, node, now-86400, "100")
		for i := range 3000 { // a flood of things that nobody has
			add("DCGM_FI_DEV_POWER_USAGE", fmt.Sprintf(`"gpu":"%d","UUID":"GPU-x%d","Hostname":"stranger%d"`, i%8, i, i), now, "1")
		}
	}
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(all, ",") + `]}}`
}

func (l liar) jobs() string {
	job := `{"job_id": 1, "name": "train", "user_name": "ada", "partition": "p", "job_state": ["RUNNING"], "submit_time": {"set": true, "number": 100},
 "start_time": {"set": true, "number": 110}, "time_limit": {"set": true, "number": 600}, "nodes": "gpu[1-2]", "node_count": {"set": true, "number": 2}, "cpus": {"set": true, "number": 224},
 "shared": ["none"], "gres_detail": ["gpu:h100:8(IDX:0-7)", "gpu:h100:8(IDX:0-7)"]}`
	all := []string{job}
	if l.lies { // the same once more
		all = append(all, job)
	}
	return `{"jobs": [` + strings.Join(all, ",") + `], "errors": []}`
}

// post posts what agents measure, and what they make up.
func (l liar) post(t *testing.T, url string) {
	t.Helper()
	now := time.Now().UTC()
	var b strings.Builder
	say := func(host string, slot int, key string, at time.Time, values string) {
		fmt.Fprintf(&b, `{"at":%q,"device":{"kind":"gpu","index":%d,"key":%q,"host":%q},"values":{%s}}`+"\n", at.Format(time.RFC3339Nano), slot, key, host, values)
	}
	for h := range hosts {
		for g := range 8 {
			busy := 0.0
			if h < 2 {
				busy = 0.8
			}
			say(fmt.Sprintf("gpu%d", h+1), g, fmt.Sprintf("GPU-%d-%d", h, g), now, fmt.Sprintf(`"power":%g,"temperature":%g,"utilisation":%g`, 90+500*busy, 30+25*busy, busy))
		}
	}
	if l.lies {
		say("gpu1", 0, "GPU-0-0", now.Add(100*time.Millisecond), `"temperature":214748364.7`)
		say("gpu1", 1, "GPU-0-1", now.Add(24*time.Hour), `"power":1`)
		say("gpu1", 2, "GPU-0-2", now.Add(-24*time.Hour), `"power":1`)
		say("gpu3", 3, "GPU-0-0", now, `"power":650`) // the key of another
		say("gpu1", 99, "GPU-99", now, `"power":650`) // a slot that the node does not have
		b.WriteString(`{"at":"2026-01-01T00:00:00Z","device":{"kind":"gpu","host":"gpu1"},"values":{"power":"NaN"}}` + "\n")
		b.WriteString("{{{\n")
		for i := range 2000 { // a flood of one series
			say("gpu2", 5, "GPU-1-5", now.Add(time.Duration(i+1)*time.Microsecond), `"power":4000`)
		}
	}
	q, err := http.NewRequest(http.MethodPost, url, strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer the-secret-of-all-hosts")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close(); a.StatusCode != http.StatusNoContent {
		t.Fatal(a.Status)
	}
	if l.lies {
		a, err := http.Post(url, "application/jsonl", strings.NewReader(b.String())) // without a token
		if err != nil {
			t.Fatal(err)
		}
		if a.Body.Close(); a.StatusCode != http.StatusUnauthorized {
			t.Fatal(a.Status)
		}
	}
}

// TestHostileTelemetry runs the verb twice beside one site, by its real endpoints: once its monitoring is honest, once it also tells
// what cannot be. Both conclude the same, and the second says what it has held back.
func TestHostileTelemetry(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: takes seconds")
	}
	dir := t.TempDir()
	site := filepath.Join(dir, "site.yaml")
	if err := os.WriteFile(site, []byte(twoNodes), 0o600); err != nil {
		t.Fatal(err)
	}
	type report struct {
		live.Report
		Digest string
	}
	reports := map[bool]*report{}
	twins, urls := map[bool]*child{}, map[bool]string{}
	for _, lies := range []bool{false, true} {
		server := httptest.NewServer(liar{lies})
		defer server.Close()
		address := freeAddress(t)
		urls[lies] = "http://" + address + "/readings"
		twins[lies] = spawn(t, dir, []string{"HALLTWIN_AGENT_TOKENS=* the-secret-of-all-hosts"}, "live", site, "--json", "--every", "500ms",
			"--map", "gpu1=node[0]", "--map", "gpu2=node[1]", "--map", "gpu3=node[2]", "--map", "gpu4=node[3]",
			"--source", "agents="+address, "--source", "prometheus="+server.URL, "--source", "slurm="+server.URL)
		until(t, "listening", func() bool { return strings.Contains(twins[lies].err.String(), "agents push to") })
	}
	for range 6 { // each post is answered once it is taken
		done := make(chan struct{})
		go func() { defer close(done); liar{true}.post(t, urls[true]) }()
		liar{false}.post(t, urls[false])
		<-done
	}
	for lies, twin := range twins {
		var r report
		if err := json.Unmarshal([]byte(twin.end()), &r); err != nil {
			t.Fatal(err)
		}
		reports[lies] = &r
	}
	honest, deceived := reports[false], reports[true]
	if len(honest.Held) != 0 || len(honest.Channels) != len(deceived.Channels) || len(honest.Channels) < 3 {
		t.Fatalf("%+v\n%+v", honest, deceived.Channels)
	}
	for i, a := range honest.Channels {
		b := deceived.Channels[i]
		if a.Name != b.Name || a.Subjects != b.Subjects || math.Abs(a.Measured-b.Measured) > 1e-9*a.Measured || math.Abs(a.Expected/b.Expected-1) > 0.03 && !a.Input {
			t.Errorf("%+v\nbeside lies\n%+v", a, b)
		}
	}
	if a, b := honest, deceived; a.Running != 1 || b.Running != 1 || a.Progress.Running != 1 || b.Progress.Running != 1 || a.Progress.Faults != b.Progress.Faults || len(b.Alarms) != 0 || b.Adrift != 0 {
		t.Errorf("%d run and %d in the twin; beside lies %d and %d", a.Running, a.Progress.Running, b.Running, b.Progress.Running)
	}
	for _, s := range deceived.Sources {
		if s.Fault != "" {
			t.Errorf("%+v", s)
		}
	}
	told := fmt.Sprint(deceived.Held) + fmt.Sprint(deceived.Conflicts)
	for _, want := range []string{"outside -40 to 130", "no number", "outside 0 to 200000", "in the future", "before that of the reading before", "is that of gpu1/gpu-0", "a flood: one in 10 ms",
		"gpu1 tells of GPU 99", "a line that is no reading", "without a token", "more than"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not reported: %.2000s", want, told)
		}
	}
}
