package cooling

import "math"

// TankSeries returns the share of a step change at the inlet of n equal mixed volumes in series that has reached
// the outlet after θ turnovers of the whole, in [0, 1]: the step response 1 - e^(-nθ) Σ (nθ)^k/k!. n = 1 is a mixed
// tank, large n plug flow.
//
// Levenspiel, Chemical Reaction Engineering, tanks-in-series model.
func TankSeries(n int, theta float64) float64 {
	x := float64(n) * theta
	term := math.Exp(-x)
	left := 0.0
	for k := range n {
		left += term
		term *= x / float64(k+1)
	}
	return max(1-left, 0)
}

// BufferRideThrough returns the time in s for which a store of the given m³ of water carries heat in W while it
// warms by dT K, of which the share fom in (0, 1] can be had: the figure of merit of a stratified tank, 0.85 to 0.9
// (typical), or 1.
func BufferRideThrough(volume, dT, heat, fom float64) float64 {
	return volume * rhoWater * cpWater * dT * fom / heat
}

// Tank is a stratified tank of equal mixed nodes, from the bottom up.
type Tank struct {
	Mass float64   // J/K of all nodes
	T    []float64 // °C by node; at most maxNodes
	Wall float64   // W/K to the surroundings
}

const maxNodes = 32

// Flow passes water of in °C and a heat capacity rate in W/K through the tank for dt s, upwards, or downwards for a
// negative rate, and returns the mean °C at which it leaves.
//
// The nodes are a chain of linear masses, so the step is exact at any length: node i sees the Poisson weights of
// what stood below it, and of the inlet. What leaves follows from the balance of heat, which so closes to rounding.
func (k *Tank) Flow(in, rate, dt float64) (out float64) {
	n := len(k.T)
	x := math.Abs(rate) * dt / k.Mass * float64(n)
	if x == 0 {
		return k.T[n-1]
	}
	at := func(i int) int { // i-th node in the direction of flow
		if rate < 0 {
			return n - 1 - i
		}
		return i
	}
	weight := poisson(x, n)
	gained := 0.0
	for i := n - 1; i >= 0; i-- { // last first: a node depends on those before it
		left, t := 0.0, 0.0
		for j := 0; j <= i; j++ {
			t += weight[i-j] * k.T[at(j)]
			left += weight[i-j]
		}
		t += (1 - left) * in
		gained += t - k.T[at(i)]
		k.T[at(i)] = t
	}
	return in - gained/x
}

// Mix turns over what is warmer below than above, as buoyancy does at once, and keeps the heat.
func (k *Tank) Mix() {
	// Pool adjacent violators: each pass joins a run of falling temperatures into its mean.
	var sum [maxNodes]float64
	var size [maxNodes]int
	blocks := 0
	for _, t := range k.T {
		sum[blocks], size[blocks] = t, 1
		blocks++
		for blocks > 1 && sum[blocks-2]*float64(size[blocks-1]) > sum[blocks-1]*float64(size[blocks-2]) {
			sum[blocks-2] += sum[blocks-1]
			size[blocks-2] += size[blocks-1]
			blocks--
		}
	}
	i := 0
	for b := range blocks {
		mean := sum[b] / float64(size[b])
		for range size[b] {
			k.T[i] = mean
			i++
		}
	}
}

// Lose exchanges heat with surroundings of t °C for dt s and returns the J that the tank lost.
func (k *Tank) Lose(t, dt float64) (heat float64) {
	decay := -math.Expm1(-k.Wall * dt / k.Mass)
	node := k.Mass / float64(len(k.T))
	for i := range k.T {
		d := decay * (k.T[i] - t)
		k.T[i] -= d
		heat += d * node
	}
	return heat
}

// Energy returns the heat in J that the tank holds, counted from 0 °C.
func (k *Tank) Energy() float64 {
	sum := 0.0
	for _, t := range k.T {
		sum += t
	}
	return sum * k.Mass / float64(len(k.T))
}
