package report

// storage is what jobs and rebuilds do with storage.
func (b *builder) storage() *figure {
	c := chart{clock: b.clock, zero: true, marks: b.marks, limits: b.limits("storage.write", "storage.read")}
	for _, p := range []struct{ name, class, channel string }{
		{"writing", "c1", "storage.write"}, {"reading", "c3", "storage.read"}, {"rebuilding", "c5", "storage.rebuild"},
	} {
		if l, ok := b.lane(p.name, p.class, p.channel, 320, false); ok {
			c.lanes = append(c.lanes, l)
		}
	}
	return b.finish("storage", "Storage bandwidth", b.says("storage.write", "Writing: mean %s, most %s at %s."), &c, "storage")
}

// fill is how full the fullest storage is.
func (b *builder) fill() *figure {
	c := chart{clock: b.clock, marks: b.marks, limits: b.limits("storage.fill")}
	if l, ok := b.lane("fullest", "c2", "storage.fill", 320, true); ok {
		c.lanes = append(c.lanes, l)
	}
	return b.finish("fill", "Storage taken", b.says("storage.fill", "Mean %s, most %s at %s."), &c, "storage")
}
