package compute

import (
	"fmt"

	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/unit"
)

// GPUSpec is one GPU type.
type GPUSpec struct {
	Model  string `yaml:"model" doc:"short name, as selectors say it: gpu{model=h100-sxm}"`
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Idle  unit.Power `yaml:"idle" doc:"power with nothing to do" default:"70 W" source:"typical" range:"[0,)"`
	Max   unit.Power `yaml:"max" doc:"power at full load, the thermal design power" default:"700 W" source:"typical" range:"(0,)"`
	Power CurveSpec  `yaml:"power" doc:"power over utilisation"`

	MinLimit unit.Power   `yaml:"min_limit" doc:"lowest power limit that the driver accepts" default:"200 W" source:"typical" range:"[0,)"`
	Limits   []LimitPoint `yaml:"limits" doc:"relative throughput over power limit ÷ demanded power; the default is the mean of measured V100 sweeps (Zeus, NSDI 2023)"`

	Memory        unit.Data       `yaml:"memory" doc:"device memory" default:"80 GB" source:"typical" range:"(0,)"`
	Bandwidth     unit.Bandwidth  `yaml:"bandwidth" doc:"device memory bandwidth" default:"3.35 TB/s" source:"typical" range:"(0,)"`
	BF16          unit.Operations `yaml:"bf16" doc:"dense BF16 peak" default:"989 TFLOP/s" source:"typical" range:"(0,)"`
	FP8           unit.Operations `yaml:"fp8" doc:"dense FP8 peak; the BF16 peak where the type has no FP8" default:"1979 TFLOP/s" source:"typical" range:"(0,)"`
	INT8          unit.Operations `yaml:"int8" doc:"dense INT8 peak; 0: the FP8 peak" default:"0 FLOP/s" range:"[0,)"`
	FP4           unit.Operations `yaml:"fp4" doc:"dense FP4 peak; 0: the FP8 peak" default:"0 FLOP/s" range:"[0,)"`
	Efficiency    unit.Ratio      `yaml:"efficiency" doc:"share of the BF16 peak that matrix work of training reaches; 0: that of the training model" default:"0" source:"calibrated by published training runs" range:"[0,1]"`
	FP8Efficiency unit.Ratio      `yaml:"fp8_efficiency" doc:"the same of the FP8 peak" default:"0" source:"calibrated by published training runs" range:"[0,1]"`
	FP4Efficiency unit.Ratio      `yaml:"fp4_efficiency" doc:"the same of the FP4 peak" default:"0" source:"calibrated by published training runs" range:"[0,1]"`
	Link          unit.Bandwidth  `yaml:"link" doc:"bandwidth to the other GPUs of the node, one direction" default:"450 GB/s" source:"typical" range:"(0,)"`

	Resistance    unit.Resistance            `yaml:"resistance" doc:"die to coolant thermal resistance at full coolant flow" default:"0.075 K/W" source:"typical; derived from 0.08–0.09 K/W in service" range:"(0,)"`
	DieResistance unit.Resistance            `yaml:"die_resistance" doc:"of it, from the die to its heat sink or cold plate: the same at any flow" default:"0 K/W" source:"none stated" range:"[0,)"`
	DieCapacity   unit.HeatCapacity          `yaml:"die_capacity" doc:"heat capacity of the die with its package; 0: the die follows power and coolant at once" default:"0 J/K" source:"none stated" range:"[0,)"`
	SinkCapacity  unit.HeatCapacity          `yaml:"sink_capacity" doc:"heat capacity of its heat sink or cold plate; 0: one mass behind the whole resistance" default:"0 J/K" source:"none stated" range:"[0,)"`
	Leakage       unit.PerKelvin             `yaml:"leakage" doc:"rise of the power above idle with the temperature of the die; max is then stated with the die at target, and never passed" default:"0 %/K" source:"none stated; 0.1–0.3 %/K is typical" range:"[0,0.01]"`
	Spread        unit.Ratio                 `yaml:"spread" doc:"standard deviation of the resistance between GPUs" default:"4 %" source:"typical" range:"[0,0.2]"`
	Target        unit.Temperature           `yaml:"target" doc:"die temperature that the node's fans hold" default:"80 degC" source:"typical"`
	Slowdown      unit.Temperature           `yaml:"slowdown" doc:"die temperature at which the GPU throttles" default:"87 degC" source:"H100 driver log: T.Limit headroom 54 K at 33 °C"`
	Clear         unit.TemperatureDifference `yaml:"clear" doc:"margin below slowdown at which a throttling GPU is held, and from which it runs free again; never below target" default:"2 K" source:"typical" range:"[0,)"`
	Shutdown      unit.Temperature           `yaml:"shutdown" doc:"die temperature at which the GPU powers off" default:"95 degC" source:"H100 driver log"`
	FlowExponent  float64                    `yaml:"flow_exponent" doc:"n of R ~ flow^-n; 0 for a cold plate at constant flow" default:"0.8" source:"typical, turbulent air" range:"[0,1]"`

	Calibration *CalibrationSpec `yaml:"calibration" doc:"file of halltwin calibrate, whose figures lie over those of the type"`
}

// LimitPoint is one knot of throughput over power limit.
type LimitPoint struct {
	Limit unit.Ratio `yaml:"limit" doc:"power limit ÷ demanded power" required:"true" range:"(0,1]"`
	Speed unit.Ratio `yaml:"speed" doc:"throughput ÷ throughput without a limit" required:"true" range:"[0,1]"`
}

// Validate checks what tags cannot say.
func (s *GPUSpec) Validate(fail func(path, msg string)) {
	if s.Max <= s.Idle {
		fail("max", fmt.Sprintf("max (%s) must be above idle (%s)", s.Max, s.Idle))
	}
	if s.Slowdown < s.Target {
		fail("slowdown", "slowdown must not be below target")
	}
	if s.Shutdown <= s.Slowdown {
		fail("shutdown", "shutdown must be above slowdown")
	}
	switch {
	case s.DieResistance > 0 && s.DieResistance >= s.Resistance:
		fail("die_resistance", fmt.Sprintf("die_resistance (%s) is a part of resistance (%s): it must be less", s.DieResistance, s.Resistance))
	case s.SinkCapacity > 0 && s.DieCapacity == 0:
		fail("sink_capacity", "a sink that lags needs a die that lags: write die_capacity")
	case s.SinkCapacity > 0 && s.DieResistance == 0:
		fail("sink_capacity", "die and sink are two masses only with a resistance between them: write die_resistance")
	}
	for i := 1; i < len(s.Limits); i++ {
		if s.Limits[i].Limit <= s.Limits[i-1].Limit || s.Limits[i].Speed < s.Limits[i-1].Speed {
			fail(fmt.Sprintf("limits[%d]", i), "limits must grow, and their speeds with them")
		}
	}
}

// CPUSpec is one CPU type (one socket).
type CPUSpec struct {
	Title string         `yaml:"title" doc:"full product name"`
	Cores int            `yaml:"cores" doc:"physical cores" default:"56" source:"typical" range:"[1,)"`
	Clock unit.Frequency `yaml:"clock" doc:"base clock; importers use it to turn MHz into cores" default:"2 GHz" source:"typical" range:"(0,)"`
	Idle  unit.Power     `yaml:"idle" doc:"power with nothing to do" default:"100 W" source:"typical" range:"[0,)"`
	Max   unit.Power     `yaml:"max" doc:"power at full load" default:"350 W" source:"typical" range:"[0,)"`
	Power CurveSpec      `yaml:"power" doc:"power over utilisation"`
}

// FanSpec is the set of fans of one node.
type FanSpec struct {
	Power    unit.Power       `yaml:"power" doc:"power of all fans at full speed; 0 for a node cooled by the room's or the rack's fans" default:"0 W" source:"typical" range:"[0,)"`
	Flow     unit.Flow        `yaml:"flow" doc:"airflow of all fans at full speed" default:"0 m3/s" source:"typical" range:"[0,)"`
	Minimum  unit.Ratio       `yaml:"minimum" doc:"lowest relative speed" default:"30 %" source:"typical" range:"(0,1]"`
	RampFrom unit.Temperature `yaml:"ramp_from" doc:"inlet temperature from which the fans speed up whatever the load" default:"27 degC" source:"typical"`
	Restart  unit.Temperature `yaml:"restart" doc:"inlet temperature below which nodes that shut down by heat start again" default:"32 degC" source:"chosen: ASHRAE A1 allowable"`
	Shutdown unit.Temperature `yaml:"shutdown" doc:"inlet temperature at which nodes power themselves off" default:"55 degC" source:"typical: some 10 K above the critical inlet alarm of servers, 42 to 47 degC"`
	RampTo   unit.Temperature `yaml:"ramp_to" doc:"inlet temperature at which they run at full speed" default:"40 degC" source:"typical"`
	Exponent float64          `yaml:"exponent" doc:"n of power ~ speed^n" default:"2.8" source:"fan laws less motor losses" range:"[1,3]"`
}

// NodeSpec is one node type.
type NodeSpec struct {
	Model  string `yaml:"model" doc:"short name, as selectors say it: node{model=dgx-h100}"`
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	GPUs    int        `yaml:"gpus" doc:"GPUs in the node" default:"8" source:"typical" range:"[0,64]"`
	GPU     GPUSpec    `yaml:"gpu" doc:"their type"`
	GPURows int        `yaml:"gpu_rows" doc:"rows of GPUs one behind another in the stream of air, which the rows before have warmed" default:"1" source:"typical" range:"[1,16]"`
	GPUAir  unit.Ratio `yaml:"gpu_air" doc:"share of the node's airflow that passes over its GPUs" default:"70 %" source:"typical" range:"(0,1]"`
	CPUs    int        `yaml:"cpus" doc:"CPU sockets" default:"2" source:"typical" range:"[0,16]"`
	CPU     CPUSpec    `yaml:"cpu" doc:"their type"`

	Memory      unit.Data      `yaml:"memory" doc:"main memory" default:"2 TB" source:"typical" range:"[0,)"`
	Storage     unit.Data      `yaml:"storage" doc:"local scratch" default:"30 TB" source:"typical" range:"[0,)"`
	Network     unit.Bandwidth `yaml:"network" doc:"bandwidth to the fabric" default:"400 GB/s" source:"typical" range:"[0,)"`
	MemoryPower unit.Power     `yaml:"memory_power" doc:"power of the main memory" default:"0 W" source:"typical" range:"[0,)"`
	DrivePower  unit.Power     `yaml:"drive_power" doc:"power of the drives" default:"0 W" source:"typical" range:"[0,)"`
	NICs        int            `yaml:"nics" doc:"network cards" default:"0" source:"typical" range:"[0,64]"`
	NICPower    unit.Power     `yaml:"nic_power" doc:"power of one network card" default:"20 W" source:"typical" range:"[0,)"`
	Other       unit.Power     `yaml:"other" doc:"power of the rest: switch chips, boards, management" default:"0 W" source:"typical" range:"[0,)"`
	Fans        FanSpec        `yaml:"fans" doc:"server fans"`
	PSU         power.PSUSpec  `yaml:"psu" doc:"the node's power conversion"`

	Boot       unit.Duration `yaml:"boot" doc:"time from the return of its power until it takes work, at idle power" default:"5 min" source:"typical, 3–10 min: self-tests, boot from the network, agents" range:"[0,86400]"`
	FailedDraw unit.Ratio    `yaml:"failed_draw" doc:"power of a failed node, as a share of its idle power" default:"0" source:"a failed node is powered off for repair" range:"[0,1]"`
}

// Validate checks what tags cannot say.
func (s *NodeSpec) Validate(fail func(path, msg string)) {
	if s.GPUs == 0 && s.CPUs == 0 {
		fail("gpus", "a node needs GPUs or CPUs")
	}
	if s.GPUs > 0 && s.GPUs%max(s.GPURows, 1) != 0 {
		fail("gpu_rows", fmt.Sprintf("%d GPUs do not divide over %d rows", s.GPUs, s.GPURows))
	}
	if s.Fans.RampTo <= s.Fans.RampFrom {
		fail("fans.ramp_to", "ramp_to must be above ramp_from")
	}
	if s.Fans.Restart >= s.Fans.Shutdown {
		fail("fans.restart", fmt.Sprintf("nodes that power themselves off at %s must not start again before it is cooler: restart must be below shutdown", s.Fans.Shutdown))
	}
}

// RackSpec is one rack type, filled with equal nodes.
type RackSpec struct {
	Model  string `yaml:"model" doc:"short name, as selectors say it: rack{model=nvl72}"`
	Title  string `yaml:"title" doc:"full product name"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Nodes       int           `yaml:"nodes" doc:"nodes in the rack" default:"4" source:"typical" range:"[1,1024]"`
	Node        NodeSpec      `yaml:"node" doc:"their type"`
	Shelves     int           `yaml:"shelves" doc:"chassis or power shelves, each with its share of nodes, switches and rectifiers" default:"1" source:"typical" range:"[1,64]"`
	Switches    int           `yaml:"switches" doc:"switches a shelf" default:"0" source:"typical" range:"[0,64]"`
	SwitchPower unit.Power    `yaml:"switch_power" doc:"power of one switch" default:"250 W" source:"typical" range:"[0,)"`
	Rectifier   power.PSUSpec `yaml:"rectifier" doc:"power conversion of one shelf: its rectifiers, which share its load; ideal where the rack has none"`
	LinkDomain  string        `yaml:"link_domain" doc:"what the GPUs' own links join: the GPUs of a node or of the whole rack" enum:"node,rack" default:"node"`
	Liquid      unit.Ratio    `yaml:"liquid" doc:"share of the rack's heat that cold plates capture; the rest goes to the air" default:"0" source:"air-cooled" range:"[0,1]"`
	Flow        unit.Flow     `yaml:"flow" doc:"airflow through the rack at full load where the nodes have no fans of their own" default:"0 m3/s" source:"typical" range:"[0,)"`
	Restart     RestartSpec   `yaml:"restart" doc:"how racks are switched on again that heat shut down"`
	Mass        unit.Mass     `yaml:"mass" doc:"mass that stores heat" default:"1000 kg" source:"typical, 800–1400 kg" range:"(0,)"`
}

// RestartSpec is how operators switch racks on again that heat shut down. How racks come back after their feed was dead, the
// restart of the power chain says.
type RestartSpec struct {
	After unit.Duration `yaml:"after" doc:"time for which the inlet must have stayed below fans.restart" default:"5 min" source:"typical: somebody looks first" range:"[0,604800]"`
	Every unit.Duration `yaml:"every" doc:"time between one rack of a row and the next" default:"15 s" source:"typical: inrush of one rack at a time" range:"[0,86400]"`
}

// Validate checks what tags cannot say.
func (s *RackSpec) Validate(fail func(path, msg string)) {
	if s.Nodes%s.Shelves != 0 {
		fail("shelves", fmt.Sprintf("%d nodes do not divide over %d shelves", s.Nodes, s.Shelves))
	}
}
