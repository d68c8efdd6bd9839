package facility

// Kind is a kind of thing in a site.
type Kind uint8

// The kinds, the computing side first, then power, cooling and network.
const (
	Site Kind = iota
	Hall
	Row
	Rack
	Node
	GPU

	Utility
	Genset
	Transformer
	UPS
	PDU

	CRAH
	InRow    // a cooler that stands in a row of racks
	RearDoor // a heat exchanger in the door behind a rack
	CDU
	Chiller
	Tower
	DryCooler
	Pump

	Leaf
	Storage // a storage system
	Disk    // a drive of a node that serves one
	Service // an inference service: not hardware, but a subject of channels and actions
	Job     // a job, likewise; its index is the job's number in the run

	NumKinds
)

var kindNames = [NumKinds]string{
	"site", "hall", "row", "rack", "node", "gpu",
	"utility", "genset", "transformer", "ups", "pdu",
	"crah", "in-row", "rear-door", "cdu", "chiller", "tower", "dry-cooler", "pump",
	"leaf", "storage", "disk", "service", "job",
}

func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind finds a kind by its name, as selectors write it.
func ParseKind(name string) (Kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return Kind(k), true
		}
	}
	return NumKinds, false
}

// Ref is one thing: the Index-th of its Kind in the site.
type Ref struct {
	Kind  Kind
	Index int32
}
