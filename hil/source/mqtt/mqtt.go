package mqtt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 5 * time.Second
	alive    = 10 * time.Second // between two signs of life
	most     = 100_000          // readings that wait
)

// Login says who listens. The zero value is nobody.
type Login struct {
	User, Password string
	Client         string // name of the session; empty: of this host and map
}

// Source listens to one broker.
type Source struct {
	server string
	topics map[string][]*points.Point
	order  []string // of the topics
	client paho.Client

	mu      sync.Mutex
	waiting []reading.Value
	held    []reading.Held // of topics whose messages could not be read
}

// New returns a source of the points of a map.
func New(m *points.Map, l Login) (*Source, error) {
	u, err := url.Parse(m.Server)
	if err != nil || u.Hostname() == "" || u.Scheme != "tcp" && u.Scheme != "tls" {
		return nil, fmt.Errorf("%q is no MQTT broker: write tcp://HOST:1883 or tls://HOST:8883", m.Server)
	}
	if ip := net.ParseIP(u.Hostname()); l.Password != "" && u.Scheme == "tcp" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("MQTT: a password is sent over tls only")
	}
	if l.Password != "" && l.User == "" {
		return nil, errors.New("MQTT: a password goes with a user")
	}
	s := &Source{server: m.Server, topics: map[string][]*points.Point{}}
	var failed []error
	for i := range m.Points {
		p := &m.Points[i]
		if p.Address == "" || strings.ContainsAny(p.Address, "+#\x00") || len(p.Address) > 65535 {
			failed = append(failed, p.Errorf("%.60q is no topic: write one topic, without wildcards", p.Address))
		}
		if s.topics[p.Address] == nil {
			s.order = append(s.order, p.Address)
		}
		s.topics[p.Address] = append(s.topics[p.Address], p)
	}
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	slices.Sort(s.order)
	if l.Client == "" {
		host, _ := os.Hostname()
		l.Client = fmt.Sprintf("halltwin-%x", sha256.Sum256([]byte(host+"\n"+m.Server+"\n"+strings.Join(s.order, "\n"))))[:23]
	}
	s.client = paho.NewClient(paho.NewClientOptions().AddBroker(m.Server).SetClientID(l.Client).SetUsername(l.User).SetPassword(l.Password).SetCleanSession(false).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetWriteTimeout(patience).SetKeepAlive(alive).SetPingTimeout(alive / 2).SetOrderMatters(true).
		SetDefaultPublishHandler(s.receive))
	return s, nil
}

// Name says what it is.
func (s *Source) Name() string { return "mqtt " + s.server }

// Read takes what has come since the last time. While the broker is away it is a fault, and what had come is taken afterwards.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	if !s.client.IsConnectionOpen() {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Values, b.Held = append(b.Values, s.waiting...), append(b.Held, s.held...)
	s.waiting, s.held = s.waiting[:0], s.held[:0]
	return nil
}

// connect opens the session anew, and its subscriptions.
func (s *Source) connect(ctx context.Context) error {
	if err := done(ctx, s.client.Connect()); err != nil {
		return err
	}
	filters := map[string]byte{}
	for _, t := range s.order {
		filters[t] = 1
	}
	token := s.client.SubscribeMultiple(filters, s.receive)
	if err := done(ctx, token); err != nil {
		s.client.Disconnect(0)
		return err
	}
	if t, ok := token.(*paho.SubscribeToken); ok {
		granted := t.Result()
		for _, topic := range s.order {
			if granted[topic] >= 0x80 {
				s.client.Disconnect(0)
				return fmt.Errorf("the broker refuses topic %s", topic)
			}
		}
	}
	return nil
}

// done waits for an answer.
func done(ctx context.Context, t paho.Token) error {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-wait.C:
		return errors.New("the broker does not answer")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// receive takes a message.
func (s *Source) receive(_ paho.Client, m paho.Message) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.topics[m.Topic()] {
		v, at, err := parse(p, m.Payload(), m.Retained(), now)
		switch {
		case errors.Is(err, errStale):
		case err != nil:
			s.hold(m.Topic(), err.Error(), 1)
		default:
			s.waiting = append(s.waiting, p.Value(v, at))
		}
	}
	if over := len(s.waiting) - most; over > 0 {
		s.hold(s.Name(), fmt.Sprintf("more than %d readings waited: the oldest were dropped", most), over)
		s.waiting = slices.Delete(s.waiting, 0, over)
	}
}

// hold notes what was held back of whom, of which there are at most as many as points, and one more.
func (s *Source) hold(of, why string, n int) {
	for i := range s.held {
		if s.held[i].Of == of {
			s.held[i].Why = why
			s.held[i].Count += n
			return
		}
	}
	s.held = append(s.held, reading.Held{Of: of, Why: why, Count: n})
}
