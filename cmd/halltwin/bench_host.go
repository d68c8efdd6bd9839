package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	hilbench "github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/twin/kernel"
)

// benchHost benches the host's processors, fits what it saw and replays the last pass in the twin.
func (f *benchFlags) benchHost(p *process) error {
	const passes, seconds = 3, 8
	load := &hilbench.Host{}
	b := f.bench(p, &device.Host{}, load)
	b.Pacer = &kernel.Pacer{Factor: 1}
	ctx, stop := p.interruptible("ending the experiment")
	defer stop()
	r, err := b.Run(ctx, hilbench.HostSteps(passes, seconds*f.scale))
	if err := errors.Join(err, load.Close()); err != nil {
		return cutShort(ctx, err)
	}
	if err := f.write(r); err != nil {
		return err
	}
	out, err := loop.Replay(ctx, r, hilbench.Processors())
	if err != nil {
		return cutShort(ctx, err)
	}
	if f.scenario != "" {
		if err := os.WriteFile(f.scenario, []byte(out.Scenario), 0o644); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(p.stdout.Out, out)
	}
	_, err = p.stdout.Out.Write([]byte(hostText(out, r.Devices[0].Model) + "recorded in " + f.out + "\n"))
	return err
}

// hostText is the outcome for people.
func hostText(out *loop.Replayed, model string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\nMEASURED, the passes that are fitted\n", model)
	base := out.Levels[0]
	for _, l := range out.Levels {
		fmt.Fprintf(&s, "  %3d processors  %9.0f samples/s [%.0f, %.0f]  %5.2f times one  utilisation %3.0f %%", l.Processors, l.Rate, l.Low, l.High,
			l.Rate/base.Rate*float64(base.Processors), 100*l.Utilisation)
		if l.Power > 0 {
			fmt.Fprintf(&s, "  %6.1f W", l.Power)
		}
		s.WriteByte('\n')
	}
	s.WriteString("\nREPLAYED, the pass that the fit did not see\n")
	for _, j := range out.Jobs {
		fmt.Fprintf(&s, "  %3d processors  %9.0f samples  measured %6.2f s  in the twin %6.2f s  %+5.1f %%\n", j.Processors, j.Samples, j.Measured, j.Simulated, 100*(j.Simulated/j.Measured-1))
	}
	fmt.Fprintf(&s, "  mean error of run times %.1f %%\n", 100*out.Error)
	if out.Max > 0 {
		fmt.Fprintf(&s, "  energy measured %.0f J, in the twin %.0f J  %+.1f %%\n", out.Energy, out.TwinJ, 100*(out.TwinJ/out.Energy-1))
	}
	if out.Missing != "" {
		fmt.Fprintf(&s, "  – %s\n", out.Missing)
	}
	return s.String()
}
