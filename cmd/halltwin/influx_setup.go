package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/spf13/cobra"
)

func influxSetupVerb(p *process) *cobra.Command {
	var retention string
	var asJSON bool
	c := &cobra.Command{
		Use:   "setup [ADDRESS]",
		Short: "Make the bucket, and tokens that write and read it",
		Long: "Setup makes the organisation and the bucket where they are missing, and two tokens for the bucket: one that only\n" +
			"writes, one that only reads. A new server gets its first user as well; for one that has been set up,\n" +
			"HALLTWIN_INFLUX_TOKEN must hold the token of a user who may do this. The secrets are printed once and stored nowhere.\n\n" +
			"Points carry simulated time. A server refuses points that are older than the retention, so that a scenario of last\n" +
			"year needs a bucket that keeps at least as long; without --retention a new bucket keeps everything.",
		Example: examples("halltwin influx setup", "halltwin influx setup 'http://db:8086?org=lab&bucket=twin' --retention 1000d --json"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			target, err := influx.ParseTarget(strings.Join(args, ""), p.getenv)
			if err != nil {
				return usage("%w", err)
			}
			var keep *time.Duration
			if c.Flags().Changed("retention") {
				s, err := unit.DurationKind.Parse(retention)
				if err != nil || s < 0 || s > 0 && s < 3600 {
					return usage("--retention %s: write a time of at least an hour, such as 90d, or 0s for ever", retention)
				}
				d := time.Duration(s) * time.Second
				keep = &d
			}
			ctx, stop := p.interruptible("stopping")
			defer stop()
			s, err := influx.Prepare(ctx, target, influx.Token(p.getenv), versionText(), keep)
			switch {
			case errors.Is(err, influx.ErrNoSetup):
				return usage("%s: %w", target.URL, err)
			case err != nil:
				return &exitError{exitIO, err}
			case asJSON:
				return printJSON(p.stdout.Out, s)
			}
			return printSetup(p, s)
		},
	}
	c.Flags().StringVar(&retention, "retention", "", "how long the bucket keeps points, such as 90d; 0s for ever; as it is by default")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// printSetup prints what a shell can read, with the rest as comments.
func printSetup(p *process, s *influx.Setup) error {
	var b strings.Builder
	made := "nothing was missing"
	if len(s.Made) > 0 {
		made = "made " + strings.Join(s.Made, ", ")
	}
	keeps := "for ever"
	if s.Retention > 0 {
		keeps = "for " + strings.TrimSuffix(s.Retention.String(), "0m0s")
	}
	fmt.Fprintf(&b, "# InfluxDB %s at %s: %s; bucket %s keeps points %s\n", s.Version, s.Target.URL, made, s.Target.Bucket, keeps)
	fmt.Fprintf(&b, "# These secrets are shown once: keep them now.\n")
	if s.Admin != nil {
		fmt.Fprintf(&b, "# first user %s, password %s, token for everything %s\n", s.Admin.User, s.Admin.Password, s.Admin.Token)
	}
	fmt.Fprintf(&b, "# token that only reads the bucket: %s\n", s.ReadToken)
	for _, kv := range [][2]string{{"INFLUX_HOST", s.Target.URL}, {"INFLUX_ORG", s.Target.Org}, {"INFLUX_BUCKET", s.Target.Bucket}, {"HALLTWIN_INFLUX_TOKEN", s.WriteToken}} {
		fmt.Fprintf(&b, "export %s=%s\n", kv[0], quote([]string{kv[1]}))
	}
	fmt.Fprintf(&b, "# then: halltwin run first-run --influx %s\n", s.Target.URL)
	_, err := p.stdout.Out.Write([]byte(b.String()))
	return err
}

func influxQueriesVerb(p *process) *cobra.Command {
	var of string
	var sql, asJSON bool
	c := &cobra.Command{
		Use:   "queries [NAME]",
		Short: "Print ready queries, in Flux for InfluxDB 2 or SQL for InfluxDB 3",
		Long: "Queries lists the ready queries, or prints one. With --of RUN it is filled in for a recorded run; otherwise $BUCKET,\n" +
			"$RUN, $START, $STOP and $EVERY stand for what is to be filled in. The SQL also runs on a run's Parquet files.",
		Example: examples("halltwin influx queries", "halltwin influx queries hottest --of runs/first-run --sql"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := influx.Queries()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				q, err := influx.FindQuery(args[0])
				if err != nil {
					return usage("%w", err)
				}
				list = []influx.Query{q}
			}
			if of != "" {
				r, err := openRun(of)
				if err != nil {
					return err
				}
				defer r.Close()
				target, err := influx.ParseTarget("", p.getenv)
				if err != nil {
					return usage("%w", err)
				}
				scope := influx.ScopeOf(r.Header(), target.Bucket)
				for i, q := range list {
					list[i].Flux, list[i].SQL = q.InFlux(scope), q.InSQL(scope)
				}
			}
			switch {
			case asJSON:
				return printJSON(p.stdout.Out, list)
			case len(args) == 0:
				for _, q := range list {
					fmt.Fprintf(p.stdout.Out, "%-10s %s\n", q.Name, q.About)
				}
			case sql:
				fmt.Fprint(p.stdout.Out, list[0].SQL)
			default:
				fmt.Fprint(p.stdout.Out, list[0].Flux)
			}
			return nil
		},
	}
	c.Flags().StringVar(&of, "of", "", "fill the queries in for this run directory")
	c.Flags().BoolVar(&sql, "sql", false, "print SQL instead of Flux")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func influxDashboardVerb(p *process) *cobra.Command {
	return influxDocument(p, "dashboard", "Print a Grafana dashboard of everything a run records",
		"Import it into Grafana (Dashboards, New, Import) beside an InfluxDB data source that speaks Flux; the run is chosen at its top.",
		"halltwin influx dashboard --out halltwin.json", influx.Grafana)
}

func influxTemplateVerb(p *process) *cobra.Command {
	return influxDocument(p, "template", "Print an InfluxDB template: bucket, variables and dashboards",
		"Apply it with InfluxDB's own command (`influx apply -f FILE`) or in its user interface (Settings, Templates).",
		"halltwin influx template --out halltwin.yml", influx.Template)
}

// influxDocument is a verb that prints a document made from the registry of channels.
func influxDocument(p *process, use, short, long, example string, make func(bucket string) ([]byte, error)) *cobra.Command {
	var bucket, out string
	c := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Long:    short + ", made from the registry of channels.\n" + long,
		Example: examples("halltwin influx "+use+" --bucket twin", example),
		RunE: func(*cobra.Command, []string) error {
			target, err := influx.ParseTarget("", p.getenv)
			if err != nil {
				return usage("%w", err)
			}
			if bucket == "" {
				bucket = target.Bucket
			}
			text, err := make(bucket)
			if err != nil {
				return err
			}
			if out != "" {
				return os.WriteFile(out, text, 0o644)
			}
			_, err = p.stdout.Out.Write(text)
			return err
		},
	}
	c.Flags().StringVar(&bucket, "bucket", "", "the bucket that it reads")
	c.Flags().StringVarP(&out, "out", "o", "", "write it to this file")
	return c
}
