package economics

import (
	"fmt"
	"slices"
	"time"

	"github.com/halltwin/halltwin/models/weather"
)

// Tariff is what a utility charges over one run: immutable. Times are s from its start.
type Tariff struct {
	Price    *weather.Signal // USD/J; nil where the tariff leaves it to the grid's price
	Interval float64         // s over which demand is averaged
	Phase    float64         // s from the last even interval of the clock to the start
	Demand   []Charge
	Months   []Month
	Monthly  float64 // USD
	Block    float64 // W bought by contract
	Strike   float64 // USD/J of the block
	Resale   float64 // share of the price
}

// Charge is a demand charge.
type Charge struct {
	Price   float64 // USD/W a month
	Ratchet float64
	within  window
}

// Month is a calendar month as far as a run covers it.
type Month struct {
	From, To float64 // s
	Share    float64 // of the whole month
}

// window is compiled [Hours].
type window struct {
	months   [13]bool // by month
	days     string
	from, to int
}

func (h *Hours) compile() window {
	w := window{days: h.Days, from: h.From, to: h.To}
	for m := 1; m <= 12; m++ {
		w.months[m] = len(h.Months) == 0 || slices.Contains(h.Months, m)
	}
	return w
}

// Validate checks what tags cannot say.
func (h *Hours) Validate(fail func(path, msg string)) {
	for _, m := range h.Months {
		if m < 1 || m > 12 {
			fail("months", fmt.Sprintf("there is no month %d: write numbers from 1 to 12", m))
		}
	}
}

// holds reports whether the hour that begins at a time of the clock is within.
func (w *window) holds(t time.Time) bool {
	weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
	if !w.months[t.Month()] || w.days == "weekdays" && weekend || w.days == "weekends" && !weekend {
		return false
	}
	h := t.Hour()
	if w.from < w.to {
		return h >= w.from && h < w.to
	}
	return h >= w.from || h < w.to
}

// CompileTariff lays a tariff over a run.
func CompileTariff(s *TariffSpec, start, end time.Time) (*Tariff, error) {
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, start.Location())
	t := &Tariff{Interval: float64(s.Interval), Monthly: float64(s.Monthly)}
	sinceMidnight := start.Sub(midnight).Seconds()
	t.Phase = sinceMidnight - float64(int(sinceMidnight/t.Interval))*t.Interval
	for i := range s.Demand {
		d := &s.Demand[i]
		t.Demand = append(t.Demand, Charge{Price: float64(d.Price) / 1000, Ratchet: float64(d.Ratchet), within: d.Hours.compile()})
	}
	if c := s.Contract; c != nil {
		t.Block, t.Strike, t.Resale = float64(c.Power), float64(c.Price), float64(c.Resale)
	}
	for from := start; from.Before(end); {
		first := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, start.Location())
		next := first.AddDate(0, 1, 0)
		to := next
		if to.After(end) {
			to = end
		}
		t.Months = append(t.Months, Month{from.Sub(start).Seconds(), to.Sub(start).Seconds(), to.Sub(from).Seconds() / next.Sub(first).Seconds()})
		from = next
	}
	if len(s.Energy) == 0 {
		return t, nil
	}
	rates := make([]window, len(s.Energy))
	for i := range s.Energy {
		rates[i] = s.Energy[i].Hours.compile()
	}
	var times, prices []float64
	for h := midnight.Add(time.Duration(start.Hour()) * time.Hour); h.Before(end); h = h.Add(time.Hour) {
		k := slices.IndexFunc(rates, func(w window) bool { return w.holds(h) })
		if k < 0 {
			return nil, fmt.Errorf("no rate holds on %s: end the list with one that has no months, days or hours", h.Format("Monday 2 January at 15:04"))
		}
		if p := float64(s.Energy[k].Price); len(prices) == 0 || prices[len(prices)-1] != p {
			times, prices = append(times, max(0, h.Sub(start).Seconds())), append(prices, p)
		}
	}
	t.Price = weather.NewSignal(times, prices)
	return t, nil
}

// counts reports whether a demand charge looks at the interval that begins at t s from the start of the run.
func (c *Charge) counts(start time.Time, t float64) bool {
	return c.within.holds(start.Add(time.Duration(t * float64(time.Second))))
}

// Contract returns what the block costs beside the tariff's own price of all energy, in USD/s, while the grid gives power W at
// price USD/J: its own price for the block, less the tariff's for what of it is used and the resale of the rest.
func (t *Tariff) Contract(power, price float64) float64 {
	if t.Block == 0 {
		return 0
	}
	used := min(max(power, 0), t.Block)
	return t.Block*t.Strike - used*price - t.Resale*price*(t.Block-used)
}
