package twin

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/library"
)

// short is the length to which long scenarios are cut in the tests of the engine, in s.
const short = 4 * 3600

// shipped returns the plans of the library's what-if files.
func shipped(t *testing.T) map[string]*scenarios.Plan {
	t.Helper()
	plans := map[string]*scenarios.Plan{}
	files, err := fs.Glob(library.FS, "what-if/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no what-if files: ", err)
	}
	for _, path := range files {
		f, ds := scenarios.Load(strings.TrimSuffix(path, ".yaml"))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		p, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		plans[strings.TrimSuffix(filepath.Base(path), ".yaml")] = p
	}
	return plans
}

func world(t *testing.T, p *scenarios.Plan, until float64) *World {
	t.Helper()
	w, err := New(p, p.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RunTo(context.Background(), until); err != nil {
		t.Fatal(err)
	}
	return w
}

// A run to T equals a run to T/2, a snapshot, and a run on; and a fork that changes nothing equals its parent.
func TestResumeAndForkEqualTheUninterruptedRun(t *testing.T) {
	for name, p := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := min(p.Duration, short)
			whole := world(t, p, end).Hash()
			if again := world(t, p, end).Hash(); again != whole {
				t.Fatal("two runs of the same plan and seed differ")
			}
			for _, share := range []float64{0.5, 0.31} {
				half := world(t, p, end*share)
				snapshot := half.Snapshot()
				fork := half.Fork()
				if err := fork.RunTo(context.Background(), end); err != nil {
					t.Fatal(err)
				}
				if fork.Hash() != whole {
					t.Errorf("a fork at %.0f s does not end as the uninterrupted run", end*share)
				}
				if err := half.RunTo(context.Background(), end); err != nil {
					t.Fatal(err)
				}
				if half.Hash() != whole {
					t.Errorf("a run stopped at %.0f s and continued does not end as the uninterrupted run", end*share)
				}
				back, err := Restore(p, p.Seed, snapshot)
				if err != nil {
					t.Fatal(err)
				}
				if err := back.RunTo(context.Background(), end); err != nil {
					t.Fatal(err)
				}
				if back.Hash() != whole {
					t.Errorf("a run restored at %.0f s does not end as the uninterrupted run", end*share)
				}
			}
		})
	}
}
