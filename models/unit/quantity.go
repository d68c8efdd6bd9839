package unit

// Quantity is any of the typed quantities of this package.
type Quantity interface {
	~float64
	Kind() *Kind
}

// Parse reads a quantity of type Q from text.
func Parse[Q Quantity](text string) (Q, error) {
	var q Q
	v, err := q.Kind().Parse(text)
	return Q(v), err
}

// The quantities. Each is a float64 in the SI unit that its comment names.
type (
	// Power is electrical or thermal power in W.
	Power float64
	// Energy is an amount of energy in J.
	Energy float64
	// Temperature is a point on the Celsius scale, in °C.
	Temperature float64
	// TemperatureDifference is a distance between two temperatures, in K.
	TemperatureDifference float64
	// Duration is a span of time in s.
	Duration float64
	// Frequency is a clock or a rate of events in Hz.
	Frequency float64
	// Rate is a number of events per second, in 1/s.
	Rate float64
	// Data is an amount of data in bytes.
	Data float64
	// Bandwidth is a data rate in bytes per second.
	Bandwidth float64
	// Operations is a computing rate in floating-point operations per second.
	Operations float64
	// Length is a distance in m.
	Length float64
	// Area is a surface in m².
	Area float64
	// Volume is a volume in m³.
	Volume float64
	// Mass is a mass in kg.
	Mass float64
	// Flow is a volume flow in m³/s.
	Flow float64
	// MassFlow is a mass flow in kg/s.
	MassFlow float64
	// SpecificFlow is a volume flow per power, in m³/s per W.
	SpecificFlow float64
	// Pressure is a pressure or a pressure difference in Pa.
	Pressure float64
	// Resistance is a thermal resistance in K/W.
	Resistance float64
	// Conductance is a thermal conductance in W/K.
	Conductance float64
	// HeatCapacity is a heat capacity in J/K.
	HeatCapacity float64
	// Voltage is a voltage in V.
	Voltage float64
	// Current is a current in A.
	Current float64
	// HumidityRatio is water per dry air in kg/kg.
	HumidityRatio float64
	// CarbonIntensity is greenhouse gas per energy in kg CO2e per J.
	CarbonIntensity float64
	// EnergyPrice is money per energy in USD per J.
	EnergyPrice float64
	// Money is an amount of money in USD.
	Money float64
	// Ramp is a change of power per time in W/s.
	Ramp float64
	// Ratio is a dimensionless number; 60 % is 0.6.
	Ratio float64
	// PerKelvin is a relative change per temperature difference in 1/K.
	PerKelvin float64
)

// Kind returns PowerKind.
func (Power) Kind() *Kind      { return PowerKind }
func (q Power) String() string { return PowerKind.Format(float64(q), 6) }

// Kind returns EnergyKind.
func (Energy) Kind() *Kind      { return EnergyKind }
func (q Energy) String() string { return EnergyKind.Format(float64(q), 6) }

// Kind returns TemperatureKind.
func (Temperature) Kind() *Kind      { return TemperatureKind }
func (q Temperature) String() string { return TemperatureKind.Format(float64(q), 6) }

// Kind returns TemperatureDifferenceKind.
func (TemperatureDifference) Kind() *Kind { return TemperatureDifferenceKind }
func (q TemperatureDifference) String() string {
	return TemperatureDifferenceKind.Format(float64(q), 6)
}

// Kind returns DurationKind.
func (Duration) Kind() *Kind      { return DurationKind }
func (q Duration) String() string { return DurationKind.Format(float64(q), 6) }

// Kind returns FrequencyKind.
func (Frequency) Kind() *Kind      { return FrequencyKind }
func (q Frequency) String() string { return FrequencyKind.Format(float64(q), 6) }

// Kind returns RateKind.
func (Rate) Kind() *Kind      { return RateKind }
func (q Rate) String() string { return RateKind.Format(float64(q), 6) }

// Kind returns DataKind.
func (Data) Kind() *Kind      { return DataKind }
func (q Data) String() string { return DataKind.Format(float64(q), 6) }

// Kind returns BandwidthKind.
func (Bandwidth) Kind() *Kind      { return BandwidthKind }
func (q Bandwidth) String() string { return BandwidthKind.Format(float64(q), 6) }

// Kind returns OperationsKind.
func (Operations) Kind() *Kind      { return OperationsKind }
func (q Operations) String() string { return OperationsKind.Format(float64(q), 6) }

// Kind returns LengthKind.
func (Length) Kind() *Kind      { return LengthKind }
func (q Length) String() string { return LengthKind.Format(float64(q), 6) }

// Kind returns AreaKind.
func (Area) Kind() *Kind      { return AreaKind }
func (q Area) String() string { return AreaKind.Format(float64(q), 6) }

// Kind returns VolumeKind.
func (Volume) Kind() *Kind      { return VolumeKind }
func (q Volume) String() string { return VolumeKind.Format(float64(q), 6) }

// Kind returns MassKind.
func (Mass) Kind() *Kind      { return MassKind }
func (q Mass) String() string { return MassKind.Format(float64(q), 6) }

// Kind returns FlowKind.
func (Flow) Kind() *Kind      { return FlowKind }
func (q Flow) String() string { return FlowKind.Format(float64(q), 6) }

// Kind returns MassFlowKind.
func (MassFlow) Kind() *Kind      { return MassFlowKind }
func (q MassFlow) String() string { return MassFlowKind.Format(float64(q), 6) }

// Kind returns SpecificFlowKind.
func (SpecificFlow) Kind() *Kind      { return SpecificFlowKind }
func (q SpecificFlow) String() string { return SpecificFlowKind.Format(float64(q), 6) }

// Kind returns PressureKind.
func (Pressure) Kind() *Kind      { return PressureKind }
func (q Pressure) String() string { return PressureKind.Format(float64(q), 6) }

// Kind returns ResistanceKind.
func (Resistance) Kind() *Kind      { return ResistanceKind }
func (q Resistance) String() string { return ResistanceKind.Format(float64(q), 6) }

// Kind returns ConductanceKind.
func (Conductance) Kind() *Kind      { return ConductanceKind }
func (q Conductance) String() string { return ConductanceKind.Format(float64(q), 6) }

// Kind returns HeatCapacityKind.
func (HeatCapacity) Kind() *Kind      { return HeatCapacityKind }
func (q HeatCapacity) String() string { return HeatCapacityKind.Format(float64(q), 6) }

// Kind returns VoltageKind.
func (Voltage) Kind() *Kind      { return VoltageKind }
func (q Voltage) String() string { return VoltageKind.Format(float64(q), 6) }

// Kind returns CurrentKind.
func (Current) Kind() *Kind      { return CurrentKind }
func (q Current) String() string { return CurrentKind.Format(float64(q), 6) }

// Kind returns HumidityRatioKind.
func (HumidityRatio) Kind() *Kind      { return HumidityRatioKind }
func (q HumidityRatio) String() string { return HumidityRatioKind.Format(float64(q), 6) }

// Kind returns CarbonIntensityKind.
func (CarbonIntensity) Kind() *Kind      { return CarbonIntensityKind }
func (q CarbonIntensity) String() string { return CarbonIntensityKind.Format(float64(q), 6) }

// Kind returns EnergyPriceKind.
func (EnergyPrice) Kind() *Kind      { return EnergyPriceKind }
func (q EnergyPrice) String() string { return EnergyPriceKind.Format(float64(q), 6) }

// Kind returns MoneyKind.
func (Money) Kind() *Kind      { return MoneyKind }
func (q Money) String() string { return MoneyKind.Format(float64(q), 6) }

// Kind returns RampKind.
func (Ramp) Kind() *Kind      { return RampKind }
func (q Ramp) String() string { return RampKind.Format(float64(q), 6) }

// Kind returns RatioKind.
func (Ratio) Kind() *Kind      { return RatioKind }
func (q Ratio) String() string { return RatioKind.Format(float64(q), 6) }

// Kind returns PerKelvinKind.
func (PerKelvin) Kind() *Kind      { return PerKelvinKind }
func (q PerKelvin) String() string { return PerKelvinKind.Format(float64(q), 6) }
