package prometheus

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

const (
	largest  = 256 << 20
	patience = 10 * time.Second
	overlap  = 15 * time.Second // a scrape may be written that much after its time
	farthest = time.Hour        // that a window reaches back
)

// Source asks a Prometheus server.
type Source struct {
	URL    string
	Token  string // a bearer token; empty: none
	Client *http.Client
	Now    func() time.Time // nil is the machine's

	good time.Time                // when it last answered
	last map[which]reading.Number // time of the newest sample handed over
}

// which tells series apart.
type which struct {
	reading.Thing
	quantity string
}

// New returns a source, or says what is wrong with the address.
func New(address string) (*Source, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a Prometheus server: write http://host:9090", address)
	}
	return &Source{URL: strings.TrimRight(address, "/")}, nil
}

// Name says what it is.
func (s *Source) Name() string { return "prometheus" }

// Read asks for what has been scraped since the last good answer. It fills the values of the batch.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	began := now()
	window := overlap
	if !s.good.IsZero() {
		window = min(began.Sub(s.good)+overlap, farthest)
	}
	text, err := s.ask(ctx, fmt.Sprintf("%s[%ds]", selector(), int(math.Ceil(window.Seconds()))))
	if err != nil {
		return err
	}
	values, err := Read(text)
	if err != nil {
		return err
	}
	b.Values = s.fresh(values, began)
	s.good = began
	return nil
}

// fresh keeps what was not handed over before.
func (s *Source) fresh(values []reading.Value, now time.Time) []reading.Value {
	if s.last == nil {
		s.last = map[which]reading.Number{}
	}
	latest := reading.Number(now.Add(overlap).Unix())
	kept := values[:0]
	for _, v := range values {
		k := which{v.Thing, v.Quantity}
		if at, ok := s.last[k]; ok && v.At <= at {
			continue
		}
		if v.At <= latest { // a time that a broken clock made up must not outlive it
			s.last[k] = v.At
		}
		kept = append(kept, v)
	}
	old := reading.Number(now.Add(-2 * farthest).Unix())
	for k, at := range s.last {
		if at < old { // out of every window
			delete(s.last, k)
		}
	}
	return kept
}

func (s *Source) ask(ctx context.Context, query string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body := url.Values{"query": {query}, "timeout": {patience.String()}}.Encode()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/api/v1/query", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.Token != "" {
		q.Header.Set("Authorization", "Bearer "+s.Token)
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	a, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close() // it was only read
	text, err := io.ReadAll(io.LimitReader(a.Body, largest+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > largest:
		return nil, fmt.Errorf("answer of Prometheus: more than %d bytes", largest)
	case a.StatusCode != http.StatusOK && !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"):
		return nil, fmt.Errorf("%s says %s", s.URL, a.Status)
	}
	return text, nil
}
