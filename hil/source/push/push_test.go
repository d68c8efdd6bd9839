package push

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/reading"
)

const one, two = "secret-of-agent-one", "secret-of-agent-two"

func receiver(t testing.TB, text string) *Receiver {
	t.Helper()
	tokens, err := ParseTokens(text)
	if err != nil {
		t.Fatal(err)
	}
	return New(tokens...)
}

// TestAgent lets the agent's own pusher post.
func TestAgent(t *testing.T) {
	r := receiver(t, "n0 "+one+", n1 "+two)
	s := httptest.NewServer(r)
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := agent.NewPusher(s.URL, two, agent.Twin)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { p.Run(ctx); close(ended) }()
	var x device.Reading
	x.Clear()
	x.At = time.Unix(1000, 500e6)
	x.Values[device.Power], x.Values[device.Temperature] = 99, math.Inf(1)
	p.Put(device.Identity{Kind: device.GPU, Index: 2, Key: "GPU-2", Host: "n1"}, &x)
	p.Put(device.Identity{Kind: device.GPU, Index: 2, Key: "GPU-2", Host: "n0"}, &x) // of which it may not tell
	var values []reading.Value
	var held []reading.Held
	for limit := time.Now().Add(10 * time.Second); p.Counts().Sent < 2 && time.Now().Before(limit); <-time.After(10 * time.Millisecond) {
		var b reading.Batch
		if err := r.Read(ctx, &b); err != nil {
			t.Fatal(err)
		}
		values, held = append(values, b.Values...), append(held, b.Held...)
		r.Taken()
	}
	if len(values) != 1 || values[0] != (reading.Value{Thing: reading.Thing{Kind: "gpu", Host: "n1", Index: 2, Key: "GPU-2"}, Quantity: "power", At: 1000.5, Value: 99}) {
		t.Errorf("%+v", values)
	}
	if len(held) != 1 || held[0] != (reading.Held{Of: "127.0.0.1", Why: `its token is not good for "n0"`, Count: 1}) {
		t.Errorf("%+v", held)
	}
	cancel()
	<-ended
}

// post posts numbered lines and returns the answer's code, which comes when it comes.
func post(r *Receiver, stream string, first int, numbers ...int) chan int {
	var body strings.Builder
	for _, n := range numbers {
		fmt.Fprintf(&body, `{"at":"2026-01-01T00:00:00Z","device":{"kind":"gpu","index":%d,"host":"n1"},"values":{"power":1}}`+"\n", n)
	}
	q := httptest.NewRequest(http.MethodPost, "/readings", strings.NewReader(body.String()))
	q.Header.Set(agent.StreamHeader, stream)
	q.Header.Set(agent.SequenceHeader, fmt.Sprint(first))
	code := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		code <- w.Code
	}()
	return code
}

// TestTwice sends batches again, as an agent does which got no answer, also after a restart of the receiver.
func TestTwice(t *testing.T) {
	ctx := context.Background()
	r := New()
	var got []int
	var marks []reading.Mark
	next := func(posts uint64) {
		t.Helper()
		for limit := time.Now().Add(10 * time.Second); ; <-time.After(time.Millisecond) {
			r.mu.Lock()
			n := r.posts
			r.mu.Unlock()
			if n >= posts {
				break
			}
			if time.Now().After(limit) {
				t.Fatalf("%d posts came", n)
			}
		}
		var b reading.Batch
		if err := r.Read(ctx, &b); err != nil {
			t.Fatal(err)
		}
		for _, v := range b.Values {
			got = append(got, v.Index)
		}
		marks = append(marks, b.Marks...)
	}
	lost := post(r, "a", 0, 0, 1, 2) // whose answer is lost
	next(1)
	select {
	case c := <-lost:
		t.Fatalf("%d before it is safe", c)
	default:
	}
	again := post(r, "a", 0, 0, 1, 2, 3, 4)
	other := post(r, "b", 7, 70)
	next(3)
	r.Taken()
	if a, b, c := <-lost, <-again, <-other; a != 204 || b != 204 || c != 204 {
		t.Errorf("%d, %d, %d", a, b, c)
	}
	whole := post(r, "a", 0, 0, 1, 2, 3, 4)
	if c := <-whole; c != 204 {
		t.Errorf("%d", c)
	}
	r = New() // a new process that knows what the log says
	r.Resume(marks)
	more := post(r, "a", 3, 3, 4, 5)
	next(1)
	r.Taken()
	if c := <-more; c != 204 {
		t.Errorf("%d", c)
	}
	slices.Sort(got)
	if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 70}) {
		t.Errorf("taken: %v", got)
	}
}

func TestRefused(t *testing.T) {
	r := receiver(t, "# the agents\n* "+one+"\n")
	now := time.Unix(1000, 0)
	r.Now = func() time.Time { return now }
	var b reading.Batch
	if r.Read(context.Background(), &b) != nil || b.Fault != "" {
		t.Error(b.Fault)
	}
	for _, c := range []struct {
		method, token, body, number string
		want                        int
	}{
		{"GET", one, "", "", http.StatusMethodNotAllowed},
		{"POST", "wrong", "{}", "", http.StatusUnauthorized},
		{"POST", one, string(bytes.Repeat([]byte{' '}, longestLine+1)), "", http.StatusBadRequest},
		{"POST", one, "{}", "-1", http.StatusBadRequest},
	} {
		q := httptest.NewRequest(c.method, "/readings", bytes.NewReader([]byte(c.body)))
		q.Header.Set("Authorization", "Bearer "+c.token)
		if c.number != "" {
			q.Header.Set(agent.StreamHeader, "s")
			q.Header.Set(agent.SequenceHeader, c.number)
		}
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, q); w.Code != c.want {
			t.Errorf("%s %.20s: %d", c.method, c.body, w.Code)
		}
	}
	q := httptest.NewRequest("POST", "/readings", strings.NewReader("{\n\n{}"))
	q.Header.Set("Authorization", "Bearer "+one)
	if code, says, _ := r.take(httptest.NewRecorder(), q); code != http.StatusNoContent {
		t.Errorf("one line is no reading: %d %s", code, says)
	}
	if err := r.Read(context.Background(), &b); err != nil || len(b.Held) != 4 {
		t.Errorf("%+v", b.Held)
	}
	now = now.Add(20 * time.Second)
	if r.Read(context.Background(), &b) != nil || b.Fault != "no agent has posted for 20 s" {
		t.Error(b.Fault)
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"n1":                    "write HOST SECRET",
		"n1 short":              "fewer than 16",
		"n[ " + one:             "no pattern",
		"a " + one + "\nb x, ,": "fewer than 16",
	} {
		if _, err := ParseTokens(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), one) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzPost(f *testing.F) {
	f.Add([]byte(`{"at":"2026-01-01T00:00:00Z","device":{"kind":"gpu","index":1,"key":"k","host":"h"},"values":{"power":1}}`+"\n{"), "s", "3")
	f.Fuzz(func(t *testing.T, body []byte, stream, number string) {
		r := New()
		q := httptest.NewRequest(http.MethodPost, "/readings", bytes.NewReader(body))
		q.Header.Set(agent.StreamHeader, stream)
		q.Header.Set(agent.SequenceHeader, number)
		code, _, _ := r.take(httptest.NewRecorder(), q)
		if code != http.StatusNoContent && len(r.waiting) > 0 {
			t.Fatalf("%d, and %d values wait", code, len(r.waiting))
		}
	})
}
