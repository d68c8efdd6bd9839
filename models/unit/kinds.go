package unit

// The kinds, in the order in which an unknown symbol is looked up.
var (
	// PowerKind is the kind of [Power].
	PowerKind = &Kind{
		Name: "power", Example: "700 W, 1.2 kW or 1.2 MW",
		Units: []Unit{
			{Symbol: "W", Factor: 1},
			{Symbol: "mW", Factor: 0.001},
			{Symbol: "kW", Factor: 1000.0},
			{Symbol: "MW", Factor: 1000000.0},
			{Symbol: "GW", Factor: 1000000000.0},
		},
		Show: []string{"W", "kW", "MW"},
	}
	// EnergyKind is the kind of [Energy].
	EnergyKind = &Kind{
		Name: "energy", Example: "50 kWh or 3.6 MJ",
		Units: []Unit{
			{Symbol: "J", Factor: 1},
			{Symbol: "kJ", Factor: 1000.0},
			{Symbol: "MJ", Factor: 1000000.0},
			{Symbol: "GJ", Factor: 1000000000.0},
			{Symbol: "Wh", Factor: 3600},
			{Symbol: "kWh", Factor: 3600000.0},
			{Symbol: "MWh", Factor: 3600000000.0},
			{Symbol: "GWh", Factor: 3600000000000.0},
		},
		Show: []string{"Wh", "kWh", "MWh"},
	}
	// TemperatureKind is the kind of [Temperature].
	TemperatureKind = &Kind{
		Name: "temperature", Example: "24 degC",
		Units: []Unit{
			{Symbol: "degC", Factor: 1},
			{Symbol: "°C", Factor: 1},
			{Symbol: "degF", Factor: 0.5555555555555556, Offset: -17.77777777777778},
			{Symbol: "°F", Factor: 0.5555555555555556, Offset: -17.77777777777778},
			{Symbol: "K", Factor: 1, Offset: -273.15},
		},
		Show: []string{"degC"},
	}
	// TemperatureDifferenceKind is the kind of [TemperatureDifference].
	TemperatureDifferenceKind = &Kind{
		Name: "temperature difference", Example: "3 K",
		Units: []Unit{
			{Symbol: "K", Factor: 1},
		},
		Show: []string{"K"},
	}
	// DurationKind is the kind of [Duration].
	DurationKind = &Kind{
		Name: "duration", Example: "300 s, 90 min or 12 h",
		Units: []Unit{
			{Symbol: "s", Factor: 1},
			{Symbol: "ms", Factor: 0.001},
			{Symbol: "us", Factor: 1e-06},
			{Symbol: "µs", Factor: 1e-06},
			{Symbol: "ns", Factor: 1e-09},
			{Symbol: "min", Factor: 60},
			{Symbol: "h", Factor: 3600},
			{Symbol: "d", Factor: 86400},
			{Symbol: "day", Factor: 86400},
			{Symbol: "days", Factor: 86400},
			{Symbol: "week", Factor: 604800},
			{Symbol: "weeks", Factor: 604800},
			{Symbol: "year", Factor: 31536000},
			{Symbol: "years", Factor: 31536000},
		},
		Show: []string{"ms", "s", "min", "h", "d"},
	}
	// FrequencyKind is the kind of [Frequency].
	FrequencyKind = &Kind{
		Name: "frequency", Example: "1980 MHz",
		Units: []Unit{
			{Symbol: "Hz", Factor: 1},
			{Symbol: "kHz", Factor: 1000.0},
			{Symbol: "MHz", Factor: 1000000.0},
			{Symbol: "GHz", Factor: 1000000000.0},
		},
		Show: []string{"Hz", "MHz", "GHz"},
	}
	// RateKind is the kind of [Rate].
	RateKind = &Kind{
		Name: "rate", Example: "12 1/h or 0.17 1/year",
		Units: []Unit{
			{Symbol: "1/s", Factor: 1},
			{Symbol: "1/min", Factor: 0.016666666666666666},
			{Symbol: "1/h", Factor: 0.0002777777777777778},
			{Symbol: "1/d", Factor: 1.1574074074074073e-05},
			{Symbol: "1/day", Factor: 1.1574074074074073e-05},
			{Symbol: "1/week", Factor: 1.6534391534391535e-06},
			{Symbol: "1/year", Factor: 3.1709791983764586e-08},
		},
		Show: []string{"1/s", "1/h", "1/d"},
	}
	// DataKind is the kind of [Data].
	DataKind = &Kind{
		Name: "data size", Example: "80 GB or 80 GiB",
		Units: []Unit{
			{Symbol: "B", Factor: 1},
			{Symbol: "kB", Factor: 1000.0},
			{Symbol: "MB", Factor: 1000000.0},
			{Symbol: "GB", Factor: 1000000000.0},
			{Symbol: "TB", Factor: 1000000000000.0},
			{Symbol: "PB", Factor: 1000000000000000.0},
			{Symbol: "EB", Factor: 1e+18},
			{Symbol: "KiB", Factor: 1024},
			{Symbol: "MiB", Factor: 1048576},
			{Symbol: "GiB", Factor: 1073741824},
			{Symbol: "TiB", Factor: 1099511627776},
			{Symbol: "PiB", Factor: 1125899906842624},
		},
		Show: []string{"B", "kB", "MB", "GB", "TB", "PB"},
	}
	// BandwidthKind is the kind of [Bandwidth].
	BandwidthKind = &Kind{
		Name: "bandwidth", Example: "400 Gb/s or 50 GB/s",
		Units: []Unit{
			{Symbol: "B/s", Factor: 1},
			{Symbol: "kB/s", Factor: 1000.0},
			{Symbol: "MB/s", Factor: 1000000.0},
			{Symbol: "GB/s", Factor: 1000000000.0},
			{Symbol: "TB/s", Factor: 1000000000000.0},
			{Symbol: "bit/s", Factor: 0.125},
			{Symbol: "kb/s", Factor: 125},
			{Symbol: "Mb/s", Factor: 125000.0},
			{Symbol: "Gb/s", Factor: 125000000.0},
			{Symbol: "Tb/s", Factor: 125000000000.0},
			{Symbol: "Gbit/s", Factor: 125000000.0},
			{Symbol: "GiB/s", Factor: 1073741824},
		},
		Show: []string{"B/s", "kB/s", "MB/s", "GB/s", "TB/s"},
	}
	// OperationsKind is the kind of [Operations].
	OperationsKind = &Kind{
		Name: "operation rate", Example: "989 TFLOP/s",
		Units: []Unit{
			{Symbol: "FLOP/s", Factor: 1},
			{Symbol: "GFLOP/s", Factor: 1000000000.0},
			{Symbol: "TFLOP/s", Factor: 1000000000000.0},
			{Symbol: "PFLOP/s", Factor: 1000000000000000.0},
			{Symbol: "EFLOP/s", Factor: 1e+18},
		},
		Show: []string{"FLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "EFLOP/s"},
	}
	// LengthKind is the kind of [Length].
	LengthKind = &Kind{
		Name: "length", Example: "1650 m",
		Units: []Unit{
			{Symbol: "m", Factor: 1},
			{Symbol: "mm", Factor: 0.001},
			{Symbol: "cm", Factor: 0.01},
			{Symbol: "km", Factor: 1000.0},
			{Symbol: "ft", Factor: 0.3048},
		},
		Show: []string{"m"},
	}
	// AreaKind is the kind of [Area].
	AreaKind = &Kind{
		Name: "area", Example: "1200 m2",
		Units: []Unit{
			{Symbol: "m2", Factor: 1},
			{Symbol: "ft2", Factor: 0.09290304},
		},
		Show: []string{"m2"},
	}
	// VolumeKind is the kind of [Volume].
	VolumeKind = &Kind{
		Name: "volume", Example: "200 L or 12 m3",
		Units: []Unit{
			{Symbol: "m3", Factor: 1},
			{Symbol: "L", Factor: 0.001},
		},
		Show: []string{"L", "m3"},
	}
	// MassKind is the kind of [Mass].
	MassKind = &Kind{
		Name: "mass", Example: "1200 kg",
		Units: []Unit{
			{Symbol: "kg", Factor: 1},
			{Symbol: "g", Factor: 0.001},
			{Symbol: "t", Factor: 1000.0},
		},
		Show: []string{"g", "kg", "t"},
	}
	// FlowKind is the kind of [Flow].
	FlowKind = &Kind{
		Name: "flow", Example: "12 m3/s or 400 L/min",
		Units: []Unit{
			{Symbol: "m3/s", Factor: 1},
			{Symbol: "m3/h", Factor: 0.0002777777777777778},
			{Symbol: "L/s", Factor: 0.001},
			{Symbol: "L/min", Factor: 1.6666666666666667e-05},
			{Symbol: "cfm", Factor: 0.0004719474432},
		},
		Show: []string{"m3/s"},
	}
	// MassFlowKind is the kind of [MassFlow].
	MassFlowKind = &Kind{
		Name: "mass flow", Example: "10 kg/s",
		Units: []Unit{
			{Symbol: "kg/s", Factor: 1},
			{Symbol: "kg/h", Factor: 0.0002777777777777778},
		},
		Show: []string{"kg/s"},
	}
	// SpecificFlowKind is the kind of [SpecificFlow].
	SpecificFlowKind = &Kind{
		Name: "specific flow", Example: "1.5 L/min/kW or 105 cfm/kW",
		Units: []Unit{
			{Symbol: "m3/s/W", Factor: 1},
			{Symbol: "m3/s/kW", Factor: 0.001},
			{Symbol: "L/min/kW", Factor: 1.6666666666666667e-08},
			{Symbol: "L/s/kW", Factor: 1e-06},
			{Symbol: "m3/h/kW", Factor: 2.7777777777777776e-07},
			{Symbol: "cfm/kW", Factor: 4.719474432e-07},
		},
		Show: []string{"L/min/kW"},
	}
	// PressureKind is the kind of [Pressure].
	PressureKind = &Kind{
		Name: "pressure", Example: "250 Pa",
		Units: []Unit{
			{Symbol: "Pa", Factor: 1},
			{Symbol: "kPa", Factor: 1000.0},
			{Symbol: "hPa", Factor: 100.0},
			{Symbol: "bar", Factor: 100000.0},
		},
		Show: []string{"Pa", "kPa"},
	}
	// ResistanceKind is the kind of [Resistance].
	ResistanceKind = &Kind{
		Name: "thermal resistance", Example: "0.055 K/W",
		Units: []Unit{
			{Symbol: "K/W", Factor: 1},
			{Symbol: "K/kW", Factor: 0.001},
		},
		Show: []string{"K/W"},
	}
	// ConductanceKind is the kind of [Conductance].
	ConductanceKind = &Kind{
		Name: "thermal conductance", Example: "40 kW/K",
		Units: []Unit{
			{Symbol: "W/K", Factor: 1},
			{Symbol: "kW/K", Factor: 1000.0},
		},
		Show: []string{"W/K", "kW/K"},
	}
	// HeatCapacityKind is the kind of [HeatCapacity].
	HeatCapacityKind = &Kind{
		Name: "heat capacity", Example: "450 kJ/K",
		Units: []Unit{
			{Symbol: "J/K", Factor: 1},
			{Symbol: "kJ/K", Factor: 1000.0},
			{Symbol: "MJ/K", Factor: 1000000.0},
		},
		Show: []string{"J/K", "kJ/K", "MJ/K"},
	}
	// VoltageKind is the kind of [Voltage].
	VoltageKind = &Kind{
		Name: "voltage", Example: "415 V",
		Units: []Unit{
			{Symbol: "V", Factor: 1},
			{Symbol: "kV", Factor: 1000.0},
		},
		Show: []string{"V", "kV"},
	}
	// CurrentKind is the kind of [Current].
	CurrentKind = &Kind{
		Name: "current", Example: "60 A",
		Units: []Unit{
			{Symbol: "A", Factor: 1},
			{Symbol: "kA", Factor: 1000.0},
		},
		Show: []string{"A", "kA"},
	}
	// HumidityRatioKind is the kind of [HumidityRatio].
	HumidityRatioKind = &Kind{
		Name: "humidity ratio", Example: "8 g/kg",
		Units: []Unit{
			{Symbol: "kg/kg", Factor: 1},
			{Symbol: "g/kg", Factor: 0.001},
		},
		Show: []string{"g/kg"},
	}
	// CarbonIntensityKind is the kind of [CarbonIntensity].
	CarbonIntensityKind = &Kind{
		Name: "carbon intensity", Example: "360 g/kWh",
		Units: []Unit{
			{Symbol: "kg/J", Factor: 1},
			{Symbol: "g/kWh", Factor: 2.7777777777777777e-10},
			{Symbol: "kg/kWh", Factor: 2.7777777777777776e-07},
			{Symbol: "kg/MWh", Factor: 2.7777777777777777e-10},
			{Symbol: "t/MWh", Factor: 2.7777777777777776e-07},
		},
		Show: []string{"g/kWh"},
	}
	// EnergyPriceKind is the kind of [EnergyPrice].
	EnergyPriceKind = &Kind{
		Name: "energy price", Example: "0.094 USD/kWh",
		Units: []Unit{
			{Symbol: "USD/J", Factor: 1},
			{Symbol: "USD/kWh", Factor: 2.7777777777777776e-07},
			{Symbol: "USD/MWh", Factor: 2.7777777777777777e-10},
		},
		Show: []string{"USD/kWh"},
	}
	// MoneyKind is the kind of [Money].
	MoneyKind = &Kind{
		Name: "money", Example: "30000 USD",
		Units: []Unit{
			{Symbol: "USD", Factor: 1},
			{Symbol: "kUSD", Factor: 1000.0},
			{Symbol: "MUSD", Factor: 1000000.0},
		},
		Show: []string{"USD"},
	}
	// RampKind is the kind of [Ramp].
	RampKind = &Kind{
		Name: "ramp", Example: "5 MW/min",
		Units: []Unit{
			{Symbol: "W/s", Factor: 1},
			{Symbol: "kW/s", Factor: 1000.0},
			{Symbol: "MW/s", Factor: 1000000.0},
			{Symbol: "MW/min", Factor: 16666.666666666668},
		},
		Show: []string{"kW/s", "MW/s"},
	}
	// RatioKind is the kind of [Ratio].
	RatioKind = &Kind{
		Name: "ratio", Example: "60 % or 0.6", Plain: true,
		Units: []Unit{
			{Symbol: "", Factor: 1},
			{Symbol: "%", Factor: 0.01},
		},
	}
	// PerKelvinKind is the kind of [PerKelvin].
	PerKelvinKind = &Kind{
		Name: "per cent per kelvin", Example: "0.2 %/K",
		Units: []Unit{
			{Symbol: "1/K", Factor: 1},
			{Symbol: "%/K", Factor: 0.01},
		},
		Show: []string{"%/K"},
	}
)

var kinds = []*Kind{
	PowerKind,
	EnergyKind,
	TemperatureKind,
	TemperatureDifferenceKind,
	DurationKind,
	FrequencyKind,
	RateKind,
	DataKind,
	BandwidthKind,
	OperationsKind,
	LengthKind,
	AreaKind,
	VolumeKind,
	MassKind,
	FlowKind,
	MassFlowKind,
	SpecificFlowKind,
	PressureKind,
	ResistanceKind,
	ConductanceKind,
	HeatCapacityKind,
	VoltageKind,
	CurrentKind,
	HumidityRatioKind,
	CarbonIntensityKind,
	EnergyPriceKind,
	MoneyKind,
	RampKind,
	RatioKind,
	PerKelvinKind,
}

// Kinds returns every kind, in a fixed order. The slice must not be changed.
func Kinds() []*Kind { return kinds }
