package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/viz"
	"github.com/spf13/cobra"
)

// finding is one thing that doctor looked at.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	Fix  string `json:"fix,omitempty"`
}

func doctorVerb(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "doctor",
		Short:   "Look at this machine: what works, and the fix for what does not",
		Example: examples("halltwin doctor", "halltwin doctor --json"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all := examine(p)
			sick := false
			for _, x := range all {
				sick = sick || !x.OK
			}
			if asJSON {
				if err := printJSON(p.stdout.Out, all); err != nil {
					return err
				}
			} else {
				for _, x := range all {
					sign := map[bool]string{true: "✓", false: "✗"}[x.OK]
					fmt.Fprintf(p.stdout.Out, "%s %-14s %s\n", sign, x.Name, x.Says)
					if x.Fix != "" {
						fmt.Fprintf(p.stdout.Out, "  %14s %s\n", "", x.Fix)
					}
				}
			}
			if sick {
				return ends(exitIO)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// examine looks at everything that a run needs.
func examine(p *process) []finding {
	all := []finding{
		{Name: "version", OK: true, Says: fmt.Sprintf("%s, %s, %s/%s", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		{Name: "processors", OK: true, Says: fmt.Sprintf("%d, so compare runs %d worlds at a time", runtime.NumCPU(), runtime.GOMAXPROCS(0))},
	}
	terminal := finding{Name: "terminal", OK: true, Says: "no: a line at every tenth of a run"}
	if p.stderr.Live {
		terminal.Says = fmt.Sprintf("yes, %d columns, colour %s", p.stderr.Width, map[bool]string{true: "on", false: "off"}[p.stderr.Colour])
	}
	all = append(all, terminal, examineLibrary(), examineFolder("runs"))
	l, err := viz.Listen("")
	server := finding{Name: "viewer", OK: err == nil, Says: "can listen on the loopback interface"}
	if err != nil {
		server.Says, server.Fix = err.Error(), "without it, open report.html of a run directory: it needs no server"
	} else {
		l.Close()
	}
	return append(all, server, examineData(p))
}

// examineLibrary checks every what-if of the library.
func examineLibrary() finding {
	parts, err := libraryParts()
	if err != nil {
		return finding{Name: "library", Says: err.Error(), Fix: "this is a fault of the build: please report it"}
	}
	whatIfs := 0
	for _, x := range parts {
		if !strings.HasPrefix(x.Name, "what-if/") {
			continue
		}
		whatIfs++
		f, ds := scenarios.Load(x.Name)
		if len(ds) == 0 {
			ds = f.CheckAll()
		}
		if len(ds) > 0 {
			return finding{Name: "library", Says: ds[0].String(), Fix: "this is a fault of the build: please report it"}
		}
	}
	return finding{Name: "library", OK: true, Says: fmt.Sprintf("%d parts, %d what-ifs, all valid", len(parts), whatIfs)}
}

// examineFolder tries to write where runs are recorded.
func examineFolder(name string) finding {
	at := name
	if _, err := os.Stat(name); err != nil {
		at = "."
	}
	file, err := os.CreateTemp(at, ".halltwin-*")
	if err != nil {
		return finding{Name: "runs folder", Says: err.Error(), Fix: "run in a folder that you may write to, or give --out DIR"}
	}
	file.Close()
	os.Remove(file.Name())
	path, err := filepath.Abs(name)
	if err != nil {
		path = name
	}
	return finding{Name: "runs folder", OK: true, Says: path + " can be written"}
}

// examineData tells whether the data of the benchmarks is at hand; a run does not need it.
func examineData(p *process) finding {
	x := finding{Name: "benchmark data", OK: true, Says: "not at hand; only `halltwin validate` needs it, and says where to fetch it"}
	for _, dir := range []string{p.getenv("HALLTWIN_DATA"), "../shared/data"} {
		if s, err := os.Stat(dir); dir != "" && err == nil && s.IsDir() {
			x.Says = dir
			break
		}
	}
	return x
}
