package economics

import "math"

// Batch is an asset that is bought at a time of a plan of many years, renewed like for like whenever it is worn out, and gone at
// another. Times are years from the start.
type Batch struct {
	Asset
	From, Until float64
}

// Payments calls pay with each outlay (positive) and what is left of the asset at the end of the plan (negative), in USD, with its
// time. An asset that goes before it is worn out brings nothing; one that is there at the end has what is left by straight line.
func (b *Batch) Payments(end float64, pay func(at, usd float64)) {
	net := b.Price - b.Credit
	if b.Life == 0 {
		pay(b.From, net)
		pay(end, -b.Price)
		return
	}
	const least = 1e-9
	for at := b.From; at < b.Until-least; at += b.Life {
		pay(at, net)
		switch out := at + b.Life; {
		case out <= b.Until+least:
			pay(math.Min(out, end), -b.Residual*b.Price)
		case b.Until >= end-least:
			pay(end, -(1-(1-b.Residual)*(end-at)/b.Life)*b.Price)
		}
	}
}

// Made returns the embodied carbon that the plan bears, in kg: all of what goes before its time, and its part of what is there at
// the end.
func (b *Batch) Made(end float64) float64 {
	if b.Life == 0 {
		return 0
	}
	const least = 1e-9
	sum := 0.0
	for at := b.From; at < b.Until-least; at += b.Life {
		part := 1.0
		if b.Until >= end-least {
			part = math.Min(1, (end-at)/b.Life)
		}
		sum += part * b.Embodied
	}
	return sum
}

// Serves reports whether the asset is there at a time.
func (b *Batch) Serves(at float64) bool { return at >= b.From && at < b.Until }

// Racks returns what is bought with so many racks, at so many GPUs and nodes each: what is counted by GPU, node and rack, at
// price times its price.
func (s *Spec) Racks(racks, nodes, gpus, price float64) []Asset {
	return s.bought(price, func(per string) float64 {
		return map[string]float64{"gpu": racks * gpus, "node": racks * nodes, "rack": racks}[per]
	})
}

// Built returns what is bought with a hall for so many W of racks.
func (s *Spec) Built(power float64) []Asset {
	return s.bought(1, func(per string) float64 { return map[string]float64{"it_kw": power / 1000}[per] })
}

// Once returns what is bought for the site as a whole.
func (s *Spec) Once(c Counts) []Asset {
	return s.bought(1, func(per string) float64 {
		switch per {
		case "site", "battery_kwh", "solar_kw":
			return c.of(per)
		}
		return 0
	})
}

// Other returns the running costs of a year, but for upkeep and taxes of assets.
func (s *Spec) Other(c Counts) float64 {
	sum := (s.Staff.People + s.Staff.PerMW*c.DesignIT/1e6) * float64(s.Staff.Salary)
	for _, name := range sorted(s.Yearly) {
		y := s.Yearly[name]
		sum += c.of(y.Per) * float64(y.Price)
	}
	return sum
}

func (s *Spec) bought(price float64, count func(per string) float64) []Asset {
	var all []Asset
	for _, name := range sorted(s.Assets) {
		a := s.Assets[name]
		if n := count(a.Per); n > 0 {
			all = append(all, a.asset(name, n, price))
		}
	}
	return all
}
