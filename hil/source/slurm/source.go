package slurm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/reading"
)

// largest is the largest document that is read, in bytes.
const largest = 256 << 20

// patience bounds one question.
const patience = 10 * time.Second

// nodesEvery is how many times jobs are asked for until nodes are again: they change rarely.
const nodesEvery = 5

// cluster asks for jobs and nodes, however that is done.
type cluster struct {
	asked int
	jobs  func(context.Context) ([]byte, error)
	nodes func(context.Context) ([]byte, error)
}

func (c *cluster) read(ctx context.Context, b *reading.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := c.jobs(ctx)
	if err != nil {
		return err
	}
	if b.Jobs, err = Jobs(text); err != nil {
		return err
	}
	b.Whole = true
	if c.asked++; c.asked%nodesEvery != 1 {
		return nil
	}
	if text, err = c.nodes(ctx); err == nil {
		b.Nodes, err = Nodes(text)
	}
	return err
}

// Command asks through the clients of Slurm on this machine.
type Command struct {
	// Folder holds the clients; empty: they are on PATH.
	Folder string

	cluster cluster
}

// Name says what it is.
func (c *Command) Name() string { return "slurm" }

// Read asks for the jobs, and now and then for the nodes. It fills the batch but for its source and time.
func (c *Command) Read(ctx context.Context, b *reading.Batch) error {
	c.cluster.jobs = func(ctx context.Context) ([]byte, error) { return c.run(ctx, "squeue", "--json", "--states=all") }
	c.cluster.nodes = func(ctx context.Context) ([]byte, error) { return c.run(ctx, "sinfo", "--json") }
	return c.cluster.read(ctx, b)
}

// Probe reports whether the clients are here.
func (c *Command) Probe() error {
	for _, name := range []string{"squeue", "sinfo"} {
		if _, err := exec.LookPath(c.path(name)); err != nil {
			return fmt.Errorf("%s is not on PATH: install Slurm's clients here, or use --source slurm=http://host:6820 with slurmrestd", name)
		}
	}
	return nil
}

func (c *Command) path(name string) string {
	if c.Folder != "" {
		return c.Folder + "/" + name
	}
	return name
}

func (c *Command) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	x := exec.CommandContext(ctx, c.path(name), args...)
	x.WaitDelay = time.Second
	var out limited
	var said bytes.Buffer
	x.Stdout, x.Stderr = &out, &said
	if err := x.Run(); err != nil {
		if out.full {
			return nil, fmt.Errorf("%s printed more than %d bytes", name, largest)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s does not answer in %s", name, patience)
		}
		if text := strings.TrimSpace(said.String()); text != "" {
			return nil, errors.New(strings.ReplaceAll(text, "\n", "; "))
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out.Bytes(), nil
}

// limited is a buffer that a flood cannot fill.
type limited struct {
	bytes.Buffer
	full bool
}

func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > largest {
		l.full = true
		return 0, errors.New("too much")
	}
	return l.Buffer.Write(b)
}

// REST asks slurmrestd.
type REST struct {
	URL     string // http://host:6820
	Version string // of the data parser, as v0.0.38; empty: the latest that answers
	User    string // empty: that of the token
	Token   string // of scontrol token
	Client  *http.Client

	cluster cluster
}

// versions are tried in this order.
var versions = []string{"v0.0.42", "v0.0.41", "v0.0.40", "v0.0.39", "v0.0.38", "v0.0.37"}

// Name says what it is.
func (r *REST) Name() string { return "slurm" }

// Read asks for the jobs, and now and then for the nodes.
func (r *REST) Read(ctx context.Context, b *reading.Batch) error {
	r.cluster.jobs = func(ctx context.Context) ([]byte, error) { return r.ask(ctx, "jobs") }
	r.cluster.nodes = func(ctx context.Context) ([]byte, error) { return r.ask(ctx, "nodes") }
	return r.cluster.read(ctx, b)
}

func (r *REST) ask(ctx context.Context, what string) ([]byte, error) {
	if r.Version != "" {
		text, _, err := r.get(ctx, r.Version, what)
		return text, err
	}
	for _, v := range versions {
		text, missing, err := r.get(ctx, v, what)
		if missing {
			continue
		}
		if err == nil {
			r.Version = v
		}
		return text, err
	}
	return nil, fmt.Errorf("slurmrestd at %s knows none of %s", r.URL, strings.Join(versions, ", "))
}

func (r *REST) get(ctx context.Context, version, what string) (text []byte, missing bool, err error) {
	address, err := url.JoinPath(r.URL, "slurm", version, what)
	if err != nil {
		return nil, false, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, false, err
	}
	q.Header.Set("X-SLURM-USER-TOKEN", r.Token)
	if r.User != "" {
		q.Header.Set("X-SLURM-USER-NAME", r.User)
	}
	client := r.Client
	if client == nil {
		client = http.DefaultClient
	}
	a, err := client.Do(q)
	if err != nil {
		return nil, false, err
	}
	defer a.Body.Close() // it was only read
	text, err = io.ReadAll(io.LimitReader(a.Body, largest+1))
	switch {
	case err != nil:
		return nil, false, err
	case a.StatusCode == http.StatusNotFound:
		return nil, true, fmt.Errorf("%s: %s", address, a.Status)
	case a.StatusCode == http.StatusUnauthorized || a.StatusCode == http.StatusForbidden:
		return nil, false, fmt.Errorf("slurmrestd says %s: give a valid token in HALLTWIN_SLURM_TOKEN (scontrol token)", a.Status)
	case a.StatusCode != http.StatusOK:
		return nil, false, fmt.Errorf("slurmrestd says %s%s; up to Slurm 22.05 that is its answer to a wrong token in HALLTWIN_SLURM_TOKEN too (scontrol token)", a.Status, said(text))
	case len(text) > largest:
		return nil, false, fmt.Errorf("slurmrestd answers more than %d bytes", largest)
	}
	return text, false, nil
}

// said returns what a document says has gone wrong, after a colon.
func said(document []byte) string {
	var d struct {
		Errors []struct {
			Error       string `json:"error"`
			Description string `json:"description"`
		} `json:"errors"`
	}
	if json.Unmarshal(document, &d) != nil || len(d.Errors) == 0 {
		return ""
	}
	return fmt.Sprintf(": %.200s", strings.TrimSpace(d.Errors[0].Description+" "+d.Errors[0].Error))
}
