package cooling

// SteinBands are the dead bands in K of the rule for a water-side economizer.
type SteinBands struct {
	ChillerOn     float64 // economizer's water above the set point by this: a chiller helps
	EconomizerOff float64 // return above the economizer's water by less: it does not help any more
	EconomizerOn  float64 // return above wet bulb and tower approach by this: it would help
	ChillerOff    float64 // economizer's water above the set point by at most this: it does alone
}

// SteinRule returns the mode that a chilled-water plant with a water-side economizer in series should go to from
// mode, one step at a time. ret is the water that enters the economizer, leaving what it delivers, set the set
// point, wetBulb outdoors, all in °C; approach is that of the tower in K.
//
// Stein, ASHRAE Transactions 115(2), 2009; Modelica Buildings Library, ChillerCooled.Controls.CoolingMode.
func SteinRule(mode Mode, ret, leaving, set, wetBulb, approach float64, b SteinBands) Mode {
	switch mode {
	case Free:
		if leaving > set+b.ChillerOn {
			return Partial
		}
	case Partial:
		if ret < leaving+b.EconomizerOff {
			return Mechanical
		}
		if leaving <= set+b.ChillerOff {
			return Free
		}
	case Mechanical:
		if ret > wetBulb+approach+b.EconomizerOn {
			return Partial
		}
	}
	return mode
}

// AirLimits are the bounds of an air-side economizer.
type AirLimits struct {
	Band     float64 // K: of every switch
	DewPoint float64 // °C: more humid outdoor air is shut out; +Inf for none
}

// AirRule returns the mode that a plant with an air-side economizer should go to from mode, one step at a time:
// outdoor air alone, outdoor air and compressors, or compressors on return air. Temperatures are in °C.
//
// Modelica Buildings Library, DXCooled.Controls.CoolingMode, with a limit of the dew point.
func AirRule(mode Mode, outdoor, dewPoint, supply, ret float64, l AirLimits) Mode {
	humid := dewPoint > l.DewPoint
	switch mode {
	case Free:
		if outdoor > supply+l.Band || humid {
			return Partial
		}
	case Partial:
		if outdoor > ret+l.Band || dewPoint > l.DewPoint+l.Band {
			return Mechanical
		}
		if outdoor < supply-l.Band && !humid {
			return Free
		}
	case Mechanical:
		if outdoor < ret-l.Band && !humid {
			return Partial
		}
	}
	return mode
}

// MixShare returns the share in [least, 1] of outdoor air that brings mixed air closest to the goal, for outdoor
// and return air in °C.
func MixShare(outdoor, ret, goal, least float64) float64 {
	if outdoor == ret {
		return least
	}
	return min(max((goal-ret)/(outdoor-ret), least), 1)
}

// ModeTimer lets a mode change only when a rule has asked for the same other mode for a time on end.
type ModeTimer struct {
	Mode  Mode
	Goal  Mode    // that the rule asks for
	Since float64 // s for which it has
}

// Advance lets dt s pass in which the rule asks for goal, and changes the mode when it has asked for wait s. It
// reports whether it did; what is left of dt is not counted for the new mode.
func (m *ModeTimer) Advance(goal Mode, dt, wait float64) bool {
	if goal == m.Mode {
		m.Goal, m.Since = goal, 0
		return false
	}
	if goal != m.Goal {
		m.Goal, m.Since = goal, 0
	}
	m.Since += dt
	if m.Since < wait-1e-9 {
		return false
	}
	m.Mode, m.Since = goal, 0
	return true
}
