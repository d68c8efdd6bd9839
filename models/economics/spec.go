package economics

import (
	"fmt"

	"github.com/halltwin/halltwin/models/unit"
)

// Spec is what a site costs beside the energy and water of costs: (scenario key economics).
type Spec struct {
	Title  string `yaml:"title" doc:"name of these figures"`
	About  string `yaml:"about" doc:"what they describe and where they come from"`
	Source string `yaml:"source" doc:"citation"`

	DiscountRate unit.Ratio    `yaml:"discount_rate" doc:"real cost of capital a year" default:"8 %" source:"typical of infrastructure, 6–10 %" range:"[0,1]"`
	Horizon      unit.Duration `yaml:"horizon" doc:"years of ownership that the present value counts" default:"15 years" source:"typical life of plant" range:"[31536000,3153600000]"`

	Tariff *TariffSpec           `yaml:"tariff" doc:"what the utility charges"`
	Assets map[string]AssetSpec  `yaml:"assets" doc:"what is bought, by name"`
	Yearly map[string]YearlySpec `yaml:"yearly" doc:"running costs that follow no energy, by name"`
	Staff  StaffSpec             `yaml:"staff" doc:"people"`

	PropertyTax  unit.Ratio       `yaml:"property_tax" doc:"taxes and insurance a year, as a share of the prices of all assets" default:"1 %" source:"typical" range:"[0,0.2]"`
	SolarCredit  unit.EnergyPrice `yaml:"solar_credit" doc:"production credit for energy from the site's own array" default:"0 USD/kWh" range:"[0,)"`
	EnergySpread unit.Ratio       `yaml:"energy_spread" doc:"uncertainty of what energy, demand and water cost, as ± of itself" default:"15 %" source:"typical between years" range:"[0,1]"`
}

// AssetSpec is a thing that is bought once and serves for years.
type AssetSpec struct {
	Per         string        `yaml:"per" doc:"what one is bought for: each GPU, node, rack, kW of design IT power, kWh of the site battery, kW of the solar array, or the site" enum:"gpu,node,rack,it_kw,battery_kwh,solar_kw,site" default:"gpu"`
	Price       unit.Money    `yaml:"price" doc:"price of one" required:"true" range:"[0,)"`
	Life        unit.Duration `yaml:"life" doc:"years of service; 0: it never wears out, as land" default:"5 years" source:"typical of servers" range:"[0,)"`
	Residual    unit.Ratio    `yaml:"residual" doc:"what is left of the price at the end of its life" default:"0" source:"cautious" range:"[0,1]"`
	Upkeep      unit.Ratio    `yaml:"upkeep" doc:"maintenance a year, as a share of the price" default:"0" range:"[0,1]"`
	Credit      unit.Ratio    `yaml:"credit" doc:"investment tax credit, as a share of the price" default:"0" range:"[0,1]"`
	Embodied    unit.Mass     `yaml:"embodied" doc:"carbon dioxide equivalent of making one" default:"0 kg" range:"[0,)"`
	Spread      unit.Ratio    `yaml:"spread" doc:"uncertainty of the price, as ± of itself" default:"15 %" source:"typical of quotations" range:"[0,1]"`
	CarbonRange unit.Ratio    `yaml:"embodied_spread" doc:"uncertainty of the embodied carbon, as ± of itself" default:"40 %" source:"typical of product footprints" range:"[0,1]"`
}

// Validate checks what tags cannot say.
func (s *AssetSpec) Validate(fail func(path, msg string)) {
	if s.Life > 0 && s.Life < unit.Duration(Year)/12 {
		fail("life", fmt.Sprintf("%s is no life of an asset: write years, or 0 s for what never wears out", s.Life))
	}
}

// YearlySpec is a running cost.
type YearlySpec struct {
	Per    string     `yaml:"per" doc:"what it is paid for, as of assets" enum:"gpu,node,rack,it_kw,battery_kwh,solar_kw,site" default:"site"`
	Price  unit.Money `yaml:"price" doc:"paid a year for one" required:"true" range:"[0,)"`
	Spread unit.Ratio `yaml:"spread" doc:"uncertainty, as ± of itself" default:"15 %" source:"typical" range:"[0,1]"`
}

// StaffSpec is people.
type StaffSpec struct {
	People float64    `yaml:"people" doc:"full-time people" default:"0" range:"[0,)"`
	PerMW  float64    `yaml:"per_mw" doc:"more of them for each MW of design IT power" default:"0" range:"[0,)"`
	Salary unit.Money `yaml:"salary" doc:"cost of one a year, with all that comes with it" default:"140000 USD" source:"typical, United States" range:"[0,)"`
	Spread unit.Ratio `yaml:"spread" doc:"uncertainty, as ± of itself" default:"20 %" source:"typical" range:"[0,1]"`
}

// TariffSpec is what a utility charges.
type TariffSpec struct {
	Title    string        `yaml:"title" doc:"name of the tariff"`
	About    string        `yaml:"about" doc:"what it is and where its figures come from"`
	Source   string        `yaml:"source" doc:"citation"`
	Energy   []RateSpec    `yaml:"energy" doc:"price of energy; the first rate whose time it is counts, instead of site.grid.price"`
	Demand   []DemandSpec  `yaml:"demand" doc:"charges for the largest power of each month; all whose time it is count"`
	Interval unit.Duration `yaml:"interval" doc:"time over which that power is averaged" default:"15 min" source:"usual in the United States; 30 min in the United Kingdom, 15 min in Germany" range:"[60,86400]"`
	Monthly  unit.Money    `yaml:"monthly" doc:"fixed charge a month" default:"0 USD" range:"[0,)"`
	Contract *ContractSpec `yaml:"contract" doc:"a block of power bought for the whole time"`
}

// Hours are times of the site's clock, in which the offset of start holds all year.
type Hours struct {
	Months []int  `yaml:"months" doc:"months of the year, 1 to 12; all when left out"`
	Days   string `yaml:"days" doc:"days of the week" enum:"all,weekdays,weekends" default:"all"`
	From   int    `yaml:"from" doc:"hour at which it begins" default:"0" range:"[0,23]"`
	To     int    `yaml:"to" doc:"hour at which it ends; not above from: on the next day" default:"24" range:"[1,24]"`
}

// RateSpec is a price of energy and when it holds.
type RateSpec struct {
	Hours `yaml:",inline"`
	Price unit.EnergyPrice `yaml:"price" doc:"price of energy" required:"true" range:"[0,)"`
}

// DemandSpec is a charge for the largest power of a month.
type DemandSpec struct {
	Hours   `yaml:",inline"`
	Price   unit.Money `yaml:"price" doc:"for each kW of the largest mean power in its time, a month" required:"true" range:"[0,)"`
	Ratchet unit.Ratio `yaml:"ratchet" doc:"no month counts for less than this share of the largest before it in the run" default:"0" range:"[0,1]"`
}

// ContractSpec is a block of power bought for the whole time.
type ContractSpec struct {
	Power  unit.Power       `yaml:"power" doc:"size of the block" required:"true" range:"(0,)"`
	Price  unit.EnergyPrice `yaml:"price" doc:"its price; what is drawn beyond it is paid by the tariff" required:"true" range:"[0,)"`
	Resale unit.Ratio       `yaml:"resale" doc:"what an unused part brings, as a share of the tariff's price: 0 for take or pay, 1 for a contract for difference" default:"0" source:"take or pay" range:"[0,1]"`
}
