package device

import (
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
	"strings"
	"time"
)

// Redfish is a node's management controller, read by plain HTTPS.
type Redfish struct {
	URL      string // https://bmc-17
	User     string
	Password string
	// Roots are the certificates that the controller's is signed by; nil is the machine's.
	Roots *x509.CertPool
	// Timeout is for one answer; 0 is 10 s: controllers are slow.
	Timeout time.Duration

	client *http.Client
}

// Title implements [Source].
func (b *Redfish) Title() string { return "Redfish " + b.URL }

// Open implements [Source]: one device for each chassis that tells power or temperatures.
func (b *Redfish) Open(ctx context.Context) ([]Device, error) {
	u, err := url.Parse(b.URL)
	switch {
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("%q is not the address of a management controller: write https://HOST", b.URL)
	case u.User != nil:
		return nil, errors.New("an address must not hold a password: give user and password apart")
	case u.Scheme != "https" && b.Password != "" && !loopback(u.Hostname()):
		return nil, errors.New("a password is sent over https only")
	}
	timeout := b.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	b.client = &http.Client{Timeout: timeout, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.Roots, MinVersion: tls.VersionTLS12}}}
	var list struct {
		Members []struct {
			ID string `json:"@odata.id"`
		}
	}
	if err := b.get(ctx, "/redfish/v1/Chassis", &list); err != nil {
		return nil, err
	}
	var all []Device
	for _, m := range list.Members {
		var c chassis
		if err := b.get(ctx, m.ID, &c); err != nil {
			return nil, err
		}
		n := &bmc{b: b, c: c, id: Identity{Kind: Node, Index: len(all), Key: first(c.UUID, c.SerialNumber, b.URL+m.ID),
			Model: strings.TrimSpace(c.Manufacturer + " " + c.Model), Host: u.Hostname()}}
		if n.tells() {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no chassis that tells power or temperatures", b.URL)
	}
	return all, nil
}

// Close implements [Source].
func (b *Redfish) Close() error {
	if b.client != nil {
		b.client.CloseIdleConnections()
	}
	return nil
}

type link struct {
	ID string `json:"@odata.id"`
}

// chassis is the part of Redfish's Chassis that matters, in its forms before and since 2020.4.
type chassis struct {
	UUID, SerialNumber, Manufacturer, Model string
	Power, Thermal                          link // before
	EnvironmentMetrics, ThermalSubsystem    link // since
}

// get fetches a resource.
func (b *Redfish) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(b.URL, "/")+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("OData-Version", "4.0")
	if b.User != "" {
		req.SetBasicAuth(b.User, b.Password)
	}
	res, err := b.client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%s%s: the controller refuses this user (%s)", b.URL, path, res.Status)
	default:
		return fmt.Errorf("%w: %s%s: %s", ErrLost, b.URL, path, res.Status)
	}
	const most = 4 << 20
	if err := json.NewDecoder(io.LimitReader(res.Body, most)).Decode(into); err != nil {
		return fmt.Errorf("%w: %s%s: %w", ErrLost, b.URL, path, err)
	}
	return nil
}

// bmc is one chassis.
type bmc struct {
	b  *Redfish
	c  chassis
	id Identity
}

// Identity implements [Device].
func (n *bmc) Identity() Identity { return n.id }

func (n *bmc) tells() bool {
	return n.c.EnvironmentMetrics.ID != "" || n.c.Power.ID != "" || n.c.Thermal.ID != "" || n.c.ThermalSubsystem.ID != ""
}

// sensor is a reading that may be null, or a number in an object.
type sensor struct{ Reading *float64 }

// Sample implements [Device].
func (n *bmc) Sample(ctx context.Context, r *Reading) error {
	r.Clear()
	if id := n.c.EnvironmentMetrics.ID; id != "" {
		var e struct {
			PowerWatts, EnergykWh, TemperatureCelsius sensor
			FanSpeedsPercent                          []sensor
		}
		if err := n.b.get(ctx, id, &e); err != nil {
			return err
		}
		r.set(Power, e.PowerWatts.Reading, 1)
		r.set(Energy, e.EnergykWh.Reading, 3.6e6)
		r.set(Inlet, e.TemperatureCelsius.Reading, 1)
		r.Values[Fan] = mean(e.FanSpeedsPercent) / 100
	}
	if id := n.c.Power.ID; id != "" && math.IsNaN(r.Values[Power]) {
		var p struct {
			PowerControl []struct {
				PowerConsumedWatts *float64
				PowerLimit         struct{ LimitInWatts *float64 }
			}
		}
		if err := n.b.get(ctx, id, &p); err != nil {
			return err
		}
		if len(p.PowerControl) > 0 {
			r.set(Power, p.PowerControl[0].PowerConsumedWatts, 1)
			r.set(PowerLimit, p.PowerControl[0].PowerLimit.LimitInWatts, 1)
		}
	}
	if id := n.c.Thermal.ID; id != "" && math.IsNaN(r.Values[Inlet]) {
		return n.thermal(ctx, id, r)
	}
	return nil
}

// thermal reads the resource that held temperatures and fans until 2020.
func (n *bmc) thermal(ctx context.Context, id string, r *Reading) error {
	var t struct {
		Temperatures []struct {
			Name, PhysicalContext string
			ReadingCelsius        *float64
		}
		Fans []struct {
			Reading      *float64
			ReadingUnits string
		}
	}
	if err := n.b.get(ctx, id, &t); err != nil {
		return err
	}
	for _, x := range t.Temperatures {
		if name := strings.ToLower(x.Name); x.PhysicalContext == "Intake" || strings.Contains(name, "inlet") || strings.Contains(name, "ambient") {
			r.set(Inlet, x.ReadingCelsius, 1)
			break
		}
	}
	var percents []sensor
	for _, f := range t.Fans {
		if f.ReadingUnits == "Percent" {
			percents = append(percents, sensor{f.Reading})
		}
	}
	if len(percents) > 0 {
		r.Values[Fan] = mean(percents) / 100
	}
	return nil
}

// Probe implements [Device].
func (n *bmc) Probe() []Finding {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var r Reading
	if err := n.Sample(ctx, &r); err != nil {
		return []Finding{{Name: "answers", Says: err.Error(), Fix: "a user with the role ReadOnly is enough"}}
	}
	var all []Finding
	for _, q := range []Quantity{Power, Inlet, Fan} {
		f := Finding{Name: q.String(), OK: !math.IsNaN(r.Values[q]), Says: fmt.Sprintf("%.4g %s", r.Values[q], q.Describe().Unit)}
		if !f.OK {
			f.Says = "not told by this controller"
		}
		all = append(all, f)
	}
	return all
}

func (r *Reading) set(q Quantity, v *float64, scale float64) {
	if v != nil {
		r.Values[q] = *v * scale
	}
}

func mean(all []sensor) float64 {
	sum, n := 0.0, 0
	for _, x := range all {
		if x.Reading != nil {
			sum, n = sum+*x.Reading, n+1
		}
	}
	return sum / float64(n)
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }
