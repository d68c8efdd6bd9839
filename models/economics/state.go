package economics

import (
	"fmt"
	"math"
	"time"

	"github.com/halltwin/halltwin/models/account"
)

// State is what the ledgers of money remember of a run: plain data.
type State struct {
	Meter  Meter
	Blocks account.Sum // USD that the contract cost beside the tariff's price
	Shares Shares
}

// Meter is the demand meter.
type Meter struct {
	Interval int64       // index of the interval under way
	Energy   float64     // J in it
	Peak     [][]float64 // W: by charge, by month
}

// NewMeter returns the meter of a tariff, nil for none.
func NewMeter(t *Tariff) Meter {
	var m Meter
	if t != nil {
		for range t.Demand {
			m.Peak = append(m.Peak, make([]float64, len(t.Months)))
		}
	}
	return m
}

// Clone returns a copy that shares nothing.
func (s *State) Clone() State {
	c := *s
	c.Meter.Peak = make([][]float64, len(s.Meter.Peak))
	for i := range s.Meter.Peak {
		c.Meter.Peak[i] = append([]float64(nil), s.Meter.Peak[i]...)
	}
	c.Shares = s.Shares.Clone()
	return c
}

// Measure lets the meter see a power of p W from now on for dt s.
func (t *Tariff) Measure(m *Meter, start time.Time, now, dt, p float64) {
	if len(t.Demand) == 0 {
		return
	}
	for end := now + dt; now < end; {
		next := min(end, t.bound(m.Interval+1))
		if next > now {
			m.Energy += p * (next - now)
			now = next
		}
		if now >= t.bound(m.Interval+1) {
			t.read(m, start)
			m.Interval++
			m.Energy = 0
		}
	}
}

// bound returns when an interval begins, in s from the start; the first may begin before it.
func (t *Tariff) bound(i int64) float64 { return float64(i)*t.Interval - t.Phase }

// read enters the mean power of the interval that ends into the month in which it began.
func (t *Tariff) read(m *Meter, start time.Time) {
	from := max(0, t.bound(m.Interval))
	mean := m.Energy / (t.bound(m.Interval+1) - from)
	month := 0
	for month+1 < len(t.Months) && t.Months[month].To <= from {
		month++
	}
	for i := range t.Demand {
		if t.Demand[i].counts(start, from) {
			m.Peak[i][month] = math.Max(m.Peak[i][month], mean)
		}
	}
}

// Largest returns the largest demand of all charges and months so far, in W.
func (m *Meter) Largest() float64 {
	top := 0.0
	for _, months := range m.Peak {
		for _, p := range months {
			top = math.Max(top, p)
		}
	}
	return top
}

// DemandCost returns the demand charges of the run up to now, in USD: each month by its share that the run has covered.
func (t *Tariff) DemandCost(m *Meter, now float64) float64 {
	sum := 0.0
	for i := range t.Demand {
		d := &t.Demand[i]
		highest := 0.0
		for k := range t.Months {
			billed := math.Max(m.Peak[i][k], d.Ratchet*highest)
			highest = math.Max(highest, m.Peak[i][k])
			sum += billed * d.Price * t.Months[k].covered(now)
		}
	}
	return sum
}

// Standing returns the fixed charges of the run up to now, in USD.
func (t *Tariff) Standing(now float64) float64 {
	sum := 0.0
	for k := range t.Months {
		sum += t.Monthly * t.Months[k].covered(now)
	}
	return sum
}

// covered returns the share of the calendar month that the run has covered.
func (m *Month) covered(now float64) float64 {
	if now <= m.From {
		return 0
	}
	return m.Share * (math.Min(now, m.To) - m.From) / (m.To - m.From)
}

// Tally is what goes with IT power, or what has been shared by it.
type Tally struct {
	IT     float64 // J, or s where it is for each W
	Site   float64 // J: IT with its share of cooling, losses and building
	Money  float64 // USD of what follows energy
	Carbon float64 // kg
}

func (t *Tally) add(o *Tally, k float64) {
	t.IT += k * o.IT
	t.Site += k * o.Site
	t.Money += k * o.Money
	t.Carbon += k * o.Carbon
}

// Bill is what a job has used.
type Bill struct {
	Tally
	GPU float64 // GPU·s that it held
}

// Shares is the running division of what follows energy over jobs.
type Shares struct {
	PerWatt [4]account.Sum // what each W of IT power has borne so far, in the order of Tally
	Total   [4]account.Sum // all of it, likewise
	Jobs    []Bill
	Idle    Bill      // what no job held, and what came while no rack had power
	Of      []float64 // by slice: its share of its rack's power
	Marks   []Tally   // by rack: up to what its power has been shared
}

// Clone returns a copy that shares nothing.
func (s *Shares) Clone() Shares {
	c := *s
	c.Jobs = append([]Bill(nil), s.Jobs...)
	c.Of = append([]float64(nil), s.Of...)
	c.Marks = append([]Tally(nil), s.Marks...)
	return c
}

// Flow enters dt s in which racks drew it W, the site used site W, and what follows energy cost money USD and made carbon kg.
func (s *Shares) Flow(dt, it, site, money, carbon float64) {
	whole := [4]float64{it * dt, site * dt, money, carbon}
	for i, v := range whole {
		s.Total[i].Add(v)
	}
	s.PerWatt[0].Add(dt)
	if it <= 0 {
		s.Idle.add(&Tally{0, whole[1], whole[2], whole[3]}, 1)
		return
	}
	for i, v := range whole[1:] {
		s.PerWatt[i+1].Add(v / it)
	}
}

func (s *Shares) perWatt() Tally {
	return Tally{s.PerWatt[0].Value(), s.PerWatt[1].Value(), s.PerWatt[2].Value(), s.PerWatt[3].Value()}
}

// Since returns what each W of a rack has borne since it was last asked.
func (s *Shares) Since(rack int32) Tally {
	now, m := s.perWatt(), &s.Marks[rack]
	d := Tally{now.IT - m.IT, now.Site - m.Site, now.Money - m.Money, now.Carbon - m.Carbon}
	*m = now
	return d
}

// Charge lets a job bear k times a tally, and a GPU-time; -1 is nobody.
func (s *Shares) Charge(job int32, t *Tally, k, gpu float64) {
	b := &s.Idle
	if job >= 0 {
		for int(job) >= len(s.Jobs) {
			s.Jobs = append(s.Jobs, Bill{})
		}
		b = &s.Jobs[job]
	}
	b.add(t, k)
	b.GPU += gpu
}

// Check returns an error that prints what was shared and what there was, where these are not the same, or nil.
func (s *Shares) Check() error {
	var sum [4]account.Sum
	enter := func(b *Bill) {
		for i, v := range [4]float64{b.IT, b.Site, b.Money, b.Carbon} {
			sum[i].Add(v)
		}
	}
	for i := range s.Jobs {
		enter(&s.Jobs[i])
	}
	enter(&s.Idle)
	for i, name := range [4]string{"IT energy (J)", "site energy (J)", "cost of energy (USD)", "carbon of energy (kg)"} {
		shared, whole := sum[i].Value(), s.Total[i].Value()
		if !(math.Abs(shared-whole) <= account.Tolerance*math.Max(math.Abs(whole), 1e-6)) {
			return fmt.Errorf("the shares of jobs in the %s do not make the whole: this is a bug of the simulator\n  shared %24.12g\n  whole  %24.12g", name, shared, whole)
		}
	}
	return nil
}
