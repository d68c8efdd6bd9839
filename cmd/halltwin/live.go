package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

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
	resume  string
	agents  string
	hide    string
	doors   []func(*live.Twin) // opened once the twin knows its past
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
			"  agents=ADDRESS    readings that `halltwin agent --push https://ADDRESS/readings` posts, over TLS (--tls-cert, --tls-key)\n" +
			"                    and with a token for each agent (--agent-tokens, or the variable HALLTWIN_AGENT_TOKENS); on a loopback\n" +
			"                    address also without\n" +
			"  devices           those of this machine; --redfish adds its management controller\n" + otherSources +
			"Readings are logged with --log; --replay lives such a log again, to the same twin, and --resume goes on where a log ends.\n" +
			"Ctrl-C ends it.",
		Example: examples("halltwin live", "halltwin live my-hall.yaml --source slurm --source prometheus=http://mon:9090 --log readings.jsonl",
			"halltwin live --resume readings.jsonl --source slurm --source prometheus=http://mon:9090",
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
	c.Flags().StringVar(&f.resume, "resume", "", "go on with the twin of a log, and append to it")
	c.Flags().StringVar(&f.hide, "anonymise", "", "file with a secret key of 16 bytes or more: replace users by keyed pseudonyms, in the log as well")
	c.Flags().StringVar(&f.agents, "agent-tokens", "", "file of tokens of agents, HOST SECRET a line; HOST may be a pattern, as gpu-1*")
	c.Flags().StringArrayVar(&f.whatIf, "what-if", nil, "answer, before it ends, what happens if this is done then: 'fail rack[3]'; may be repeated, all are done together")
	c.Flags().DurationVar(&f.ahead, "ahead", time.Hour, "how far --what-if looks ahead")
	c.Flags().DurationVar(&f.last, "for", 0, "end after this time; 0: go on")
	c.Flags().StringVar(&f.show, "show", "", "in the report, list the things of this channel: gpu.power")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no status and no event lines")
	c.Flags().BoolVar(&f.json, "json", false, "print the report as JSON")
	f.serve.add(c)
	exclude(c, [2]string{"replay", "resume"}, [2]string{"replay", "log"}, [2]string{"resume", "log"})
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
	if f.resume != "" {
		if len(args) > 0 || len(f.pins) > 0 || len(f.set) > 0 {
			return usage("--resume has its scenario in the log: give the sources only")
		}
		return f.goOn(ctx, p, acts)
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
		defer file.Close() // each entry has been written by itself
		o.Log = file
	}
	return f.beside(ctx, p, plan, feeds, o, acts, nil)
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
