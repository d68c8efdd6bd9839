package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
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

// Pusher sends readings. Put never waits for the network; Run sends until its context is done, and then what is left, once.
type Pusher struct {
	URL    string // where to post
	Token  string
	Format Format
	// Most is how many readings may wait in memory; 0 is 100,000.
	Most   int
	Client *http.Client
	// Clocks wait between attempts.
	Clocks device.Clocks
	Say    func(format string, args ...any)

	mu      sync.Mutex
	waits   queue
	refused int // by the receiver
	unkept  int // for which there was no room on the disk
	sent    int
	cut     time.Time // since when nothing arrives; zero: it does
	woken   chan struct{}
}

// Counts are what has become of readings.
type Counts struct{ Sent, Waiting, Dropped, Refused int }

// The headers that number the readings of a batch: the receiver forgets none and takes none twice.
const (
	StreamHeader   = "Halltwin-Stream"
	SequenceHeader = "Halltwin-Sequence"
)

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
	return &Pusher{URL: address, Token: token, Format: f, Client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: stay}, Clocks: device.System{},
		Say: func(string, ...any) {}, woken: make(chan struct{}, 1)}, nil
}

// stay follows no redirection: it would turn a post into a question whose answer says nothing of the readings, or lead a token out
// of https.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Trust lets the receiver show a certificate of an authority in a PEM file, or that one itself, beside those that the system knows.
func (p *Pusher) Trust(path string) error {
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate in PEM", path)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	p.Client.Transport = transport
	return nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Spool lets readings wait in a folder, where they outlive this process, instead of in memory. It is called before all else; most
// bounds its size in bytes, 0 is 1 GiB.
func (p *Pusher) Spool(dir string, most int64) error {
	s, err := openSpool(dir, most, segmentSize)
	if err != nil {
		return err
	}
	p.waits = s
	if n, _ := s.counts(); n > 0 {
		p.Say("%d readings wait in %s since before", n, dir)
	}
	return nil
}

// queue returns where readings wait. The lock is held.
func (p *Pusher) queue() queue {
	if p.waits == nil {
		most := p.Most
		if most == 0 {
			most = 100_000
		}
		p.waits = &memory{name: newStream(), most: most}
	}
	return p.waits
}

// Close lets go of the spool, if there is one.
func (p *Pusher) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.waits.(*spool); ok {
		return s.close()
	}
	return nil
}

// Put takes a reading to be sent.
func (p *Pusher) Put(id device.Identity, r *device.Reading) {
	line := p.line(&id, r)
	if line == nil {
		return
	}
	p.mu.Lock()
	err := p.queue().add(line)
	if err != nil {
		if p.unkept == 0 {
			p.Say("a reading cannot be kept: %v", err)
		}
		p.unkept++
	}
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
			if p.cut.IsZero() {
				p.cut = p.Clocks.Now()
				p.Say("pushing to %s: %v; readings wait until it answers", p.URL, err)
			}
			p.Clocks.Sleep(ctx, pause)
			pause = min(2*pause, longestPause)
		case n == 0:
			select {
			case <-p.woken:
			case <-ctx.Done():
			}
		case err == nil:
			if !p.cut.IsZero() {
				p.Say("%s answers again after %.0f s; %d readings wait", p.URL, p.Clocks.Now().Sub(p.cut).Seconds(), p.Counts().Waiting)
				p.cut = time.Time{}
			}
			pause = time.Second
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for last.Err() == nil { // what waits on the disk goes on waiting there
		if n, err := p.sendSome(last); n == 0 || err != nil {
			return
		}
	}
}

// longestPause is that between two attempts: what answers again is noticed soon.
const longestPause = 5 * time.Second

// sendSome sends the first readings of the queue, which leave it when the receiver has them.
func (p *Pusher) sendSome(ctx context.Context) (int, error) {
	p.mu.Lock()
	first, n, body, err := p.queue().next()
	p.mu.Unlock()
	if n == 0 || err != nil {
		return 0, err
	}
	err = p.post(ctx, first, body)
	var refused *refusal
	if err != nil && !errors.As(err, &refused) {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.queue().done(first + uint64(n)); err != nil {
		return 0, err
	}
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

func (p *Pusher) post(ctx context.Context, first uint64, body []byte) error {
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
		req.Header.Set(StreamHeader, p.waits.stream())
		req.Header.Set(SequenceHeader, strconv.FormatUint(first, 10))
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
	case c == 400 || c == 413 || c == 422: // others may be mended there: a token, an address
		return &refusal{res.Status, string(says)}
	}
	return errors.Join(errors.New(res.Status), err)
}

// Counts returns what has become of the readings so far.
func (p *Pusher) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting, dropped := p.queue().counts()
	return Counts{p.sent, waiting, dropped + p.unkept, p.refused}
}
