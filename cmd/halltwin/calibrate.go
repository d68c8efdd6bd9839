package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/hil/telemetry"
	"github.com/halltwin/halltwin/hil/validate"
	"github.com/spf13/cobra"
)

// calibrateFlags are the flags of `halltwin calibrate`.
type calibrateFlags struct {
	out, report string
	limit       float64
	json        bool
}

// calibrated is what `calibrate --json` prints.
type calibrated struct {
	Device           string               `json:"device"`
	Samples          int                  `json:"samples"`
	PowerError       *float64             `json:"power_error_w,omitempty"`
	TemperatureError *float64             `json:"temperature_error_k,omitempty"`
	Parameters       []calibrateParameter `json:"parameters"`
	Findings         []string             `json:"findings"`
	Out              string               `json:"out"`
	Report           string               `json:"report"`
}

type calibrateParameter struct {
	Name       string  `json:"name"`
	Value      float64 `json:"value"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Unit       string  `json:"unit"`
	Determined bool    `json:"determined"`
}

func calibrateVerb(p *process) *cobra.Command {
	var f calibrateFlags
	c := &cobra.Command{
		Use:   "calibrate FILE...",
		Short: "Fit a GPU's power, temperature and throughput to recordings of it",
		Long: "Calibrate reads recordings (nvidia-smi and DCGM CSV, Prometheus text of dcgm-exporter, MLPerf power logs, and sweeps of power\n" +
			"limits as Zeus writes them), fits what they determine, says what they do not and which experiment would, and writes\n" +
			"calibration.yaml, which a scenario takes as `gpu: {use: hardware/…, calibration: calibration.yaml}`, with a report. Of several\n" +
			"types of GPU each gets a file of its own, calibration-a100-sxm4-40gb.yaml.",
		Example: examples("halltwin calibrate telemetry.csv.gz", "halltwin calibrate run1.csv run2.csv --out h100.yaml --report h100.html --json"),
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return calibrate(p, args, &f) },
	}
	c.Flags().StringVarP(&f.out, "out", "o", "calibration.yaml", "the file that scenarios take")
	c.Flags().StringVar(&f.report, "report", "", "the report; beside the file, as .html, by default")
	c.Flags().Float64Var(&f.limit, "limit", 0, "power limit of the device in W; from the recordings or the published board power by default")
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func calibrate(p *process, files []string, f *calibrateFlags) error {
	var logs []*telemetry.Log
	var sweep []fit.LimitPoint
	for _, path := range files {
		rows, findings, err := telemetry.OpenSweep(path)
		if err == nil {
			for _, x := range findings {
				fmt.Fprintf(p.stderr.Out, "%s: %s\n", path, x)
			}
			for _, row := range rows {
				sweep = append(sweep, fit.LimitPoint{Load: row.Load, Device: filepath.Base(path), Limit: row.Limit, Power: row.Power, Speed: 1 / row.Time})
			}
			continue
		}
		l, err := telemetry.Open(path)
		var missing *os.PathError
		if errors.As(err, &missing) {
			return &exitError{exitIO, err}
		}
		if err != nil {
			return usage("%w", err)
		}
		logs = append(logs, l)
	}
	types := byModel(logs)
	if len(types) > 1 && (len(sweep) > 0 || f.limit > 0) {
		return usage("the recordings are of %d types of device, and a sweep or --limit is of one: calibrate them one at a time", len(types))
	}
	var all []calibrated
	for _, t := range types {
		own := *f
		if len(types) > 1 { // a file for each
			ext := filepath.Ext(f.out)
			own.out = strings.TrimSuffix(f.out, ext) + "-" + slugOf(t.model) + ext
			if f.report != "" {
				ext := filepath.Ext(f.report)
				own.report = strings.TrimSuffix(f.report, ext) + "-" + slugOf(t.model) + ext
			}
		}
		x, err := own.one(p, t.logs, sweep, files)
		if err != nil {
			return err
		}
		all = append(all, *x)
	}
	switch {
	case f.json && len(all) == 1:
		return printJSON(p.stdout.Out, all[0])
	case f.json:
		return printJSON(p.stdout.Out, all)
	}
	return nil
}

// modelLogs are the recordings of one type of device.
type modelLogs struct {
	model string
	logs  []*telemetry.Log
}

// byModel sorts recordings by the types of the devices in them, in the order in which they come. Series that name no type go with
// the only one there is.
func byModel(logs []*telemetry.Log) []modelLogs {
	var order []string
	for _, l := range logs {
		for _, s := range l.Series {
			if s.Model != "" && !slices.Contains(order, s.Model) {
				order = append(order, s.Model)
			}
		}
	}
	if len(order) < 2 {
		return []modelLogs{{logs: logs}}
	}
	var out []modelLogs
	for _, model := range order {
		x := modelLogs{model: model}
		for _, l := range logs {
			own := *l
			own.Series = nil
			for _, s := range l.Series {
				if s.Model == model {
					own.Series = append(own.Series, s)
				}
			}
			if len(own.Series) > 0 {
				x.logs = append(x.logs, &own)
			}
		}
		out = append(out, x)
	}
	return out
}

// slugOf makes a part of a file's name of a product's: "NVIDIA A100-SXM4-40GB" is a100-sxm4-40gb.
func slugOf(model string) string {
	words := strings.FieldsFunc(strings.ToLower(model), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "nvidia" }), "-")
}

// one calibrates one type of device.
func (f *calibrateFlags) one(p *process, logs []*telemetry.Log, sweep []fit.LimitPoint, files []string) (*calibrated, error) {
	c, err := fit.Calibrate(logs, sweep, f.limit)
	if err != nil {
		return nil, usage("%s: %w", strings.Join(files, ", "), err)
	}
	if f.report == "" {
		f.report = strings.TrimSuffix(f.out, filepath.Ext(f.out)) + ".html"
	}
	var page bytes.Buffer
	title := c.Device
	if title == "" {
		title = "calibration"
	}
	result := validate.Calibrated(c)
	if err := result.Report(&page, title, fmt.Sprintf("Fitted to %d samples of %d recordings.", c.Samples, len(files))); err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(f.out, c.YAML(), 0o644), os.WriteFile(f.report, page.Bytes(), 0o644)); err != nil {
		return nil, &exitError{exitIO, err}
	}
	out := f.result(c)
	if f.json {
		return &out, nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", title)
	for _, x := range result.Figures {
		where := ""
		if strings.HasSuffix(x.Name, "_left_out") {
			where = ", root mean square error on what the fit did not see"
		}
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(fmt.Sprintf("%-22s %.4g %s%s", x.Name, x.Value, x.Unit, where)))
	}
	for _, x := range c.Parameters() {
		sign := "✓"
		if !x.Determined {
			sign = "○"
		}
		fmt.Fprintf(&b, "  %s %-30s %10.4g  [%.4g, %.4g] %s\n", sign, x.Name, x.Value, x.Low, x.High, x.Unit)
	}
	for _, line := range result.Lines {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	fmt.Fprintf(&b, "○ held by what is typical, not by the recordings\n\ncalibration in %s, report in %s\n", f.out, f.report)
	_, err = p.stdout.Out.Write([]byte(b.String()))
	return &out, err
}

func (f *calibrateFlags) result(c *fit.Calibration) calibrated {
	out := calibrated{Device: c.Device, Samples: c.Samples, Out: f.out, Report: f.report, Parameters: []calibrateParameter{}, Findings: append([]string{}, c.Lines...)}
	if !math.IsNaN(c.PowerError) {
		out.PowerError = &c.PowerError
	}
	if !math.IsNaN(c.TemperatureError) {
		out.TemperatureError = &c.TemperatureError
	}
	for _, x := range c.Parameters() {
		out.Parameters = append(out.Parameters, calibrateParameter{x.Name, x.Value, x.Low, x.High, x.Unit, x.Determined})
	}
	return out
}
