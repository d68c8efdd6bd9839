package push

import (
	"bytes"
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/reading"
)

// TestAgent lets the agent's own pusher post.
func TestAgent(t *testing.T) {
	r := New("one", "two")
	s := httptest.NewServer(r)
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := agent.NewPusher(s.URL, "two", agent.Twin)
	if err != nil {
		t.Fatal(err)
	}
	go p.Run(ctx)
	var x device.Reading
	x.Clear()
	x.At = time.Unix(1000, 500e6)
	x.Values[device.Power], x.Values[device.Temperature] = 99, math.Inf(1)
	p.Put(device.Identity{Kind: device.GPU, Index: 2, Key: "GPU-2", Host: "n1"}, &x)
	var b reading.Batch
	for limit := time.Now().Add(10 * time.Second); len(b.Values) == 0 && time.Now().Before(limit); <-time.After(10 * time.Millisecond) {
		if err := r.Read(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.Values) != 1 || b.Values[0] != (reading.Value{Thing: reading.Thing{Kind: "gpu", Host: "n1", Index: 2, Key: "GPU-2"}, Quantity: "power", At: 1000.5, Value: 99}) {
		t.Errorf("%+v", b)
	}
}

func TestRefused(t *testing.T) {
	r := New("one")
	for _, c := range []struct {
		method, token, body string
		want                int
	}{
		{"GET", "one", "", http.StatusMethodNotAllowed},
		{"POST", "wrong", "{}", http.StatusUnauthorized},
		{"POST", "one", "{", http.StatusBadRequest},
		{"POST", "one", string(bytes.Repeat([]byte{' '}, longestLine+1)), http.StatusBadRequest},
		{"POST", "one", "{}\n\n{}", http.StatusNoContent},
	} {
		q := httptest.NewRequest(c.method, "/readings", bytes.NewReader([]byte(c.body)))
		q.Header.Set("Authorization", "Bearer "+c.token)
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, q); w.Code != c.want {
			t.Errorf("%s %.20s: %d", c.method, c.body, w.Code)
		}
	}
	var b reading.Batch
	if r.Read(context.Background(), &b) != nil || b.Fault != "4 posts were refused" {
		t.Error(b.Fault)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`{"at":"2026-01-01T00:00:00Z","device":{"kind":"gpu","index":1,"key":"k","host":"h"},"values":{"power":1}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		values, err := appendLine(nil, line)
		if err != nil && values != nil {
			t.Fatal("both values and an error")
		}
	})
}
