package main

import (
	"context"
	"fmt"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/spf13/cobra"
)

// hardware are the flags that say which devices are meant.
type hardware struct {
	library, redfish, user string
}

func (h *hardware) register(c *cobra.Command) {
	c.Flags().StringVar(&h.library, "nvml", "", "path of the NVML library; the machine's own by default")
	c.Flags().StringVar(&h.redfish, "redfish", "", "https address of a management controller; its password is read from HALLTWIN_REDFISH_PASSWORD")
	c.Flags().StringVar(&h.user, "redfish-user", "", "its user; one with the role ReadOnly is enough")
}

// sources returns the ways to devices that this command line means.
func (h *hardware) sources(p *process) []device.Source {
	all := []device.Source{&device.NVML{Path: h.library}, &device.Host{}}
	if h.redfish != "" {
		all = append(all, &device.Redfish{URL: h.redfish, User: h.user, Password: p.getenv("HALLTWIN_REDFISH_PASSWORD")})
	}
	return all
}

// probed is what was found of one source.
type probed struct {
	Source  string         `json:"source"`
	OK      bool           `json:"ok"`
	Says    string         `json:"says,omitempty"`
	Devices []probedDevice `json:"devices"`
}

type probedDevice struct {
	device.Identity
	Findings []device.Finding `json:"findings"`
}

func probeVerb(p *process) *cobra.Command {
	var h hardware
	var asJSON bool
	c := &cobra.Command{
		Use:   "probe",
		Short: "Look which real devices can be read and limited from here",
		Long: "Probe asks NVIDIA's driver, the host's own sensors and, where one is named, a management controller what they can tell and\n" +
			"what may be set, and says how to mend what is missing. It changes nothing. No device but the host is exit code 0: that is a finding.",
		Example: examples("halltwin probe", "halltwin probe --redfish https://bmc-17 --redfish-user monitor --json"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := p.interruptible("stopping")
			defer stop()
			var all []probed
			for _, s := range h.sources(p) {
				all = append(all, probe(ctx, s))
			}
			if asJSON {
				return printJSON(p.stdout.Out, all)
			}
			for i := range all {
				all[i].print(p)
			}
			return warnPending(p)
		},
	}
	h.register(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// probe asks one source.
func probe(ctx context.Context, s device.Source) probed {
	x := probed{Source: s.Title(), Devices: []probedDevice{}}
	devices, err := s.Open(ctx)
	if err != nil {
		x.Says = err.Error()
		return x
	}
	defer s.Close()
	x.OK = true
	for _, d := range devices {
		x.Devices = append(x.Devices, probedDevice{d.Identity(), d.Probe()})
	}
	return x
}

func (x *probed) print(p *process) {
	sign := map[bool]string{true: "✓", false: "–"}
	fmt.Fprintf(p.stdout.Out, "%s %s", sign[x.OK], x.Source)
	if x.Says != "" {
		fmt.Fprintf(p.stdout.Out, ": %s", x.Says)
	}
	fmt.Fprintln(p.stdout.Out)
	for _, d := range x.Devices {
		fmt.Fprintf(p.stdout.Out, "  %s  %s", d.Name(), d.Model)
		if d.Kind == device.GPU {
			fmt.Fprintf(p.stdout.Out, "  %s  driver %s", d.Key, d.Driver)
		}
		fmt.Fprintln(p.stdout.Out)
		for _, f := range d.Findings {
			mark := map[bool]string{true: "✓", false: "✗"}[f.OK]
			fmt.Fprintf(p.stdout.Out, "    %s %-14s %s\n", mark, f.Name, f.Says)
			if f.Fix != "" {
				fmt.Fprintf(p.stdout.Out, "      %14s %s\n", "", f.Fix)
			}
		}
	}
}

// warnPending tells of limits that a process which is gone has left behind.
func warnPending(p *process) error {
	left, err := guard.Pending(guard.Folder(p.getenv))
	if err != nil {
		return err
	}
	for range left {
		fmt.Fprintln(p.stderr.Out, "warning: a process that is gone has left limits on devices; `halltwin bench --restore` takes them back")
	}
	return nil
}

// limitsJournal returns a new path for a journal of limits.
func limitsJournal(p *process) string {
	return fmt.Sprintf("%s/%d.json", guard.Folder(p.getenv), p.now().UnixNano()/int64(time.Microsecond))
}
