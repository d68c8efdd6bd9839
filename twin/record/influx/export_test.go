package influx

// Retarget gives the segments of a spool another target, as if they had been made for it. Tests use it in place of a
// server that comes back at the same address.
func Retarget(root string, t Target) error {
	names, err := segments(root)
	for _, name := range names {
		seg, e := readSegment(name)
		if e != nil {
			return e
		}
		seg.Target = t
		sp := &spool{root: root, target: t, run: seg.Run, limit: 1 << 40}
		if _, e := sp.put(seg); e != nil {
			return e
		}
		if e := (&spool{root: root, target: seg.Target}).sent(name); e != nil {
			return e
		}
	}
	return err
}
