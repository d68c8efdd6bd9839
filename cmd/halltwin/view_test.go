package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/session"
	"github.com/halltwin/halltwin/viz"
	"github.com/halltwin/halltwin/viz/wire"
)

// campus is a morning of 100,000 GPUs, of which every temperature can be looked at.
const campus = `
halltwin: v1
name: campus
start: 2025-07-15T00:00:00Z
duration: 4 h
site: {use: sites/h100-campus-100k, weather: {file: weather/chicago.epw}}
workload: [{generate: {use: workloads/llm-lab}}]
failures: {use: failures/fleet-2025}
record: {every: 10 s, channels: [rack.power, rack.inlet_temperature]}
`

// attend connects viewers who follow every GPU. The first stalled of them read nothing; the others leave unpacking and
// decoding to their own machines.
func attend(b *testing.B, h *httptest.Server, viewers, stalled int) {
	b.Helper()
	for i := range viewers {
		q, err := http.NewRequest("POST", h.URL+"/api/ticket", nil)
		if err != nil {
			b.Fatal(err)
		}
		q.Header.Set("X-Halltwin", "1")
		r, err := h.Client().Do(q)
		if err != nil {
			b.Fatal(err)
		}
		var out struct{ Ticket string }
		err = json.NewDecoder(r.Body).Decode(&out)
		_ = r.Body.Close()
		if err != nil {
			b.Fatal(err)
		}
		d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol, wire.TicketPrefix + out.Ticket}, EnableCompression: true}
		c, _, err := d.Dial("ws"+strings.TrimPrefix(h.URL, "http")+"/api/socket", nil) //nolint:bodyclose // that of a websocket is closed with it
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		for _, m := range []wire.Request{{Op: "open", Run: "campus", Events: "detail"}, {Op: "subscribe", Run: "campus", Subscriptions: []wire.Subscription{
			{Channel: "gpu.temperature"}, {Channel: "rack.inlet_temperature"}, {Channel: "site.power", Bits: 16}}}} {
			if err := c.WriteJSON(m); err != nil {
				b.Fatal(err)
			}
		}
		if tcp, ok := c.NetConn().(*net.TCPConn); ok && i < stalled {
			_ = tcp.SetReadBuffer(4 << 10)
		} else {
			go func() { _, _ = io.Copy(io.Discard, c.NetConn()) }()
		}
	}
}

// How much viewers slow a run: 100,000 GPUs as fast as they go, watched by nobody, one, and 50 of whom 10 are stalled.
func BenchmarkViewers(b *testing.B) {
	f, ds := scenarios.LoadBytes("campus.yaml", []byte(campus))
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	for name, viewers := range map[string]int{"0": 0, "1": 1, "50": 50} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				s := viz.NewServer(viz.Config{})
				h := httptest.NewServer(s)
				spec, err := specOf("campus", plan, plan.Seed)
				if err != nil {
					b.Fatal(err)
				}
				view := s.Live(spec)
				r, err := session.Start(context.Background(), plan, session.Options{Options: twin.Options{Seed: plan.Seed, View: view}, Paused: true})
				if err != nil {
					b.Fatal(err)
				}
				view.Drive(driver{r})
				if err := r.Step(b.Context()); err != nil {
					b.Fatal(err)
				}
				attend(b, h, viewers, viewers/5)
				began := time.Now()
				if err := r.Resume(b.Context()); err != nil {
					b.Fatal(err)
				}
				if _, err := r.Wait(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s/run")
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB-heap")
				s.Close()
				h.Close()
			}
		})
	}
}
