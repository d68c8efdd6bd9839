package validate

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

const meterFrom = "it is the plotting data of GPU_Power_Benchmark (github.com/JimZeyuYang/GPU_Power_Benchmark): nvidia-smi logs *gpudata.csv, beside them the " +
	"external meter *meter_1ms.csv (unix_ms, board_power_w), and window sweeps loss_func__*.csv (avg_windows, losses)"

// Meter fits the sensors that everything else is measured with.
var Meter = Benchmark{
	Name:  "meter",
	About: "update period and averaging window of the power sensors of GPUs, against an external meter",
	Data: "real/gpu-power-sensor: pwr_update_freq__NAME_gpudata.csv[.gz] (nvidia-smi: timestamp, power.draw [W] …), Transient_Response__NAME__gpudata.csv[.gz] and " +
		"__meter_1ms.csv[.gz] (unix_ms, board_power_w), loss_func__NAME.csv[.gz] (avg_windows in ms, losses) (github.com/JimZeyuYang/GPU_Power_Benchmark)",
	Run: runMeter,
}

// known are the sensors of the study of this data (Yang, Adamek, Armour: Part-time Power Measurements, SC24), in ms. Names are
// those in the files.
// The K40m charges slowly, its window is not stated: it shall be determined.
var known = map[string]struct {
	period, window, average float64
	determined              bool
}{
	"A100": {period: 100, window: 25}, "V100": {period: 20, window: 10}, "3090": {period: 100, window: 100, average: 1000}, "1080ti": {period: 20, window: 10},
	"K40m": {determined: true},
}

// near is how far from the published value a period or window may be found.
const near = 0.2

func runMeter(ctx context.Context, data string) (*Result, error) {
	files, err := folder(data, "gpu-power-sensor", "*.csv*", meterFrom)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for _, path := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := stem(path)
		switch {
		case strings.HasPrefix(name, "pwr_update_freq__"):
			err = r.period(path, strings.TrimSuffix(strings.TrimPrefix(name, "pwr_update_freq__"), "_gpudata"))
		case strings.HasSuffix(name, "__gpudata"):
			at := slices.IndexFunc(files, func(f string) bool { return stem(f) == strings.TrimSuffix(name, "__gpudata")+"__meter_1ms" })
			if at < 0 {
				r.Say("%s: no meter beside it; left out", name)
				continue
			}
			err = r.window(path, files[at], device(name), strings.HasPrefix(name, "Transient"))
		case strings.HasPrefix(name, "loss_func__"):
			err = r.sweep(path, strings.TrimPrefix(name, "loss_func__"))
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(r.Figures) == 0 {
		return nil, &MissingError{data, meterFrom}
	}
	r.Say("published: Yang, Adamek, Armour, Part-time Power Measurements, SC24. A window that is shorter than the period leaves the rest of it unseen")
	return r, nil
}

// device returns the GPU in the name of a file: Transient_Response__A100_TR__gpudata, 5050__3090__gpudata.
func device(name string) string {
	parts := strings.Split(name, "__")
	if len(parts) < 2 {
		return name
	}
	return strings.TrimSuffix(parts[1], "_TR")
}

// smiColumns reads the columns of power of nvidia-smi as they are, repeats and all: here the repeats are the measurement.
func smiColumns(path string) (t []float64, columns map[string][]float64, findings []telemetry.Finding, err error) {
	names, rows, err := table(path)
	if err != nil {
		return nil, nil, nil, err
	}
	columns = map[string][]float64{}
	for _, want := range []string{"power.draw", "power.draw.average", "power.draw.instant"} {
		at := slices.IndexFunc(names, func(h string) bool { return strings.HasPrefix(h, want+" [") || h == want })
		if at < 0 {
			continue
		}
		one := strings.Join([]string{"timestamp", "power.draw [W]"}, ",") + "\n"
		var b strings.Builder
		b.WriteString(one)
		for _, row := range rows {
			b.WriteString(row[0] + "," + row[at] + "\n")
		}
		l, err := telemetry.Read(strings.NewReader(b.String()))
		if err != nil {
			return nil, nil, nil, err
		}
		if len(l.Series) != 1 {
			return nil, nil, nil, errors.New("more than one GPU in one file")
		}
		s := l.Series[0]
		if t == nil {
			t, findings = s.Time, l.Findings
		}
		if len(s.Time) == len(t) && s.Has(telemetry.Power) {
			columns[want] = s.Get(telemetry.Power)
		}
	}
	if len(columns) == 0 {
		return nil, nil, nil, fmt.Errorf("no column power.draw [W]; there are %s", join(names))
	}
	return t, columns, findings, nil
}

// table reads a CSV file, gzipped or not.
func table(path string) (head []string, rows [][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, nil, err
		}
	}
	c := csv.NewReader(in)
	c.TrimLeadingSpace, c.FieldsPerRecord, c.LazyQuotes = true, -1, true
	if head, err = c.Read(); err != nil {
		return nil, nil, err
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return head, rows, nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) || (err == nil && len(row) != len(head)) {
			continue // a broken row
		}
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
}

// numbers returns two columns of numbers, rows in which either is none left out.
func numbers(path, x, y string) (a, b []float64, err error) {
	head, rows, err := table(path)
	if err != nil {
		return nil, nil, err
	}
	i, k := slices.Index(head, x), slices.Index(head, y)
	if i < 0 || k < 0 {
		return nil, nil, fmt.Errorf("%s has the columns %s; %s and %s are needed", path, join(head), x, y)
	}
	for _, row := range rows {
		u, errU := strconv.ParseFloat(row[i], 64)
		v, errV := strconv.ParseFloat(row[k], 64)
		if errU == nil && errV == nil && !math.IsNaN(u) && !math.IsNaN(v) && math.Abs(v) < 1e6 && (len(a) == 0 || u > a[len(a)-1]) {
			a, b = append(a, u), append(b, v)
		}
	}
	return a, b, nil
}

// found appends a figure that shall be near a published value, where there is one.
func (r *Result) found(name string, value, published float64) {
	if published == 0 {
		r.Tell(name, value, "ms")
		return
	}
	r.Add(name, value, "ms", fmt.Sprintf("%g ± %g %%", published, 100*near), math.Abs(value-published) <= near*published)
}

func (r *Result) period(path, gpu string) error {
	t, columns, findings, err := smiColumns(path)
	if err != nil {
		return err
	}
	for _, f := range findings {
		r.Say("%s: %s", stem(path), f)
	}
	p, err := fit.Period(t, columns["power.draw"])
	if err != nil {
		return err
	}
	r.found("period_"+gpu, 1e3*p.Period, known[gpu].period)
	r.Say("%s: a new value each %.1f ms [%.1f, %.1f], from %d changes read every %.0f ms (coherence %.2f)", gpu, 1e3*p.Period, 1e3*p.Low, 1e3*p.High, p.Updates, 1e3*p.Poll, p.Coherence)
	return nil
}

func (r *Result) window(path, meter, gpu string, transient bool) error {
	t, columns, findings, err := smiColumns(path)
	if err != nil {
		return err
	}
	for _, f := range findings {
		r.Say("%s: %s", stem(path), f)
	}
	ms, truth, err := numbers(meter, "unix_ms", "board_power_w")
	if err != nil {
		return err
	}
	for i := range ms {
		ms[i] /= 1e3
	}
	kind := "duty"
	if transient {
		kind = "step"
	}
	order := []string{"power.draw", "power.draw.average", "power.draw.instant"}
	for _, column := range order {
		v, ok := columns[column]
		if base := columns["power.draw"]; !ok || (column != "power.draw" && base != nil && fit.RMSE(v, base) < 0.02*(slices.Max(base)-slices.Min(base))) {
			continue // one sensor under two names
		}
		w, err := fit.Window(ms, truth, t, v)
		if err != nil {
			r.Say("%s, %s, %s: %v", gpu, kind, column, err)
			continue
		}
		published := 0.0
		k := known[gpu]
		long := k.average > 0 && column == "power.draw" && columns["power.draw.instant"] != nil
		switch wide := w.High > 2*w.Low; {
		case wide: // a step between two updates says little
		case long:
			published = k.average
		default:
			published = k.window
		}
		name := fmt.Sprintf("window_%s_%s_%s", gpu, strings.TrimPrefix(strings.TrimPrefix(column, "power."), "draw."), kind)
		if k.determined {
			half := 100 * (w.High - w.Low) / 2 / w.Window
			r.Add(name, 1e3*w.Window, "ms", fmt.Sprintf("within %g %%", 100*near), half <= 100*near)
		} else {
			r.found(name, 1e3*w.Window, published)
		}
		shape := "mean over"
		if w.Exponential {
			shape = "low pass of"
		}
		r.Say("%s, %s, %s: %s %.0f ms [%.0f, %.0f], lag %.0f ms, gain %.3f %+.1f W, residual %.1f W of %d readings", gpu, kind, column, shape, 1e3*w.Window, 1e3*w.Low, 1e3*w.High,
			1e3*w.Lag, w.Gain, w.Offset, w.RMSE, w.Readings)
		if w.High > 2*w.Low {
			r.Say("%s, %s, %s: the window is not determined by this record; a square load whose period is near that of the meter would determine it", gpu, kind, column)
		}
		shifted := make([]float64, len(t))
		for i := range t {
			shifted[i] = t[i] - w.Shift - ms[0]
		}
		r.Plots = append(r.Plots, Plot{Title: gpu + ", " + kind + ", " + column, X: "time in s", Y: "power in W", Series: []Points{
			thin("external meter", ms, truth, ms[0]), thin("sensor", shifted, v, 0)}})
	}
	return nil
}

// thin returns a series of few enough points.
func thin(name string, t, v []float64, start float64) Points {
	p := Points{Name: name}
	step := max(1, len(t)/(2*most))
	for i := 0; i < len(t); i += step {
		if !math.IsNaN(v[i]) {
			p.X, p.Y = append(p.X, t[i]-start), append(p.Y, v[i])
		}
	}
	return p
}

func (r *Result) sweep(path, gpu string) error {
	x, y, err := numbers(path, "avg_windows", "losses")
	if err != nil {
		return err
	}
	at, low, high, err := fit.Minimum(x, y)
	if err != nil {
		return err
	}
	r.found("window_"+gpu+"_sweep", at, known[gpu].window)
	r.Say("%s: of the sweep of windows %.1f ms fits its aliasing runs best [%.0f, %.0f]", gpu, at, low, high)
	r.Plots = append(r.Plots, Plot{Title: gpu + ", misfit over the window", X: "window in ms", Y: "misfit", Series: []Points{{Name: "misfit", X: x, Y: y}}})
	return nil
}
