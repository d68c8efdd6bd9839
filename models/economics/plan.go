package economics

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Counts are the sizes of a site by which its costs are counted.
type Counts struct {
	GPUs, Nodes, Racks float64
	DesignIT           float64 // W
	Battery            float64 // J, of the battery behind the meter
	Solar              float64 // W
}

func (c *Counts) of(per string) float64 {
	switch per {
	case "gpu":
		return c.GPUs
	case "node":
		return c.Nodes
	case "rack":
		return c.Racks
	case "it_kw":
		return c.DesignIT / 1000
	case "battery_kwh":
		return c.Battery / 3.6e6
	case "solar_kw":
		return c.Solar / 1000
	}
	return 1 // site
}

// Asset is a kind of thing that a site owns: the figures are of all of them.
type Asset struct {
	Name     string
	Price    float64 // USD
	Credit   float64 // USD that a tax credit gives back
	Life     float64 // years; 0: for ever
	Residual float64 // share of the price at the end of its life
	Upkeep   float64 // USD a year
	Embodied float64 // kg
	Spread   float64 // ± share of the price
	Carbon   float64 // ± share of what is embodied
}

// Annual returns what the asset costs a year, without its upkeep.
func (a *Asset) Annual(rate float64) float64 {
	if a.Life == 0 {
		return (a.Price - a.Credit) * rate
	}
	return (a.Price - a.Credit - a.Residual*a.Price*Discount(rate, a.Life)) * CapitalRecovery(rate, a.Life)
}

// CarbonYear returns its embodied carbon for each year of its life, in kg.
func (a *Asset) CarbonYear() float64 {
	if a.Life == 0 {
		return 0
	}
	return a.Embodied / a.Life
}

// Worth returns the present value of owning the asset for so many years: it is bought anew whenever it is worn out, and what is
// left of the last one counts by straight line between its price and its residual.
func (a *Asset) Worth(rate, years float64) float64 {
	net := a.Price - a.Credit
	if a.Life == 0 {
		return net - a.Price*Discount(rate, years)
	}
	sum := 0.0
	for at := 0.0; at < years-1e-9; at += a.Life {
		sum += net * Discount(rate, at)
		end, left := at+a.Life, a.Residual
		if end > years {
			left = 1 - (1-a.Residual)*(years-at)/a.Life
			end = years
		}
		sum -= left * a.Price * Discount(rate, end)
	}
	return sum
}

// Cost is a running cost, USD a year.
type Cost struct {
	Name   string
	Year   float64
	Spread float64
}

// Plan is the compiled costs of a site: immutable.
type Plan struct {
	Rate         float64 // a year
	Horizon      float64 // years
	Assets       []Asset // in order of name
	Yearly       []Cost  // staff, property tax and upkeep among them
	Capex        float64 // USD that is paid at first, less credits
	Capital      float64 // USD a year that pays it back
	Running      float64 // USD a year of Yearly
	Embodied     float64 // kg
	EmbodiedYear float64 // kg for each year of life
	SolarCredit  float64 // USD/J
	EnergySpread float64
	GPUs         float64
	Tariff       *Tariff // nil for none
}

// Compile counts what a site costs.
func Compile(s *Spec, c Counts) (*Plan, error) {
	p := &Plan{Rate: float64(s.DiscountRate), Horizon: float64(s.Horizon) / Year, SolarCredit: float64(s.SolarCredit),
		EnergySpread: float64(s.EnergySpread), GPUs: c.GPUs}
	prices, priceRange, upkeep := 0.0, 0.0, 0.0
	for _, name := range sorted(s.Assets) {
		a := s.Assets[name]
		n := c.of(a.Per)
		if n == 0 && a.Per != "battery_kwh" && a.Per != "solar_kw" {
			return nil, fmt.Errorf("assets.%s: the site has nothing that is counted by %s", name, a.Per)
		}
		asset := a.asset(name, n, 1)
		p.Assets = append(p.Assets, asset)
		p.Capex += asset.Price - asset.Credit
		p.Capital += asset.Annual(p.Rate)
		p.Embodied += asset.Embodied
		p.EmbodiedYear += asset.CarbonYear()
		prices += asset.Price
		priceRange += asset.Price * asset.Spread
		upkeep += asset.Upkeep
	}
	p.add("upkeep", upkeep, 0.2)
	p.add("property tax and insurance", prices*float64(s.PropertyTax), ratio(priceRange, prices))
	p.add("staff", (s.Staff.People+s.Staff.PerMW*c.DesignIT/1e6)*float64(s.Staff.Salary), float64(s.Staff.Spread))
	for _, name := range sorted(s.Yearly) {
		y := s.Yearly[name]
		p.add(name, c.of(y.Per)*float64(y.Price), float64(y.Spread))
	}
	return p, nil
}

func (p *Plan) add(name string, year, spread float64) {
	if year == 0 {
		return
	}
	p.Yearly = append(p.Yearly, Cost{name, year, spread})
	p.Running += year
}

// Fixed returns what capital and running costs make in so many seconds, in USD.
func (p *Plan) Fixed(seconds float64) float64 { return (p.Capital + p.Running) * seconds / Year }

// Worth returns the present value of owning and running the site over the horizon, where what follows energy costs energy USD a
// year.
func (p *Plan) Worth(energy float64) float64 {
	sum := (p.Running + energy) * PresentWorth(p.Rate, p.Horizon)
	for i := range p.Assets {
		sum += p.Assets[i].Worth(p.Rate, p.Horizon)
	}
	return sum
}

// Range is a value and how far it may be off.
type Range struct {
	Value       float64
	Worst       float64 // ± with all prices at their ends together
	Independent float64 // ± where they are independent
}

// Total returns the yearly cost of the site where what follows energy costs energy USD a year, with its range.
func (p *Plan) Total(energy float64) Range {
	var r Range
	square := 0.0
	enter := func(v, spread float64) {
		r.Value += v
		r.Worst += math.Abs(v) * spread
		square += v * v * spread * spread
	}
	enter(energy, p.EnergySpread)
	for i := range p.Assets {
		enter(p.Assets[i].Annual(p.Rate), p.Assets[i].Spread)
	}
	for _, c := range p.Yearly {
		enter(c.Year, c.Spread)
	}
	r.Independent = math.Sqrt(square)
	return r
}

// Made returns the embodied carbon of a year with its range, in kg.
func (p *Plan) Made() Range {
	var r Range
	square := 0.0
	for i := range p.Assets {
		v, spread := p.Assets[i].CarbonYear(), p.Assets[i].Carbon
		r.Value += v
		r.Worst += v * spread
		square += v * v * spread * spread
	}
	r.Independent = math.Sqrt(square)
	return r
}

// asset returns n of the asset, at k times its price.
func (a *AssetSpec) asset(name string, n, k float64) Asset {
	price := n * k * float64(a.Price)
	return Asset{Name: name, Price: price, Credit: price * float64(a.Credit), Life: float64(a.Life) / Year, Residual: float64(a.Residual),
		Upkeep: price * float64(a.Upkeep), Embodied: n * float64(a.Embodied), Spread: float64(a.Spread), Carbon: float64(a.CarbonRange)}
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
