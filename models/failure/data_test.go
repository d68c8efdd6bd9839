package failure

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/models/random"
)

// data opens a file of the reference data, or skips the test.
func data(t *testing.T, name string) *os.File {
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no reference data (set HALLTWIN_DATA): %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// fit turns a literature fit, "Weibull(0.48, 14.37)" in hours with the argument order of the Java library that they
// were published for, into a law.
func fit(t *testing.T, text string) Law {
	name, rest, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	var arg []float64
	for _, s := range strings.Split(rest, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		arg = append(arg, v)
	}
	const hour = 3600
	switch name {
	case "Exponential":
		return NewLaw(Exponential, arg[0]*hour, 0, 0)
	case "Weibull":
		return NewLaw(Weibull, arg[1]*math.Gamma(1+1/arg[0])*hour, arg[0], 0)
	case "LogNormal":
		return MedianLaw(Lognormal, math.Exp(arg[0])*hour, arg[1], 0)
	case "Gamma":
		return NewLaw(Gamma, arg[0]*arg[1]*hour, arg[0], 0)
	}
	t.Fatalf("unknown law %q", text)
	return Law{}
}

// logMoments returns mean and variance of the logarithm of a time in s (closed forms).
func logMoments(l *Law) (mean, variance float64) {
	const euler = 0.57721566490153286
	switch l.Form {
	case Exponential:
		return math.Log(l.Scale) - euler, math.Pi * math.Pi / 6
	case Weibull:
		return math.Log(l.Scale) - euler/l.Shape, math.Pi * math.Pi / 6 / l.Shape / l.Shape
	case Lognormal:
		return math.Log(l.Scale), l.Shape * l.Shape
	}
	return math.Log(l.Scale) + mathext.Digamma(l.Shape), mathext.Zeta(2, l.Shape)
}

// The 36 fits of the Failure Trace Archive (Javadi et al., JPDC 2013), sampled. Moments of the logarithm converge
// where those of the time itself, with shapes of 0.2 and sigmas of 2.9, do not.
func TestPublishedFits(t *testing.T) {
	rows, err := csv.NewReader(data(t, "peers/failure-fits/opendc_failure_prefabs.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	worst, laws := 0.0, 0
	for _, row := range rows[1:] {
		for _, text := range row[2:4] {
			l := fit(t, text)
			laws++
			st := random.Seed(4).Stream(row[0] + text)
			const n = 4000
			sum, square := 0.0, 0.0
			for range n {
				x := math.Log(l.Draw(&st))
				sum += x
				square += x * x
			}
			mean, variance := logMoments(&l)
			z := (sum/n - mean) / math.Sqrt(variance/n)
			worst = math.Max(worst, math.Abs(z))
			spread := (square/n - sum/n*sum/n) / variance
			if math.Abs(z) > 4.5 || math.Abs(spread-1) > 0.25 {
				t.Errorf("%s %s: mean of the logarithm off by %.1f standard errors, variance ratio %.2f", row[0], text, z, spread)
			}
		}
	}
	if laws != 72 {
		t.Errorf("%d laws, want 72", laws)
	}
	t.Logf("%d laws, largest deviation of a mean logarithm %.1f standard errors", laws, worst)
}
