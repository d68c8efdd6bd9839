package record

import (
	"encoding/json"
	"math"
	"time"
)

// number is a float64 that is null in JSON when it is unknown or infinite.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (n *number) UnmarshalJSON(b []byte) error {
	v := math.NaN()
	if string(b) != "null" {
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
	}
	*n = number(v)
	return nil
}

type (
	plainKPI         KPI
	plainExpectation Expectation
	plainMoment      Moment
)

// MarshalJSON writes an unknown value as null.
func (k KPI) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainKPI
		Value number `json:"value"`
	}{plainKPI(k), number(k.Value)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (k *KPI) UnmarshalJSON(b []byte) error {
	v := struct {
		*plainKPI
		Value number `json:"value"`
	}{plainKPI: (*plainKPI)(k)}
	err := json.Unmarshal(b, &v)
	k.Value = float64(v.Value)
	return err
}

// MarshalJSON writes an unknown value as null.
func (e Expectation) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainExpectation
		Actual number `json:"actual"`
		Target number `json:"target"`
	}{plainExpectation(e), number(e.Actual), number(e.Target)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Expectation) UnmarshalJSON(b []byte) error {
	v := struct {
		*plainExpectation
		Actual number `json:"actual"`
		Target number `json:"target"`
	}{plainExpectation: (*plainExpectation)(e)}
	err := json.Unmarshal(b, &v)
	e.Actual, e.Target = float64(v.Actual), float64(v.Target)
	return err
}

// MarshalJSON writes an unknown value as null.
func (m Moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainMoment
		Value number `json:"value"`
	}{plainMoment(m), number(m.Value)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Moment) UnmarshalJSON(b []byte) error {
	v := struct {
		*plainMoment
		Value number `json:"value"`
	}{plainMoment: (*plainMoment)(m)}
	err := json.Unmarshal(b, &v)
	m.Value = float64(v.Value)
	return err
}

// eventJSON is the form of an event in events.jsonl and on the websocket.
type eventJSON struct {
	Time     float64     `json:"t_s"`
	At       time.Time   `json:"at"`
	ID       int64       `json:"id"`
	Parent   int64       `json:"parent,omitempty"`
	Severity string      `json:"severity"`
	Type     string      `json:"type"`
	Subject  string      `json:"subject,omitempty"`
	Text     string      `json:"text,omitempty"`
	Fields   []fieldJSON `json:"fields,omitempty"`
}

type fieldJSON struct {
	Key   string  `json:"key"`
	Value *number `json:"value,omitempty"`
	Unit  string  `json:"unit,omitempty"`
	Text  string  `json:"text,omitempty"`
}

// EncodeEvent returns the event as one line of JSON, without the newline.
func (h *Header) EncodeEvent(e *Event) ([]byte, error) {
	j := eventJSON{
		Time: e.Time, At: h.At(e.Time), ID: e.ID, Parent: e.Parent, Severity: e.Severity.String(),
		Type: e.Type, Subject: e.Subject, Text: e.Text,
	}
	for _, f := range e.Fields {
		fj := fieldJSON{Key: f.Key, Unit: f.Unit, Text: f.Text}
		if f.Text == "" {
			v := number(f.Number)
			fj.Value = &v
		}
		j.Fields = append(j.Fields, fj)
	}
	return json.Marshal(j)
}

// DecodeEvent reads what EncodeEvent writes.
func DecodeEvent(line []byte) (Event, error) {
	var j eventJSON
	if err := json.Unmarshal(line, &j); err != nil {
		return Event{}, err
	}
	e := Event{Time: j.Time, ID: j.ID, Parent: j.Parent, Type: j.Type, Subject: j.Subject, Text: j.Text}
	e.Severity, _ = ParseSeverity(j.Severity)
	for _, fj := range j.Fields {
		f := Field{Key: fj.Key, Unit: fj.Unit, Text: fj.Text}
		if fj.Value != nil {
			f.Number = float64(*fj.Value)
		}
		e.Fields = append(e.Fields, f)
	}
	return e, nil
}
