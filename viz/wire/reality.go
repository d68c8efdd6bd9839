package wire

// Reality is how a twin beside a real site stands to it. Numbers are null where unknown.
type Reality struct {
	At        float64       `json:"at"` // s since 1970
	Sources   []RealSource  `json:"sources"`
	Hosts     []RealHost    `json:"hosts"`  // that the sources name, and where they stand in the site
	Silent    int           `json:"silent"` // nodes of the site of which no source tells
	Conflicts []string      `json:"conflicts"`
	Held      []RealHeld    `json:"held"` // what was held back as impossible
	Late      int           `json:"late"` // readings that came as history
	Channels  []RealChannel `json:"channels"`
	Alarms    []RealAlarm   `json:"alarms"`
	Jobs      RealJobs      `json:"jobs"`
	Score     *RealScore    `json:"score,omitempty"`  // of forecasts one hour ahead, once there are any
	Things    []RealThing   `json:"things,omitempty"` // of the channel that was asked for, the largest residuals first
}

// RealSource is how a source is.
type RealSource struct {
	Name     string   `json:"name"`
	Age      *float64 `json:"age_s"` // since it answered; null: never
	Fault    string   `json:"fault,omitempty"`
	Faults   int      `json:"faults"` // times that it went away
	Readings int      `json:"readings"`
}

// RealHost is where a host stands in the site.
type RealHost struct {
	Host   string   `json:"host"`
	Node   string   `json:"node,omitempty"` // left out: nowhere
	How    string   `json:"how"`            // it was found, or why not
	Age    *float64 `json:"age_s"`          // of its newest reading; null: none
	Silent bool     `json:"silent,omitempty"`
}

// RealHeld is what was held back, and why.
type RealHeld struct {
	Of    string `json:"of"`
	What  string `json:"what,omitempty"` // a quantity
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// RealChannel compares a channel over the things that are measured now: sums of powers, means of others.
type RealChannel struct {
	Name     string   `json:"name"`
	Things   int      `json:"things"`
	Of       int      `json:"of"`
	Measured *float64 `json:"measured"`
	Model    *float64 `json:"model"`
	Expected *float64 `json:"expected"` // the model, corrected by what was learnt
	Residual *float64 `json:"residual"` // root mean square, of readings less what was expected before they came
	Input    bool     `json:"input"`    // it is handed to the model: nothing to compare
}

// RealAlarm is a thing that drifts away from its model.
type RealAlarm struct {
	Subject string `json:"subject"`
	Channel string `json:"channel"`
}

// RealJobs counts jobs.
type RealJobs struct {
	Running int `json:"running"`
	Waiting int `json:"waiting"`
	Missed  int `json:"missed"` // came and went between two looks
	Adrift  int `json:"adrift"` // run, and do not in the twin
}

// RealScore is how good the forecasts one hour ahead have been.
type RealScore struct {
	Channel     string  `json:"channel"`
	Count       int     `json:"count"`
	Error       float64 `json:"error"`       // mean of |error|, as a share
	Persistence float64 `json:"persistence"` // likewise, if nothing changed
	Covered     float64 `json:"covered"`     // share within the 90 % band
}

// RealThing is one thing, measured and expected.
type RealThing struct {
	Subject  string   `json:"subject"`
	Measured *float64 `json:"measured"`
	Age      float64  `json:"age_s"`
	Model    *float64 `json:"model"`
	Expected *float64 `json:"expected"`
	Residual *float64 `json:"residual"`
	Interval *float64 `json:"interval"` // half the 90 % interval of what is expected
}

// Asking is a question about what lies ahead.
type Asking struct {
	Ahead   float64 `json:"ahead_s"`
	Actions []Act   `json:"actions"` // done now
}

// Outlook is its answer: the power of IT, with the 90 % band, and what becomes of the site.
type Outlook struct {
	T           []float64 `json:"t"` // s from the start of the run
	Mean        []float64 `json:"mean"`
	Low         []float64 `json:"low"`
	High        []float64 `json:"high"`
	Racks       int       `json:"racks"` // that are down at the end
	Interrupted int       `json:"interrupted"`
	Hottest     float64   `json:"hottest_c"`
	Inlet       float64   `json:"inlet_c"`
	Running     int       `json:"running"`
	Queued      int       `json:"queued"`
	Took        float64   `json:"took_s"`
}
