package nvmlsim

import "math/rand/v2"

// H100 returns a GPU like an H100 SXM in an air-cooled node; typical values.
func H100() Truth {
	return Truth{
		Idle: 72, SM: 210, Tensor: 260, DRAM: 170, Gamma: 2.1, LeakRef: 60,
		PowerLag: 0.04, GovernorLag: 0.03,
		R1: 0.03, R2: 0.045, C1: 130, C2: 1100, Coolant: 26,
		Update: 0.1, Window: 0.025, Noise: 1.5,
		TempNoise: 0.3, TempUpdate: 0.5,
		MinLimit: 200, MaxLimit: 700, DefaultLimit: 700,
		Slowdown: 87, Clear: 2, Shutdown: 95,
		MaxClock: 1980, MinClock: 345, MemoryClock: 2619, Memory: 80 << 30,
	}
}

// Draw returns GPUs of one node with hidden parameters drawn at random about those of an H100: ±20 % on powers, ±25 %
// on the thermal path, the sensor's period 50 to 150 ms and its window half of that to twice it. One node has
// one kind of sensor and one inlet, and its rear half is 9 to 13 K warmer.
func Draw(seed uint64, n int) []Truth {
	r := rand.New(rand.NewPCG(seed, 0x6e766d6c73696d))
	about := func(x, share float64) float64 { return x * (1 + share*(2*r.Float64()-1)) }
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	node := H100()
	node.Update = between(0.05, 0.15)
	node.Window = node.Update * between(0.5, 2)
	inlet, rear := between(20, 30), between(9, 13)
	all := make([]Truth, n)
	for i := range all {
		t := node
		t.Idle, t.SM, t.Tensor, t.DRAM = about(t.Idle, 0.2), about(t.SM, 0.2), about(t.Tensor, 0.2), about(t.DRAM, 0.2)
		t.Gamma = between(1.8, 2.5)
		t.PowerLag, t.GovernorLag = about(t.PowerLag, 0.5), about(t.GovernorLag, 0.3)
		t.R1, t.R2, t.C1, t.C2 = about(t.R1, 0.25), about(t.R2, 0.25), about(t.C1, 0.25), about(t.C2, 0.25)
		t.Noise = about(t.Noise, 0.5)
		t.Phase = between(0, t.Update)
		t.Coolant = inlet
		if i >= n/2 && n > 1 {
			t.Coolant += rear
		}
		all[i] = t
	}
	return all
}
