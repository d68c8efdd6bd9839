// Package guard sets limits on real devices so that they are always taken back.
//
// A [Guard] writes down what was before it changes anything, in a journal that is on disk before the first limit is set; it
// sets only what lies within the device's own range; and it restores all of it when told to. Nothing else in Halltwin sets a
// limit on a real device.
//
// # Who restores
//
//	it ends, fails, is interrupted       the process itself, by Restore
//	it crashes or is killed (SIGKILL)    its supervising parent, from the journal ([Supervise], [Recover])
//	the parent is killed                 the process: the kernel sends it SIGTERM when its parent dies
//	both are killed, or the power fails  the next start: [Pending] finds the journal; power limits do not outlive a boot
//
// A device that is lost when limits are restored stays in the journal. Clocks are freed rather than restored: a driver does
// not tell the bound that was before.
package guard
