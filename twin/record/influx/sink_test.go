package influx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/halltwin/halltwin/twin/record/influx/influxtest"
	"github.com/halltwin/halltwin/twin/record/parquet"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// every is the sampling of the tests' recording, in s: 144 racks for a day give about 45,000 points.
const every = 300

func header() *record.Header {
	h := recordtest.Header(recordtest.Site(9, 16))
	h.Every = every
	return h
}

// options are those of a test: short pauses, an own spool.
func options(t testing.TB, address, token string) influx.Options {
	return influx.Options{
		Target: influx.Target{URL: address, Org: influxtest.Org, Bucket: influxtest.Bucket}, Token: token,
		Spool: filepath.Join(t.TempDir(), "spool"), Batch: 1000,
		Pause: 5 * time.Millisecond, LongPause: 50 * time.Millisecond, Patience: time.Second, Linger: 30 * time.Second,
	}
}

// play records the run into a directory and sends it at the same time; at is called with each frame's time.
func play(t testing.TB, h *record.Header, s *influx.Sink, at func(float64)) (dir string, sum *record.Summary, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := record.NewFanout(w, s, &clock{at: at})
	if err := f.Open(h); err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Samples(f, h, every); err != nil {
		t.Fatal(err)
	}
	sum = recordtest.Summary(h)
	return dir, sum, f.Close(sum)
}

// clock tells a test how far a run is.
type clock struct {
	at  func(float64)
	now float64
}

func (c *clock) Open(*record.Header) error   { return nil }
func (c *clock) Event(*record.Event) error   { return nil }
func (c *clock) Close(*record.Summary) error { return nil }
func (c *clock) Frame(f *record.Frame) error {
	if c.at != nil && f.Time != c.now {
		c.now = f.Time
		c.at(f.Time)
	}
	return nil
}

// recorded counts the values of a run directory, by measurement and field, as the server shall have them.
func recorded(t testing.TB, dir string) map[string]int64 {
	t.Helper()
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	count := map[string]int64{}
	for _, k := range r.Levels() {
		table, file, err := r.Table(k)
		if err != nil {
			t.Fatal(err)
		}
		err = table.Scan(func(row *parquet.Row) error {
			for i, v := range row.Values {
				if !math.IsNaN(v) {
					count[record.LevelName(k)+"."+table.Columns[i].Name]++
				}
			}
			if k == facility.Job {
				count["job.job"]++
			}
			return nil
		})
		if err = errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	err = r.Events(func(e *record.Event) error {
		for key, has := range map[string]bool{"id": true, "parent": true, "text": e.Text != "", "subject": e.Subject != ""} {
			if has {
				count["event."+key]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// arrived checks that the server has every value of a run directory and nothing else.
func arrived(t testing.TB, s *influxtest.Server, h *record.Header, dir string) {
	t.Helper()
	if diff := cmp.Diff(recorded(t, dir), s.Count(h.ID())); diff != "" {
		t.Errorf("the server has not what was recorded (- recorded, + arrived):\n%s", diff)
	}
}

// same checks that a run says the same as one that was not sent anywhere.
func same(t testing.TB, dir string, sum *record.Summary, h *record.Header) {
	t.Helper()
	alone := filepath.Join(t.TempDir(), "alone")
	w, err := rundir.Create(alone, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := recordtest.Play(w, h, every); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{rundir.SummaryFile, rundir.EventsFile, rundir.ManifestFile, "metrics/rack.parquet"} {
		a, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(alone, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Errorf("%s differs from that of a run that is sent nowhere", name)
		}
	}
	if len(sum.Failed) != 0 {
		t.Errorf("the summary lists failures: %+v", sum.Failed)
	}
}

func waiting(t testing.TB, dir string) (points int64) {
	t.Helper()
	piles, err := influx.Piles(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range piles {
		points += p.Points
	}
	return points
}

// Every value of a run arrives, once.
func TestEveryPointArrives(t *testing.T) {
	server := influxtest.New(t)
	h := header()
	o := options(t, server.URL, server.Token())
	s := influx.New(o)
	dir, sum, err := play(t, h, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	st := s.Status()
	if st.Sent != st.Points || st.Waiting+st.Lost+st.Refused != 0 || st.Points < 40_000 {
		t.Errorf("status %+v", st)
	}
	arrived(t, server, h, dir)
	same(t, dir, sum, h)

	// Sent again, from the directory, nothing is added.
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if again, err := influx.Send(r, o); err != nil || again.Sent != st.Sent || again.Run != st.Run {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	arrived(t, server, h, dir)
}

// The server is killed in the middle of a run and comes back before its end.
func TestServerKilledMidRun(t *testing.T) {
	server := influxtest.New(t)
	h := header()
	s := influx.New(options(t, server.URL, server.Token()))
	dir, sum, err := play(t, h, s, func(at float64) {
		switch at {
		case h.Duration / 4:
			for s.Status().Sent == 0 { // something is there already
				<-time.After(time.Millisecond)
			}
			server.Kill()
		case h.Duration / 2:
			for s.Status().Retries < 3 { // it has found out
				<-time.After(time.Millisecond)
			}
			server.Start()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.Sent != st.Points || st.Waiting != 0 || st.Retries < 3 {
		t.Errorf("status %+v", st)
	}
	arrived(t, server, h, dir)
	same(t, dir, sum, h)
	if n := waiting(t, s.Status().Spool); n != 0 {
		t.Errorf("%d points are still in the spool", n)
	}
}

// A front that answers 429 and 503 to a full bucket of requests, some with Retry-After.
func TestBusyServer(t *testing.T) {
	server := influxtest.New(t)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	var asked, refused atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		switch {
		case n == 5:
			refused.Add(1)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case n < 40 && n%2 == 0:
			refused.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		case n < 60 && n%3 == 0:
			refused.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler) // the connection breaks after the request was read
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer front.Close()
	h := header()
	o := options(t, front.URL, server.Token())
	o.Patience = 5 * time.Second
	s := influx.New(o)
	began := time.Now()
	dir, sum, err := play(t, h, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.Sent != st.Points || st.Waiting != 0 || refused.Load() < 15 {
		t.Errorf("status %+v after %d refusals", st, refused.Load())
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("Retry-After of 1 s was not kept: all done after %s", took)
	}
	arrived(t, server, h, dir)
	same(t, dir, sum, h)
}

// A wrong token, and no server at all: the run is what it would be, its points wait, and the next run or a drain sends
// them.
func TestPointsWait(t *testing.T) {
	server := influxtest.New(t)
	for _, c := range []struct{ name, token, url, says string }{
		{"wrong token", "wrong:token", server.URL, "HALLTWIN_INFLUX_TOKEN"},
		{"away from the start", server.Token(), "http://127.0.0.1:1", "no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := header()
			h.Run = strings.ReplaceAll(c.name, " ", "-")
			o := options(t, c.url, c.token)
			o.Patience = 100 * time.Millisecond
			s := influx.New(o)
			dir, sum, err := play(t, h, s, nil)
			if err != nil {
				t.Fatalf("points that wait are no failure: %v", err)
			}
			st := s.Status()
			if st.Sent != 0 || st.Waiting != st.Points || !strings.Contains(st.Error, c.says) {
				t.Fatalf("status %+v", st)
			}
			same(t, dir, sum, h)
			if n := waiting(t, o.Spool); n != st.Points {
				t.Errorf("%d points wait, not %d", n, st.Points)
			}
			noSecrets(t, o.Spool, c.token)

			// The next run to the same place sends what it gets done, a drain the rest.
			right := o.Target
			right.URL = server.URL
			if err := influx.Retarget(o.Spool, right); err != nil {
				t.Fatal(err)
			}
			o.Target, o.Token = right, server.Token()
			h2 := recordtest.Header(recordtest.Site(1, 1))
			h2.Run = "next-" + h.Run
			next := influx.New(o)
			if _, _, err := play(t, h2, next, nil); err != nil {
				t.Fatal(err)
			}
			d, err := influx.Drain(context.Background(), o.Spool, server.Token(), "test")
			if err != nil {
				t.Fatal(err)
			}
			if got := next.Status().Earlier + d.Sent; got != st.Points {
				t.Errorf("%d points were sent later, not %d", got, st.Points)
			}
			arrived(t, server, h, dir)
			if n := waiting(t, o.Spool); n != 0 {
				t.Errorf("%d points are still in the spool", n)
			}
		})
	}
}

// noSecrets looks for a token in everything below a folder.
func noSecrets(t testing.TB, dir, token string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), token) || strings.Contains(path, token) {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A spool that is full loses nothing that waits; what does not fit is counted and told, and the sink fails.
func TestSpoolFull(t *testing.T) {
	h := header()
	o := options(t, "http://127.0.0.1:1", "token")
	o.SpoolBytes, o.Patience = 100_000, time.Millisecond
	s := influx.New(o)
	_, sum, err := play(t, h, s, nil)
	var failed *record.SinkError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "halltwin influx send") {
		t.Fatalf("error %v", err)
	}
	st := s.Status()
	if st.Lost == 0 || st.Waiting == 0 || st.Lost+st.Waiting != st.Points || waiting(t, o.Spool) != st.Waiting {
		t.Errorf("status %+v, %d in the spool", st, waiting(t, o.Spool))
	}
	if len(sum.Failed) != 1 || sum.Verdict != recordtest.Summary(h).Verdict {
		t.Errorf("the summary says %s and %+v", sum.Verdict, sum.Failed)
	}
	full, err := size(o.Spool)
	if err != nil || full > o.SpoolBytes {
		t.Errorf("the spool takes %d bytes: %v", full, err)
	}
}

func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			i, e := d.Info()
			n, err = n+i.Size(), e
		}
		return err
	})
	return n, err
}

// What a server refuses for good is kept beside what it said, and the rest goes on.
func TestRefusedForGood(t *testing.T) {
	var posts atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := posts.Add(1); {
		case n == 3:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1000"}`)
		case n%5 == 0 && r.ContentLength > 9000: // larger than a batch's half
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	o := options(t, server.URL, "")
	s := influx.New(o)
	_, _, err := play(t, header(), s, nil)
	if err == nil || !strings.Contains(err.Error(), "beyond retention policy") {
		t.Errorf("error %v", err)
	}
	st := s.Status()
	if st.Refused != 1000 || st.Sent != st.Points-1000 || st.Waiting != 0 {
		t.Errorf("status %+v", st)
	}
	piles, err := influx.Piles(o.Spool)
	if err != nil || len(piles) != 1 || piles[0].Refused != 1 {
		t.Errorf("piles %+v, %v", piles, err)
	}
}

// Levels that are not asked for are not sent, and too many series are refused before the run.
func TestLevelsAndGuard(t *testing.T) {
	server := influxtest.New(t)
	h := header()
	o := options(t, server.URL, server.Token())
	o.Levels = []facility.Kind{facility.Site}
	s := influx.New(o)
	dir, _, err := play(t, h, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := recorded(t, dir)
	maps.DeleteFunc(want, func(k string, _ int64) bool { return !strings.HasPrefix(k, "site.") && !strings.HasPrefix(k, "event.") })
	if diff := cmp.Diff(want, server.Count(h.ID())); diff != "" {
		t.Error(diff)
	}
	o.Levels, o.MaxSeries = nil, 300
	err = influx.New(o).Open(h)
	var many *influx.TooManyError
	if !errors.As(err, &many) || many.Max != 300 {
		t.Fatalf("error %v", err)
	}
	const says = "InfluxDB would get 463 series, more than the 300 allowed, most of them by 144 rack × 2 channels = 288: send only " +
		"`levels: [job, site]`, which Parquet does not mind; record fewer things with record.select; or raise record.influx.max_series"
	if err.Error() != says {
		t.Errorf("error\n%s\nwant\n%s", err, says)
	}
}
