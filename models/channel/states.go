package channel

// The values of the channels that are called KIND.state, but for job.state.
const (
	Works = iota
	StandingBy
	Drained
	OnBattery
	Overloaded
	Tripped
	Unpowered
	Failed
)

// State is what a value of a channel called KIND.state means.
type State struct {
	Value int
	Name  string
	Doc   string // one sentence
}

// States returns the states of things, the best first.
func States() []State {
	return []State{
		{Works, "works", "It does what it is there for."},
		{StandingBy, "standing by", "It is ready and not needed, or about to start."},
		{Drained, "drained", "It finishes what it does and takes no new work."},
		{OnBattery, "on battery", "It carries its load from its battery."},
		{Overloaded, "overloaded", "It carries more than it may, or is bypassed because it did."},
		{Tripped, "tripped", "A breaker opened, or heat shut it down."},
		{Unpowered, "without power", "It would work, but nothing feeds it."},
		{Failed, "failed", "It is broken and waits for repair."},
	}
}
