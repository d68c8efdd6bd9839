package account

import "github.com/halltwin/halltwin/models/unit"

// Spec is what energy and water cost beside the grid's own series.
type Spec struct {
	GensetCarbon unit.CarbonIntensity `yaml:"genset_carbon" doc:"carbon of energy from generators" default:"700 g/kWh" source:"typical of diesel at 38 % efficiency" range:"[0,)"`
	GensetPrice  unit.EnergyPrice     `yaml:"genset_price" doc:"price of energy from generators" default:"0.35 USD/kWh" source:"typical of diesel" range:"[0,)"`
	ExportPrice  unit.EnergyPrice     `yaml:"export_price" doc:"paid for solar energy that is given back to the grid" default:"0 USD/kWh" source:"chosen; 0.02–0.05 USD/kWh is typical of wholesale" range:"[0,)"`
	WaterPrice   unit.Money           `yaml:"water_price" doc:"price of 1,000 kg of water" default:"2 USD" source:"typical" range:"[0,)"`
	CarbonPrice  unit.Money           `yaml:"carbon_price" doc:"price of 1,000 kg of carbon dioxide equivalent" default:"0 USD" range:"[0,)"`
}
