package validate

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

const surfFrom = "it is the SURF week of OpenDC (github.com/atlarge-research/opendc, workloadTraces/surf_week: tasks.parquet, " +
	"fragments.parquet) with the cluster's measured power of OpenDT (github.com/atlarge-research/opendt, workload/SURF/consumption.parquet) " +
	"as consumption.csv: timestamp_ms from the first submission, power_W"

// SURFWeek runs a week of the SURF Lisa cluster and compares its power with the measurement.
var SURFWeek = Benchmark{
	Name:  "surf-week",
	About: "a week of the SURF Lisa cluster, 277 hosts and 6,295 tasks, against its measured power",
	Data: "peers/surf-week: tasks.parquet and fragments.parquet (OpenDC's workload of the SURF week), consumption.csv (timestamp_ms, power_W); " +
		"optionally opendc_power_*.csv.gz, the power that OpenDC predicts, as a second witness",
	Run: runSURFWeek,
}

// surfGrid is the time in s between the instants at which power is compared, OpenDC's export interval.
const surfGrid = 150

// surfModels are the power models of OpenDC's topologies for this cluster; the first is that of the library's site.
var surfModels = []struct {
	name      string
	witness   string // file of OpenDC's prediction
	idle, max float64
	curve     string
	about     string
	published float64 // %, MAPE on the means of the grid's intervals
}{
	{"sqrt", "opendc_power_sqrt_32_180.csv.gz", 32, 180, "model: sqrt", "square root 32–180 W", 2.27},
	{"linear", "opendc_power_linear_32_180.csv.gz", 32, 180, "model: linear", "linear 32–180 W", 7.86},
	{"mse_c4", "opendc_power_mse_25_174_c4.csv.gz", 25, 174, "model: mse, exponent: 4", "mse 25–174 W, c = 4", 6.40},
	{"mse_c10", "opendc_power_mse_25_174_c10.csv.gz", 25, 174, "model: mse, exponent: 10", "mse 25–174 W, c = 10", 4.94},
}

func runSURFWeek(ctx context.Context, data string) (*Result, error) {
	dir, err := folder(data, "peers/surf-week", surfFrom, "tasks.parquet", "fragments.parquet", "consumption.csv")
	if err != nil {
		return nil, err
	}
	measured, err := readPower(filepath.Join(dir, "consumption.csv"), "timestamp_ms", "power_W")
	if err != nil {
		return nil, err
	}
	last := measured.time[len(measured.time)-1]
	duration := surfGrid * math.Floor(last/surfGrid)
	if duration < surfGrid {
		return nil, fmt.Errorf("%s: %g s of measured power; at least %d s are needed", filepath.Join(dir, "consumption.csv"), last, surfGrid)
	}
	base, err := compile(dir, "surf-week", fmt.Sprintf(surfScenario, duration, "", surfGrid)+surfWork)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for i, m := range surfModels {
		p := base // the library's site as it is
		if i > 0 {
			hosts, err := compile(dir, m.name, fmt.Sprintf(surfScenario, duration, surfHost(m.idle, m.max, m.curve), surfGrid))
			if err != nil {
				return nil, err
			}
			other := *base // the same work, read once, on hosts of another power model
			other.RackTypes = hosts.RackTypes
			p = &other
		}
		run, err := live(ctx, p)
		if err != nil {
			return nil, err
		}
		ours := run.surf()
		instant, mean := score(ours.power, measured.power), score(ours.mean, measured.mean)
		if instant.n == 0 {
			return nil, fmt.Errorf("%s has no samples at multiples of %d s", filepath.Join(dir, "consumption.csv"), surfGrid)
		}
		if i == 0 {
			r.Add("mape", instant.mape, "%", "<= 2.3", instant.mape <= 2.3)
			r.Add("mape_mean", mean.mape, "%", "<= 2.3", mean.mape <= 2.3)
			r.Add("bias", instant.bias, "%", "", true)
			r.Add("samples", float64(instant.n), "", "", true)
			r.Add("energy", run.last("site.it_energy")/3.6e6, "kWh", "", true)
			r.Add("tasks_done", run.last("jobs.done"), "", "", true)
			r.Say("mape: mean |simulated - measured| / measured at every %d s; mape_mean: of the means over the %d s before. No figure is fitted to this data.", surfGrid, surfGrid)
			r.Say("within a window the hosts see their mean utilisation, which is exact for linear power only: the curved models differ from OpenDC by that, and by less with shorter steps (square root: 0.07 %% at 150 s, 0.01 %% at 30 s)")
			r.Say("published for this week: FootPrinter 7.86 %%, OpenDT with continuous recalibration 4.39 %%, OpenDC with this power model 2.27 %%; here %.2f %%", instant.mape)
		} else {
			r.Add("mape_mean_"+m.name, mean.mape, "%", "", true)
		}
		if err := r.witness(filepath.Join(dir, m.witness), m.name, m.about, ours, measured, mean.mape, m.published); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// witness compares a run with what OpenDC predicts under the same power model, where that prediction is at hand.
func (r *Result) witness(path, name, about string, ours, measured *powerSeries, mape, published float64) error {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil
	}
	opendc, err := readPower(path, "timestamp_ms", "energy_J_since_last")
	if err != nil {
		return err
	}
	theirs := make(map[int]float64, len(opendc.power)) // mean power; a trailing interval without load is none of the week
	for k, energy := range opendc.power {
		if energy > 0 {
			theirs[k] = energy / surfGrid
		}
	}
	gap := score(ours.mean, theirs)
	r.Add("gap_to_opendc_"+name, gap.mape, "%", "<= 0.5", gap.mape <= 0.5)
	r.Say("%-22s %.2f %% (OpenDC's prediction scored alike: %.2f %%, as reported %.2f %%); the two differ by %.3f %% on average",
		about, mape, score(theirs, measured.mean).mape, published, gap.mape)
	return nil
}

// surf returns the power of a run on the grid.
func (s *samples) surf() *powerSeries {
	power, energy := s.of["site.it_power"], s.of["site.it_energy"]
	p := &powerSeries{power: map[int]float64{}, mean: map[int]float64{}}
	for k := 1; k < len(s.time); k++ {
		p.power[k] = power[k]
		p.mean[k] = (energy[k] - energy[k-1]) / (s.time[k] - s.time[k-1])
	}
	return p
}

// surfHost overrides the power model of the site's hosts.
func surfHost(idle, max float64, curve string) string {
	host := fmt.Sprintf("{use: hardware/node-surf-lisa, cpu: {idle: %g W, max: %g W, power: {%s}}}", idle, max, curve)
	return strings.ReplaceAll(`
  halls:
    - rows:
        - {racks: 27, rack: {nodes: 10, node: HOST, flow: 0.6 m3/s}}
        - {racks: 1, rack: {nodes: 7, node: HOST, flow: 0.4 m3/s}}`, "HOST", host)
}

const surfScenario = `halltwin: v1
name: surf-week
about: What did the SURF Lisa cluster draw in this week?
start: 2022-10-06T22:00:00Z # the first submission
duration: %g s
site:
  use: sites/surf-lisa%s
scheduler: {policy: fcfs, placement: first-fit}
step: {calm: %[3]d s, disturbed: %[3]d s}
record: {every: %[3]d s, channels: [site.it_power, site.it_energy, jobs.done]}
`

const surfWork = `workload:
  - trace: {file: tasks.parquet, format: opendc, with: fragments.parquet}
`
