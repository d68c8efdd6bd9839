package power

import "math"

// BatteryModel is how the time of a battery depends on the power drawn.
type BatteryModel uint8

// The battery models.
const (
	EnergyBattery  BatteryModel = iota // an energy, whatever the power
	PeukertBattery                     // the faster the discharge, the more charge is left behind
	KiBaMBattery                       // two wells: bound charge follows available charge at a finite rate
)

// Battery is one UPS's battery. Its state is the available and the bound energy in J: the first can be drawn, the
// second is stored as well but not at hand now. Power here is at the battery's terminals.
//
// With Peukert's law the charge that a fast discharge leaves behind becomes bound, and is available again once the
// battery is charged. The kinetic model (KiBaM) moves energy between its wells by its own equation, taken at constant
// voltage; recharge keeps its wells level, which is right when charging is slow beside k'.
type Battery struct {
	Model    BatteryModel
	Capacity float64 // J, full, both parts
	Floor    float64 // of the available part when full: cut off there
	Exponent float64 // Peukert's k
	Hours    float64 // s: the discharge time at which Capacity holds
	Well     float64 // KiBaM: available ÷ total when level
	Rate     float64 // KiBaM: k' in 1/s
}

// PeukertTime returns the discharge time of a battery of the given capacity, stated at discharge time hours, at
// current i: t = H (C/(i H))^k, in the unit of hours.
func PeukertTime(capacity, hours, i, k float64) float64 {
	return hours * math.Pow(capacity/(i*hours), k)
}

// KiBaM returns the two wells of the kinetic battery model after t at constant discharge p: y1 available, y2 bound,
// c the share of the available well, k the rate k'. Manwell & McGowan 1993; Jongerden & Haverkort 2009.
func KiBaM(y1, y2, c, k, p, t float64) (float64, float64) {
	total := y1 + y2 - p*t
	end := p / (c * k)
	d := end + (y2/(1-c)-y1/c-end)*math.Exp(-k*t)
	y1 = c * (total - (1-c)*d)
	return y1, total - y1
}

// KiBaMTime returns the time at which the available well has fallen to low at constant discharge p > 0.
func KiBaMTime(y1, y2, c, k, p, low float64) float64 {
	lo, hi := 0.0, (y1+y2)/p
	for range 200 { // a fixed bound keeps it deterministic; it converges in about 60
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if a, _ := KiBaM(y1, y2, c, k, p, mid); a > low {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// Size sets the capacity so that a full battery lasts t seconds at power p.
func (b *Battery) Size(p, t float64) {
	switch b.Model {
	case PeukertBattery:
		b.Capacity = p * b.Hours * math.Pow(t/b.Hours, 1/b.Exponent) / (1 - b.Floor)
	case KiBaMBattery:
		b.Capacity = p * (t + (1-b.Well)/b.Well*-math.Expm1(-b.Rate*t)/b.Rate) / (1 - b.Floor)
	default:
		b.Capacity = p * t / (1 - b.Floor)
	}
}

// Level returns the available and bound energy when total J are stored and the battery has rested.
func (b *Battery) Level(total float64) (avail, bound float64) {
	if b.Model == KiBaMBattery {
		return b.Well * total, total - b.Well*total
	}
	return total, 0
}

// low is the available energy at which the battery is cut off.
func (b *Battery) low() float64 {
	a, _ := b.Level(b.Capacity)
	return b.Floor * a
}

// spread is how many J become unavailable for each J drawn at power p under Peukert's law; at least 1.
func (b *Battery) spread(p float64) float64 {
	return math.Max(1, math.Pow(p*b.Hours/(b.Capacity*(1-b.Floor)), b.Exponent-1))
}

// Time returns the seconds until the cut-off at constant discharge p in W; +Inf for p ≤ 0.
func (b *Battery) Time(avail, bound, p float64) float64 {
	left := avail - b.low()
	switch {
	case p <= 0:
		return math.Inf(1)
	case left <= 0:
		return 0
	case b.Model == PeukertBattery:
		return left / (p * b.spread(p))
	case b.Model == KiBaMBattery:
		return KiBaMTime(avail, bound, b.Well, b.Rate, p, b.low())
	}
	return left / p
}

// Discharge returns the state after dt seconds at constant discharge p ≥ 0.
func (b *Battery) Discharge(avail, bound, p, dt float64) (float64, float64) {
	switch b.Model {
	case PeukertBattery:
		s := b.spread(p)
		return avail - s*p*dt, bound + (s-1)*p*dt
	case KiBaMBattery:
		return KiBaM(avail, bound, b.Well, b.Rate, p, dt)
	}
	return avail - p*dt, bound
}

// Charge returns the state after e J were stored.
func (b *Battery) Charge(avail, bound, e float64) (float64, float64) {
	return b.Level(avail + bound + e)
}

// BatteryHealth returns the capacity left of a battery of an age (in the unit of life), relative to a new one: it falls in
// a line to 80 % at the end of its design life, and on beyond it to no less than a tenth. The life holds at 25 °C and
// halves with each 8.3 K above (IEEE 1188; Arrhenius); below 25 °C it is not prolonged.
func BatteryHealth(age, life, ambient float64) float64 {
	life *= math.Exp2(-math.Max(ambient-25, 0) / 8.3)
	return math.Max(1-0.2*age/life, 0.1)
}
