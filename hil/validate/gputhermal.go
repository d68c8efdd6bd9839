package validate

import (
	"context"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

// GPUThermal fits temperature over power.
var GPUThermal = Benchmark{
	Name:  "gpu-thermal",
	About: "die temperature of H100s from their power, on GPUs that the fit did not see",
	Data:  h100Data,
	Run:   runGPUThermal,
}

// commissioning is the time in s at the start of a recording from which the place of a device is found; it is not scored.
const commissioning = 60

func runGPUThermal(ctx context.Context, data string) (*Result, error) {
	r := &Result{}
	runs, of, err := h100s(data, r)
	if err != nil {
		return nil, err
	}
	var sum, n float64
	for _, run := range runs {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		fitted, left := halves(of[run])
		f, err := fit.Thermal(fitted)
		if err != nil {
			return nil, err
		}
		var measured, predicted []float64
		for _, s := range left {
			place, p, err := f.Place(s, commissioning)
			if err != nil {
				return nil, err
			}
			m := s.Get(telemetry.Temperature)
			for i, t := range s.Time {
				if t-s.Time[0] >= commissioning && !math.IsNaN(m[i]) {
					measured, predicted = append(measured, m[i]), append(predicted, p[i])
				}
			}
			word := "cooler"
			if place == 1 {
				word = "warmer"
			}
			if f.Places == 1 {
				word = "only"
			}
			r.Plots = append(r.Plots, overTime(fmt.Sprintf("GPU %s of %s, left out (%s place)", s.Device, run, word), "die in °C", s.Time,
				named{"measured", m}, named{"predicted", p}))
		}
		e := fit.RMSE(predicted, measured)
		r.Most("gpus_left_out_"+run, e, "K", 2.4)
		sum += e * e * float64(len(measured))
		n += float64(len(measured))
		path := f.Path(0)
		fast, slow := path.Taus()
		r.Tables = append(r.Tables, parameters("Node of "+run, f.Solution))
		r.Say("%s: on the GPUs of the fit %.2f K; time constants %.1f and %.0f s; %s", run, f.RMSE, fast, slow, short(f.Solution))
	}
	r.Most("gpus_left_out", math.Sqrt(sum/n), "K", 2.4)
	r.Say("each run is a node with its own inlet and fans, fitted on its other GPUs; the place of a GPU left out follows from its first %d s, which are not scored", commissioning)
	return r, nil
}

// short names the parameters that the data does not determine.
func short(s *fit.Solution) string {
	open := s.Open()
	if len(open) == 0 {
		return "every parameter is determined by the data"
	}
	return fmt.Sprintf("not determined by the data alone: %s", join(open))
}
