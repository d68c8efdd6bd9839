package expect

import (
	"errors"
	"strings"
	"testing"
)

func TestEval(t *testing.T) {
	for _, c := range []struct {
		source string
		red    []float64
		res    []float64
		ok     bool
		actual float64
		target float64
		numRed int
		numRes int
	}{
		{"max(rack.inlet_temperature) < degC(32)", []float64{31}, nil, true, 31, 32, 1, 0},
		{"goodput > 0.90", nil, []float64{0.89}, false, 0.89, 0.9, 0, 1},
		{"throttled_gpu_hours / gpu_hours < 0.001", nil, []float64{1, 2000}, true, 0.0005, 0.001, 0, 2},
		{"nodes.lost == 0", nil, []float64{0}, true, 0, 0, 0, 1},
		{"p99(site.power) - mean(site.power) < kW(500)", []float64{2e6, 1.6e6}, nil, true, 4e5, 5e5, 2, 0},
	} {
		e, err := Compile(c.source)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if len(e.Reductions) != c.numRed || len(e.Results) != c.numRes {
			t.Errorf("%s: %d reductions, %d results", c.source, len(e.Reductions), len(e.Results))
		}
		ok, actual, target, err := e.Eval(c.red, c.res)
		if err != nil || ok != c.ok || actual != c.actual || target != c.target {
			t.Errorf("%s: %v %v %v %v", c.source, ok, actual, target, err)
		}
	}
	e, err := Compile("max(site.power) < MW(1) and nodes.lost == 0 or not (goodput > 0.5)")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, _, err := e.Eval([]float64{2e6}, []float64{0, 0.4}); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		source, want string
		offset       int
	}{
		{"max(rack.inlet_temperatur) < 3", `did you mean "rack.inlet_temperature"?`, 4},
		{"site.power < 3", "say which value: max(site.power)", 0},
		{"max(nodes.lost) == 0", "write it without max", 0},
		{"maxx(site.power) < 3", `did you mean "max"?`, 0},
		{"goodput", "compare something", 0},
		{"goodput >", "unexpected", 9},
		{"goodput % 3 > 1", "cannot use", 0},
		{"{a: 1} == 2", "no such thing", 0},
		{strings.Repeat("1+", 3000) + "1 > 0", "at most", 0},
	} {
		_, err := Compile(c.source)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%.40s: %v, want %s", c.source, err, c.want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add("max(rack.inlet_temperature) < degC(32)")
	f.Add("a.b.c(1)[2]?.x ?: 3")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Compile(s)
		if err == nil {
			_, _, _, _ = e.Eval(make([]float64, len(e.Reductions)), make([]float64, len(e.Results)))
		}
	})
}
