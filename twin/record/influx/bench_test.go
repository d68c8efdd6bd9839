package influx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/halltwin/halltwin/twin/record/influx/influxtest"
	"github.com/halltwin/halltwin/twin/record/lineproto"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// points is a recording as line protocol, for what the client sends raw.
func points(b *testing.B, h *record.Header) (lines []byte, n int) {
	b.Helper()
	e := lineproto.NewEncoder(h, func() error { n++; return nil })
	if err := recordtest.Samples(encoding{e}, h, 60); err != nil {
		b.Fatal(err)
	}
	if err := e.Commit(); err != nil {
		b.Fatal(err)
	}
	return e.Take(), n
}

type encoding struct{ *lineproto.Encoder }

func (encoding) Open(*record.Header) error   { return nil }
func (encoding) Close(*record.Summary) error { return nil }

// BenchmarkSend measures points a second on a real server: by the sink, encoding included, and beside it what the client
// writes when it is given the same lines ready made in batches of the same size, one at a time.
func BenchmarkSend(b *testing.B) {
	server := influxtest.New(b)
	report := func(b *testing.B, n int) {
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	}
	b.Run("sink", func(b *testing.B) {
		n := 0
		for i := range b.N {
			h := header()
			h.Run = fmt.Sprintf("sink-%d-%d", b.N, i)
			o := options(b, server.URL, server.Token())
			o.Batch = influx.DefaultBatch
			s := influx.New(o)
			if err := errors.Join(s.Open(h), recordtest.Samples(s, h, 60), s.Close(nil)); err != nil {
				b.Fatal(err)
			}
			n = int(s.Status().Sent)
		}
		report(b, n)
	})
	for _, gz := range []bool{false, true} {
		b.Run(fmt.Sprintf("raw/gzip=%t", gz), func(b *testing.B) {
			c := influxdb2.NewClientWithOptions(server.URL, server.Token(), influxdb2.DefaultOptions().SetUseGZip(gz))
			defer c.Close()
			api := c.WriteAPIBlocking(influxtest.Org, influxtest.Bucket)
			n := 0
			for i := range b.N {
				b.StopTimer()
				h := header()
				h.Run = fmt.Sprintf("raw-%t-%d-%d", gz, b.N, i)
				var lines []byte
				lines, n = points(b, h)
				b.StartTimer()
				for len(lines) > 0 {
					batch := lines
					for k, at := 0, 0; k < influx.DefaultBatch; k++ {
						next := bytes.IndexByte(lines[at:], '\n')
						if next < 0 {
							break
						}
						at += next + 1
						batch = lines[:at]
					}
					if err := api.WriteRecord(context.Background(), string(batch)); err != nil {
						b.Fatal(err)
					}
					lines = lines[len(batch):]
				}
			}
			report(b, n)
		})
	}
}

// BenchmarkRun measures how much sending slows a run of the library's first what-if at its resolution, recorded into a
// directory as always: until the last sample is taken (run), and until all has been sent (op).
func BenchmarkRun(b *testing.B) {
	file, ds := scenarios.Load("what-if/first-run")
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	plan, ds := file.Plan("")
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	live := func(b *testing.B, extra func(i int) record.Sink) {
		var running time.Duration
		for i := range b.N {
			dir := filepath.Join(b.TempDir(), fmt.Sprint(i))
			w, err := rundir.Create(dir, rundir.Options{})
			if err != nil {
				b.Fatal(err)
			}
			sinks := []record.Sink{w}
			if extra != nil {
				sinks = append(sinks, extra(i))
			}
			end := &ending{}
			began := time.Now()
			if _, err := twin.Run(context.Background(), plan, twin.Options{Seed: plan.Seed, Sink: record.NewFanout(append([]record.Sink{end}, sinks...)...)}); err != nil {
				b.Fatal(err)
			}
			running += end.at.Sub(began)
			os.RemoveAll(dir)
		}
		b.ReportMetric(running.Seconds()/float64(b.N), "s-run/op")
	}
	b.Run("alone", func(b *testing.B) { live(b, nil) })
	b.Run("away", func(b *testing.B) {
		live(b, func(int) record.Sink {
			o := options(b, "http://127.0.0.1:1", "")
			o.Batch, o.Patience = influx.DefaultBatch, time.Millisecond
			return influx.New(o)
		})
	})
	b.Run("elsewhere", func(b *testing.B) { // a server that costs this machine nothing
		null := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusNoContent)
		}))
		defer null.Close()
		live(b, func(int) record.Sink {
			o := options(b, null.URL, "")
			o.Batch = influx.DefaultBatch
			return influx.New(o)
		})
	})
	b.Run("here", func(b *testing.B) {
		server := influxtest.New(b)
		live(b, func(int) record.Sink {
			o := options(b, server.URL, server.Token())
			o.Batch = influx.DefaultBatch
			return influx.New(o)
		})
	})
}

// ending notes when the last sample has been taken: the first sink of a fan-out is closed first.
type ending struct {
	clock
	at time.Time
}

func (e *ending) Close(*record.Summary) error {
	e.at = time.Now()
	return nil
}
