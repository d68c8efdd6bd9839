package workload

// Mean returns the mean utilisation between two points of a job's progress, from <= to, and the utilisation at
// from where they are equal. Cursor is a hint that moves along; any value in range is correct.
func (p *Profile) Mean(cursor *int32, from, to float64) Util {
	c := p.Seek(*cursor, from)
	*cursor = c
	if to <= from {
		return p.Util(c)
	}
	last := int32(p.Len() - 1)
	if c == last || p.EndOf(c) >= to {
		return p.Util(c)
	}
	var sum Util
	at := from
	for {
		end := to
		if c < last {
			end = min(to, p.EndOf(c))
		}
		u := p.Util(c)
		sum.GPU += u.GPU * (end - at)
		sum.CPU += u.CPU * (end - at)
		at = end
		if at >= to {
			break
		}
		c++
	}
	sum.GPU /= to - from
	sum.CPU /= to - from
	return sum
}
