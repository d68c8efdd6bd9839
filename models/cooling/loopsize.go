package cooling

import (
	"fmt"
	"strconv"
)

// LoopSize is how many racks with cold plates share one technology loop: a number of them in a row of their numbers, or
// all of a hall or a row.
type LoopSize int

// The loops that follow the building.
const (
	LoopHall LoopSize = 0
	LoopRow  LoopSize = -1
)

// maxLoop bounds the racks of one loop.
const maxLoop = 100_000

// UnmarshalText reads "hall", "row" or a whole number from 1 up; 0 is a hall.
func (l *LoopSize) UnmarshalText(text []byte) error {
	switch string(text) {
	case "hall":
		*l = LoopHall
		return nil
	case "row":
		*l = LoopRow
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 0 || n > maxLoop {
		return fmt.Errorf("%q is no size of a loop: write hall, row, or the number of racks that share one, from 1 to %d", text, maxLoop)
	}
	*l = LoopSize(n)
	return nil
}

// MarshalText writes the size as a scenario does.
func (l LoopSize) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

func (l LoopSize) String() string {
	switch l {
	case LoopHall:
		return "hall"
	case LoopRow:
		return "row"
	}
	return strconv.Itoa(int(l))
}
