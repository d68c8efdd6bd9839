package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/halltwin/halltwin/hil/source/local"
	"github.com/halltwin/halltwin/hil/source/prometheus"
	"github.com/halltwin/halltwin/hil/source/push"
	"github.com/halltwin/halltwin/hil/source/slurm"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/live"
	"github.com/spf13/cobra"
)

// liveFlags are the flags of `halltwin live`.
type liveFlags struct {
	hardware
	sources []string
	pins    []string
	set     []string
	every   time.Duration
	log     string
	replay  string
	whatIf  []string
	ahead   time.Duration
	last    time.Duration
	show    string
	quiet   bool
	json    bool
	serve   serveFlags
}

func liveVerb(p *process) *cobra.Command {
	var f liveFlags
	c := &cobra.Command{
		Use:   "live [SCENARIO]",
		Short: "Run a twin beside a real site",
		Long: "Live keeps a twin of a real site at the present: jobs that Slurm runs, run in it on their nodes, and what is measured is\n" +
			"compared with what is expected. Of the scenario the site counts; work and failures come from reality. Without a scenario\n" +
			"the site is this machine. Sources, each may be given once:\n\n" +
			"  slurm             squeue and sinfo on PATH\n" +
			"  slurm=URL         slurmrestd, with the token in HALLTWIN_SLURM_TOKEN\n" +
			"  prometheus=URL    a Prometheus server that scrapes dcgm-exporter, halltwin agent or ipmi_exporter\n" +
			"  agents=ADDRESS    readings that `halltwin agent --push http://ADDRESS/readings` posts; tokens in HALLTWIN_AGENT_TOKENS\n" +
			"  devices           those of this machine; --redfish adds its management controller\n\n" +
			"Readings are logged with --log; --replay lives such a log again, to the same twin. Ctrl-C ends it.",
		Example: examples("halltwin live", "halltwin live my-hall.yaml --source slurm --source prometheus=http://mon:9090 --log readings.jsonl",
			"halltwin live my-hall.yaml --source slurm --for 30s --what-if 'fail hall-0/row-0/rack-3' --json"),
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return f.run(p, args) },
	}
	f.register(c)
	c.Flags().StringArrayVar(&f.sources, "source", nil, "where readings and jobs come from; may be repeated")
	c.Flags().StringArrayVar(&f.pins, "map", nil, "HOST=NODE: where a host stands in the site; by name or by order where none is given")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value of the scenario; may be repeated")
	c.Flags().DurationVar(&f.every, "every", time.Second, "time between two questions to a source, 100ms to 10m")
	c.Flags().StringVar(&f.log, "log", "", "file that gets every reading")
	c.Flags().StringVar(&f.replay, "replay", "", "live a log again instead of the present")
	c.Flags().StringArrayVar(&f.whatIf, "what-if", nil, "answer, before it ends, what happens if this is done then: 'fail rack[3]'; may be repeated, all are done together")
	c.Flags().DurationVar(&f.ahead, "ahead", time.Hour, "how far --what-if looks ahead")
	c.Flags().DurationVar(&f.last, "for", 0, "end after this time; 0: go on")
	c.Flags().StringVar(&f.show, "show", "", "in the report, list the things of this channel: gpu.power")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no status and no event lines")
	c.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	f.serve.add(c)
	return c
}

func (f *liveFlags) run(p *process, args []string) error {
	if f.every < 100*time.Millisecond || f.every > 10*time.Minute {
		return usage("--every is 100ms to 10m, not %s", f.every)
	}
	acts, err := f.acts()
	if err != nil {
		return err
	}
	if f.replay != "" {
		if len(args) > 0 || len(f.sources) > 0 {
			return usage("--replay has its scenario and its readings in the log: give neither")
		}
		return f.again(p, acts)
	}
	ctx, stop := p.interruptible("ending")
	defer stop()
	if f.last > 0 {
		limited, cancel := context.WithTimeout(ctx, f.last)
		defer cancel()
		ctx = limited
	}
	plan, err := f.plan(ctx, p, args)
	if err != nil {
		return err
	}
	feeds, scheduled, err := f.feeds(ctx, p)
	if err != nil {
		return err
	}
	pins, err := f.pinned()
	if err != nil {
		return err
	}
	o := live.Options{Options: twin.Options{Seed: plan.Seed, Version: versionText()}, Pins: pins, Scheduled: scheduled}
	if f.log != "" {
		file, err := os.OpenFile(f.log, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return &exitError{exitIO, err}
		}
		defer file.Close() //nolint:errcheck // each entry has been written by itself
		o.Log = file
	}
	return f.beside(ctx, p, plan, feeds, o, acts)
}

// plan compiles the scenario, or the site that this machine is, from now on.
func (f *liveFlags) plan(ctx context.Context, p *process, args []string) (*scenarios.Plan, error) {
	const lifetime = "365 d" // it ends when somebody ends it
	now := p.now().UTC().Truncate(time.Second).Format(time.RFC3339)
	if len(args) == 0 {
		text, err := f.machine(ctx, p)
		if err != nil {
			return nil, err
		}
		file, ds := scenarios.LoadBytes("this-machine.yaml", []byte("halltwin: v1\nstart: "+now+"\nduration: "+lifetime+"\n"+text))
		if len(ds) > 0 {
			return nil, ds
		}
		return compile(file, "this-machine.yaml", "", "was not run")
	}
	set := append([]string{"start=" + now, "duration=" + lifetime, "record.every=5 s"}, f.set...)
	file, err := load(args[0], set, "was not run")
	if err != nil {
		return nil, err
	}
	return compile(file, args[0], "", "was not run")
}

// feeds returns the sources.
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
			r := push.New(strings.Fields(p.getenv("HALLTWIN_AGENT_TOKENS"))...)
			if err := receive(ctx, p, where, r); err != nil {
				return nil, false, err
			}
			s = r
		default:
			return nil, false, usage("--source %q: there are slurm, slurm=URL, prometheus=URL, agents=ADDRESS and devices", text)
		}
		feeds = append(feeds, live.Feed{Source: s, Every: f.every})
	}
	return feeds, scheduled, nil
}

// receive listens for agents. Beyond this machine they need tokens.
func receive(ctx context.Context, p *process, address string, h http.Handler) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usage("--source agents=ADDRESS: %w", err)
	}
	if ip := net.ParseIP(host); (ip == nil || !ip.IsLoopback()) && host != "localhost" {
		if len(strings.Fields(p.getenv("HALLTWIN_AGENT_TOKENS"))) == 0 {
			return usage("agents of other machines need tokens: put them into HALLTWIN_AGENT_TOKENS, and TLS before this address")
		}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return &exitError{exitIO, err}
	}
	mux := http.NewServeMux()
	mux.Handle("/readings", h)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute}
	go s.Serve(l)                                    //nolint:errcheck // it ends with the context
	context.AfterFunc(ctx, func() { _ = s.Close() }) // nothing is lost: agents keep what was not taken
	return nil
}

// pinned reads --map.
func (f *liveFlags) pinned() (map[string]string, error) {
	pins := map[string]string{}
	for _, text := range f.pins {
		host, node, ok := strings.Cut(text, "=")
		if !ok || host == "" || node == "" {
			return nil, usage("--map %q: write HOST=NODE, as gpu1=hall-0/row-0/rack-0/node-0", text)
		}
		pins[host] = node
	}
	return pins, nil
}

// acts reads --what-if.
func (f *liveFlags) acts() ([]action.Action, error) {
	var acts []action.Action
	for _, text := range f.whatIf {
		verb, target, ok := strings.Cut(strings.TrimSpace(text), " ")
		v, known := action.ParseVerb(verb)
		if !ok || !known || v == action.Set || v == action.Submit || v == action.Note {
			return nil, usage("--what-if %q: write fail, repair, drain or undrain and what, as 'fail rack[3]'", text)
		}
		acts = append(acts, action.Action{Verb: v, Selector: strings.TrimSpace(target), Origin: "ui"})
	}
	return acts, nil
}

// again lives a log again.
func (f *liveFlags) again(p *process, acts []action.Action) error {
	file, err := os.Open(f.replay)
	if err != nil {
		return &exitError{exitIO, err}
	}
	defer file.Close() //nolint:errcheck // it was only read
	h, tape, err := live.ReadLog(file)
	if err != nil {
		return &exitError{exitIO, err}
	}
	scenario, ds := scenarios.LoadBytes(filepath.Join(filepath.Dir(f.replay), "resolved.yaml"), []byte(h.Resolved))
	if len(ds) > 0 {
		return ds
	}
	plan, err := compile(scenario, f.replay, "", "was not lived again")
	if err != nil {
		return err
	}
	o := live.Options{Options: twin.Options{Seed: h.Seed, Version: versionText()}, Pins: h.Pins, Scheduled: h.Scheduled}
	if !f.quiet {
		o.Sink = &eventLines{out: p.stderr.Out, start: plan.Start}
	}
	t, err := live.Begin(plan, o)
	if err != nil {
		return err
	}
	defer t.Close()
	ctx, stop := p.interruptible("ending")
	defer stop()
	if _, err := tape.Play(ctx, t); err != nil {
		return err
	}
	return f.conclude(ctx, p.stdout.Out, t, acts)
}

// conclude prints the report and the answer.
func (f *liveFlags) conclude(ctx context.Context, out io.Writer, t *live.Twin, acts []action.Action) error {
	x := liveReport{Report: t.Report(), Digest: fmt.Sprintf("%x", t.Digest())}
	if f.show != "" {
		x.Things = t.Compare(f.show)
	}
	if len(acts) > 0 {
		began := time.Now()
		answer, err := t.Ask(context.WithoutCancel(ctx), acts, f.ahead.Seconds())
		if err != nil {
			return usage("--what-if: %w", err)
		}
		x.Answer, x.Took = answer, time.Since(began).Seconds()
	}
	if f.json {
		return printJSON(out, x.plain())
	}
	return x.print(out, f)
}

// answersNobody reports whether no source has ever answered.
func answersNobody(r *live.Report) error {
	var all []error
	for _, s := range r.Sources {
		if s.Fault == "" {
			return nil
		}
		all = append(all, fmt.Errorf("%s: %s", s.Name, s.Fault))
	}
	return errors.Join(all...)
}
