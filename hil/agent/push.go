package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/halltwin/halltwin/hil/device"
)

// Message is one reading as a live twin takes it, one JSON object a line. Values are in SI, temperatures in °C, by the names of
// quantities; what the device did not tell is absent.
type Message struct {
	At     time.Time          `json:"at"`
	Device device.Identity    `json:"device"`
	Values map[string]float64 `json:"values"`
	Xids   []uint64           `json:"xids,omitempty"`
}

// Format is how readings are written.
type Format string

// The formats.
const (
	Twin   Format = "twin"
	Influx Format = "influx"
)

// Pusher sends readings. Put never blocks; Run sends until its context is done, and then what is left, once.
type Pusher struct {
	URL    string // where to post
	Token  string
	Format Format
	// Most is how many readings may wait; 0 is 100,000.
	Most   int
	Client *http.Client
	// Clocks wait between attempts.
	Clocks device.Clocks
	Say    func(format string, args ...any)

	mu      sync.Mutex
	queue   [][]byte
	dropped int // by a full queue
	refused int // by the receiver
	sent    int
	woken   chan struct{}
}

// Counts are what has become of readings.
type Counts struct{ Sent, Waiting, Dropped, Refused int }

// NewPusher checks the address. A token goes out over TLS only, or stays on this machine.
func NewPusher(address, token string, f Format) (*Pusher, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is not an address to push to: write https://HOST:PORT/PATH", address)
	case u.User != nil:
		return nil, errors.New("an address must not hold a password; give a token in the environment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%s is on another machine: readings go there over https only", u.Host)
	}
	return &Pusher{URL: address, Token: token, Format: f, Client: &http.Client{Timeout: 10 * time.Second}, Clocks: device.System{},
		Say: func(string, ...any) {}, woken: make(chan struct{}, 1)}, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Put takes a reading to be sent.
func (p *Pusher) Put(id device.Identity, r *device.Reading) {
	line := p.line(&id, r)
	if line == nil {
		return
	}
	p.mu.Lock()
	most := p.Most
	if most == 0 {
		most = 100_000
	}
	if len(p.queue) >= most {
		p.queue = p.queue[1:]
		p.dropped++
	}
	p.queue = append(p.queue, line)
	p.mu.Unlock()
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// line writes a reading; nil if it says nothing.
func (p *Pusher) line(id *device.Identity, r *device.Reading) []byte {
	if p.Format == Influx {
		return lineProtocol(id, r)
	}
	m := Message{At: r.At, Device: *id, Values: map[string]float64{}, Xids: r.Xids}
	for q, v := range r.Values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			m.Values[device.Quantity(q).String()] = v
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil // a time that JSON cannot say
	}
	return append(text, '\n')
}

// lineProtocol writes a point: measurement by kind, tags that name the device, a field for each quantity with its unit.
func lineProtocol(id *device.Identity, r *device.Reading) []byte {
	tag := strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`, "\n", " ")
	b := []byte(string(id.Kind) + ",source=measured,host=" + tag.Replace(id.Host) + ",slot=" + strconv.Itoa(id.Index) + ",uuid=" + tag.Replace(id.Key))
	sep := byte(' ')
	for q, v := range r.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		row := device.Quantity(q).Describe()
		b = append(append(b, sep), row.Name...)
		if unit, ok := map[string]string{"W": "_w", "degC": "_c", "J": "_j", "Hz": "_hz", "B": "_bytes", "B/s": "_bytes_s", "K": "_k"}[row.Unit]; ok {
			b = append(b, unit...)
		}
		b = strconv.AppendFloat(append(b, '='), v, 'g', -1, 64)
		sep = ','
	}
	if sep == ' ' {
		return nil
	}
	return append(strconv.AppendInt(append(b, ' '), r.At.UnixNano(), 10), '\n')
}

// batch is how many readings go in one request.
const batch = 2000

// Run sends until the context is done. What waits then is tried once more.
func (p *Pusher) Run(ctx context.Context) {
	pause := time.Second
	for ctx.Err() == nil {
		n, err := p.sendSome(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			p.Say("pushing to %s: %v; trying again in %v", p.URL, err, pause)
			p.Clocks.Sleep(ctx, pause)
			pause = min(2*pause, 30*time.Second)
		case n == 0:
			select {
			case <-p.woken:
			case <-ctx.Done():
			}
		default:
			pause = time.Second
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for {
		if n, err := p.sendSome(last); n == 0 || err != nil {
			return
		}
	}
}

// sendSome sends the first readings of the queue, which leave it when the receiver has them.
func (p *Pusher) sendSome(ctx context.Context) (int, error) {
	p.mu.Lock()
	n := min(len(p.queue), batch)
	lines := p.queue[:n:n]
	dropped := p.dropped
	p.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	err := p.post(ctx, bytes.Join(lines, nil))
	var refused *refusal
	if err != nil && !errors.As(err, &refused) {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = p.queue[max(0, n-(p.dropped-dropped)):] // some may have been dropped meanwhile
	if refused != nil {
		if p.refused == 0 {
			p.Say("%s refuses readings: %v", p.URL, err)
		}
		p.refused += n
		return n, nil
	}
	p.sent += n
	return n, nil
}

// refusal is an answer that would be the same again.
type refusal struct{ status, says string }

func (r *refusal) Error() string { return strings.TrimSpace(r.status + ": " + r.says) }

func (p *Pusher) post(ctx context.Context, body []byte) error {
	// A request under way is not cut off by the end of the agent: its readings would be sent twice.
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	switch p.Format {
	case Influx:
		req.Header.Set("Content-Type", "text/plain; charset=utf-8")
		req.Header.Set("Authorization", "Token "+p.Token)
	default:
		req.Header.Set("Content-Type", "application/jsonl")
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if p.Token == "" {
		req.Header.Del("Authorization")
	}
	res, err := p.Client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	says, err := io.ReadAll(io.LimitReader(res.Body, 500))
	switch c := res.StatusCode; {
	case c/100 == 2:
		return nil
	case c == 400 || c == 401 || c == 403 || c == 404 || c == 422:
		return &refusal{res.Status, string(says)}
	}
	return errors.Join(errors.New(res.Status), err)
}

// Counts returns what has become of the readings so far.
func (p *Pusher) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Counts{p.sent, len(p.queue), p.dropped, p.refused}
}
