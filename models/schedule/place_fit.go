package schedule

// firstFit fills the nodes in their order.
type firstFit struct{}

func (firstFit) place(a *attempt) bool {
	for n := a.first(0); n >= 0 && a.want > 0; n = a.first(n + 1) {
		if k := a.room(n); k > 0 {
			a.take(n, k)
		}
	}
	return a.want == 0
}

// firstNodes keeps a job on few nodes, the first that serve: the first node with room for all of it; a larger one gets the
// first nodes that it can fill, and the first with room for the rest. Until there are such, the job waits. Tiresias calls
// it yarn.
type firstNodes struct{}

func (firstNodes) consolidates() bool { return true }

func (firstNodes) place(a *attempt) bool {
	unit, _ := a.c.compact(a.s, &a.need, a.whole, a.all)
	if unit == 0 {
		return firstFit{}.place(a)
	}
	for n := a.first(0); n >= 0 && a.want >= unit; n = a.first(n + 1) {
		if a.room(n) >= unit {
			a.take(n, unit)
		}
	}
	for n := a.first(0); n >= 0 && a.want > 0 && a.want < unit; n = a.first(n + 1) {
		if a.room(n) == a.want {
			a.take(n, a.want)
		}
	}
	return a.want == 0
}

// bestFit fills the nodes that have the least free of the indexed resource, the first of equals.
type bestFit struct{}

func (bestFit) place(a *attempt) bool {
	for l := a.level; int(l) <= a.c.top; l++ {
		for n := a.c.exactly(a.s, l, 0); n >= 0; n = a.c.exactly(a.s, l, n+1) {
			if k := a.room(n); k > 0 {
				a.take(n, k)
				if a.want == 0 {
					return true
				}
			}
		}
	}
	return false
}

// spread gives each part the node with the most free of the indexed resource, the first of equals (worst fit).
type spread struct{}

func (spread) place(a *attempt) bool {
	for l := int32(a.c.top); l >= a.level; l-- {
		for again := true; again; {
			again = false
			for n := a.c.exactly(a.s, l, 0); n >= 0; n = a.c.exactly(a.s, l, n+1) {
				if a.room(n) == 0 {
					continue
				}
				a.take(n, 1)
				if a.want == 0 {
					return true
				}
				again = again || a.s.Nodes[n].Level == l // the part takes none of the indexed resource
			}
		}
	}
	return false
}
