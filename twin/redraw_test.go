package twin

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

const branched = `duration: 12 h
site: {use: sites/h100-hall-1k}
workload:
  - generate: {use: workloads/llm-lab, load: 95 %}
  - generate: {use: workloads/llm-lab, load: 10 %, begin: empty}
  - job: {name: late, gpus: 64, submit: 8 h, work: 1 h}
failures: {use: failures/rsc-1}
scheduler: {policy: drf}
record: {every: 10 min}
`

// A branch has the past of its run, a future of its own that depends on its key alone, and ledgers that close.
func TestBranch(t *testing.T) {
	p := plan(t, branched)
	run, err := Begin(p, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := run.Advance(ctx, 6*3600); err != nil {
		t.Fatal(err)
	}
	end := func(d *Driven) map[string]float64 {
		s, err := d.End(ctx, d.Advance(ctx, p.Duration))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]float64{}
		for _, key := range []string{"jobs.done", "energy.site", "compute.gpu_hours"} {
			k, ok := s.KPI(key)
			if !ok {
				t.Fatalf("there is no %s", key)
			}
			out[key] = k.Value
		}
		return out
	}
	var ends []map[string]float64
	for _, key := range []uint64{1, 2, 2} {
		b, err := run.Branch(key)
		if err != nil {
			t.Fatal(err)
		}
		if b.Now() != run.Now() || b.Progress() != run.Progress() {
			t.Error("a branch does not begin where its run is")
		}
		ends = append(ends, end(b))
	}
	plain := end(run)
	alone, err := Run(ctx, p, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	for key, v := range plain {
		if k, _ := alone.KPI(key); k.Value != v {
			t.Errorf("%s is %v after branches have left, and %v without", key, v, k.Value)
		}
		if ends[1][key] != ends[2][key] {
			t.Errorf("%s of one key is %v and %v", key, ends[1][key], ends[2][key])
		}
		if ends[0][key] == ends[1][key] || ends[0][key] == v {
			t.Errorf("%s is the same in several futures: %v, %v, %v", key, ends[0][key], ends[1][key], v)
		}
	}
}

// Every random stream that the state holds goes another way in a branch.
func TestBranchDrawsAllAnew(t *testing.T) {
	p := plan(t, strings.Replace(branched, "failures:", "  - serve: {use: services/chat-70b, load: {file: traces/requests.csv.gz}}\nfailures:", 1))
	run, err := Begin(p, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	b, err := run.Branch(1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if n := sameStreams(t, "State", reflect.ValueOf(run.world.State), reflect.ValueOf(b.world.State)); n < 100 {
		t.Errorf("%d streams were compared", n)
	}
}

// sameStreams reports the random streams that two states have in common, and returns how many it has compared.
func sameStreams(t *testing.T, path string, a, b reflect.Value) (n int) {
	if a.Type() == reflect.TypeFor[random.Stream]() {
		if a.Interface() == b.Interface() && !a.IsZero() {
			t.Errorf("%s is the same in a branch", path)
		}
		return 1
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				n += sameStreams(t, path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range min(a.Len(), b.Len()) {
			n += sameStreams(t, path, a.Index(i), b.Index(i))
		}
	}
	return n
}
