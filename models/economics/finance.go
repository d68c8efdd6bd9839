package economics

import "math"

// Year is the length of a year in s.
const Year = 365 * 86400.0

// Discount returns the present value of 1 paid in so many years, at a rate a year above -1.
func Discount(rate, years float64) float64 { return math.Pow(1+rate, -years) }

// PresentWorth returns the present value of 1 paid at the end of each of so many years.
//
// It is the uniform present worth of NREL TP-462-5173, section 2, and interpolates where years are not whole.
func PresentWorth(rate, years float64) float64 {
	if rate == 0 {
		return years
	}
	return -math.Expm1(-years*math.Log1p(rate)) / rate
}

// CapitalRecovery returns what is paid at the end of each of so many years for 1 borrowed now (years above 0).
func CapitalRecovery(rate, years float64) float64 { return 1 / PresentWorth(rate, years) }

// NPV returns the present value of payments, the first of them now, the others a year apart.
func NPV(rate float64, payments []float64) float64 {
	sum := 0.0
	for i := len(payments) - 1; i >= 0; i-- {
		sum = sum/(1+rate) + payments[i]
	}
	return sum
}

// Levelised returns the price of one unit of output at which the present value of what is sold meets that of costs: both are
// given by year, the first of them now.
func Levelised(rate float64, costs, output []float64) float64 {
	return NPV(rate, costs) / NPV(rate, output)
}
