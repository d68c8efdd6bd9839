package validate

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
)

const zeusFrom = "it is the sweep of power limits of Zeus (github.com/ml-energy/zeus, its NSDI 2023 trace): one file a type of GPU, " +
	"summary_power_NAME.csv with dataset, network, batch_size, optimizer, power_limit, time_per_epoch, average_power"

// PowerLimit fits throughput under power limits.
var PowerLimit = Benchmark{
	Name:  "power-limit",
	About: "throughput under a power limit on types of GPU that the fit did not see",
	Data: "real/zeus-power-limit: summary_power_*.csv[.gz], one a type of GPU, with dataset, network, batch_size, optimizer, power_limit, time_per_epoch, average_power " +
		"(github.com/ml-energy/zeus, NSDI 2023 trace)",
	Run: runPowerLimit,
}

func runPowerLimit(ctx context.Context, data string) (*Result, error) {
	files, err := folder(data, "zeus-power-limit", "summary_power_*.csv*", zeusFrom)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	of := map[string][]fit.LimitPoint{}
	var types []string
	for _, path := range files {
		rows, findings, err := telemetry.OpenSweep(path)
		if err != nil {
			return nil, err
		}
		for _, f := range findings {
			r.Say("%s: %s", stem(path), f)
		}
		name := strings.TrimPrefix(stem(path), "summary_power_")
		for _, row := range rows {
			of[name] = append(of[name], fit.LimitPoint{Load: row.Load, Device: name, Limit: row.Limit, Power: row.Power, Speed: 1 / row.Time})
		}
		types = append(types, name)
	}
	if len(types) < 2 {
		return nil, fmt.Errorf("%d type of GPU in %s; two or more are needed, so that one can be left out", len(types), data)
	}
	curves := Plot{Title: "Throughput over the power that a limit leaves", X: "(limit − static)/(demand − static)", Y: "relative throughput"}
	for _, left := range types {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var train []fit.LimitPoint
		for _, other := range types {
			if other != left {
				train = append(train, of[other]...)
			}
		}
		f, err := fit.Limit(train)
		if err != nil {
			return nil, err
		}
		measured, predicted := f.Score(of[left])
		sum, bias := 0.0, 0.0
		for i, m := range measured {
			sum += math.Abs(predicted[i] - m)
			bias += predicted[i] - m
		}
		n := float64(len(measured))
		r.Most("type_left_out_"+left, sum/n, "", 0.05)
		r.Say("%s left out: %d points below its highest limit, bias %+.3f; on the data of the fit %.3f; static power %.0f W, of its lightest load", left, len(measured), bias/n, f.Error, fit.Static(of[left]))
		r.Plots = append(r.Plots, against(left+", left out", "measured throughput", "predicted throughput", measured, predicted))
		r.Tables = append(r.Tables, parameters("Throughput at shares of the dynamic power, without "+left, f.Solution))
		curves.Series = append(curves.Series, Points{Name: "without " + left, X: f.Knots, Y: f.Speeds})
	}
	r.Plots = append([]Plot{curves}, r.Plots...)
	r.Say("a figure is the mean |error| of relative throughput over all points below each load's highest limit; of the type left out only power is known: what its lightest load draws, and each load without a limit")
	return r, nil
}
