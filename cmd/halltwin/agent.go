package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/spf13/cobra"
)

// agentFlags are the flags of `halltwin agent`.
type agentFlags struct {
	hardware
	rate         float64
	listen, push string
	influx       string
	ca, spool    string
	as           string
	hold         string
	stopAt       float64
	samples      int
}

func agentVerb(p *process) *cobra.Command {
	var f agentFlags
	c := &cobra.Command{
		Use:   "agent",
		Short: "Read this host's devices steadily and make it known",
		Long: "Agent samples GPUs, processors and, where one is named, a management controller. It answers Prometheus under\n" +
			"dcgm-exporter's names, pushes to a live twin with the token in HALLTWIN_AGENT_TOKEN, and to InfluxDB with that in\n" +
			"HALLTWIN_INFLUX_TOKEN. It goes on when a GPU is lost, the driver restarts or the network is cut: readings wait, with --spool\n" +
			"on disk, where they outlive the agent, and arrive later, in order. With --hold it keeps the GPUs of this host under one power\n" +
			"budget; their limits are restored when it ends, however it ends.",
		Example: examples("halltwin agent --listen :9400", "halltwin agent --rate 10 --push https://twin.example:7411/readings --spool /var/lib/halltwin --hold '4 kW'"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := warnPending(p); err != nil {
				return err
			}
			if f.hold != "" && p.getenv(guard.Environment) == "" {
				return supervised(p)
			}
			return f.run(p)
		},
	}
	f.register(c)
	c.Flags().Float64Var(&f.rate, "rate", 1, "readings a second, 1 to 20")
	c.Flags().StringVar(&f.listen, "listen", "", "address on which Prometheus is answered, as 127.0.0.1:9400")
	c.Flags().StringVar(&f.push, "push", "", "address of a live twin to which readings are posted")
	c.Flags().StringVar(&f.influx, "influx", "", "write address of an InfluxDB, as https://host:8086/api/v2/write?org=…&bucket=…&precision=ns")
	c.Flags().StringVar(&f.ca, "ca", "", "file of certificates to trust, beside the system's")
	c.Flags().StringVar(&f.spool, "spool", "", "folder in which readings wait that could not be sent yet, 1 GiB at most for each receiver; in memory by default")
	c.Flags().StringVar(&f.as, "as", "", "name of this host; its own by default")
	c.Flags().StringVar(&f.hold, "hold", "", "power budget of this host's GPUs, as '4 kW'")
	c.Flags().Float64Var(&f.stopAt, "stop-at", 84, "with --hold: die temperature in °C at which all limits go to their lowest")
	c.Flags().IntVar(&f.samples, "samples", 0, "end after so many rounds; 0: go on")
	return c
}

// run samples until it is told to stop.
func (f *agentFlags) run(p *process) error {
	if f.listen == "" && f.push == "" && f.influx == "" && f.hold == "" {
		return usage("nobody would hear it: give --listen, --push, --influx or --hold")
	}
	ctx, stop := p.interruptible("stopping")
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &agents{process: p, flags: f, filter: &device.Filter{}}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	var wait sync.WaitGroup
	defer func() {
		cancel()
		wait.Wait()
	}()
	for _, x := range a.pushers {
		wait.Go(func() { x.Run(ctx) })
	}
	if f.listen != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.listen)
		if err != nil {
			return &exitError{exitIO, err}
		}
		mux := http.NewServeMux()
		mux.Handle("/metrics", a.exporter)
		s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
		wait.Go(func() { s.Serve(l) }) //nolint:errcheck // it ends by Close
		defer context.AfterFunc(ctx, func() { s.Close() })()
		fmt.Fprintf(p.stderr.Out, "Prometheus is answered on http://%s/metrics\n", l.Addr())
	}
	err := a.watch(ctx)
	cancel()
	wait.Wait()
	for _, x := range a.pushers {
		if n := x.Counts(); n.Waiting+n.Dropped+n.Refused > 0 {
			fmt.Fprintf(p.stderr.Out, "%s: %d readings sent, %d wait, %d had to go, %d refused\n", x.URL, n.Sent, n.Waiting, n.Dropped, n.Refused)
		}
		err = errors.Join(err, x.Close())
	}
	if a.guard != nil {
		err = errors.Join(err, a.guard.Restore())
	}
	for _, s := range a.sources {
		err = errors.Join(err, s.Close())
	}
	return err
}

// agents is an agent at work.
type agents struct {
	process  *process
	flags    *agentFlags
	sources  []device.Source
	exporter *agent.Exporter
	pushers  []*agent.Pusher
	holder   *loop.Holder
	guard    *guard.Guard
	filter   *device.Filter
}

func (a *agents) prepare(ctx context.Context) error {
	f, p := a.flags, a.process
	a.sources = f.sources(p)
	a.exporter = &agent.Exporter{}
	influxToken := p.getenv("HALLTWIN_INFLUX_TOKEN")
	if influxToken == "" {
		influxToken = p.getenv("INFLUX_TOKEN")
	}
	for _, to := range []struct {
		address, token, spool string
		format                agent.Format
	}{{f.push, p.getenv("HALLTWIN_AGENT_TOKEN"), "twin", agent.Twin}, {f.influx, influxToken, "influx", agent.Influx}} {
		if to.address == "" {
			continue
		}
		x, err := agent.NewPusher(to.address, to.token, to.format)
		if err != nil {
			return usage("%w", err)
		}
		x.Say = func(format string, args ...any) { fmt.Fprintf(p.stderr.Out, format+"\n", args...) }
		if f.ca != "" {
			if err := x.Trust(f.ca); err != nil {
				return usage("--ca: %w", err)
			}
		}
		if f.spool != "" {
			if err := x.Spool(filepath.Join(f.spool, to.spool), 0); err != nil {
				return &exitError{exitIO, err}
			}
		}
		a.pushers = append(a.pushers, x)
	}
	if f.hold == "" {
		return nil
	}
	budget, err := unit.PowerKind.Parse(f.hold)
	if err != nil {
		return usage("--hold: %w", err)
	}
	a.guard = guard.New(p.getenv(guard.Environment), f.library)
	a.holder = &loop.Holder{Budget: budget, StopAt: f.stopAt, Setter: a.guard}
	devices, err := a.sources[0].Open(ctx)
	if err != nil {
		return &exitError{exitIO, err}
	}
	return errors.Join(a.holder.Check(ctx, devices), a.sources[0].Close())
}

// watch reads all sources, one round after the other.
func (a *agents) watch(ctx context.Context) error {
	f, p := a.flags, a.process
	if !(f.rate >= device.MinRate && f.rate <= device.MaxRate) {
		return usage("--rate is %g to %g, not %g", device.MinRate, device.MaxRate, f.rate)
	}
	var watches []*device.Watch
	for _, s := range a.sources {
		watches = append(watches, &device.Watch{Source: s, Rate: f.rate, Filter: a.filter, Receive: a.receive, Tell: func(c device.Change) {
			if c.Lost {
				fmt.Fprintf(p.stderr.Out, "%s: %s\n", c.Who, c.Reason)
			} else {
				fmt.Fprintf(p.stderr.Out, "%s is back\n", c.Who)
			}
		}})
	}
	var clock device.System
	period := time.Duration(float64(time.Second) / f.rate)
	next := clock.Now()
	acted := next
	for i := 0; ctx.Err() == nil && (f.samples == 0 || i < f.samples); i++ {
		for _, w := range watches {
			if err := w.Once(ctx); err != nil {
				return err
			}
		}
		a.exporter.Held(a.filter.Report())
		if a.holder != nil && clock.Now().Sub(acted) >= time.Second {
			acted = clock.Now()
			if _, err := a.holder.Act(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if next = next.Add(period); next.Before(clock.Now()) {
			next = clock.Now()
		}
		clock.Sleep(ctx, next.Sub(clock.Now()))
	}
	return nil
}

func (a *agents) receive(d device.Device, r *device.Reading) error {
	id := d.Identity()
	if a.flags.as != "" {
		id.Host = a.flags.as
	}
	a.exporter.Put(id, r)
	for _, x := range a.pushers {
		x.Put(id, r)
	}
	if a.holder != nil {
		return a.holder.Read(d, r)
	}
	return nil
}
