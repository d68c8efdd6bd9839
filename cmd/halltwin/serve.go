package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/viz"
	"github.com/spf13/cobra"
)

// tokensVariable names tokens in the environment.
const tokensVariable = "HALLTWIN_TOKENS"

// serveFlags say how runs are shown.
type serveFlags struct {
	listen string
	open   bool
	tokens string
	cert   string
	key    string
	secure bool
	hosts  []string
	made   *tls.Certificate // once it was asked for
}

func (f *serveFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.listen, "listen", "", "address and port; "+viz.DefaultAddress+", or a free port if that is taken, by default")
	c.Flags().StringVar(&f.tokens, "tokens", "", "file of tokens, ROLE NAME SECRET a line (viewer or operator); "+tokensVariable+" holds them likewise")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "certificate (PEM), to be reached from other machines")
	c.Flags().StringVar(&f.key, "tls-key", "", "its private key (PEM)")
	c.Flags().BoolVar(&f.secure, "tls", false, "make a certificate for this time, whose fingerprint is printed")
	c.Flags().StringSliceVar(&f.hosts, "host", nil, "further names by which the server is reached")
}

func serveVerb(p *process) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:     "serve DIR",
		Aliases: []string{"replay"},
		Short:   "Show recorded runs in a browser",
		Long: "Serve shows a run directory, or all of those in a directory: floor, power, cooling, jobs, events and data over time, and\n" +
			"forks that leave a run where one likes. Runs that end in it later are added. It listens on the loopback interface, where everybody is an operator; beyond that\n" +
			"it needs TLS and tokens. Ctrl-C ends it.",
		Example: examples("halltwin serve runs/first-run", "halltwin serve runs --listen 0.0.0.0:7433 --tls --tokens tokens.txt --host twin.example.org"),
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return serve(p, args[0], &f) },
	}
	f.add(c)
	c.Flags().BoolVar(&f.open, "open", false, "open it in the browser")
	return c
}

func serve(p *process, dir string, f *serveFlags) error {
	served, err := f.begin(p)
	if err != nil {
		return err
	}
	defer served.close()
	ctx, stop := p.interruptible("closing")
	defer stop()
	if _, err := os.Stat(filepath.Join(dir, rundir.ManifestFile)); err == nil {
		r, err := openRun(dir)
		if err != nil {
			return err
		}
		defer r.Close()
		if _, err := served.server.Recorded(specOfRecorded(r), r); err != nil {
			return &exitError{exitIO, err}
		}
	} else {
		f := &folder{dir: dir, server: served.server, tell: func(text string) { fmt.Fprintln(p.stderr.Out, text) }, known: map[string]bool{}}
		if f.look(true) == 0 {
			if _, err := openRun(dir); err != nil { // which says what is wrong
				return err
			}
		}
		go f.watch(ctx)
	}
	fmt.Fprintf(p.stdout.Out, "%s is shown at %s (Ctrl-C ends this)\n", filepath.Clean(dir), served.address)
	if f.open {
		browse(p, served.address)
	}
	return viz.Serve(ctx, served.listener, served.server)
}

// served is a server that listens.
type served struct {
	server   *viz.Server
	listener net.Listener
	address  string // for a browser
}

func (s *served) close() {
	s.server.Close()
	_ = s.listener.Close() // it may have been closed with the server
}

// begin listens as the flags say.
func (f *serveFlags) begin(p *process) (*served, error) {
	config := viz.Config{Version: versionText(), Hosts: f.hosts, TLS: f.secure || f.cert != "" || f.key != ""}
	text := p.getenv(tokensVariable)
	if f.tokens != "" {
		b, err := os.ReadFile(f.tokens)
		if err != nil {
			return nil, &exitError{exitIO, err}
		}
		text = string(b)
	}
	var err error
	if config.Tokens, err = viz.ParseTokens(text); err != nil {
		return nil, usage("--tokens: %w", err)
	}
	if f.listen != "" {
		if err := config.Check(f.listen); err != nil {
			return nil, usage("--listen: %w", err)
		}
		if host, _, err := net.SplitHostPort(f.listen); err == nil && host != "" {
			config.Hosts = append(config.Hosts, host)
		}
	}
	cert, _, err := f.certificate(p, config.Hosts...)
	if err != nil {
		return nil, err
	}
	l, err := viz.Listen(f.listen)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			return nil, &exitError{exitIO, err}
		}
		return nil, usage("--listen: %w", err)
	}
	s := &served{server: viz.NewServer(config), listener: l}
	scheme := "http"
	if config.TLS {
		scheme, s.listener = "https", viz.Secure(l, cert)
	}
	s.address = (&url.URL{Scheme: scheme, Host: l.Addr().String(), Path: "/"}).String()
	return s, nil
}

// certificate returns that with which this process is served over TLS, and whether there is one.
func (f *serveFlags) certificate(p *process, hosts ...string) (cert tls.Certificate, encrypted bool, err error) {
	switch {
	case f.made != nil:
		return *f.made, true, nil
	case f.cert != "" || f.key != "":
		if cert, err = tls.LoadX509KeyPair(f.cert, f.key); err != nil {
			return cert, false, usage("--tls-cert and --tls-key: %w", err)
		}
	case f.secure:
		var fingerprint string
		if cert, fingerprint, err = viz.SelfSigned(append(slices.Clone(f.hosts), hosts...), p.now()); err != nil {
			return cert, false, err
		}
		fmt.Fprintf(p.stderr.Out, "the certificate was made just now; its SHA-256 fingerprint is %s\n", fingerprint)
	default:
		return cert, false, nil
	}
	f.made = &cert
	return cert, true, nil
}

// background serves until the context ends.
func (s *served) background(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() { done <- viz.Serve(ctx, s.listener, s.server) }()
	return done
}

// browse opens an address in the browser of a desktop; where there is none, the printed address serves.
func browse(p *process, address string) {
	name := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if name == "" {
		name = "xdg-open"
		if p.getenv("DISPLAY") == "" && p.getenv("WAYLAND_DISPLAY") == "" {
			return
		}
	}
	if path, err := exec.LookPath(name); err == nil && strings.HasPrefix(address, "http") {
		_ = exec.Command(path, address).Start() // a convenience: the address has been printed
	}
}
