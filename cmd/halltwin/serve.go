package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/halltwin/halltwin/viz"
	"github.com/spf13/cobra"
)

// serveFlags are the flags of `halltwin serve`.
type serveFlags struct {
	listen string
	open   bool
}

func serveVerb(p *process) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:     "serve RUN",
		Aliases: []string{"replay"},
		Short:   "Show a recorded run in a browser",
		Long: "Serve shows a run directory on this machine: the report, the events with their causes, and the data to download.\n" +
			"It listens on the loopback interface only. Ctrl-C ends it.",
		Example: examples("halltwin serve runs/first-run", "halltwin serve runs/first-run --listen 127.0.0.1:8080 --open"),
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return serve(p, args[0], &f) },
	}
	c.Flags().StringVar(&f.listen, "listen", "", "loopback address and port; "+viz.DefaultAddress+", or a free port if that is taken, by default")
	c.Flags().BoolVar(&f.open, "open", false, "open it in the browser")
	return c
}

func serve(p *process, dir string, f *serveFlags) error {
	r, err := openRun(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	l, err := viz.Listen(f.listen)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			return &exitError{exitIO, err}
		}
		return usage("--listen: %w", err)
	}
	address := (&url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}).String()
	fmt.Fprintf(p.stdout.Out, "%s is shown at %s (Ctrl-C ends this)\n", filepath.Clean(dir), address)
	if f.open {
		browse(p, address)
	}
	ctx, stop := p.interruptible("closing")
	defer stop()
	return viz.Serve(ctx, l, viz.New(r))
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
	if path, err := exec.LookPath(name); err == nil && strings.HasPrefix(address, "http://") {
		_ = exec.Command(path, address).Start() // a convenience: the address has been printed
	}
}
