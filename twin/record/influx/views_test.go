package influx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/halltwin/halltwin/twin/record/influx/influxtest"
	"github.com/halltwin/halltwin/twin/record/recordtest"
)

// everything is a recording of every channel of the registry, of a site that has two of each thing.
func everything(t testing.TB, s record.Sink) *record.Header {
	t.Helper()
	site := recordtest.Site(2, 2)
	for k := facility.Hall; k < facility.NumKinds; k++ {
		if site.Count(k) == 0 && k != facility.Job {
			site.Add(k, facility.Site, []int{2})
		}
	}
	h := recordtest.Header(site)
	h.Run, h.Duration, h.Every, h.Channels = "everything", 3600, 300, nil
	all := channel.All()
	for i := range all {
		h.Channels = append(h.Channels, &all[i])
	}
	if err := s.Open(h); err != nil {
		t.Fatal(err)
	}
	for at := 0.0; at <= h.Duration; at += h.Every {
		for i, c := range h.Channels {
			n := site.Count(c.Kind)
			f := record.Frame{Time: at, Channel: c}
			if c.Kind == facility.Job {
				n, f.Subjects = 2, []int32{3, 5}
			}
			for j := range n {
				f.Values = append(f.Values, float64(1+i)+at/3600+float64(j))
			}
			if err := s.Frame(&f); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, e := range recordtest.Events()[:8] {
		e.Time = 60 * float64(i)
		if err := s.Event(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(recordtest.Summary(h)); err != nil {
		t.Fatal(err)
	}
	return h
}

// Every panel and every ready query returns rows on a real server, set up by the command's own setup, read with the token
// that only reads.
func TestViewsReturnRows(t *testing.T) {
	server := influxtest.Fresh(t)
	server.Need2()
	server.Start()
	ctx := context.Background()
	target := influx.Target{URL: server.URL, Org: influxtest.Org, Bucket: `a bucket of ${mine}`}
	first, err := influx.Prepare(ctx, target, "", "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Admin == nil || first.Retention != 0 || len(first.Made) != 3 {
		t.Fatalf("setup made %v", first.Made)
	}
	// A second bucket on a server that is set up, with retention; the first one is left as it is.
	keep := 48 * time.Hour
	other := target
	other.Bucket = "second"
	second, err := influx.Prepare(ctx, other, first.Admin.Token, "test", &keep)
	if err != nil || second.Admin != nil || second.Retention != keep || len(second.Made) != 1 {
		t.Fatalf("second setup: %+v, %v", second, err)
	}
	if _, err := influx.Prepare(ctx, target, "", "test", nil); err == nil || !strings.Contains(err.Error(), "HALLTWIN_INFLUX_TOKEN") {
		t.Errorf("setup without a token: %v", err)
	}
	if _, err := influx.Prepare(ctx, target, first.ReadToken, "test", nil); err == nil {
		t.Error("the token that reads made tokens")
	}

	o := options(t, server.URL, first.WriteToken)
	o.Target = target
	sink := influx.New(o)
	h := everything(t, sink)
	if st := sink.Status(); st.Sent != st.Points || st.Points == 0 {
		t.Fatalf("status %+v", st)
	}
	// The reading token cannot write, the writing one cannot read, the second bucket's neither.
	for _, token := range []string{first.ReadToken, second.WriteToken} {
		o.Token, o.Spool, o.Patience = token, t.TempDir(), time.Millisecond
		refused := influx.New(o)
		everything(t, refused)
		if st := refused.Status(); st.Sent != 0 || st.Waiting != st.Points {
			t.Errorf("a token that may not write there did: %+v", st)
		}
	}
	client := influxdb2.NewClientWithOptions(server.URL, first.WriteToken, influxdb2.DefaultOptions().SetLogLevel(0))
	defer client.Close()
	scope := influx.ScopeOf(h, target.Bucket)
	runs, err := influx.FindQuery("runs")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := rowsOf(client, runs.InFlux(scope)); err == nil && n > 0 {
		t.Error("the token that writes can read")
	}

	reader := influxdb2.NewClientWithOptions(server.URL, first.ReadToken, influxdb2.DefaultOptions().SetLogLevel(0).SetHTTPRequestTimeout(60))
	defer reader.Close()
	check := func(what, flux string) {
		t.Helper()
		if n, err := rowsOf(reader, flux); err != nil || n == 0 {
			t.Errorf("%s: %d rows, %v\n%s", what, n, err, flux)
		}
	}
	ready, err := influx.Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range ready {
		check("query "+q.Name, q.InFlux(scope))
	}

	board, err := influx.Grafana(target.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	dashboard := grafanaQueries(t, board)
	if len(dashboard) < 60 {
		t.Errorf("the dashboard has %d queries", len(dashboard))
	}
	vars := fmt.Sprintf("option v = {timeRangeStart: %s, timeRangeStop: %s, windowPeriod: 10m, run: %q}\n",
		scope.Start.UTC().Format(time.RFC3339), scope.Stop.UTC().Format(time.RFC3339), scope.Run)
	for _, q := range dashboard {
		q = strings.NewReplacer(`"${bucket}"`, `"a bucket of \${mine}"`, "${run}", scope.Run).Replace(q)
		if at := strings.Index(q, "import "); at == 0 { // imports come first
			line, rest, _ := strings.Cut(q, "\n")
			q = line + "\n" + vars + rest
		} else {
			q = vars + q
		}
		check("grafana", q)
	}

	text, err := influx.Template(target.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	cells := applied(t, server.URL, first.Admin.Token, text)
	if len(cells) < 60 {
		t.Errorf("the template made %d cells", len(cells))
	}
	for _, q := range cells {
		check("template", vars+q)
	}
}

func rowsOf(c influxdb2.Client, flux string) (n int, err error) {
	r, err := c.QueryAPI(influxtest.Org).Query(context.Background(), flux)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for r.Next() {
		n++
	}
	return n, r.Err()
}

// grafanaQueries collects the queries of a dashboard, wherever they stand.
func grafanaQueries(t testing.TB, board []byte) (list []string) {
	t.Helper()
	var v any
	if err := json.Unmarshal(board, &v); err != nil {
		t.Fatal(err)
	}
	ids := map[float64]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if q, ok := v["query"].(string); ok && strings.Contains(q, "(") {
				list = append(list, q)
			}
			if id, ok := v["id"].(float64); ok {
				if ids[id] {
					t.Errorf("two panels have the number %g", id)
				}
				ids[id] = true
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return list
}

// applied applies a template to a server and returns the queries of the cells that are there afterwards.
func applied(t testing.TB, address, token string, text []byte) (list []string) {
	t.Helper()
	ask := func(method, path string, body any) map[string]any {
		t.Helper()
		var b bytes.Buffer
		if body != nil {
			if err := json.NewEncoder(&b).Encode(body); err != nil {
				t.Fatal(err)
			}
		}
		r, err := http.NewRequest(method, address+path, &b)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Token "+token)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode >= 300 {
			t.Fatalf("%s %s: %s %s", method, path, answer.Status, raw)
		}
		var v map[string]any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	orgs := ask(http.MethodGet, "/api/v2/orgs?org="+influxtest.Org, nil)
	org := orgs["orgs"].([]any)[0].(map[string]any)["id"].(string)
	var docs []map[string]any // as InfluxDB's own command sends a file
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var doc map[string]any
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	ask(http.MethodPost, "/api/v2/templates/apply", map[string]any{"orgID": org, "template": map[string]any{"contentType": "json", "contents": docs}})
	for _, d := range ask(http.MethodGet, "/api/v2/dashboards?orgID="+org+"&limit=100", nil)["dashboards"].([]any) {
		d := d.(map[string]any)
		for _, c := range d["cells"].([]any) {
			view := ask(http.MethodGet, fmt.Sprintf("/api/v2/dashboards/%s/cells/%s/view", d["id"], c.(map[string]any)["id"]), nil)
			for _, q := range view["properties"].(map[string]any)["queries"].([]any) {
				list = append(list, q.(map[string]any)["text"].(string))
			}
		}
	}
	return list
}

// A scope's texts stay inside their quotes.
func TestQuotes(t *testing.T) {
	q, err := influx.FindQuery("hottest")
	if err != nil {
		t.Fatal(err)
	}
	s := influx.Scope{Bucket: `b" |> to(bucket: "x`, Run: `o'brien ${1}`}
	if flux := q.InFlux(s); !strings.Contains(flux, `from(bucket: "b\" |> to(bucket: \"x")`) || !strings.Contains(flux, `r.run == "o'brien \${1}"`) {
		t.Errorf("flux %s", flux)
	}
	if sql := q.InSQL(s); !strings.Contains(sql, `run = 'o''brien ${1}'`) {
		t.Errorf("sql %s", sql)
	}
	if _, err := influx.FindQuery("hotest"); err == nil || !strings.Contains(err.Error(), `did you mean "hottest"?`) {
		t.Errorf("error %v", err)
	}
}

func TestParseTarget(t *testing.T) {
	env := map[string]string{"INFLUX_HOST": "https://db.example:8086/", "INFLUX_ORG": "lab"}
	for _, c := range []struct {
		address, want string
		env           bool
	}{
		{"", "{http://127.0.0.1:8086 halltwin halltwin}", false},
		{"", "{https://db.example:8086 lab halltwin}", true},
		{"http://h:1/influx/?org=a&bucket=b", "{http://h:1/influx a b}", true},
		{"h:1", `"h:1" is no address of a server: write http://HOST:8086, or https`, false},
		{"http://u:secret@h:1", "the address of h:1 holds a user or password: put the token into HALLTWIN_INFLUX_TOKEN instead", false},
		{"ftp://u:secret@h:1", `"…@h:1" is no address of a server: write http://HOST:8086, or https`, false},
		{"http://h:1?token=x", `unknown part "token" in the address of h:1: it takes org and bucket`, false},
	} {
		got, err := influx.ParseTarget(c.address, func(k string) string {
			if c.env {
				return env[k]
			}
			return ""
		})
		text := fmt.Sprint(struct{ URL, Org, Bucket string }(got))
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s: %s, want %s", c.address, text, c.want)
		}
	}
}
