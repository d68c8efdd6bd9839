package ensemble

import (
	"encoding/json"
	"io"
)

// number is a float64 that is null in JSON where it is not known.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if !finite(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

type intervalJSON struct {
	Value number `json:"value"`
	Low   number `json:"low"`
	High  number `json:"high"`
}

func asJSON(i Interval) intervalJSON {
	return intervalJSON{number(i.Value), number(i.Low), number(i.High)}
}

type cellJSON struct {
	Variant      string              `json:"variant"`
	At           map[string]string   `json:"at,omitempty"` // by axis
	Replicas     int                 `json:"replicas"`
	Expectations map[string]oddsJSON `json:"expectations,omitempty"`
	Rare         *rareJSON           `json:"rare,omitempty"`
	Figures      map[string]statJSON `json:"figures"`
}

type rareJSON struct {
	Event   string         `json:"event"`
	Levels  []intervalJSON `json:"levels"` // probability of coming so far; the last is the event
	Futures float64        `json:"futures"`
	Plain   number         `json:"plain_runs"` // that would tell as much
}

type oddsJSON struct {
	Held   int          `json:"held"`
	Runs   int          `json:"runs"`
	Share  intervalJSON `json:"share"`
	Missed bool         `json:"missed"`
}

type statJSON struct {
	Mean       intervalJSON  `json:"mean"`
	SD         number        `json:"sd"`
	P5         number        `json:"p5"`
	P50        number        `json:"p50"`
	P95        number        `json:"p95"`
	Difference *intervalJSON `json:"difference_to_base,omitempty"`
	Pairs      int           `json:"pairs,omitempty"`
	Says       string        `json:"says,omitempty"`
	Cut        *number       `json:"variance_cut_by_pairing,omitempty"`
}

type effectJSON struct {
	Variant   string       `json:"variant"`
	Figure    string       `json:"figure"`
	Axis      string       `json:"axis"`
	Mean      intervalJSON `json:"mean_effect"`
	Magnitude intervalJSON `json:"mean_magnitude"`
	First     intervalJSON `json:"sobol_first"`
	Total     intervalJSON `json:"sobol_total"`
}

// JSON writes the whole outcome: every figure of every cell, in SI units.
func (o *Outcome) JSON(w io.Writer) error {
	e := o.Experiment
	doc := struct {
		Experiment string       `json:"experiment"`
		Version    string       `json:"version"`
		Design     string       `json:"design"`
		Confidence float64      `json:"confidence"`
		Runs       int          `json:"runs"`
		Failed     []Result     `json:"failed,omitempty"`
		Figures    []Figure     `json:"figures"`
		Cells      []cellJSON   `json:"cells"`
		Effects    []effectJSON `json:"effects,omitempty"`
		Best       *int         `json:"best,omitempty"` // cell that a search has found
		Missed     bool         `json:"missed"`
	}{e.Name, e.Version, e.Design.Kind, float64(e.Spec.Confidence), len(o.Results), o.Failed, o.Figures, nil, nil, nil, o.Missed()}
	if o.Best >= 0 {
		doc.Best = &o.Best
	}
	for cell := range o.byCell {
		variant, point := e.Of(cell)
		c := cellJSON{Variant: variantName(variant), Replicas: len(o.byCell[cell]), Figures: map[string]statJSON{}, Expectations: map[string]oddsJSON{}}
		for i, v := range e.Design.Text[point] {
			if c.At == nil {
				c.At = map[string]string{}
			}
			c.At[e.Design.Axes[i].Name] = v
		}
		for _, name := range o.Expectations {
			d := o.Odds(cell, name)
			c.Expectations[name] = oddsJSON{d.Held, d.Runs, asJSON(d.Share), d.Missed}
		}
		if rare := e.Spec.Rare; rare != nil {
			r := o.Rare(cell)
			c.Rare = &rareJSON{Event: rare.Title(), Futures: r.Futures, Plain: number(r.Plain)}
			for _, i := range r.Levels {
				c.Rare.Levels = append(c.Rare.Levels, asJSON(i))
			}
		}
		for _, f := range o.Figures {
			s := o.Statistic(cell, f.Key)
			if s.Known == 0 {
				continue
			}
			j := statJSON{Mean: asJSON(s.Mean), SD: number(s.SD), P5: number(s.P5), P50: number(s.P50), P95: number(s.P95), Pairs: s.Pairs, Says: s.Says()}
			if s.Pairs > 0 {
				d := asJSON(s.Difference)
				j.Difference = &d
				if cut := number(s.Ratio); finite(s.Ratio) {
					j.Cut = &cut
				}
			}
			c.Figures[f.Key] = j
		}
		doc.Cells = append(doc.Cells, c)
	}
	for v, name := range e.Variants {
		for _, f := range o.Figures {
			for _, x := range o.Effects(v, f.Key) {
				doc.Effects = append(doc.Effects, effectJSON{variantName(name), f.Key, x.Axis, asJSON(x.Mean), asJSON(x.Magnitude), asJSON(x.First), asJSON(x.Total)})
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}
