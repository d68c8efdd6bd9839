package nvmlsim

import "golang.org/x/sys/unix"

// monotonic returns the clock that the library reads: CLOCK_MONOTONIC, the same in every process.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // every Linux has it
	}
	return t.Nano()
}
