package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/verify"
	"github.com/spf13/cobra"
)

// verifyFlags are the flags of `halltwin verify`, and of the hidden verb that it starts.
type verifyFlags struct {
	variant string
	seed    uint64
	seeded  bool
	set     []string
	json    bool
}

func (f *verifyFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.variant, "variant", "", "verify this variant instead of the base")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "seed; the scenario's by default")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value, as in --set 'duration=6 h'; may be repeated")
}

func verifyVerb(p *process) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Prove that a scenario gives the same bytes every time",
		Long: "Verify lives a scenario in two processes, under eager and without garbage collection and on one and two\n" +
			"processors, and compares every recorded byte and the state at the end. Then it compares a run with one that was saved\n" +
			"and resumed, and with one that was forked, at three moments each. A difference is exit code 7.",
		Example: examples("halltwin verify first-run", "halltwin verify first-run --variant three-crahs --set 'duration=6 h' --json"),
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			return verifyScenario(p, args[0], &f)
		},
	}
	f.register(c)
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return c
}

// proof is one thing that must be so.
type proof struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Note string `json:"note"`
}

func verifyScenario(p *process, path string, f *verifyFlags) error {
	plan, seed, err := f.plan(path)
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible("stopping")
	defer stop()
	var proofs []proof
	add := func(name string, ok bool, note string) {
		proofs = append(proofs, proof{name, ok, note})
		if !f.json {
			sign := map[bool]string{true: "✓", false: "✗"}[ok]
			fmt.Fprintf(p.stdout.Out, "  %s %s  %s\n", sign, name, note)
		}
	}
	first, err := f.inProcess(ctx, p, path, "GOGC=10", "GOMAXPROCS=1")
	if err != nil {
		return err
	}
	second, err := f.inProcess(ctx, p, path, "GOGC=off", "GOMAXPROCS=2", "GOMEMLIMIT=4GiB")
	if err != nil {
		return err
	}
	add("same recording under GOGC=10, GOMAXPROCS=1 and GOGC=off, GOMAXPROCS=2", first.Recording == second.Recording, pair(first.Recording, second.Recording))
	add("same state at the end", first.State == second.State, pair(first.State, second.State))
	for _, share := range []float64{0.25, 0.5, 0.77} {
		at := share * plan.Duration
		resumed, err := verify.Resume(ctx, plan, seed, at)
		if err != nil {
			return cutShort(ctx, err)
		}
		add("saved at "+record.Clock(at)+" and resumed", resumed == first.State, pair(first.State, resumed))
		fork, parent, err := verify.Fork(ctx, plan, seed, at)
		if err != nil {
			return cutShort(ctx, err)
		}
		add("forked at "+record.Clock(at), fork == first.State && parent == first.State, pair(first.State, fork))
	}
	ok := true
	for _, c := range proofs {
		ok = ok && c.OK
	}
	if f.json {
		err = printJSON(p.stdout.Out, struct {
			File    string  `json:"file"`
			Variant string  `json:"variant,omitempty"`
			Seed    uint64  `json:"seed"`
			OK      bool    `json:"ok"`
			Checks  []proof `json:"checks"`
		}{path, f.variant, seed, ok, proofs})
	} else if ok {
		fmt.Fprintf(p.stdout.Out, "%s is deterministic\n", path)
	} else {
		fmt.Fprintf(p.stdout.Out, "%s is not deterministic\n", path)
	}
	if err == nil && !ok {
		err = ends(exitUnequal)
	}
	return err
}

// pair shows one hash, or two that differ.
func pair(a, b string) string {
	if a == b {
		return a[:min(12, len(a))]
	}
	return a[:min(12, len(a))] + " ≠ " + b[:min(12, len(b))]
}

// cutShort makes an error of an interrupted context an interruption.
func cutShort(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ends(exitInterrupted)
	}
	return err
}

func (f *verifyFlags) plan(path string) (*scenarios.Plan, uint64, error) {
	file, err := load(path, f.set, "was not run")
	if err != nil {
		return nil, 0, err
	}
	plan, err := compile(file, path, f.variant, "was not run")
	if err != nil {
		return nil, 0, err
	}
	if f.seeded {
		return plan, f.seed, nil
	}
	return plan, plan.Seed, nil
}

// inProcess sums up a run in a process of its own, under its own settings of the Go runtime.
func (f *verifyFlags) inProcess(ctx context.Context, p *process, path string, env ...string) (verify.Sum, error) {
	args := []string{"state", path, "--variant", f.variant}
	if f.seeded {
		args = append(args, "--seed", fmt.Sprint(f.seed))
	}
	for _, s := range f.set {
		args = append(args, "--set", s)
	}
	cmd := p.self(args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stop := context.AfterFunc(ctx, func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // it may have ended by itself
		}
	})
	defer stop()
	out, err := cmd.Output()
	if err != nil {
		return verify.Sum{}, cutShort(ctx, fmt.Errorf("%s: %w: %s", strings.Join(env, " "), err, stderr.String()))
	}
	var sum verify.Sum
	return sum, json.Unmarshal(out, &sum)
}

// stateVerb is the hidden verb that verify starts.
func stateVerb(p *process) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:    "state FILE",
		Short:  "Print the hashes of a run",
		Hidden: true,
		Args:   asUsage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			plan, seed, err := f.plan(args[0])
			if err != nil {
				return err
			}
			sum, err := verify.Digest(context.Background(), plan, seed)
			if err != nil {
				return err
			}
			return printJSON(p.stdout.Out, sum)
		},
	}
	f.register(c)
	return c
}
