package swing

import "github.com/halltwin/halltwin/models/unit"

// Spec is smoothing of training power, and the grid that feels it (scenario key controls.swings).
type Spec struct {
	Scatter    unit.Ratio     `yaml:"scatter" doc:"standard deviation of the phases of ranks, as a share of the step" default:"1 %" source:"typical: ranks of a synchronous run are within a few per cent" range:"[0,0.5]"`
	Floor      unit.Ratio     `yaml:"floor" doc:"power below which GPUs of a training run never fall, as a share of their peak in the step; they burn what work does not need" default:"0" range:"[0,1]"`
	Storage    unit.Energy    `yaml:"storage" doc:"energy in capacitors or batteries, for each GPU" default:"0 J" source:"none; 65 J of GB300 power shelves" range:"[0,)"`
	Efficiency unit.Ratio     `yaml:"efficiency" doc:"efficiency of storage, there and back" default:"96 %" source:"typical of capacitors" range:"(0,1]"`
	From       unit.Frequency `yaml:"from" doc:"lower end of the band that the utility limits" default:"0.1 Hz" source:"arXiv 2508.14318" range:"(0,)"`
	To         unit.Frequency `yaml:"to" doc:"upper end of the band" default:"20 Hz" source:"arXiv 2508.14318" range:"(0,1000]"`
	Grid       unit.Power     `yaml:"short_circuit" doc:"short-circuit power of the grid at the site, in VA; 0: not known, and flicker is not told" default:"0 W" range:"[0,)"`
	Angle      float64        `yaml:"x_over_r" doc:"reactance over resistance of the grid" default:"10" source:"typical of high voltage" range:"[0,100]"`
}
