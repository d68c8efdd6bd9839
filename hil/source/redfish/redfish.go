package redfish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/models/reading"
)

const (
	patience = 10 * time.Second // controllers are slow
	largest  = 4 << 20          // bytes of a resource
)

// Login says who asks.
type Login struct {
	User, Password string
	Roots          *x509.CertPool // that sign the certificates of services; nil: the machine's
}

// Source reads one service.
type Source struct {
	server    string
	login     Login
	client    *http.Client
	resources []resource
	node      *device.Redfish // reads what points name by quantity
	chassis   []device.Device // open, nil if it is not
	named     []named
}

// named is a point of the node itself.
type named struct {
	*points.Point
	quantity device.Quantity
}

// quantities are the addresses that need no path.
var quantities = map[string]device.Quantity{"power": device.Power, "inlet": device.Inlet}

// resource is what one question asks for.
type resource struct {
	path   string
	points []*points.Point
	places []string // in it, by point: JSON pointers
}

// New returns a source of the points of a map.
func New(m *points.Map, l Login) (*Source, error) {
	u, err := url.Parse(m.Server)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%q is no Redfish service: write https://HOST", m.Server)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && l.Password != "" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("a password is sent over https only")
	}
	s := &Source{server: strings.TrimRight(m.Server, "/"), login: l,
		client: &http.Client{Timeout: patience, CheckRedirect: stay, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: l.Roots, MinVersion: tls.VersionTLS12}}}}
	s.node = &device.Redfish{URL: s.server, User: l.User, Password: l.Password, Roots: l.Roots, Timeout: patience}
	var failed []error
	at := map[string]int{}
	for i := range m.Points {
		p := &m.Points[i]
		if q, ok := quantities[p.Address]; ok {
			s.named = append(s.named, named{p, q})
			continue
		}
		path, place, ok := strings.Cut(p.Address, "#")
		if r, err := url.Parse(path); !ok || err != nil || !strings.HasPrefix(path, "/") || r.Host != "" || !strings.HasPrefix(place, "/") {
			failed = append(failed, p.Errorf("%.80q is no value of a resource: write power, inlet or /redfish/v1/Chassis/1/EnvironmentMetrics#/PowerWatts/Reading", p.Address))
			continue
		}
		k, known := at[path]
		if !known {
			k = len(s.resources)
			at[path] = k
			s.resources = append(s.resources, resource{path: path})
		}
		r := &s.resources[k]
		r.points, r.places = append(r.points, p), append(r.places, place)
	}
	return s, errors.Join(failed...)
}

// stay follows no redirection: it could lead a password out of https.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Name says what it is.
func (s *Source) Name() string { return "redfish " + s.server }

// Read reads all points.
func (s *Source) Read(ctx context.Context, b *reading.Batch) error {
	if err := s.ofNode(ctx, b); err != nil {
		return err
	}
	for i := range s.resources {
		r := &s.resources[i]
		doc, missing, err := s.get(ctx, r.path)
		if err != nil {
			return err
		}
		now := time.Now()
		for k, p := range r.points {
			v, err := 0.0, missing
			if err == nil {
				v, err = number(doc, r.places[k])
			}
			if err != nil {
				b.Held = append(b.Held, reading.Held{Of: p.Address, Why: err.Error(), Count: 1})
				continue
			}
			b.Values = append(b.Values, p.Value(v, now))
		}
	}
	return nil
}

// ofNode reads what is named by quantity: of all chassis of the service the first that tells it.
func (s *Source) ofNode(ctx context.Context, b *reading.Batch) (err error) {
	if len(s.named) == 0 {
		return nil
	}
	if s.chassis == nil {
		if s.chassis, err = s.node.Open(ctx); err != nil {
			return err
		}
	}
	all := make([]device.Reading, len(s.chassis))
	for i, d := range s.chassis {
		if err := d.Sample(ctx, &all[i]); err != nil {
			s.chassis = nil
			return errors.Join(err, s.node.Close())
		}
	}
	now := time.Now()
	for _, p := range s.named {
		k := slices.IndexFunc(all, func(r device.Reading) bool { return !math.IsNaN(r.Values[p.quantity]) })
		if k < 0 {
			b.Held = append(b.Held, reading.Held{Of: s.Name() + " " + p.Address, Why: "no chassis tells it", Count: 1})
			continue
		}
		b.Values = append(b.Values, p.Value(all[k].Values[p.quantity], now))
	}
	return nil
}

// get fetches a resource; missing says that the service does not have it.
func (s *Source) get(ctx context.Context, path string) (doc any, missing, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server+path, nil)
	if err != nil {
		return nil, nil, err
	}
	q.Header.Set("Accept", "application/json")
	q.Header.Set("OData-Version", "4.0")
	if s.login.User != "" {
		q.SetBasicAuth(s.login.User, s.login.Password)
	}
	a, err := s.client.Do(q)
	if err != nil {
		return nil, nil, err
	}
	defer a.Body.Close()
	switch a.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, fmt.Errorf("there is no resource %s", path), nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, nil, fmt.Errorf("%s refuses this user (%s)", path, a.Status)
	default:
		return nil, nil, fmt.Errorf("%s: %s", path, a.Status)
	}
	text, err := io.ReadAll(io.LimitReader(a.Body, largest+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(text) > largest:
		return nil, fmt.Errorf("%s has more than %d bytes", path, largest), nil
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s is no JSON: %w", path, err), nil
	}
	return doc, nil, nil
}

// number returns the number at a JSON pointer.
func number(doc any, place string) (float64, error) {
	for _, key := range strings.Split(place, "/")[1:] {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		switch x := doc.(type) {
		case map[string]any:
			v, ok := x[key]
			if !ok {
				return 0, fmt.Errorf("the resource has no %.60q", key)
			}
			doc = v
		case []any:
			i, err := strconv.ParseUint(key, 10, 16)
			if err != nil || int(i) >= len(x) {
				return 0, fmt.Errorf("its list of %d has no %.20q", len(x), key)
			}
			doc = x[i]
		default:
			return 0, fmt.Errorf("there is nothing below, so no %.60q", key)
		}
	}
	v, ok := doc.(float64)
	if !ok || math.IsInf(v, 0) {
		return 0, errors.New("it is no number")
	}
	return v, nil
}
