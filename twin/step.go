package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/cooling"
)

// inletTolerance is the change of a rack's coolant temperature, in K, from which its power and speed are evaluated
// again: a tenth of what an inlet sensor resolves.
const inletTolerance = 0.1

// step ends the physical step under way at its time and begins the next.
func (w *World) step() error {
	if err := w.physics(); err != nil {
		return err
	}
	w.armStep()
	if w.NextSample != w.Now { // else the sample looks ahead
		w.vary(w.windowEnd())
	}
	return nil
}

// physics brings the plant up to now: the heat since the last step meets the air, the water and the plant, and what
// they become limits the racks. It is the one place where the models meet, and the order is the order of physics. What
// is about to change the plant calls it first, so that a failure never reaches back into the step that it ends.
func (w *World) physics() error {
	dt := w.Now - w.StepFrom
	if dt <= 0 {
		return nil
	}
	w.drawHeat(dt) // job demand, IT power and the heat it has become, rack by rack
	w.reject(dt)   // air and liquid, plant, masses and their controls
	w.limitRacks() // inlets that changed, throttling, shutdown
	w.serve(dt)    // services meet their load at the speed that is left
	w.settle()     // power and speeds as they now are
	w.watch()
	w.measure(dt) // expectations and meters
	w.StepFrom = w.Now
	w.Totals.Steps++
	return w.audit(dt)
}

// drawHeat takes each rack's energy and air over the step as the mean heat and flow that the cooling gets.
func (w *World) drawHeat(dt float64) {
	use := RackUse{} // summed anew: adding and taking away for months would drift
	for r := range w.Racks {
		for i, v := range w.Racks[r].Use {
			use[i] += v
		}
		rs := &w.Racks[r]
		rs.count(w.Now)
		w.heat[r] = rs.Energy / dt
		w.flow[r] = rs.Volume / dt
		w.Totals.Drawn += rs.Energy
		rs.Energy, rs.Volume = 0, 0
	}
	w.RackUse = use
}

// reject lets the cooling carry the heat of the step.
func (w *World) reject(dt float64) {
	w.weatherNow()
	in := &w.coolIn
	in.Dt, in.Weather = dt, w.conditions
	w.plan.Cooling.Step(&w.Cooling, in, &w.coolOut)
	w.Cool = w.coolOut.Power
	w.WaterFlow = w.coolOut.Water
	if w.coolOut.Crossed {
		w.tellClasses()
	}
	w.wantSettle()
}

// limitRacks hands the new coolant temperatures to the racks that feel them.
func (w *World) limitRacks() {
	swing := 0.0
	w.Near = false
	for r := range w.Racks {
		rs := &w.Racks[r]
		rt := &w.plan.RackTypes[w.plan.RackType[r]]
		t := w.coolant(r, rt.Liquid)
		change := math.Abs(t - rs.Inlet)
		swing = max(swing, math.Abs(w.Cooling.RackInlet[r]-rs.Air))
		rs.Air = w.Cooling.RackInlet[r]
		if change > inletTolerance || rs.Throttled > 0 && change > 0 || rs.Moving {
			w.stir(int32(r))
			rs.Inlet = t
		}
		if rs.Shut {
			g := &rt.Node.GPU
			w.cooled(int32(r), rs.Air <= rt.Node.RestartBelow && max(t, rs.Air)+g.Resistance*g.Idle <= g.Target)
			continue
		}
		if !nearLimit(&rt.Node, w.Cooling.RackOutlet[r], rs.Air, t) {
			continue
		}
		if why := w.tooHot(int32(r), rs.Air, t); why != "" {
			w.shut(int32(r), why)
		} else {
			w.Near = w.Near || rs.On
		}
	}
	if swing > 0.25*math.Max(1, w.lastStep()/w.plan.Disturbed) {
		w.disturb()
	}
}

// coolant returns what the dies of a rack are cooled with: the supply of the cold plates, or the inlet air.
func (w *World) coolant(r int, liquid float64) float64 { return coolantOf(&w.Cooling, r, liquid) }

func coolantOf(s *cooling.State, r int, liquid float64) float64 {
	if liquid > 0 {
		return s.RackLiquid[r]
	}
	return s.RackInlet[r]
}

// disturb says that power or cooling just changed: steps are short for a while.
func (w *World) disturb() {
	const settling = 600 // s: several time constants of a rack's mass
	w.Calm = w.Now + settling
	w.Unforeseen = true
	if next := w.Now + w.plan.Disturbed; w.NextStep > next {
		w.NextStep = next
		w.StepGen++
		w.push(next, phaseStep, evStep, 0, w.StepGen)
	}
}

// armStep sets the end of the next step: long in calm, short around a disturbance, and where the plant asks for its end
// sooner. Steps end on whole multiples of their length else, so that they meet the samples.
func (w *World) armStep() {
	length := w.stepLength()
	next := (math.Floor(w.Now/length*(1+1e-12)) + 1) * length
	next = min(next, w.plan.Duration)
	if next <= w.Now {
		return
	}
	w.Unforeseen = false
	next = w.foresee(w.Now + w.plan.Cooling.Part(&w.Cooling, next-w.Now))
	w.NextStep = next
	w.StepGen++
	w.push(next, phaseStep, evStep, 0, w.StepGen)
}

// stepLength returns how long steps are at present, in s.
func (w *World) stepLength() float64 {
	if w.Now < w.Calm {
		return w.plan.Disturbed
	}
	return w.plan.Calm
}

func (w *World) lastStep() float64 { return w.Now - w.StepFrom }

// windowEnd returns the next moment at which utilisation is looked at again.
func (w *World) windowEnd() float64 {
	end := min(w.NextStep, w.NextSample)
	if end <= w.Now {
		end = w.Now + min(w.plan.Calm, w.plan.Every)
	}
	return min(end, w.plan.Duration)
}

// sample records a frame of the instant, and then looks ahead: jobs with a profile get their mean utilisation of the
// coming window. For the frame they have that of this very instant, whether anybody looks or not: being recorded must
// change nothing.
func (w *World) sample() error {
	if len(w.Varying) > 0 {
		w.vary(w.Now)
		w.settle()
	}
	if w.see != nil {
		if err := w.see(w); err != nil {
			return err
		}
	}
	w.NextSample = min(w.NextSample+w.plan.Every, w.plan.Duration)
	if w.NextSample > w.Now {
		w.push(w.NextSample, phaseRecord, evSample, 0, 0)
	}
	w.vary(w.windowEnd())
	return nil
}
