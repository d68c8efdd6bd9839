package twin

import (
	"testing"

	"github.com/halltwin/halltwin/models/serving"
)

// Replicas come with the load out of the GPUs of batch jobs, and go again.
func TestServiceScales(t *testing.T) {
	p := plan(t, `
duration: 6 h
site:
  halls: [{rows: [{racks: 4, rack: {nodes: 1, flow: 0.3 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}, cpus: 0}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
workload:
  - serve:
      name: chat
      model: {use: models/llama-3.1-70b}
      gpus: 8
      start: 2 min
      autoscale: {min: 1, max: 3, target: 60 %, cool_down: 5 min}
      load: {rate: 8 1/s, surges: [{at: 2 h, for: 1 h, times: 5, weekdays: false}], prompt: {mean: 1000}, output: {mean: 250}}
  - job: {name: batch-a, nodes: 1, work: 4 h}
  - job: {name: batch-b, nodes: 1, work: 4 h}
  - job: {name: batch-c, nodes: 1, work: 4 h}
scheduler: {policy: priority, preemption: {}}
`)
	up := func(at float64) (replicas int, preempted int64) {
		w := world(t, p, at*3600)
		return w.Services[0].Up, w.Totals.Preemptions
	}
	if n, _ := up(1.9); n != 1 {
		t.Errorf("%d replicas before the surge", n)
	}
	n, preempted := up(2.5)
	if n != 3 || preempted != 2 {
		t.Errorf("%d replicas in the surge, %d jobs preempted", n, preempted)
	}
	if n, _ := up(4); n != 1 {
		t.Errorf("%d replicas after it", n)
	}
	w := world(t, p, 6*3600)
	s := &w.Services[0]
	if held := s.Held / 3600; held < 6*8+2*8*0.9 || held > 6*8+2*8*1.4 {
		t.Errorf("replicas held %.1f GPU-hours", held)
	}
	if share := s.Share(); share < 0.85 || share > 0.9999 {
		t.Errorf("%g within the level", share)
	}
	if c, _ := s.Worst(); c.Key() != "starting" && c.Key() != "backlog" && c.Key() != "scaling" {
		t.Errorf("missed most by %s", c)
	}
	if done := w.Books.Jobs.Done; done < 5 { // three jobs, and two replicas that went
		t.Errorf("%d jobs are done", done)
	}
}

// The line to the other site is cut, and that site is lost, by the timeline; here is dark in between.
func TestServiceAcrossSites(t *testing.T) {
	p := plan(t, `
duration: 2 h
site:
  halls: [{rows: [{racks: 4, rack: {nodes: 1, flow: 0.3 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}, cpus: 0}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
workload:
  - serve:
      name: chat
      model: {use: models/llama-3.1-70b}
      gpus: 8
      replicas: 3
      load: {rate: 60 1/s, prompt: {mean: 1000}, output: {mean: 250}}
      remote: {replicas: 6, spill: 70 %}
timeline:
  - {at: 20 min, set: {"chat.wan": 0 %}, for: 10 min}
  - {at: 50 min, fail: "rack[*]", for: 10 min}
  - {at: 80 min, set: {"chat.remote": 0 %}, for: 10 min}
`)
	away := func(minute float64) float64 { return world(t, p, minute*60+30).Services[0].Last.Away }
	for _, c := range []struct{ minute, least, most float64 }{{10, 0.05, 0.6}, {25, 0, 0}, {40, 0.05, 0.6}, {58, 1, 1}, {70, 0.05, 0.6}, {85, 0, 0}, {110, 0.05, 0.6}} {
		if x := away(c.minute); x < c.least || x > c.most {
			t.Errorf("after %g minutes %g goes to the other site", c.minute, x)
		}
	}
	s := &world(t, p, 2*3600).Services[0]
	if s.Missed[serving.Network] == 0 || s.Missed[serving.Replicas] > 0.01*s.Requests { // what is lost here the other site takes
		t.Errorf("missed by %v", s.Missed)
	}
}
