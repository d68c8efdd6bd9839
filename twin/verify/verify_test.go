package verify

import (
	"context"
	"io/fs"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/library"
)

// TestWhatIfs verifies the base of every what-if of the library, cut to its first third or so; `halltwin verify` does
// the whole, in processes of their own.
func TestWhatIfs(t *testing.T) {
	names, err := fs.Glob(library.FS, "what-if/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no what-ifs", err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			f, ds := scenarios.Load(name)
			plan, more := f.Plan("")
			if ds = append(ds, more...); len(ds) > 0 {
				t.Fatal(ds)
			}
			plan.Duration = min(plan.Duration, 14*3600)
			ctx := context.Background()
			first, err := Digest(ctx, plan, 3)
			if err != nil {
				t.Fatal(err)
			}
			second, err := Digest(ctx, plan, 3)
			if err != nil {
				t.Fatal(err)
			}
			if first != second {
				t.Errorf("two runs differ: %v and %v", first, second)
			}
			if other, err := Digest(ctx, plan, 4); err != nil || other == first {
				t.Errorf("another seed gives the same run (%v)", err)
			}
			at := 0.4 * plan.Duration
			if state, err := Resume(ctx, plan, 3, at); err != nil || state != first.State {
				t.Errorf("saved and resumed: %s, %v, not %s", state, err, first.State)
			}
			if fork, parent, err := Fork(ctx, plan, 3, at); err != nil || fork != first.State || parent != first.State {
				t.Errorf("forked: %s and %s, %v, not %s", fork, parent, err, first.State)
			}
		})
	}
}
