package twin

import (
	"fmt"
	"math"
)

// tolerance is the largest residual of a ledger, relative to its largest row, or to least (W, J, GPU-s) where all rows
// are smaller. The heat ledger is kept in W but what masses hold is kept in J, whose last digits are many W over a step of
// a millisecond: they are bounded by rounding, relative to the heat held.
const (
	tolerance = 1e-9
	least     = 1000
	rounding  = 1.0 / (1 << 49) // eight halves of a last digit: of each mass, its mean and its end
)

// LedgerError is a ledger that did not close: a bug, never the fault of a scenario.
type LedgerError struct {
	Ledger string
	Time   float64 // s
	Rows   []LedgerRow
	Rest   float64
}

// LedgerRow is one entry: positive in, negative out.
type LedgerRow struct {
	Name  string
	Value float64
}

func (e *LedgerError) Error() string {
	text := fmt.Sprintf("the %s ledger does not close at %s: rest %g", e.Ledger, clock(e.Time), e.Rest)
	for _, r := range e.Rows {
		text += fmt.Sprintf("\n  %-28s %24.9g", r.Name, r.Value)
	}
	return text
}

// audit closes the ledgers of power, IT energy and heat at the end of a step of dt s.
func (w *World) audit(dt float64) error {
	p, t := &w.Power, &w.Totals
	_, genset := w.sources()
	rows := [...]LedgerRow{{"utilities (W)", w.meter()}, {"gensets (W)", genset}, {"solar (W)", w.Solar.Out}, {"racks (W)", -p.IT}, {"cooling and building (W)", -p.Mech},
		{"losses (W)", -w.lossPower()}, {"into batteries (W)", -w.storingPower()}}
	if err := w.close("power", rows[:]); err != nil {
		return err
	}
	if err := w.auditBattery(); err != nil {
		return err
	}
	energy := [...]LedgerRow{{"delivered by the feeds (J)", t.Flowed}, {"drawn by the racks (J)", -t.Drawn}}
	if err := w.close("IT energy", energy[:]); err != nil {
		return err
	}
	c := &w.coolOut
	heat := [...]LedgerRow{{"from the racks (W)", c.Heat}, {"of fans, pumps and compressors (W)", c.Power.Total()}, {"rejected (W)", -c.Rejected}, {"into masses (W)", -c.Storing}}
	if err := w.close("heat", heat[:]); err != nil && math.Abs(c.Imbalance())*dt > rounding*math.Abs(w.plan.Cooling.Energy(&w.Cooling)) {
		return err
	}
	return nil
}

// closeBooks closes the books of the whole run, when every job has been counted to its end, and checks that the time
// that devices were held is the time that jobs held them.
func (w *World) closeBooks() error {
	if err := w.Books.Check(); err != nil {
		return err
	}
	if err := w.closeBills(); err != nil {
		return err
	}
	return w.close("GPU time held", []LedgerRow{{"by devices (GPU-s)", w.Totals.Busy}, {"by jobs (GPU-s)", -w.Books.GPU.Held()}})
}

// close checks that the rows sum to nothing, within the tolerance.
func (w *World) close(name string, rows []LedgerRow) error {
	rest, scale := 0.0, float64(least)
	for _, r := range rows {
		rest += r.Value
		scale = max(scale, math.Abs(r.Value))
	}
	if math.Abs(rest) <= tolerance*scale {
		return nil
	}
	return &LedgerError{Ledger: name, Time: w.Now, Rows: append([]LedgerRow(nil), rows...), Rest: rest}
}
