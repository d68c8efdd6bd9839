package account

// Purpose is what energy is used for.
type Purpose uint8

// The purposes. IT is what the racks draw, up to and with Conversion.
const (
	GPU          Purpose = iota
	CPU                  // processors
	Board                // memory, drives, network cards and the rest of a node
	ServerFan            // fans of nodes
	Switch               // switches in racks
	Conversion           // losses of power supplies and rectifiers inside racks
	Distribution         // losses from the utility to the racks: transformers, UPS, PDUs, cables
	Air                  // CRAH fans
	Pumping              // pumps of CDUs, chilled and condenser water
	Chilling             // compressors
	Rejection            // towers and dry coolers
	Building             // lighting, offices, humidifiers and others
	NumPurposes
)

var purposeNames = [NumPurposes]string{"GPUs", "CPUs", "boards", "server fans", "rack switches", "conversion losses", "distribution losses",
	"air handling", "pumps", "chillers", "heat rejection", "building"}

func (p Purpose) String() string { return purposeNames[p] }

// IT reports whether the purpose lies inside the racks.
func (p Purpose) IT() bool { return p <= Conversion }

// Flows is the power of a site over a span, in W.
type Flows struct {
	Grid    float64              // from utilities
	Genset  float64              // from generators
	Solar   float64              // from the site's own array
	Export  float64              // back to the grid
	Storing float64              // into batteries; negative when they discharge
	Use     [NumPurposes]float64 // by purpose
	Water   float64              // kg/s
	Carbon  float64              // of the grid, kg/J
	Price   float64              // of the grid, USD/J
}

// Energy is the book of energy, carbon, money and water since the start: plain data.
type Energy struct {
	Grid, Genset, Solar Sum              // J
	Export, Stored      Sum              // J
	Use                 [NumPurposes]Sum // J
	Carbon              Sum              // kg CO2e
	Cost                Sum              // USD: energy, water and carbon price
	Water               Sum              // kg
}

// Add enters flows that held for dt seconds, and returns what they made and cost.
func (e *Energy) Add(f *Flows, s *Spec, dt float64) (carbon, cost float64) {
	e.Grid.Add(f.Grid * dt)
	e.Genset.Add(f.Genset * dt)
	e.Solar.Add(f.Solar * dt)
	e.Export.Add(f.Export * dt)
	e.Stored.Add(f.Storing * dt)
	for p := range f.Use {
		e.Use[p].Add(f.Use[p] * dt)
	}
	carbon = (f.Grid*f.Carbon + f.Genset*float64(s.GensetCarbon)) * dt
	water := f.Water * dt
	e.Carbon.Add(carbon)
	e.Water.Add(water)
	cost = (f.Grid*f.Price+f.Genset*float64(s.GensetPrice)-f.Export*float64(s.ExportPrice))*dt + (water*float64(s.WaterPrice)+carbon*float64(s.CarbonPrice))/1000
	e.Cost.Add(cost)
	return carbon, cost
}

// Total returns the energy that the site took in: from grid, generators and its own array, less what it gave back, in J.
func (e *Energy) Total() float64 {
	return e.Grid.Value() + e.Genset.Value() + e.Solar.Value() - e.Export.Value()
}

// IT returns the energy that the racks drew, in J.
func (e *Energy) IT() float64 {
	sum := 0.0
	for p := range e.Use {
		if Purpose(p).IT() {
			sum += e.Use[p].Value()
		}
	}
	return sum
}

// PUE returns total over IT energy (ISO/IEC 30134-2), 0 before any was used.
func (e *Energy) PUE() float64 { return ratio(e.Total(), e.IT()) }

// WUE returns water over IT energy (ISO/IEC 30134-9) in kg/J.
func (e *Energy) WUE() float64 { return ratio(e.Water.Value(), e.IT()) }

// CUE returns carbon over IT energy (ISO/IEC 30134-8) in kg/J.
func (e *Energy) CUE() float64 { return ratio(e.Carbon.Value(), e.IT()) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func (e *Energy) book() book {
	b := book{name: "energy", unit: "J", in: []entry{{"grid", e.Grid.Value()}, {"generators", e.Genset.Value()}, {"solar", e.Solar.Value()}}}
	for p := range e.Use {
		b.out = append(b.out, entry{Purpose(p).String(), e.Use[p].Value()})
	}
	b.out = append(b.out, entry{"stored in batteries", e.Stored.Value()}, entry{"exported", e.Export.Value()})
	return b
}
