package failure

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

// The log is drawn from a known process: 4,000 nodes for half a year, 2 failures a year, gamma shape 0.8, repairs of
// median 5 h and sigma 1.5. Standard errors: rate 2 %, shape 5 %, median 2.5 %.
func TestFitFindsWhatMadeALog(t *testing.T) {
	const nodes, span, perYear, shape, year = 4000, 0.5 * 365 * 86400, 2.0, 0.8, 365 * 86400
	st := random.Seed(5).Stream("fit")
	o := Observed{Span: span}
	for range nodes {
		rate := st.Gamma(shape) / shape * perYear / year
		count := 0
		for at := st.Exp() / rate; at < span; at += st.Exp() / rate {
			count++
			o.Repairs = append(o.Repairs, 5*3600*math.Exp(1.5*st.Norm()))
		}
		o.Counts = append(o.Counts, count)
	}
	p, err := Fit("node", "node", o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name           string
		got, want, tol float64
	}{
		{"rate, 1/year", float64(*p.Rate) * year, perYear, 0.15},
		{"shape", *p.Frailty, shape, 0.15},
		{"median, h", float64(*p.Repair.Time.Median) / 3600, 5, 0.4},
		{"sigma", *p.Repair.Time.Sigma, 1.5, 0.06},
	} {
		if math.Abs(x.got-x.want) > x.tol {
			t.Errorf("%s is %.4g, made with %.4g", x.name, x.got, x.want)
		}
	}
}

func TestFitRefusesTooLittle(t *testing.T) {
	for _, o := range []Observed{{}, {Counts: []int{1, 1}, Span: 100}, {Counts: []int{5}}} {
		if _, err := Fit("node", "node", o); err == nil {
			t.Errorf("%+v was fitted", o)
		}
	}
}
