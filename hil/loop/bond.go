package loop

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/models/facility"
)

// Bond says which device stands for which thing of a site.
type Bond struct {
	Thing  facility.Ref
	Source string // nvml, emulated or cpu
	Index  int    // among the devices of the source
}

// Device is what people call the device.
func (b *Bond) Device() string {
	if b.Source == CPU {
		return "this host's processors"
	}
	return b.Source + ":" + strconv.Itoa(b.Index)
}

// The sources of devices.
const (
	NVML     = "nvml"
	Emulated = "emulated"
	CPU      = "cpu"
)

// maxDevice bounds the number of a device.
const maxDevice = 255

// ParseBond reads a binding as it stands on the command line: a selector of GPUs and as many devices in their order, as
// hall-0/row-1/rack-3/node-2/gpu[0..7]=nvml:0..7, or a node for this host's processors, as hall-0/row-1/rack-3/node-2=cpu.
func ParseBond(tree *facility.Tree, text string) ([]Bond, error) {
	at := strings.LastIndexByte(text, '=')
	if at < 0 {
		return nil, fmt.Errorf("%q binds nothing: write WHAT=DEVICE, as 'hall-0/row-1/rack-3/node-2/gpu[0..7]=nvml:0..7', or a node '=cpu'", text)
	}
	things, err := tree.Select(text[:at])
	if err != nil {
		return nil, err
	}
	source, which, given := strings.Cut(text[at+1:], ":")
	want := facility.GPU
	switch source {
	case NVML, Emulated:
	case CPU:
		if want = facility.Node; given || len(things) != 1 {
			return nil, fmt.Errorf("%q: cpu is all processors of this host and stands for those of one node", text)
		}
	default:
		return nil, fmt.Errorf("%q: there is no device %q; there are nvml:0..7, emulated:0..7 and cpu", text, text[at+1:])
	}
	if things[0].Kind != want {
		return nil, fmt.Errorf("%q: %s is a %s; %s stands for a %s", text, tree.NameOf(things[0]), things[0].Kind, source, want)
	}
	first, last := 0, len(things)-1
	if given {
		if first, last, err = span(which); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	if n := last - first + 1; n != len(things) {
		return nil, fmt.Errorf("%q: %d devices for %d things", text, n, len(things))
	}
	var all []Bond
	for i, r := range things {
		all = append(all, Bond{r, source, first + i})
	}
	return all, nil
}

// span reads 3 or 0..7.
func span(text string) (first, last int, err error) {
	a, b, isRange := strings.Cut(text, "..")
	if !isRange {
		b = a
	}
	x, errA := strconv.ParseUint(a, 10, 16)
	y, errB := strconv.ParseUint(b, 10, 16)
	if errA != nil || errB != nil || x > y || y > maxDevice {
		return 0, 0, fmt.Errorf("%q are no devices: write 3, or 0..7, up to %d", text, maxDevice)
	}
	return int(x), int(y), nil
}

// kindOf is the kind of device that a source has.
func kindOf(source string) device.Kind {
	if source == CPU {
		return device.CPU
	}
	return device.GPU
}
