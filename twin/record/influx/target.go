package influx

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
)

// The defaults of a target.
const (
	DefaultURL    = "http://127.0.0.1:8086"
	DefaultOrg    = "halltwin"
	DefaultBucket = "halltwin"
)

// Target is where points go. It holds no secret.
type Target struct {
	URL    string `json:"url"`
	Org    string `json:"org"`
	Bucket string `json:"bucket"`
}

// ParseTarget reads an address such as "http://db:8086?org=lab&bucket=twin". What it leaves out comes from INFLUX_HOST,
// INFLUX_ORG and INFLUX_BUCKET, as for InfluxDB's own command, and then from the defaults.
func ParseTarget(address string, getenv func(string) string) (Target, error) {
	address = first(address, getenv("INFLUX_HOST"), DefaultURL)
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("%q is no address of a server: write http://HOST:8086, or https", hide(address))
	case u.User != nil:
		return Target{}, fmt.Errorf("the address of %s holds a user or password: put the token into HALLTWIN_INFLUX_TOKEN instead", u.Host)
	}
	q := u.Query()
	for _, key := range slices.Sorted(maps.Keys(q)) {
		if key != "org" && key != "bucket" {
			return Target{}, fmt.Errorf("unknown part %q in the address of %s: it takes org and bucket", key, u.Host)
		}
	}
	t := Target{
		Org:    first(q.Get("org"), getenv("INFLUX_ORG"), DefaultOrg),
		Bucket: first(q.Get("bucket"), getenv("INFLUX_BUCKET"), DefaultBucket),
	}
	u.RawQuery, u.Fragment = "", ""
	t.URL = strings.TrimSuffix(u.String(), "/")
	return t, nil
}

// hide cuts what may be a password off an address that cannot be read.
func hide(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return "…" + address[at:]
	}
	return address
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func (t Target) String() string { return fmt.Sprintf("%s (bucket %s)", t.URL, t.Bucket) }

// Loopback says whether the server is on this machine.
func (t Target) Loopback() bool {
	u, err := url.Parse(t.URL)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// IsAddress says whether a word names a server rather than a file.
func IsAddress(word string) bool {
	return strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://")
}

// Token finds the token in the environment.
func Token(getenv func(string) string) string {
	return first(getenv("HALLTWIN_INFLUX_TOKEN"), getenv("INFLUX_TOKEN"))
}

// writeURL is the address that takes points.
func (t Target) writeURL() string {
	q := url.Values{"org": {t.Org}, "bucket": {t.Bucket}, "precision": {"ns"}}
	return t.URL + "/api/v2/write?" + q.Encode()
}

// Client returns InfluxDB's client for the target. It says nothing by itself: errors are returned, and a log could show
// what must not be shown.
func (t Target) Client(token, version string) influxdb2.Client {
	o := influxdb2.DefaultOptions().SetLogLevel(0).SetHTTPRequestTimeout(requestTimeout).SetApplicationName("halltwin/" + version)
	return influxdb2.NewClientWithOptions(t.URL, token, o)
}

const requestTimeout = 30 // s
