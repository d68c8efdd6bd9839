package transformer

import (
	"math"
	"testing"
)

var (
	llama405 = Spec{Layers: 126, Hidden: 16384, Heads: 128, KVHeads: 8, FFN: 53248, Gated: true, Vocab: 128256, Context: 8192}
	llama70  = Spec{Layers: 80, Hidden: 8192, Heads: 64, KVHeads: 8, FFN: 28672, Gated: true, Vocab: 128256, Context: 8192}
	gpt3     = Spec{Layers: 96, Hidden: 12288, Heads: 96, FFN: 49152, Vocab: 51200, Tied: true, Context: 2048}
	mixtral  = Spec{Layers: 32, Hidden: 4096, Heads: 32, KVHeads: 8, FFN: 14336, Gated: true, Vocab: 32000, Experts: 8, Active: 2}
)

// The published parameter counts.
func TestParameters(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
		want float64
	}{
		{"Llama 3.1 405B", llama405, 405.85e9},
		{"Llama 3.1 70B", llama70, 70.55e9},
		{"GPT-3 175B", gpt3, 174.6e9},
		{"Mixtral 8x7B", mixtral, 46.7e9},
	} {
		m := New(&c.spec)
		if got := m.Parameters(); math.Abs(got/c.want-1) > 2e-3 {
			t.Errorf("%s: %.4g parameters, want %.4g", c.name, got, c.want)
		}
	}
	m := New(&mixtral)
	if got := m.ActiveParameters(); math.Abs(got/12.8e9-1) > 0.01 {
		t.Errorf("Mixtral: %.4g active parameters, want 12.8e9", got)
	}
}

// Narayanan et al., SC 2021, equation 3 without its recomputation: 72 B s l h² (1 + s/6h + V/12lh).
func TestFLOPsOfNarayanan(t *testing.T) {
	m := New(&gpt3)
	l, h, s, v := 96.0, 12288.0, 2048.0, 51200.0
	want := 72 * l * h * h * (1 + s/(6*h) + v/(12*l*h))
	if got := m.TrainFLOPs(s, false); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("%g, want %g", got, want)
	}
}

func TestKVBytes(t *testing.T) {
	m := New(&llama70)
	if got := m.KVBytes(2); got != 327680 { // 2 × 80 × 1024 × 2 B
		t.Errorf("%g bytes a token", got)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		edit func(*Spec)
		path string
	}{
		{func(s *Spec) { s.Heads, s.KVHeads = 7, 0 }, "heads"},
		{func(s *Spec) { s.KVHeads = 3 }, "kv_heads"},
		{func(s *Spec) { s.Experts = 8 }, "active"},
		{func(s *Spec) { s.Active = 2 }, "experts"},
		{func(s *Spec) { s.Experts, s.Active, s.Dense = 8, 2, 1000 }, "dense"},
	} {
		s := llama70
		c.edit(&s)
		var got []string
		s.Validate(func(path, _ string) { got = append(got, path) })
		if len(got) != 1 || got[0] != c.path {
			t.Errorf("%s: complaints about %v", c.path, got)
		}
	}
}
