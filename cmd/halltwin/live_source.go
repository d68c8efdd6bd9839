package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/source/local"
	"github.com/halltwin/halltwin/hil/source/prometheus"
	"github.com/halltwin/halltwin/hil/source/push"
	"github.com/halltwin/halltwin/hil/source/slurm"
	"github.com/halltwin/halltwin/twin/live"
)

// agentsEvery is how often readings that were posted are taken: agents wait for it.
const agentsEvery = time.Second

// feeds returns the sources. Those that wait for others to call are called once [liveFlags.open] has been.
func (f *liveFlags) feeds(ctx context.Context, p *process) (feeds []live.Feed, scheduled bool, err error) {
	names := f.sources
	if len(names) == 0 {
		names = []string{"devices"}
	}
	seen := map[string]bool{}
	for _, text := range names {
		kind, where, _ := strings.Cut(text, "=")
		if seen[kind] {
			return nil, false, usage("--source %s is given twice", kind)
		}
		seen[kind] = true
		every := f.every
		var s live.Source
		switch kind {
		case "slurm":
			scheduled = true
			if where != "" {
				s = &slurm.REST{URL: where, User: p.getenv("HALLTWIN_SLURM_USER"), Token: p.getenv("HALLTWIN_SLURM_TOKEN")}
				break
			}
			c := &slurm.Command{}
			if err := c.Probe(); err != nil {
				return nil, false, &exitError{exitSource, err}
			}
			s = c
		case "prometheus":
			if s, err = prometheus.New(where); err != nil {
				return nil, false, usage("--source: %w", err)
			}
		case "devices":
			s = local.New(f.hardware.sources(p)...)
		case "agents":
			r, err := f.receive(ctx, p, where)
			if err != nil {
				return nil, false, err
			}
			s, every = r, min(every, agentsEvery)
		default:
			more, orders, known, err := f.others(p, kind, where)
			switch {
			case err != nil:
				return nil, false, err
			case !known:
				return nil, false, usage("--source %q: there are slurm, slurm=URL, prometheus=URL, agents=ADDRESS, devices, kubernetes, redfish=FILE, modbus=FILE, snmp=FILE, opcua=FILE and mqtt=FILE", text)
			}
			scheduled = scheduled || orders
			for _, s := range more {
				feeds = append(feeds, live.Feed{Source: s, Every: every})
			}
			continue
		}
		feeds = append(feeds, live.Feed{Source: s, Every: every})
	}
	return feeds, scheduled, nil
}

// receive listens for agents. Beyond this machine they need tokens, which pass encrypted only.
func (f *liveFlags) receive(ctx context.Context, p *process, address string) (*push.Receiver, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("--source agents=ADDRESS: %w", err)
	}
	text := p.getenv("HALLTWIN_AGENT_TOKENS")
	if f.agents != "" {
		b, err := os.ReadFile(f.agents)
		if err != nil {
			return nil, &exitError{exitIO, err}
		}
		text = string(b)
	}
	tokens, err := push.ParseTokens(text)
	if err != nil {
		return nil, usage("--agent-tokens: %w", err)
	}
	cert, encrypted, err := f.serve.certificate(p, host)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); (ip == nil || !ip.IsLoopback()) && host != "localhost" {
		switch {
		case len(tokens) == 0:
			return nil, usage("agents of other machines need tokens: give --agent-tokens FILE, with HOST SECRET a line")
		case !encrypted:
			return nil, usage("tokens of agents of other machines would pass unencrypted: give --tls-cert and --tls-key, or --tls for a certificate that is made now")
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	scheme := "http"
	if encrypted {
		scheme = "https"
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	r := push.New(tokens...)
	mux := http.NewServeMux()
	mux.Handle("/readings", r)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)} // whoever may connect may write there
	context.AfterFunc(ctx, func() { _ = errors.Join(s.Close(), l.Close()) }) // nothing is lost: agents keep what was not taken
	f.doors = append(f.doors, func(t *live.Twin) {
		r.Resume(t.Marks(r.Name()))
		go s.Serve(l) //nolint:errcheck // it ends with the context
		fmt.Fprintf(p.stderr.Out, "agents push to %s://%s/readings\n", scheme, l.Addr())
	})
	return r, nil
}

// open lets others call, now that the twin knows up to where they have been heard.
func (f *liveFlags) open(t *live.Twin) {
	for _, door := range f.doors {
		door(t)
	}
}
