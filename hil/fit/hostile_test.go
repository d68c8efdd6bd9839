package fit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/hil/telemetry"
)

// What broken exporters add to a recording changes no parameter, no interval and no verdict, and is reported.
func TestHostileTelemetryChangesNoConclusion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	var clean, hostile strings.Builder
	head := "timestamp,gpu,uuid,gpu_model,power_w,temp_c,gpu_util_pct,sm_active,tensor_active,dram_active\n"
	clean.WriteString(head)
	hostile.WriteString(head)
	die := []float64{30, 30, 30, 30}
	var u, a, b, c float64
	for i := range 600 {
		if i%40 == 0 {
			u, a, b, c = r.Float64(), r.Float64(), 0.4*r.Float64(), 0.8*r.Float64()
		}
		for g := range die {
			p := 120 + 250*a*u + 700*b + 200*c + 2*r.NormFloat64()
			die[g] += 0.05 * (25 + 0.06*p - die[g])
			row := fmt.Sprintf("%d,%d,GPU-%d,NVIDIA H100 80GB HBM3,%.1f,%.0f,%.0f,%.3f,%.3f,%.3f\n", 1750000000+i, g, g, p, die[g], 100*u, a, b, c)
			clean.WriteString(row)
			hostile.WriteString(row)
			switch at := strings.SplitN(row, ",", 2); {
			case i > 2 && i%23 == g:
				hostile.WriteString(row + row)
			case i > 2 && i%29 == g:
				hostile.WriteString("4294967295," + at[1])
			case i > 2 && i%31 == g:
				hostile.WriteString("NaN," + at[1] + "nonsense\n0," + at[1])
			case i > 2 && i%37 == g:
				hostile.WriteString(at[0] + ".00001," + at[1])
			case i > 2 && i%41 == g: // a device that repeats another's UUID, with nothing but sentinels
				hostile.WriteString(fmt.Sprintf("%s,7,GPU-%d,NVIDIA H100 80GB HBM3,214748364.7,214748364.7,NaN,NaN,NaN,NaN\n", at[0], g))
			}
		}
	}
	of := func(text string) *Calibration {
		t.Helper()
		l, err := telemetry.Read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Calibrate([]*telemetry.Log{l}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want, got := of(clean.String()), of(hostile.String())
	for i, p := range want.Parameters() {
		if q := got.Parameters()[i]; p != q {
			t.Errorf("%+v becomes %+v", p, q)
		}
	}
	if want.PowerError != got.PowerError || want.TemperatureError != got.TemperatureError {
		t.Errorf("%g W and %g K become %g W and %g K", want.PowerError, want.TemperatureError, got.PowerError, got.TemperatureError)
	}
	reported := strings.Join(got.Lines, "\n")
	for _, kind := range []string{"duplicate sample", "duplicate UUID", "clock out of line", "flood of samples", "no time", "broken row", "impossible power"} {
		if !strings.Contains(reported, kind) {
			t.Errorf("%s is not reported", kind)
		}
	}
}
