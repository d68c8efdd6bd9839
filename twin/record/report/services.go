package report

import "slices"

// requests is what inference services are asked, and what waits.
func (b *builder) requests() *figure {
	c := chart{clock: b.clock, zero: true, marks: b.marks, limits: b.limits("service.requests")}
	if l, ok := b.lane("requests", "c1", "service.requests", 320, false); ok {
		c.lanes = append(c.lanes, l)
	}
	return b.finish("requests", "Requests to services", b.says("service.requests", "Mean %s, most %s at %s."), &c, "service")
}

// answers is how late the slowest service gives its first token, for all but one request in a hundred.
func (b *builder) answers() *figure {
	c := chart{clock: b.clock, zero: true, marks: b.marks, limits: b.limits("service.ttft_p99")}
	if l, ok := b.lane("99 % of the requests", "c2", "service.ttft_p99", 320, false); ok {
		c.lanes = append(c.lanes, l)
	}
	return b.finish("answers", "Time to first token, slowest service", b.says("service.ttft_p99", "Mean %s, most %s at %s."), &c, "service")
}

// kept is the share of the requests within their service level.
func (b *builder) kept() *figure {
	c := chart{clock: b.clock, marks: b.marks, limits: b.limits("service.met")}
	for _, p := range []struct{ name, class, channel string }{{"within the level", "c3", "service.met"}, {"answered by the other site", "c5", "service.remote_share"}} {
		l, ok := b.lane(p.name, p.class, p.channel, 320, false)
		some := slices.ContainsFunc(l.points, func(x point) bool { return x.high > 0 })
		if ok && (some || p.channel == "service.met") { // not the other site where there is none
			c.lanes = append(c.lanes, l)
		}
	}
	return b.finish("kept", "Requests within their service level", b.says("service.met", "Mean %s, most %s at %s."), &c, "service")
}

// replicas is how many replicas answer.
func (b *builder) replicas() *figure {
	c := chart{clock: b.clock, zero: true, whole: true, marks: b.marks, limits: b.limits("service.replicas")}
	if l, ok := b.lane("replicas", "c4", "service.replicas", 320, false); ok {
		c.lanes = append(c.lanes, l)
	}
	return b.finish("replicas", "Replicas that answer", b.says("service.replicas", "Mean %s, most %s at %s."), &c, "service")
}
