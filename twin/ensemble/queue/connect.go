package queue

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Access says where the servers are and who asks. Secrets come from files or the environment, never from the command
// line, where others see them.
type Access struct {
	URL       string // one or more, with commas between them; tls:// asks for TLS
	Creds     string // file of a user's JWT and NKey
	NKey      string // file of an NKey seed
	TokenFile string // file of a token
	Token     string // of the environment
	CA        string // file of certificates that are trusted, beside those of the system
	Cert, Key string // files of the client's certificate
}

// Environment fills what is not given from HALLTWIN_NATS_URL, _CREDS, _NKEY, _TOKEN, _TOKEN_FILE, _CA, _CERT and _KEY.
func (a Access) Environment(getenv func(string) string) Access {
	for _, x := range []struct {
		name string
		at   *string
	}{
		{"URL", &a.URL}, {"CREDS", &a.Creds}, {"NKEY", &a.NKey}, {"TOKEN", &a.Token}, {"TOKEN_FILE", &a.TokenFile}, {"CA", &a.CA}, {"CERT", &a.Cert}, {"KEY", &a.Key},
	} {
		if *x.at == "" {
			*x.at = getenv("HALLTWIN_NATS_" + x.name)
		}
	}
	return a
}

// CheckURL refuses what is no address of a server, and secrets in it.
func CheckURL(list string) error {
	for _, text := range strings.Split(list, ",") {
		u, err := url.Parse(strings.TrimSpace(text))
		switch {
		case err != nil || u.Host == "" || !(u.Scheme == "nats" || u.Scheme == "tls" || u.Scheme == "ws" || u.Scheme == "wss"):
			return fmt.Errorf("%q is no address of a NATS server: write nats://HOST:4222, or tls://HOST:4222", Redact(text))
		case u.User != nil:
			return errors.New("--url holds a password or a token, which others see in the list of processes: put it in a file (--creds, --nkey, --token-file) or in HALLTWIN_NATS_TOKEN")
		}
	}
	return nil
}

var userinfo = regexp.MustCompile(`//[^/@\s]*@`)

// Redact takes what is secret out of addresses in a text.
func Redact(text string) string { return userinfo.ReplaceAllString(text, "//") }

// Connect reaches the servers. It keeps trying when they are not there, or no longer, until the context ends; note tells what a
// person should know of that.
func Connect(ctx context.Context, a Access, note func(string), more ...nats.Option) (*nats.Conn, error) {
	options, err := a.options()
	if err != nil {
		return nil, err
	}
	options = append(options, nats.Name("halltwin"), nats.MaxReconnects(-1), nats.ReconnectWait(500*time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.PingInterval(5*time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(5*time.Second), nats.RetryOnFailedConnect(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				note("the NATS server is gone (" + Redact(err.Error()) + "); waiting for it")
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) { note("connected to " + nc.ConnectedUrlRedacted()) }))
	nc, err := nats.Connect(a.URL, append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("NATS: %s", Redact(err.Error()))
	}
	for said := false; !nc.IsConnected(); {
		if nc.IsClosed() || ctx.Err() != nil {
			err := nc.LastError()
			nc.Close()
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("NATS: %s", Redact(fmt.Sprint(err)))
		}
		if err := nc.LastError(); err != nil && !said {
			said = true
			note("no NATS server at " + Redact(a.URL) + " (" + Redact(err.Error()) + "); waiting for one")
		}
		pause(ctx, 20*time.Millisecond)
	}
	return nc, nil
}

func (a Access) options() ([]nats.Option, error) {
	var options []nats.Option
	if a.Creds != "" {
		if _, err := os.Stat(a.Creds); err != nil {
			return nil, err
		}
		options = append(options, nats.UserCredentials(a.Creds))
	}
	if a.NKey != "" {
		o, err := nats.NkeyOptionFromSeed(a.NKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.NKey, err)
		}
		options = append(options, o)
	}
	if a.TokenFile != "" {
		b, err := os.ReadFile(a.TokenFile)
		if err != nil {
			return nil, err
		}
		if a.Token = strings.TrimSpace(string(b)); a.Token == "" {
			return nil, fmt.Errorf("%s holds no token", a.TokenFile)
		}
	}
	if a.Token != "" {
		options = append(options, nats.Token(a.Token))
	}
	if a.CA != "" {
		options = append(options, nats.RootCAs(a.CA))
	}
	if a.Cert != "" || a.Key != "" {
		options = append(options, nats.ClientCert(a.Cert, a.Key))
	}
	return options, nil
}
