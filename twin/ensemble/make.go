package ensemble

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Made is what comes of one run: its result, and what each of its figures is.
type Made struct {
	Result  Result   `json:"result"`
	Figures []placed `json:"figures,omitempty"`
	Expect  []string `json:"expectations,omitempty"`
}

// Make makes one run of a plan. A run that breaks is a result; an error says that there is none, since the context ended.
func Make(ctx context.Context, plan *scenarios.Plan, seed uint64, version string) (Made, error) {
	var p past
	defer p.close()
	return p.lead(ctx, plan, seed, version)
}

// Broken is what comes of a run that cannot be made.
func Broken(seed uint64, reason string) Made {
	return Made{Result: Result{Seed: seed, Verdict: record.Broken, Reason: reason}}
}

// guarded makes a run, or a part of one. One that panics is a bug of ours; it breaks that run and no other.
func guarded(seed uint64, run func() (*record.Summary, error)) (s *record.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			s = &record.Summary{Seed: seed, Verdict: record.Broken, Reason: fmt.Sprintf("panic: %v (%s)", p, place(debug.Stack()))}
			err = nil
		}
	}()
	s, err = run()
	if err != nil && s == nil {
		s = &record.Summary{Seed: seed, Verdict: record.Broken, Reason: err.Error()}
	}
	return s, nil
}

// place returns the line of code below a panic.
func place(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+3 < len(lines) {
			file, _, _ := strings.Cut(strings.TrimSpace(lines[i+3]), " +")
			return file[strings.LastIndex(file, "/")+1:]
		}
	}
	return "unknown place"
}
