package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/spf13/cobra"
)

func influxVerb(p *process) *cobra.Command {
	c := &cobra.Command{
		Use:   "influx",
		Short: "Set up InfluxDB, send runs to it, and make its dashboards",
		Long: "Influx prepares an InfluxDB server for runs and looks after what it gets: `halltwin run FILE --influx http://HOST:8086`\n" +
			"sends a run while it goes. While the server is away points wait on disk, and the next run sends them.\n\n" +
			"The token is read from HALLTWIN_INFLUX_TOKEN, or INFLUX_TOKEN, and is never stored. An address may say\n" +
			"?org=NAME&bucket=NAME; else INFLUX_HOST, INFLUX_ORG and INFLUX_BUCKET count, and then the defaults:\n" +
			influx.DefaultURL + ", " + influx.DefaultOrg + ", " + influx.DefaultBucket + ".",
		Example: examples("halltwin influx setup http://127.0.0.1:8086", "halltwin influx send runs/first-run"),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, v := range []*cobra.Command{influxSetupVerb(p), influxSendVerb(p), influxStatusVerb(p), influxDrainVerb(p), influxQueriesVerb(p),
		influxDashboardVerb(p), influxTemplateVerb(p)} {
		v.Args = asUsage(v.Args)
		c.AddCommand(v)
	}
	return c
}

// server returns the sink of a run that sends its samples somewhere, or nil.
func (f *runFlags) server(p *process, plan *scenarios.Plan) (*influx.Sink, error) {
	spec := plan.Influx
	if influx.IsAddress(f.influx) && spec == nil {
		spec = &scenarios.InfluxSpec{Spool: influx.DefaultSpoolBytes}
	}
	if spec == nil {
		return nil, nil
	}
	getenv := p.getenv
	address := spec.URL
	if influx.IsAddress(f.influx) {
		address = f.influx
	} else {
		getenv = func(string) string { return "" } // the scenario says where
	}
	o, err := influxOptions(p, address, f.spool, getenv)
	if err != nil {
		return nil, err
	}
	if !influx.IsAddress(f.influx) {
		o.Target.Org, o.Target.Bucket = spec.Org, spec.Bucket
		if !o.Target.Loopback() && o.Token != "" && strings.TrimSuffix(p.getenv("INFLUX_HOST"), "/") != o.Target.URL {
			return nil, usage("the scenario sends its points, and your token, to %s: agree with --influx %[1]s or INFLUX_HOST=%[1]s", o.Target.URL)
		}
	}
	if o.Levels, err = influx.ParseLevels(spec.Levels); err != nil {
		return nil, &exitError{exitInvalid, fmt.Errorf("record.influx.levels: %w", err)}
	}
	o.MaxSeries, o.SpoolBytes = spec.MaxSeries, int64(spec.Spool)
	o.Things = func(k facility.Kind) int { return subjects(plan, k, 0) }
	if err := influx.Guard(influx.Count(plan.Channels, o.Things, o.Levels), o.MaxSeries); err != nil {
		return nil, &exitError{exitInvalid, err}
	}
	return influx.New(o), nil
}

// influxOptions says where points go and with which token.
func influxOptions(p *process, address, spool string, getenv func(string) string) (influx.Options, error) {
	target, err := influx.ParseTarget(address, getenv)
	if err != nil {
		return influx.Options{}, usage("%w", err)
	}
	if spool == "" {
		spool = influx.DefaultSpool(p.getenv)
	}
	return influx.Options{Target: target, Token: influx.Token(p.getenv), Version: versionText(), Spool: spool}, nil
}

// tellInflux says how the sending went, once the run is over.
func tellInflux(p *process, st influx.Status, dir string) {
	if st.Run == "" {
		return
	}
	points := func(n int64) string { return record.Digits(float64(n), 12) + " points" }
	out := p.stderr.Out
	if st.Sent > 0 {
		fmt.Fprintf(out, "InfluxDB: %s sent to %s as run %s\n", points(st.Sent), st.Target, st.Run)
	}
	if st.Earlier > 0 {
		fmt.Fprintf(out, "InfluxDB: %s of earlier runs sent along\n", points(st.Earlier))
	}
	if st.Waiting > 0 {
		fmt.Fprintf(out, "InfluxDB: %s wait for %s in %s (%s)\n  nothing is lost: the next run sends them, or `halltwin influx drain%s`\n",
			points(st.Waiting), st.Target, st.Spool, st.Error, spoolFlag(p, st.Spool))
	}
	if st.Lost > 0 {
		fmt.Fprintf(out, "InfluxDB: %s did not fit into the spool: `halltwin influx send %s` sends the run again\n", points(st.Lost), quote([]string{dir}))
	}
}

// spoolFlag names a spool that is not the usual one.
func spoolFlag(p *process, dir string) string {
	if dir == influx.DefaultSpool(p.getenv) {
		return ""
	}
	return " " + quote([]string{dir})
}

func influxSendVerb(p *process) *cobra.Command {
	var to, spool string
	var levels []string
	c := &cobra.Command{
		Use:   "send RUN",
		Short: "Send a recorded run, again or for the first time",
		Long: "Send reads a run directory and sends its points. They are those that the run itself sends, so that sending them\n" +
			"twice changes nothing.",
		Example: examples("halltwin influx send runs/first-run", "halltwin influx send runs/first-run --to 'http://db:8086?org=lab&bucket=twin' --levels site,rack"),
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := openRun(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			o, err := influxOptions(p, to, spool, p.getenv)
			if err != nil {
				return err
			}
			if o.Levels, err = influx.ParseLevels(levels); err != nil {
				return usage("%w", err)
			}
			st, err := influx.Send(r, o)
			tellInflux(p, st, args[0])
			var many *influx.TooManyError
			switch {
			case errors.As(err, &many):
				return &exitError{exitInvalid, err}
			case err != nil:
				return &exitError{exitIO, err}
			case st.Waiting > 0:
				return ends(exitIO) // here sending is all there is to do
			}
			return nil
		},
	}
	c.Flags().StringVar(&to, "to", "", "address of the server")
	c.Flags().StringVar(&spool, "spool", "", "folder in which points wait while the server is away")
	c.Flags().StringSliceVar(&levels, "levels", nil, "send only these levels, as in --levels site,rack")
	return c
}

func influxStatusVerb(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "status [SPOOL]",
		Short:   "Say which points wait for their server",
		Example: examples("halltwin influx status", "halltwin influx status --json"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := spoolArg(p, args)
			piles, err := influx.Piles(dir)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.stdout.Out, struct {
					Spool string        `json:"spool"`
					Piles []influx.Pile `json:"piles"`
				}{dir, piles})
			}
			if len(piles) == 0 {
				fmt.Fprintf(p.stdout.Out, "nothing waits in %s\n", dir)
			}
			for _, x := range piles {
				var parts []string
				if x.Segments > 0 {
					parts = append(parts, fmt.Sprintf("%s points (%s) wait for %s", record.Digits(float64(x.Points), 12), record.Show(float64(x.Bytes), "B"), x.Target))
				}
				if x.Refused > 0 {
					parts = append(parts, fmt.Sprintf("%d segments were refused, each for the reason beside it in %s", x.Refused, x.Dir))
				}
				if x.Torn > 0 {
					parts = append(parts, fmt.Sprintf("%d segments in %s are torn: send the run again with `halltwin influx send RUN`", x.Torn, x.Dir))
				}
				fmt.Fprintf(p.stdout.Out, "%s: %s\n", x.Run, strings.Join(parts, "; "))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func influxDrainVerb(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "drain [SPOOL]",
		Short: "Send the points that wait",
		Long: "Drain sends what waits, the oldest first, each to the server that it was meant for, and removes what has arrived.\n" +
			"It stops at the first server that does not answer.",
		Example: examples("halltwin influx drain", "halltwin influx drain /var/spool/halltwin"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, stop := p.interruptible("stopping; what was not sent goes on waiting")
			defer stop()
			d, err := influx.Drain(ctx, spoolArg(p, args), influx.Token(p.getenv), versionText())
			if asJSON {
				err = errors.Join(err, printJSON(p.stdout.Out, d))
			} else {
				fmt.Fprintf(p.stdout.Out, "%s points sent\n", record.Digits(float64(d.Sent), 12))
			}
			if err != nil {
				return &exitError{exitIO, err}
			}
			if d.Refused > 0 || d.Torn > 0 {
				return &exitError{exitIO, fmt.Errorf("%s points were refused and %d segments were torn: see `halltwin influx status`",
					record.Digits(float64(d.Refused), 12), d.Torn)}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func spoolArg(p *process, args []string) string {
	if len(args) > 0 {
		return filepath.Clean(args[0])
	}
	return influx.DefaultSpool(p.getenv)
}
